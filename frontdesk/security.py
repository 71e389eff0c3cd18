"""Tokens, passwords, webhook signatures and rates."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

import argon2
from standardwebhooks import Webhook, WebhookVerificationError

from .errors import BadRequest, BadSignature, RateLimited

_passwords = argon2.PasswordHasher()  # argon2id with the library's current parameters (RFC 9106, low memory)
_DUMMY_HASH = _passwords.hash(secrets.token_urlsafe())


def new_token() -> str:
    """An unguessable token: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is stored of a token. It has 256 random bits already, so a plain digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compares two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


async def hash_password(password: str) -> str:
    """Argon2id, in a thread: it takes tens of milliseconds on purpose."""
    return await asyncio.to_thread(_passwords.hash, password)


async def check_password(password_hash: str | None, password: str) -> bool:
    """True when the password fits. Without a hash (unknown address) it takes as long and is false."""

    def verify() -> bool:
        try:
            return _passwords.verify(password_hash or _DUMMY_HASH, password) and password_hash is not None
        except argon2.exceptions.VerifyMismatchError:
            return False

    return await asyncio.to_thread(verify)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError("a number too large")
    return value


def parse_json(raw: str | bytes) -> Any:
    """JSON as the standard has it. Raises `ValueError`, also for NaN, infinity and too deep nesting, which can't be told again."""
    try:
        return json.loads(raw, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def verify_webhook(webhook_secrets: Iterable[str], headers: Mapping[str, str], raw: bytes) -> tuple[str, Any]:
    """Checks a Standard Webhooks signature over the raw body, then parses it: `(webhook_id, body)`.

    Each of the secrets is accepted, so that one can be replaced without a pause. The timestamp may be 5 minutes off
    (https://www.standardwebhooks.com). Raises `BadSignature` or `BadRequest`.
    """
    try:
        body_text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadSignature from None
    lowered = {name.lower(): value for name, value in headers.items()}
    for secret in webhook_secrets:
        try:
            Webhook(secret).verify(body_text, lowered, json_parse=False)
        except WebhookVerificationError:
            continue
        except ValueError:  # a signature that isn't base64, or has no version
            continue
        webhook_id = lowered["webhook-id"]
        if len(webhook_id) > 128 or not webhook_id.isprintable():
            raise BadRequest("webhook-id doit compter de 1 à 128 caractères visibles.")
        try:
            return webhook_id, parse_json(body_text)
        except ValueError:
            raise BadRequest("Le corps du webhook n’est pas du JSON.") from None
    raise BadSignature


class RateLimit:
    """At most `count` calls in `seconds` for each key; remembers the newest 10,000 keys."""

    KEYS = 10_000

    def __init__(self, count: int, seconds: float) -> None:
        self.count = count
        self.seconds = seconds
        self._calls: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Counts one call. Raises `RateLimited` with the seconds to wait when there were too many."""
        moment = time.monotonic()
        calls = [at for at in self._calls.pop(key, []) if moment - at < self.seconds]
        self._calls[key] = calls
        if len(calls) >= self.count:
            raise RateLimited(retry_after=max(1, round(self.seconds - (moment - calls[0]))))
        calls.append(moment)
        if len(self._calls) > self.KEYS:
            self._calls.popitem(last=False)
