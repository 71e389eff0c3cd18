"""The handoff webhook, and the worked example of `docs/webhooks.md`, which is taken from there and run."""

import asyncio
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import StartDesk
from harness import BOTH_DATABASES, OLD_SECRET, SECRET, Citizen, Desk, handoff, owners
from pydantic import ValidationError
from sqlalchemy import func, select

from frontdesk import keys
from frontdesk.models import Handoff, WebhookReceipt
from frontdesk.settings import ROOT, Settings

PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture
async def citizen(desk: Desk) -> Citizen:
    return await desk.citizen()


async def count(desk: Desk, model: type[Any]) -> int:
    async with desk.app[keys.READS]() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


@BOTH_DATABASES
async def test_webhook_takes_a_handoff(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    body = handoff(
        citizen,
        reason="sensitive",
        priority="high",
        skills=["violences"],
        language="pt-BR",
        territory="69123",
        summary="Résumé de l’échange",
        slots={"lieu": "Lyon", "nombre": 2, "autre": None, "liste": [1.5, "x"]},
    )
    answer = await desk.webhook(body, webhook_id="one")
    assert (answer.status, answer.body["place"]) == (202, 1)
    (item,) = (await agent.queue())["waiting"]
    assert item["handoff_id"] == answer.body["handoff_id"]
    assert (item["reason"], item["priority"], item["language"], item["summary"]) == ("sensitive", "high", "pt-BR", "Résumé de l’échange")
    assert item["slots"] == body["data"]["slots"]
    assert owners(await citizen.events()) == ["queue"]


@BOTH_DATABASES
async def test_webhook_replay(desk: Desk) -> None:
    citizen, other = await desk.citizen(), await desk.citizen()
    await other.call("POST", "/handoff")
    first = await desk.webhook(handoff(citizen), webhook_id="one")
    assert first.body["place"] == 2
    await other.call("DELETE", "/handoff")  # the place is another now; the answer stays
    again = await desk.webhook(handoff(citizen), webhook_id="one", at=time.time() + 30)
    assert (first.status, again.status) == (202, 200)
    assert again.body == first.body
    await desk.restart()
    assert (await desk.webhook(handoff(citizen), webhook_id="one")).body == first.body
    assert await count(desk, Handoff) == 2


@BOTH_DATABASES
async def test_webhook_replay_after_the_citizen_left_does_not_queue_again(desk: Desk) -> None:
    citizen = await desk.citizen()
    await desk.webhook(handoff(citizen), webhook_id="one")
    await citizen.call("DELETE", "/handoff")
    assert (await desk.webhook(handoff(citizen), webhook_id="one")).status == 200
    assert (await citizen.now())["owner"] == "assistant"


@BOTH_DATABASES
async def test_webhook_replay_at_the_same_moment(desk: Desk) -> None:
    citizen = await desk.citizen()
    answers = await asyncio.gather(*(desk.webhook(handoff(citizen), webhook_id="one") for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [200] * 9 + [202]
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    assert (await count(desk, Handoff), await count(desk, WebhookReceipt)) == (1, 1)


@BOTH_DATABASES
async def test_same_webhook_id_for_several_conversations_at_the_same_moment(desk: Desk) -> None:
    """No lock of a conversation helps here: the database's own uniqueness decides, and the others get the winner's answer."""
    citizens = [await desk.citizen() for _ in range(6)]
    answers = await asyncio.gather(*(desk.webhook(handoff(citizen), webhook_id="one") for citizen in citizens))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [202]
    assert len({answer.body["handoff_id"] for answer in answers}) == 1
    assert await count(desk, Handoff) == 1


async def test_two_webhooks_for_one_conversation_make_one_handoff(desk: Desk, citizen: Citizen) -> None:
    first = await desk.webhook(handoff(citizen, priority="normal"), webhook_id="one")
    second = await desk.webhook(handoff(citizen, priority="urgent", reason="sensitive"), webhook_id="two")
    assert (first.status, second.status) == (202, 202)
    assert first.body["handoff_id"] == second.body["handoff_id"]
    (item,) = (await (await desk.agent()).queue())["waiting"]
    assert (item["priority"], item["reason"]) == ("urgent", "sensitive")


async def test_webhook_second_secret_is_valid(desk: Desk, citizen: Citizen) -> None:
    assert (await desk.webhook(handoff(citizen), webhook_id="new", secret=SECRET)).status == 202
    assert (await desk.webhook(handoff(citizen), webhook_id="old", secret=OLD_SECRET)).status == 202


async def test_webhook_removed_secret_is_refused(start_desk: StartDesk) -> None:
    desk = await start_desk(webhook_secrets=SECRET)
    citizen = await desk.citizen()
    answer = await desk.webhook(handoff(citizen), webhook_id="old", secret=OLD_SECRET)
    assert (answer.status, answer.code) == (401, "bad_signature")


async def test_webhook_several_signatures(desk: Desk, citizen: Citizen) -> None:
    bad = "v1,MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
    body = handoff(citizen)
    good = sign_with_the_page(SECRET, "one", int(time.time()), json.dumps(body).encode())
    answer = await desk.webhook(body, webhook_id="one", webhook_signature=f"{bad} v2,MTIz {good}")
    assert answer.status == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook_signature": "v1,MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="},
        {"webhook_signature": "v1,é"},
        {"webhook_signature": "v1,a"},
        {"webhook_signature": "v1"},
        {"webhook_signature": "a,b,c"},
        {"webhook_signature": ""},
        {"webhook_signature": " "},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "demain"},
        {"webhook_timestamp": "nan"},
        {"webhook_timestamp": "1e400"},
    ],
    ids=lambda headers: "-".join(*headers.items()) or "empty",
)
async def test_webhook_bad_headers(desk: Desk, citizen: Citizen, headers: dict[str, str]) -> None:
    answer = await desk.webhook(handoff(citizen), webhook_id="one", **headers)
    assert (answer.status, answer.code) == (401, "bad_signature")
    assert await citizen.events() == []


