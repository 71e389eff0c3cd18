"""Pages, security headers, and what operators look at."""

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from conftest import StartDesk
from fake_assistant import FakeAssistant
from harness import Desk
from sqlalchemy.ext.asyncio import async_sessionmaker

from frontdesk.db import Sessions
from frontdesk.views import pages

PAGES = {"/": "index.html", "/widget": "widget.html", "/demo-widget": "demo-widget.html", "/agent/": "agent/index.html"}
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Built pages, and beside them files that nobody may get."""
    folder = tmp_path / "dist"
    for name in [
        *PAGES.values(),
        "widget.js",
        "robots.txt",
        "favicon.svg",
        "assets/chat-1a2b.js",
        "assets/.hidden",
        "assets/sub/x.js",
        "secret.env",
    ]:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"content of {name}")
    (tmp_path / "outside.txt").write_text("outside")
    monkeypatch.setattr(pages, "DIST", folder)
    return folder


def policy(headers: object) -> dict[str, str]:
    header: str = headers["Content-Security-Policy"]  # type: ignore[index]
    return {name: values for name, _, values in (part.strip().partition(" ") for part in header.split(";"))}


@pytest.mark.parametrize("path", PAGES)
async def test_page(desk: Desk, dist: Path, path: str) -> None:
    async with desk.client.get(path) as response:
        assert response.status == 200
        assert await response.text() == f"content of {PAGES[path]}"
        assert response.headers["Cache-Control"] == "no-store"
        assert {name: response.headers[name] for name in COMMON} == COMMON
        rules = policy(response.headers)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["base-uri"] == "'none'"
    assert "unsafe" not in str(rules)
    assert rules["connect-src"] == f"'self' ws://{desk.client.host}:{desk.client.port}"
    assert rules["frame-ancestors"] == ("*" if path == "/widget" else "'none'")
    assert rules["frame-src"] == ("'self'" if path == "/demo-widget" else "'none'")


async def test_widget_may_be_framed_by_the_sites_of_the_setting(start_desk: StartDesk, dist: Path) -> None:
    desk = await start_desk(widget_ancestors="https://mairie.example")
    async with desk.client.get("/widget") as response:
        assert policy(response.headers)["frame-ancestors"] == "https://mairie.example"


@pytest.mark.parametrize("host", ["a;script-src *", "a b", "x" * 300, "a,b", "é"])
async def test_host_header_can_not_change_the_policy(desk: Desk, dist: Path, host: str) -> None:
    reader, writer = await asyncio.open_connection(desk.client.host, desk.client.port)
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    head = (await reader.read()).partition(b"\r\n\r\n")[0].decode()
    writer.close()
    await writer.wait_closed()
    found = re.search(r"^Content-Security-Policy: (.*)\r?$", head, re.MULTILINE)
    if found is not None:
        assert host not in found[1]
    else:
        assert " 400 " in head.splitlines()[0]


async def test_agent_page_has_one_address(desk: Desk, dist: Path) -> None:
    async with desk.client.get("/agent", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (308, "/agent/")


async def test_asset_is_kept_for_a_year(desk: Desk, dist: Path) -> None:
    async with desk.client.get("/assets/chat-1a2b.js") as response:
        assert await response.text() == "content of assets/chat-1a2b.js"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_widget_script_may_be_loaded_from_other_sites(desk: Desk, dist: Path) -> None:
    async with desk.client.get("/widget.js") as response:
        assert response.status == 200
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../secret.env",
        "/assets/..%2fsecret.env",
        "/assets/%2e%2e/secret.env",
        "/assets/%2e%2e%2f%2e%2e%2foutside.txt",
        "/assets/..%5csecret.env",
        "/assets//etc/passwd",
        "/assets/sub/x.js",
        "/assets/sub",
        "/assets/.hidden",
        "/assets/",
        "/assets/x%00.js",
        "/secret.env",
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/agent/../secret.env",
    ],
)
async def test_nothing_else_of_the_disk_is_served(desk: Desk, dist: Path, path: str) -> None:
    reader, writer = await asyncio.open_connection(desk.client.host, desk.client.port)  # a client would tidy the path up
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {desk.client.host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b" 404 " in answer.splitlines()[0]
    assert b"content of" not in answer
    assert b"outside" not in answer


async def test_pages_that_are_not_built(desk: Desk, dist: Path) -> None:
    (dist / "index.html").unlink()
    async with desk.client.get("/") as response:
        assert response.status == 503
        assert "make setup" in await response.text()


@pytest.mark.parametrize("path", ["/healthz", "/api/openapi.json", "/api/v1/nothing"])
async def test_api_answers_carry_security_headers(desk: Desk, path: str) -> None:
    async with desk.client.get(path) as response:
        assert {name: response.headers[name] for name in COMMON} == COMMON
        assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["Cache-Control"] == "no-store"


# --- operations --------------------------------------------------------------------------------------------------


async def test_healthz(desk: Desk) -> None:
    assert (await desk.request("GET", "/healthz")).body == {"status": "ok"}


async def test_readyz_names_the_part_that_does_not_answer(
    start_desk: StartDesk, assistant: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions, port = web.Application(), unused_port()

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    actions.router.add_get("/health", health)
    runner = web.AppRunner(actions)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    desk = await start_desk(actions_url=f"http://127.0.0.1:{port}/webhook")
    ready = await desk.request("GET", "/readyz")
    assert (ready.status, ready.body) == (200, {"status": "ok", "parts": {"database": "ok", "assistant": "ok", "actions": "ok"}})

    async def parts() -> tuple[int, set[str]]:
        answer = await desk.request("GET", "/readyz")
        return answer.status, {name for name, state in answer.body["parts"].items() if state != "ok"}

    assistant.has_model = False
    assert await parts() == (503, {"assistant"})
    await assistant.stop()
    await runner.cleanup()
    assert await parts() == (503, {"assistant", "actions"})

    def gone(_: Sessions) -> None:  # as asyncpg says it when nobody answers
        raise OSError

    monkeypatch.setattr(async_sessionmaker, "__call__", gone)
    assert await parts() == (503, {"database", "assistant", "actions"})


async def test_metrics_count_without_names(desk: Desk) -> None:
    async def metrics() -> dict[str, float]:
        async with desk.client.get("/metrics") as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            lines = (await response.text()).splitlines()
        return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    before = await metrics()
    citizen, agent = await desk.citizen(), await desk.agent()
    await citizen.answered(await citizen.say("Bonjour"))
    await citizen.call("POST", "/handoff")
    await agent.claim(citizen)
    await agent.say(citizen, "Bonjour")
    urgent = await desk.citizen()
    await urgent.say("Au secours, on me frappe")
    after = await metrics()

    def grew(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grew('relais_messages_total{author="citizen"}') == 2
    assert grew('relais_messages_total{author="agent"}') == 1
    assert grew('relais_turns_total{result="answered"}') == 1
    assert grew('relais_handoffs_total{reason="asked"}') == 1
    assert grew('relais_handoffs_total{reason="emergency"}') == 1
    assert sum(grew(name) for name in after if name.startswith("relais_emergencies_total{")) == 1
    assert after["relais_queue_waiting"] == 1
    route = 'relais_http_requests_total{method="POST",route="/api/v1/conversations/{conversation_id}/messages",status="202"}'
    assert grew(route) == 2
    assert not any(citizen.id in name for name in after)
