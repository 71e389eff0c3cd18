"""The process manager of `relais up`: starts what the Procfile lists, keeps it running, stops it.

honcho reads the Procfile, runs the commands and prefixes their output. Its own manager ends everything when one process ends; here a
process that dies is started again, with a growing delay, while the others go on. Each process leads a group of its own. When
`relais up` itself dies, even by `kill -9`, a tiny shell that waits on a pipe kills these groups, so nothing is left behind.
"""

from __future__ import annotations

import datetime
import json
import logging
import logging.handlers
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from frontdesk.environment import OperatorError

STOP_PATIENCE = 10.0  # seconds between SIGTERM and SIGKILL
FIRST_DELAY, LONGEST_DELAY = 0.2, 15.0  # seconds before a dead process is started again; doubled each time
CALM = 30.0  # seconds of life after which the delay is the first one again
START_TRIES = 3  # deaths of one process, before everything has answered once, that end the start
LOG_SIZE, LOG_FILES = 5 * 1024 * 1024, 3  # bytes a file and files a process
SYSTEM = "relais"

_PARTS = {  # parts of /readyz -> process of the Procfile and what operators call it
    "database": ("frontdesk", "la base de données"),
    "assistant": ("assistant", "l’assistant (Rasa)"),
    "actions": ("actions", "le serveur d’actions"),
}

# Remembers the last line of process groups that it was told and kills them when the pipe closes. Its command line holds no name of
# ours, so no `pkill -f` that is meant for one of the parts can hit it.
_GUARD = 'while read -r line; do groups=$line; done; [ -z "$groups" ] || kill -9 $groups 2>/dev/null'


def load_procfile(path: Path) -> dict[str, str]:
    """The commands of a Procfile, by process name, in their order. Raises `OperatorError` when there is none."""
    try:
        commands = dict(parse_procfile(path.read_text(encoding="utf-8")).processes)
    except OSError as error:
        raise OperatorError(f"Le fichier {path} n’est pas lisible ({error.strerror}) : rétablissez-le.") from error
    if not commands:
        raise OperatorError(f"Le fichier {path} ne liste aucun processus : rétablissez-le.")
    return commands


@dataclass
class _Slot:
    """One process of the Procfile: its present life, and when the next one begins."""

    name: str
    command: str
    colour: str
    log: logging.Logger
    pid: int | None = None
    alive: bool = False
    started: float = 0.0  # monotonic seconds
    delay: float = 0.0
    due: float | None = None  # when to start again
    deaths: int = 0  # before everything has answered once