async def test_webhook_with_another_id_than_was_signed(desk: Desk, citizen: Citizen) -> None:
    body = json.dumps(handoff(citizen)).encode()
    signature = sign_with_the_page(SECRET, "one", int(time.time()), body)
    answer = await desk.webhook(body, webhook_id="another", webhook_signature=signature)
    assert (answer.status, answer.code) == (401, "bad_signature")


async def test_webhook_without_headers(desk: Desk, citizen: Citizen) -> None:
    answer = await desk.request("POST", "/api/v1/webhooks/handoff", json=handoff(citizen))
    assert answer.code == "bad_signature"


async def test_webhook_tampered_body(desk: Desk, citizen: Citizen) -> None:
    body = json.dumps(handoff(citizen, priority="normal")).encode()
    signature = sign_with_the_page(SECRET, "one", int(time.time()), body)
    answer = await desk.webhook(body.replace(b"normal", b"urgent"), webhook_id="one", webhook_signature=signature)
    assert (answer.status, answer.code) == (401, "bad_signature")
    assert await citizen.events() == []


@pytest.mark.parametrize(("offset", "status"), [(-310, 401), (310, 401), (-290, 202), (290, 202)])
async def test_webhook_timestamp(desk: Desk, citizen: Citizen, offset: int, status: int) -> None:
    answer = await desk.webhook(handoff(citizen), webhook_id="one", at=time.time() + offset)
    assert answer.status == status


@BOTH_DATABASES
async def test_webhook_unknown_conversation(desk: Desk) -> None:
    citizen = Citizen(desk, "0" * 32, "")
    answer = await desk.webhook(handoff(citizen), webhook_id="one")
    assert (answer.status, answer.code) == (404, "not_found")
    real = await desk.citizen()
    assert (await desk.webhook(handoff(real), webhook_id="one")).status == 202  # refused, so not remembered


@pytest.mark.parametrize(
    "raw", [b"{", b"", b'{"type": NaN}', b"[" * 50_000, b"\xef\xbb\xbf{}"], ids=["cut", "empty", "NaN", "deep", "byte order mark"]
)
async def test_webhook_well_signed_but_not_json(desk: Desk, raw: bytes) -> None:
    answer = await desk.webhook(raw, webhook_id="one")
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_webhook_not_utf8(desk: Desk) -> None:
    answer = await desk.webhook(b"{}", webhook_id="one")
    assert answer.code == "bad_request"
    async with desk.client.post("/api/v1/webhooks/handoff", data=b"\xff", headers={"webhook-id": "one"}) as response:
        assert response.status == 401


