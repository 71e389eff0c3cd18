"""One shape for every error, one list in the docs, one sentence in the pages."""

import re

import pytest
from harness import Desk

from frontdesk.errors import ServiceError
from frontdesk.settings import ROOT
from frontdesk.views import citizen as citizen_views

ERRORS = ServiceError.__subclasses__()
PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def test_docs_list_every_error_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted((error.code, str(error.status)) for error in ERRORS)
    assert rows == sorted(rows), "the table is in alphabetical order"


def test_codes_are_unique_and_messages_are_sentences() -> None:
    assert len({error.code for error in ERRORS}) == len(ERRORS)
    for error in ERRORS:
        assert re.fullmatch(r"[A-ZÀÉ].+\.", error.message), error.code
        words = error.message.replace("Authorization:", "")  # the name of a header
        assert not re.search(r"[^\u00a0\u202f][:;?!»]|'", words), f"{error.code}: French typography"


def test_body_has_one_shape() -> None:
    for error in ERRORS:
        assert error(limit=1).body() == {"error": {"code": error.code, "message": error.message, "details": {"limit": 1}}}


async def test_unforeseen_error_tells_an_id_and_nothing_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("les mots de quelqu’un")

    citizen = await desk.citizen()
    monkeypatch.setattr(citizen_views, "_news", broken)
    answer = await citizen.call("GET", "/events")
    assert (answer.status, answer.code) == (500, "internal")
    error_id = answer.body["error"]["details"]["error_id"]
    assert f"error {error_id} on /api/v1/conversations/{{conversation_id}}/events: RuntimeError at " in caplog.text
    for secret in ("les mots de quelqu’un", citizen.id, citizen.token):
        assert secret not in caplog.text
        assert secret not in str(answer.body)
