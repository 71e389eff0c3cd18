"""Describes the API in OpenAPI 3.1 from what stands beside each handler."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .errors import ServiceError
from .schemas import ErrorOut

F = TypeVar("F", bound=Callable[..., Any])
Auth = Literal["token", "cookie", "csrf", "webhook"]  # csrf is the cookie and, for a write, X-CSRF-Token

ERRORS: dict[str, type[ServiceError]] = {cls.code: cls for cls in ServiceError.__subclasses__()}
_AUTH_ERRORS: dict[Auth | None, tuple[str, ...]] = {
    None: (),
    "token": ("no_token", "not_found"),
    "cookie": ("not_signed_in",),
    "csrf": ("not_signed_in", "bad_csrf_token", "bad_origin", "rate_limited"),
    "webhook": ("bad_signature",),
}
_BODY_ERRORS = ("bad_request", "body_too_large")
_SECURITY: dict[Auth, dict[str, list[str]]] = {
    "token": {"conversationToken": []},
    "cookie": {"agentCookie": []},
    "csrf": {"agentCookie": [], "csrfToken": []},
    "webhook": {"webhookSignature": []},
}


@dataclass(frozen=True)
class Operation:
    """What the description of a route says."""

    summary: str
    body: type[BaseModel] | None
    answers: dict[int, type[BaseModel] | None]
    auth: Auth | None
    errors: tuple[str, ...]
    query: dict[str, str] = field(default_factory=dict)

    @property
    def all_errors(self) -> tuple[str, ...]:
        """Codes of every error that the operation may answer with."""
        return (*self.errors, *_AUTH_ERRORS[self.auth], *(_BODY_ERRORS if self.body else ()), "internal")


def documented(
    summary: str,
    *,
    answers: dict[int, type[BaseModel] | None],
    body: type[BaseModel] | None = None,
    auth: Auth | None = None,
    errors: tuple[str, ...] = (),
    query: dict[str, str] | None = None,
) -> Callable[[F], F]:
    """Notes on a handler what the API's description says of it."""

    def mark(handler: F) -> F:
        handler.openapi = Operation(summary, body, answers, auth, errors, query or {})  # type: ignore[attr-defined]
        return handler

    return mark


def operations(app: web.Application) -> dict[tuple[str, str], Operation]:
    """Every described route: `(method, path)` -> operation."""
    found = {}
    for route in app.router.routes():
        operation = getattr(route.handler, "openapi", None)
        if operation is not None and route.method != "HEAD" and route.resource is not None:
            found[route.method, route.resource.canonical] = operation
    return found


def describe(app: web.Application) -> dict[str, Any]:
    """The OpenAPI document of the application's described routes."""
    described = operations(app)
    models: dict[type[BaseModel], Literal["validation", "serialization"]] = {ErrorOut: "serialization"}
    for operation in described.values():
        if operation.body is not None:
            models[operation.body] = "validation"
        models.update({model: "serialization" for model in operation.answers.values() if model is not None})
    _, schemas = models_json_schema(list(models.items()), ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in described.items():
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Relais",
            "version": "1",
            "description": "Citizens' and agents' API of the front desk. docs/api.md tells the whole story, the live sockets included.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {
                "conversationToken": {"type": "http", "scheme": "bearer"},
                "agentCookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "relais_agent",
                },
                "csrfToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "Of the answer to the sign-in.",
                },
                "webhookSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks; webhook-id and webhook-timestamp go with it.",
                },
            },
        },
    }


def _operation(path: str, operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"\{(\w+)\}", path)
    ]
    parameters += [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": text,
            "schema": {"type": "integer", "minimum": 0},
        }
        for name, text in operation.query.items()
    ]
    answers: dict[str, Any] = {
        str(status): {"description": "OK"} | ({"content": _json(model)} if model else {}) for status, model in operation.answers.items()
    }
    for code in operation.all_errors:
        error = ERRORS[code]
        answer = answers.setdefault(str(error.status), {"description": "", "content": _json(ErrorOut)})
        if code not in answer["description"].split(", "):
            answer["description"] = ", ".join(filter(None, (answer["description"], code)))
    described: dict[str, Any] = {"summary": operation.summary, "parameters": parameters, "responses": answers}
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    if operation.auth is not None:
        described["security"] = [_SECURITY[operation.auth]]
    return described


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
