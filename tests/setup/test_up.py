"""`relais up` with the real parts: everything answers, a killed part comes back, nothing is left behind. Needs `make setup` and a model."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
START_LIMIT = 100  # seconds, on a busy machine


def free_ports() -> int:
    """A port that is free together with the next two."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if port > 65_533:
                continue
            try:
                second.bind(("127.0.0.1", port + 1))
                third.bind(("127.0.0.1", port + 2))
            except OSError:
                continue
            return port
    raise AssertionError("no three free ports in a row")


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"not within {seconds} s: {what}"
        time.sleep(0.1)


class Up:
    """A running `relais up` with a state folder and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports()
        self.output = folder / "output.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
        environment.update(RELAIS_PORT=str(self.port), RELAIS_VAR=str(folder / "var"), PYTHONIOENCODING="utf-8")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from frontdesk.cli import main; main()", "up"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def children(self) -> dict[str, int]:
        """The processes of the Procfile by the module that they run."""
        found = {}
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split() + self._of_threads():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"-m" in command:
                found[command[command.index(b"-m") + 1].decode()] = int(pid)
        return found

    def _of_threads(self) -> list[str]:
        tasks = Path(f"/proc/{self.process.pid}/task")
        return [pid for task in tasks.iterdir() if task.name != str(self.process.pid) for pid in (task / "children").read_text().split()]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    try:
        wait_for(lambda: "Ctrl-C arrête tout." in running.said() or running.process.poll() is not None, START_LIMIT, "ready")
        assert running.process.poll() is None, running.said()
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_up_prints_both_addresses_and_how_to_open_an_account(up: Up) -> None:
    assert f"http://127.0.0.1:{up.port}/\n" in up.said()
    assert f"http://127.0.0.1:{up.port}/agent/\n" in up.said()
    assert "relais agents add" in up.said()
    for path in ("/", "/agent/", "/widget.js", "/healthz", "/readyz"):
        assert up.get(path)[0] == 200, path


def test_up_listens_on_loopback_only(up: Up) -> None:
    # /proc/net/tcp: local address and port in hexadecimal, state 0A = listening.
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ports = {up.port, up.port + 1, up.port + 2}
    listening = {(row[1].split(":")[0], int(row[1].split(":")[1], 16)) for row in rows if row[3] == "0A"}
    assert {entry for entry in listening if entry[1] in ports} == {("0100007F", port) for port in ports}


@pytest.mark.parametrize(("module", "part"), [("assistant.serve", "assistant"), ("actions", "actions"), ("frontdesk", None)])
def test_up_brings_a_killed_part_back(up: Up, module: str, part: str | None) -> None:
    before = up.children()
    assert set(before) == {"assistant.serve", "actions", "frontdesk"}
    os.kill(before[module], signal.SIGKILL)
    if part == "assistant":
        wait_for(lambda: up.get("/readyz")[0] == 503, 10, "/readyz sees that a part is missing")
        assert json.loads(up.get("/readyz")[1])["parts"][part] != "ok"
    wait_for(lambda: up.children().get(module, before[module]) != before[module], 10, f"{module} again")
    wait_for(lambda: up.get("/readyz")[0] == 200, START_LIMIT, "ready again")
    after = up.children()
    assert {name: pid for name, pid in after.items() if name != module} == {name: pid for name, pid in before.items() if name != module}


def test_up_a_second_time_in_the_same_place_is_refused(up: Up) -> None:
    state = up.output.parent / "var"
    environment = {**os.environ, "RELAIS_VAR": str(state), "RELAIS_PORT": str(up.port)}
    command = [sys.executable, "-c", "from frontdesk.cli import main; main()", "up"]
    second = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert second.returncode == 1
    assert f"processus {up.process.pid}" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_up_ctrl_c_leaves_nothing_behind(up: Up) -> None:
    """The last one: it ends the installation of this file."""
    children = list(up.children().values())
    assert len(children) == 3
    os.killpg(up.process.pid, signal.SIGINT)
    assert up.process.wait(timeout=20) == 0
    assert "Tout est arrêté." in up.said()
    assert not [pid for pid in children if is_running(pid)]
