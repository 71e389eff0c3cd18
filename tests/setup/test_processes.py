"""The process manager, with real processes: starts, restarts, stops, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MANAGER = Path(__file__).with_name("manager.py")
ROOT = MANAGER.parent.parent.parent

# Answers 200 like /readyz; its helper process inherits the output, as the workers of some servers do.
WEB = """
import http.server, os, subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("pids", os.getpid(), helper.pid, flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status}); self.end_headers(); self.wfile.write(b'{body}')
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["TEST_PORT"])), Handler).serve_forever()
"""
IDLE = "import os, signal; print('pids', os.getpid(), flush=True); signal.pause()"
STUBBORN = (
    "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('pids', os.getpid(), flush=True)\nwhile True: signal.pause()"
)


class Installation:
    """A running manager and what it printed so far."""

    def __init__(self, directory: Path, scripts: dict[str, str], **environment: str) -> None:
        lines = []
        for name, script in scripts.items():
            (directory / f"{name}.py").write_text(script)
            lines.append(f"{name}: {sys.executable} {name}.py\n")
        (directory / "Procfile").write_text("".join(lines))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = directory
        self.output = directory / "output.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(MANAGER), str(directory), str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], object], seconds: float = 20) -> None:
        limit = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > limit:
                raise AssertionError(f"not within {seconds} s; the manager said:\n{self.said()}")
            time.sleep(0.05)

    def log(self, name: str) -> str:
        path = self.directory / "log" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def pids(self, name: str) -> list[list[int]]:
        """The pids that each life of `name` printed: of itself and of its helper."""
        return [[int(pid) for pid in match[1].split()] for match in re.finditer(r" pids ([\d ]+)", self.log(name))]

    def all_pids(self) -> list[int]:
        return [pid for name in ("frontdesk", "assistant", "actions") for life in self.pids(name) for pid in life]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    started: list[Installation] = []

    def begin(scripts: dict[str, str], **environment: str) -> Installation:
        started.append(Installation(tmp_path, scripts, **environment))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        for pid in one.all_pids():
            if is_running(pid):
                os.kill(pid, signal.SIGKILL)


def web(status: int = 200, body: str = "{}") -> str:
    return WEB.replace("{status}", str(status)).replace("{body}", body)


def test_manager_ready_and_sigterm_stops_everything(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web(), "assistant": IDLE})
    one.wait_for(lambda: "READY" in one.said())
    one.wait_for(lambda: one.pids("assistant"))
    pids = one.all_pids()
    assert len(pids) == 3
    assert all(is_running(pid) for pid in pids)

    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(timeout=15) == 0
    assert "STOPPED" in one.said()
    assert not [pid for pid in pids if is_running(pid)]


def test_manager_sigint_to_the_whole_group_stops_cleanly(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web()})
    one.wait_for(lambda: "READY" in one.said())
    os.killpg(one.process.pid, signal.SIGINT)  # what Ctrl-C in a terminal does
    assert one.process.wait(timeout=15) == 0
    assert "Traceback" not in one.said()
    assert not [pid for pid in one.all_pids() if is_running(pid)]


@pytest.mark.parametrize("name", ["frontdesk", "assistant", "actions"])
def test_manager_restarts_a_killed_process_and_the_others_go_on(start: Callable[..., Installation], name: str) -> None:
    one = start({"frontdesk": web(), "assistant": IDLE, "actions": IDLE})
    one.wait_for(lambda: "READY" in one.said() and all(one.pids(each) for each in ("frontdesk", "assistant", "actions")))
    before = {each: one.pids(each)[0] for each in ("frontdesk", "assistant", "actions")}
    os.kill(before[name][0], signal.SIGKILL)
    # The web server's helper keeps the output open: the death must be seen all the same, and the helper must go.
    one.wait_for(lambda: len(one.pids(name)) == 2)
    assert not [pid for pid in before[name] if is_running(pid)]
    for other in before.keys() - {name}:
        assert len(one.pids(other)) == 1
        assert is_running(before[other][0])
    assert f"{name} s’est arrêté (signal 9)" in one.said()


def test_manager_restarts_again_and_again_with_a_growing_delay(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web(), "assistant": IDLE})
    one.wait_for(lambda: "READY" in one.said())
    for life in range(1, 4):
        one.wait_for(lambda life=life: len(one.pids("assistant")) == life)
        os.kill(one.pids("assistant")[-1][0], signal.SIGKILL)
    one.wait_for(lambda: len(one.pids("assistant")) == 4)
    delays = [float(delay.replace(",", ".")) for delay in re.findall(r"nouveau départ dans ([\d,]+) s", one.said())]
    assert delays == [0.2, 0.4, 0.8]


def test_manager_killed_leaves_no_process_behind(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web(), "assistant": STUBBORN})
    one.wait_for(lambda: "READY" in one.said() and one.pids("assistant"))
    pids = one.all_pids()
    one.process.kill()
    one.process.wait()
    one.wait_for(lambda: not [pid for pid in pids if is_running(pid)], seconds=5)


def test_manager_kills_what_does_not_stop(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web(), "assistant": STUBBORN})
    one.wait_for(lambda: "READY" in one.said() and one.pids("assistant"))
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(timeout=20) == 0
    assert not [pid for pid in one.all_pids() if is_running(pid)]


def test_manager_start_that_keeps_failing_names_the_process_and_its_log(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web(503), "assistant": "raise SystemExit('no licence to speak')"})
    assert one.process.wait(timeout=20) == 1
    assert re.search(r"PROBLEM assistant ne démarre pas .*assistant\.log.*no licence to speak", one.said())
    assert not [pid for pid in one.all_pids() if is_running(pid)]


def test_manager_start_too_slow_names_the_part_that_does_not_answer(start: Callable[..., Installation]) -> None:
    body = '{"status": "starting", "parts": {"database": "ok", "assistant": "down", "actions": "ok"}}'
    one = start({"frontdesk": web(503, body), "assistant": IDLE}, READY_LIMIT="2")
    assert one.process.wait(timeout=25) == 1
    assert re.search(r"PROBLEM Après 2 s, l’assistant \(Rasa\) ne répond toujours pas.*assistant\.log", one.said())
    assert not [pid for pid in one.all_pids() if is_running(pid)]


def test_manager_shows_what_is_said_after_the_start_and_logs_all_of_it(start: Callable[..., Installation]) -> None:
    one = start({"frontdesk": web(), "assistant": IDLE})
    one.wait_for(lambda: "READY" in one.said() and one.pids("assistant"))
    os.kill(one.pids("assistant")[0][0], signal.SIGKILL)
    one.wait_for(lambda: len(one.pids("assistant")) == 2)
    second = one.pids("assistant")[1][0]
    one.wait_for(lambda: re.search(rf"assistant +\| pids {second}\n", one.said()))