@BOTH_DATABASES
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "handoff.cancelled"}, "type"),
        ({"timestamp": "x" * 41}, "timestamp"),
        ({"data": None}, "data"),
        ({"reason": "Autre raison"}, "data.reason"),
        ({"reason": None}, "data.reason"),
        ({"priority": "immédiate"}, "data.priority"),
        ({"skills": ["x"] * 21}, "data.skills"),
        ({"skills": "x"}, "data.skills"),
        ({"language": "français"}, "data.language"),
        ({"territory": "a\x00"}, "data.territory"),
        ({"summary": "x" * 4001}, "data.summary"),
        ({"summary": "a\x00b"}, "data.summary"),
        ({"summary": "\ud800"}, "data.summary"),
        ({"slots": {str(number): 1 for number in range(101)}}, "data.slots"),
        ({"slots": []}, "data.slots"),
        ({"conversation_id": "\x00"}, "data.conversation_id"),
        ({"conversation_id": ""}, "data.conversation_id"),
        ({"message_id": "x" * 65}, "data.message_id"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
async def test_webhook_field_refused(desk: Desk, change: dict[str, Any], field: str) -> None:
    citizen = await desk.citizen()
    body = handoff(citizen)
    body = body | change if set(change) <= set(body) else {**body, "data": body["data"] | change}
    answer = await desk.webhook(body, webhook_id="one")
    assert (answer.status, answer.code) == (400, "bad_request")
    assert answer.body["error"]["details"]["fields"].keys() == {field}
    assert await citizen.events() == []


@BOTH_DATABASES
async def test_webhook_strange_slots_are_kept(desk: Desk) -> None:
    citizen, agent = await desk.citizen(), await desk.agent()
    slots = {"a\x00": "\x00", "é": "😀", "grand": 10**30, "vide": {}, "profond": {"x": [[[1]]]}}
    assert (await desk.webhook(handoff(citizen, slots=slots), webhook_id="one")).status == 202
    assert (await agent.queue())["waiting"][0]["slots"] == slots


async def test_webhook_body_too_large(desk: Desk, citizen: Citizen) -> None:
    answer = await desk.webhook(handoff(citizen, slots={"x": "y" * 65_536}), webhook_id="one")
    assert (answer.status, answer.code) == (413, "body_too_large")


async def test_webhook_id_too_long(desk: Desk, citizen: Citizen) -> None:
    assert (await desk.webhook(handoff(citizen), webhook_id="x" * 129)).code == "bad_request"
    assert (await desk.webhook(handoff(citizen), webhook_id="x" * 128)).status == 202


async def test_webhook_for_a_conversation_that_an_agent_has(desk: Desk, citizen: Citizen) -> None:
    agent = await desk.agent()
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    before = await citizen.events()
    assert (await desk.webhook(handoff(citizen), webhook_id="one")).status == 202
    assert await citizen.events() == before


@pytest.mark.parametrize("secrets", ["", " ", "whsec_", "whsec_x", f"{SECRET} whsec_é"])
def test_unusable_secret_ends_the_start(secrets: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(channel_token="x", webhook_secrets=secrets)
    assert SECRET not in str(refused.value)


# --- docs/webhooks.md --------------------------------------------------------------------------------------------


def block(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert isinstance(found, str)
    return found


def value(name: str) -> str:
    found = re.search(rf"^\| `?{name}`? \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert found is not None, f"docs/webhooks.md: no {name}"
    return found[1]


def sign_with_the_page(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    names: dict[str, Any] = {"__name__": "example"}
    exec(block("python"), names)  # noqa: S102 - the page's own example
    signature: str = names["sign"](secret, webhook_id, timestamp, body)
    return signature


def example_body() -> bytes:
    return block("json").removesuffix("\n").encode()


def test_page_signature() -> None:
    signature = sign_with_the_page(value("secret"), value("webhook-id"), int(value("webhook-timestamp")), example_body())
    assert block("text") == f"webhook-signature: {signature}\n"


async def run(program: list[str], desk: Desk, directory: Path, body: bytes, **variables: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "RELAIS_URL": f"http://{desk.client.host}:{desk.client.port}",
        "SECRET": value("secret"),
        "WEBHOOK_ID": value("webhook-id"),
        **variables,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, env=environment, cwd=directory, stdin=pipe, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(30):
        output, problems = await process.communicate(body)
    assert process.returncode == 0, problems.decode()
    return output.decode()


def for_conversation(citizen: Citizen) -> bytes:
    conversation_id = json.loads(example_body())["data"]["conversation_id"]
    return example_body().replace(conversation_id.encode(), citizen.id.encode())


async def test_page_python_example(desk: Desk, citizen: Citizen, tmp_path: Path) -> None:
    body = for_conversation(citizen)
    output = [await run([sys.executable, "-c", block("python")], desk, tmp_path, body) for _ in range(2)]
    assert [line.split(" ", 1)[0] for line in output] == ["202", "200"]
    assert json.loads(output[0].split(" ", 1)[1]) == {"handoff_id": "1", "place": 1}
    (item,) = (await (await desk.agent()).queue())["waiting"]
    assert item["summary"] == "La personne veut parler à quelqu’un."


async def test_page_shell_example(desk: Desk, citizen: Citizen, tmp_path: Path) -> None:
    missing = [name for name in ("bash", "curl", "openssl", "od") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    script = "set -eu -o pipefail\n" + block("bash")
    (tmp_path / "body.json").write_bytes(for_conversation(citizen))
    output = [await run(["bash", "-c", script], desk, tmp_path, b"") for _ in range(2)]
    assert [line.rsplit(" ", 1)[1] for line in output] == ["202\n", "200\n"]
    (tmp_path / "body.json").write_bytes(example_body())
    fixed = await run(
        ["bash", "-c", script + 'echo "webhook-signature: $SIGNATURE"\n'], desk, tmp_path, b"", TIMESTAMP=value("webhook-timestamp")
    )
    assert fixed.endswith(block("text"))


async def test_page_own_secret_works(start_desk: StartDesk, tmp_path: Path) -> None:
    found = re.search(r"`echo \"(whsec_.+?)\"`", PAGE)
    assert found is not None
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    process = await asyncio.create_subprocess_exec("bash", "-c", f'echo "{found[1]}"', stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    secret = output.decode().strip()
    desk = await start_desk(webhook_secrets=secret)
    citizen = await desk.citizen()
    answer = await run([sys.executable, "-c", block("python")], desk, tmp_path, for_conversation(citizen), SECRET=secret)
    assert answer.startswith("202 ")
