"""The API's description: valid, complete, and (in `harness.Desk.request`) true for every answer of every test."""

import re
from typing import Any

import pytest
from harness import Desk
from openapi_spec_validator import validate

from frontdesk import app, conversations, openapi
from frontdesk.settings import ROOT, Settings
from frontdesk.views import agent, citizen

UNDESCRIBED = {"/metrics", "/api/openapi.json"}


@pytest.fixture
async def description(desk: Desk) -> dict[str, Any]:
    answer = await desk.client.get("/api/openapi.json")
    body: dict[str, Any] = await answer.json()
    return body


def test_description_is_valid(description: dict[str, Any]) -> None:
    validate(description)


def test_description_is_complete(desk: Desk, description: dict[str, Any]) -> None:
    routes = {
        (route.method, route.resource.canonical)
        for route in desk.app.router.routes()
        if route.resource is not None and route.method != "HEAD" and route.resource.canonical.startswith(("/api", "/healthz", "/readyz"))
    }
    described = {(method.upper(), path) for path, methods in description["paths"].items() for method in methods}
    assert described == {route for route in routes if route[1] not in UNDESCRIBED}


def test_every_call_of_the_docs_is_described(description: dict[str, Any]) -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for_citizens, _, for_agents = page.partition("## Agent")
    named = {
        (method.lower(), (prefix + path).replace("…/{id}", "/{conversation_id}").replace("{id}", "{conversation_id}").partition("?")[0])
        for prefix, part in (("/api/v1/conversations", for_citizens), ("/api/v1/agent", for_agents.partition("\n## ")[0]))
        for method, path in re.findall(r"^\| `(POST|GET|DELETE) (?:/api/v1/conversations)?(\S*?)(?: \{.*?)?`", part, re.MULTILINE)
    }
    described = {
        (method, path)
        for path, methods in description["paths"].items()
        for method in methods
        if path.startswith(("/api/v1/c", "/api/v1/a"))
    }
    assert named == described


def test_limits_of_the_docs_are_the_defaults() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    defaults = Settings.model_fields
    told = {
        f"{defaults['messages_per_minute'].default} messages a minute",
        f"{defaults['conversations_per_minute'].default} new conversations a minute",
        f"{citizen.SOCKETS_PER_CONVERSATION} live sockets a conversation",
        f"{conversations.EVENTS_PER_READ} events an answer",
        f"within {citizen.FIRST_FRAME_SECONDS} s",
        f"says\nnothing for {agent.IDLE_SECONDS} s",
        f"a lease of {defaults['lease_seconds'].default:g} s",
        f"{app.BODY_LIMIT // 1024} KiB",
    }
    assert {limit for limit in told if limit not in page} == set()


async def test_writes_of_agents_ask_for_the_csrf_token(desk: Desk, description: dict[str, Any]) -> None:
    for (method, path), operation in openapi.operations(desk.app).items():
        if path.startswith("/api/v1/agent/") and method != "GET" and operation.auth is not None:
            assert operation.auth == "csrf", path
            assert description["paths"][path][method.lower()]["security"] == [{"agentCookie": [], "csrfToken": []}]