class Supervisor:
    """Runs processes until it is told to stop by SIGINT, SIGTERM or SIGHUP.

    `ready_url` answers 200 when all parts answer, else a body with `parts`; `on_ready` is called once, when it does.
    """

    def __init__(
        self,
        commands: Mapping[str, str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        logs: Path,
        ready_url: str,
        ready_limit: float,
        on_ready: Callable[[], None],
        output: TextIO | None = None,
    ) -> None:
        self._environment = dict(environment)
        self._directory = directory
        self._logs = logs
        self._ready_url = ready_url
        self._ready_limit = ready_limit
        self._on_ready = on_ready
        self._events: queue.SimpleQueue[Message] = queue.SimpleQueue()  # its put may be called from a signal handler
        self._printer: Printer | None = Printer(output or sys.stdout, width=max(len(name) for name in (*commands, SYSTEM)))
        colours = get_colours()
        self._slots = {name: _Slot(name, command, next(colours), self._open_log(name)) for name, command in commands.items()}
        self._guard: subprocess.Popen[str] | None = None
        self._ready = False
        self._parts: dict[str, Any] | None = None  # what /readyz said last, None while it does not answer
        self._stopping: float | None = None  # monotonic seconds of the first signal
        self._killed = False

    def run(self) -> None:
        """Returns when everything was told to stop and has stopped. Raises `OperatorError` when the start fails."""
        started = time.monotonic()
        handlers = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        problem: OperatorError | None = None
        try:
            for slot in self._slots.values():
                self._start(slot)
            threading.Thread(target=self._watch_readiness, name="readiness", daemon=True).start()
            while self._stopping is None or any(slot.alive for slot in self._slots.values()):
                self._handle_one_event()
                now = time.monotonic()
                if self._stopping is not None:
                    if now - self._stopping > STOP_PATIENCE:
                        self._signal_all(signal.SIGKILL)
                    continue
                for slot in self._slots.values():
                    if slot.due is not None and now >= slot.due:
                        self._start(slot)
                if not self._ready:
                    problem = self._start_problem(now - started)
                    if problem is not None:
                        self._stop()
        finally:
            # Whatever happened: no process of ours outlives this call.
            self._signal_all(signal.SIGKILL)
            self._release_guard()
            for number, handler in handlers.items():
                signal.signal(number, handler)
        if problem is not None:
            raise problem

    def say(self, text: str) -> None:
        """Prints a line among the output of the processes."""
        self._print(Message(type="line", data=text, time=datetime.datetime.now(), name=SYSTEM, colour=None))  # noqa: DTZ005

    # -- lives -------------------------------------------------------------------------------------

    def _start(self, slot: _Slot) -> None:
        slot.due, slot.alive, slot.started = None, True, time.monotonic()
        # `exec`: the shell becomes the command, so that the process we know is the process that works.
        command = slot.command if slot.command.startswith("exec ") else f"exec {slot.command}"
        process = Process(command, name=slot.name, colour=slot.colour, env=self._environment, cwd=str(self._directory))
        process._child_ctor = _spawn
        threading.Thread(target=process.run, args=(self._events,), name=slot.name, daemon=True).start()

    def _handle_one_event(self) -> None:
        try:
            event = self._events.get(timeout=0.2)
        except queue.Empty:
            return
        if event.type == "line":
            self._slots[event.name].log.info("%s", event.data.decode("utf-8", "replace").rstrip("\n"))
            if self._ready:  # until then one sentence says it all; the log files have the rest
                self._print(event)
        elif event.type == "start":
            self._slots[event.name].pid = event.data["pid"]
            self._tell_guard()
            if self._stopping is not None:  # it was being started when the signal came
                _kill_group(event.data["pid"], signal.SIGTERM)
        elif event.type == "stop":
            self._on_death(self._slots[event.name], event.data["returncode"])
        elif event.type == "ready":
            self._ready = True
            self._on_ready()

    def _on_death(self, slot: _Slot, code: int) -> None:
        slot.alive, slot.pid = False, None
        self._tell_guard()
        if self._stopping is not None:
            return
        if not self._ready:
            slot.deaths += 1
        lived = time.monotonic() - slot.started
        slot.delay = FIRST_DELAY if lived > CALM or not slot.delay else min(slot.delay * 2, LONGEST_DELAY)
        slot.due = time.monotonic() + slot.delay
        self.say(f"{slot.name} s’est arrêté ({_cause(code)}) ; nouveau départ dans {slot.delay:.1f} s.".replace(".", ",", 1))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._stopping is None:
            self._stop()
        elif number == signal.SIGINT and time.monotonic() - self._stopping > 2:  # Ctrl-C again: whoever types it won't wait
            self._stopping = -STOP_PATIENCE

    def _stop(self) -> None:
        self._stopping = time.monotonic()
        self._signal_all(signal.SIGTERM)
        for slot in self._slots.values():
            slot.due = None

    def _signal_all(self, number: signal.Signals) -> None:
        for slot in self._slots.values():
            if slot.pid is not None:
                _kill_group(slot.pid, number)

    # -- readiness ---------------------------------------------------------------------------------

    def _watch_readiness(self) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback: never through a proxy
        while self._stopping is None:
            try:
                with opener.open(self._ready_url, timeout=5):
                    pass
            except urllib.error.HTTPError as error:
                self._parts = _parts_of(error.read(65_536))
            except (OSError, urllib.error.URLError):
                self._parts = None  # the front desk does not listen yet
            else:
                self._events.put(Message(type="ready", data=None, time=None, name=SYSTEM, colour=None))
                return
            time.sleep(0.2)  # between two questions; the answer is the condition

    def _start_problem(self, elapsed: float) -> OperatorError | None:
        for slot in self._slots.values():
            if slot.deaths >= START_TRIES:
                return OperatorError(f"{slot.name} ne démarre pas ({slot.deaths} essais). {self._see_log(slot.name)}")
        if elapsed <= self._ready_limit:
            return None
        late = [_PARTS[name] for name, state in (self._parts or {}).items() if state != "ok" and name in _PARTS]
        process, title = late[0] if late else ("frontdesk", "le guichet")
        return OperatorError(f"Après {self._ready_limit:.0f} s, {title} ne répond toujours pas. {self._see_log(process)}")

    def _see_log(self, process: str) -> str:
        path = self._logs / f"{process}.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-1:] if path.is_file() else []
        last = f" Sa dernière ligne : {lines[0].strip()[:300]}" if lines else ""
        return f"Lisez {path} pour la cause.{last}"

    # -- output ------------------------------------------------------------------------------------

    def _open_log(self, name: str) -> logging.Logger:
        self._logs.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            self._logs / f"{name}.log", maxBytes=LOG_SIZE, backupCount=LOG_FILES - 1, encoding="utf-8", delay=True
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log = logging.Logger(f"process.{name}")  # apart from the logging tree: these lines are finished
        log.addHandler(handler)
        return log

    def _print(self, message: Message) -> None:
        if self._printer is None:
            return
        try:
            self._printer.write(message)
        except OSError:
            self._printer = None  # the terminal or the pipe that read us is gone; the processes and their log files go on

    # -- the guard ---------------------------------------------------------------------------------

    def _tell_guard(self) -> None:
        groups = " ".join(f"-{slot.pid}" for slot in self._slots.values() if slot.pid is not None)
        if self._guard is None or self._guard.poll() is not None:
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is not for it
            )
        assert self._guard.stdin is not None  # noqa: S101
        self._guard.stdin.write(f"{groups}\n")
        self._guard.stdin.flush()

    def _release_guard(self) -> None:
        if self._guard is not None:
            assert self._guard.stdin is not None  # noqa: S101
            self._guard.stdin.close()
            self._guard.wait()


def _spawn(command: str, **options: Any) -> subprocess.Popen[bytes]:
    """honcho's Popen (own session, one pipe for output), with someone who waits for the process itself.

    honcho reads the output to its end first; but a helper process that outlives its parent keeps the pipe open and the port taken.
    """
    child: subprocess.Popen[bytes] = Popen(command, **options)
    threading.Thread(target=_clear_up_after, args=(child.pid,), name=f"wait-{child.pid}", daemon=True).start()
    return child


def _clear_up_after(pid: int) -> None:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # WNOWAIT keeps the pid ours until the group is gone
    except ChildProcessError:
        return  # its output ended and honcho collected it before we looked: nobody is left in the group with that output
    _kill_group(pid, signal.SIGKILL)


def _kill_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return  # it ended by itself meanwhile


def _cause(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"


def _parts_of(body: bytes) -> dict[str, Any] | None:
    try:
        parts = json.loads(body).get("parts")
    except (ValueError, AttributeError):
        return None  # not our front desk's answer: reported as "does not answer"
    return parts if isinstance(parts, dict) else None
