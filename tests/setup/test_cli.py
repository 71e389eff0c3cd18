"""The command line as an operator meets it: a process, its output, its exit code."""

from __future__ import annotations

import os
import pty
import re
import select
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from frontdesk import cli, emergency_model, training

ROOT = Path(__file__).resolve().parent.parent.parent
Relais = Callable[..., "subprocess.CompletedProcess[str]"]
PASSWORD = "une phrase assez longue"


@pytest.fixture
def relais(tmp_path: Path) -> Relais:
    def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from frontdesk.cli import main; main()", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")},
                "RELAIS_VAR": str(tmp_path / "var"),
                "PYTHONIOENCODING": "utf-8",
                "COLUMNS": "100",
                **environment,
            },
            timeout=60,
            check=False,
        )

    return run


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a failed command; no traceback, nothing on stdout."""
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("Erreur")
    return lines[0]


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "train",
        "db upgrade",
        "agents add",
        "agents list",
        "agents disable",
        "nlu evaluate",
        "emergency explain",
        "content check",
        "content suggestions",
    ],
)
def test_help_of_every_command_has_an_example(relais: Relais, command: str) -> None:
    result = relais(*command.split(), "--help")
    assert result.returncode == 0
    assert re.search(rf"Exemples?\s+:\s+relais {command}", result.stdout), result.stdout


def test_help_lists_every_command(relais: Relais) -> None:
    listed = relais("--help").stdout
    for name in ("up", "train", "db", "agents", "nlu", "emergency", "content"):
        assert re.search(rf"^  {name}\s", listed, re.MULTILINE)


def test_agents_from_opening_to_closing(relais: Relais) -> None:
    assert relais("db", "upgrade").returncode == 0
    assert "Aucun compte" in relais("agents", "list").stdout
    added = relais(
        "agents", "add", "marie@exemple.fr", "--name", "Marie D.", "--role", "supervisor", "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert added.returncode == 0, added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    assert re.search(r"marie@exemple\.fr +supervisor +actif +Marie D\.", relais("agents", "list").stdout)
    assert relais("agents", "disable", "marie@exemple.fr").returncode == 0
    assert re.search(r"marie@exemple\.fr .* fermé le ", relais("agents", "list").stdout)


def test_agents_errors_are_one_sentence(relais: Relais) -> None:
    add = ("agents", "add", "marie@exemple.fr", "--name", "Marie", "--password-stdin")
    assert "relais db upgrade" in sentence(relais(*add, stdin=f"{PASSWORD}\n"))
    assert relais("db", "upgrade").returncode == 0
    assert "12" in sentence(relais(*add, stdin="court\n"))
    assert relais(*add, stdin=f"{PASSWORD}\n").returncode == 0
    assert "existe déjà" in sentence(relais(*add, stdin=f"{PASSWORD}\n"))
    assert "Aucun compte" in sentence(relais("agents", "disable", "personne@exemple.fr"))
    assert "e-mail" in sentence(relais("agents", "add", "pas-une-adresse", "--name", "X", "--password-stdin", stdin=f"{PASSWORD}\n"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("agents", "add", "marie@exemple.fr", "--name", "M", "--role", "chef", "--password-stdin"),
        ("agents", "add", "marie@exemple.fr", "--name", "M"),  # no terminal to ask for the password
        ("agents", "add", "marie@exemple.fr", "--password-stdin"),
        ("nlu", "evaluate"),
        ("unknown",),
    ],
)
def test_wrong_use_is_exit_code_2(relais: Relais, arguments: tuple[str, ...]) -> None:
    result = relais(*arguments, stdin=f"{PASSWORD}\n")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_wrong_setting_is_one_sentence(relais: Relais) -> None:
    assert "RELAIS_PORT" in sentence(relais("agents", "list", RELAIS_PORT="eighty"))
    assert "RELAIS_LEASE_SECONDS" in sentence(relais("agents", "list", RELAIS_LEASE_SECONDS="-3"))


def test_unreachable_database_is_one_sentence(relais: Relais) -> None:
    assert "base de données" in sentence(relais("agents", "list", RELAIS_DATABASE_URL="sqlite+aiosqlite:////proc/nowhere/relais.db"))
    closed = "postgresql+asyncpg://nobody:nothing@127.0.0.1:9/relais"
    assert "base de données" in sentence(relais("agents", "list", RELAIS_DATABASE_URL=closed))


def test_up_with_a_taken_port_is_one_sentence(relais: Relais) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        if port > 65_533:
            pytest.skip("the system chose a port that Relais can't have")
        assert f"Le port {port} est déjà pris" in sentence(relais("up", RELAIS_PORT=str(port)))


def test_nlu_evaluate_malformed_file_is_one_sentence(relais: Relais, tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("sans tabulation\n")
    assert re.search(r"ligne 1", sentence(relais("nlu", "evaluate", str(tmp_path / "bad.tsv"))))


def at_a_terminal(arguments: list[str], environment: dict[str, str], answers: list[str]) -> tuple[str, int]:
    """Runs `relais` on a terminal and types each answer when something is asked; what the terminal showed, and the exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-c", "from frontdesk.cli import main; main()", *arguments], environment)  # noqa: S606
    shown, waiting = "", list(answers)
    while select.select([terminal], [], [], 60)[0]:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # Linux says so when the other end has been closed
            break
        if waiting and shown.endswith("\u00a0: "):
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    os.close(terminal)
    return shown, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize(
    ("second", "code", "says"), [(PASSWORD, 0, "Compte ouvert"), ("autre chose de long", 1, "mots de passe diffèrent")]
)
def test_agents_add_asks_twice_without_showing(relais: Relais, tmp_path: Path, second: str, code: int, says: str) -> None:
    assert relais("db", "upgrade").returncode == 0
    environment = {**os.environ, "RELAIS_VAR": str(tmp_path / "var"), "PYTHONIOENCODING": "utf-8"}
    shown, exit_code = at_a_terminal(["agents", "add", "marie@exemple.fr", "--name", "Marie"], environment, [PASSWORD, second])
    assert exit_code == code
    assert says in shown
    assert PASSWORD not in shown


def test_train_puts_the_assistant_live_before_it_reads_the_emergencies_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done: list[str] = []
    monkeypatch.setenv("RELAIS_VAR", str(tmp_path / "var"))

    def note(step: str, answer: object) -> Callable[..., object]:
        return lambda *_, **__: done.append(step) or answer

    monkeypatch.setattr(training, "is_trained", lambda *_: False)
    monkeypatch.setattr(training, "train", note("train", 11.0))
    monkeypatch.setattr(training, "reload_assistant", note("live", True))
    monkeypatch.setattr(emergency_model, "train", note("emergencies", True))
    result = CliRunner().invoke(cli.app, ["train"])
    assert result.exit_code == 0, result.output
    assert done == ["train", "live", "emergencies"]
    assert "prochain démarrage" in result.output
