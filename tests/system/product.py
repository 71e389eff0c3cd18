"""The whole running product for tests: an installation of its own in a folder of its own, started by `relais up`.

`relais up` runs once per folder and keeps secrets, logs and its lock in `var/` of that folder. The code is therefore copied (the two Python
environments are linked), so that tests never meet a product that is already running here, and nothing is left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 240.0  # seconds, a training included
STOP_LIMIT = 30.0
BACK_LIMIT = 60.0  # seconds until a killed process answers again
LEASE = 4.0  # seconds of an agent's claim in tests/system; 30 in real life
RELAIS = "from frontdesk.cli import main; main()"

PROCESSES = {"frontdesk": "frontdesk", "assistant": "assistant.serve", "actions": "actions"}  # of the Procfile -> its Python module

AGENT_EMAIL = "camille.martin@exemple.fr"
AGENT_NAME = "Camille Martin"
AGENT_PASSWORD = "quatre chevaux verts 42"


def missing(what: str) -> None:
    """Something that these tests can't do without: an error in CI, elsewhere a skip that is shown."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(f"*** {what} ***")


class Product:
    """One running installation. `stop()` is called by the fixture."""

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        _install(directory)
        ports = _free_ports(3)
        self.port = ports[0]
        self.actions_port = ports[2]
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
        self.environment |= dict(zip(("RELAIS_PORT", "RELAIS_RASA_PORT", "RELAIS_ACTIONS_PORT"), map(str, ports), strict=True))
        self.environment |= {"RELAIS_CONVERSATIONS_PER_MINUTE": "2000"} | settings
        self._output = (directory / "up.txt").open("wb")
        self._up = subprocess.Popen(
            [directory / ".venv/bin/python", "-c", RELAIS, "up"],
            cwd=directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.wait_ready(START_LIMIT)
            self.command("agents", "add", AGENT_EMAIL, "--name", AGENT_NAME, "--role", "agent", "--password-stdin", text=AGENT_PASSWORD)
        except BaseException:
            os.killpg(self._up.pid, signal.SIGKILL)  # its guard ends the rest
            self._up.wait()
            self._output.close()
            raise

    def command(self, *arguments: str, text: str = "") -> str:
        """Runs `relais …` in this installation and gives its output; anything but exit code 0 is an error."""
        done = subprocess.run(
            [self.directory / ".venv/bin/python", "-c", RELAIS, *arguments],
            cwd=self.directory,
            env=self.environment,
            input=f"{text}\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"relais {' '.join(arguments[:2])}: {done.stderr}"
        return done.stdout

    def wait_ready(self, limit: float = BACK_LIMIT) -> None:
        """Returns when all parts answer."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        until = time.monotonic() + limit
        while True:
            assert self._up.poll() is None, f"relais up has ended\n{self.logs()}"
            try:
                with opener.open(f"{self.base}/readyz", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError) as error:
                if time.monotonic() >= until:
                    raise AssertionError(f"not ready after {limit:.0f} s: {error}\n{self.logs()}") from error
            time.sleep(0.1)  # between two questions; the answer is the condition

    def pids(self, name: str) -> list[int]:
        """The processes of one line of the Procfile that are alive, oldest first; only descendants of our `relais up`."""
        module = PROCESSES[name].encode()
        return [pid for pid in sorted(_descendants(self._up.pid)) if module in _command(pid)]

    def signal(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to all processes of one line of the Procfile. There must be one."""
        pids = self.pids(name)
        assert pids, f"{name} does not run"
        for pid in pids:
            os.kill(pid, number)

    def kill(self, name: str) -> None:
        """`kill -9`; returns when the process is gone. The process manager starts another one."""
        pids = self.pids(name)
        self.signal(name, signal.SIGKILL)
        until = time.monotonic() + 10
        while set(pids) & set(self.pids(name)):
            assert time.monotonic() < until, f"{name} survived kill -9"
            time.sleep(0.01)  # between two looks

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """The process exists but does nothing, as on a machine that is far too busy."""
        self.signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in self.pids(name):
                os.kill(pid, signal.SIGCONT)

    def callers(self, port: int) -> int:
        """Connections that are open towards a local port, seen from the caller's side."""
        wanted = f":{port:04X}"
        lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        return sum(1 for line in lines if line.split()[2].endswith(wanted) and line.split()[3] == "01")

    def logs(self) -> str:
        """The last lines of everything, for a test that failed."""
        files = [self.directory / "up.txt", *sorted((self.directory / "var/log").glob("*.log"))]
        texts = [(file.name, file.read_text("utf-8", "replace").splitlines()[-25:]) for file in files if file.is_file()]
        return "\n".join(f"--- {name}\n" + "\n".join(lines) for name, lines in texts)

    def stop(self) -> None:
        """Ctrl-C. Everything must end by itself, without a trace."""
        everybody = _descendants(self._up.pid)
        self._up.send_signal(signal.SIGINT)
        try:
            code = self._up.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self._up.pid, signal.SIGKILL)
            self._up.wait()
            pytest.fail(f"relais up did not stop within {STOP_LIMIT:.0f} s\n{self.logs()}", pytrace=False)
        finally:
            self._output.close()
        left = [pid for pid in everybody if _command(pid)]
        assert code == 0, f"relais up ended with {code}\n{self.logs()}"
        assert not left, f"still running: {[_command(pid) for pid in left]}"


@contextmanager
def running_product(directory: Path, **settings: str) -> Iterator[Product]:
    """A product that answers, with the agent's account; stopped at the end."""
    if not (ROOT / "models" / "relais.tar.gz").is_file():
        missing("Il n’y a pas de modèle : lancez d’abord « make train ».")
    if not (ROOT / "web" / "dist" / "index.html").is_file():
        missing("Les pages ne sont pas construites : lancez d’abord « make setup ».")
    product = Product(directory, **settings)
    try:
        yield product
    finally:
        product.stop()


def _install(directory: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".venv")
    for folder in ("frontdesk", "actions", "spoken", "assistant", "data", "web/dist"):
        shutil.copytree(ROOT / folder, directory / folder, ignore=ignored)
    for file in (
        "config.yml",
        "domain.yml",
        "endpoints.yml",
        "credentials.yml",
        "Procfile",
        "models/relais.tar.gz",
        "models/trained.json",
        "models/emergency.npz",
    ):
        target = directory / file
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / file, target)
    for environment in (".venv", "assistant/.venv"):
        (directory / environment).symlink_to(ROOT / environment)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _command(pid: int) -> bytes:
    """The command line of a process; empty when it is gone or dead already."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _descendants(pid: int) -> set[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            parents.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found.update(children)
        waiting.extend(children)
    return found
