"""Ports, addresses and secrets of the processes."""

from __future__ import annotations

import base64
import re
import socket
import stat
from pathlib import Path

import pytest

from frontdesk.environment import OperatorError, check_port, load_secrets, process_environment


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secrets.env"
    first = load_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert first == load_secrets(path)
    assert set(first) == {"RELAIS_CHANNEL_TOKEN", "RELAIS_RASA_TOKEN", "RELAIS_WEBHOOK_SECRETS"}
    assert len(set(first.values())) == 3
    assert len(base64.b64decode(first["RELAIS_WEBHOOK_SECRETS"].removeprefix("whsec_"))) == 32
    assert [file.name for file in path.parent.iterdir()] == ["secrets.env"]


def test_secrets_of_two_installations_differ(tmp_path: Path) -> None:
    one, two = load_secrets(tmp_path / "one"), load_secrets(tmp_path / "two")
    assert not set(one.values()) & set(two.values())


def test_secrets_missing_one_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("# mine\nRELAIS_CHANNEL_TOKEN=chosen\nRELAIS_WEBHOOK_SECRETS='whsec_bmV3 whsec_b2xk'\n")
    found = load_secrets(path)
    assert found["RELAIS_CHANNEL_TOKEN"] == "chosen"
    assert found["RELAIS_WEBHOOK_SECRETS"] == "whsec_bmV3 whsec_b2xk"
    assert load_secrets(path) == found


def test_secrets_readable_by_others_are_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    load_secrets(path)
    path.chmod(0o644)
    load_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_malformed_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("RELAIS_CHANNEL_TOKEN=a\nwhat is this\n")
    with pytest.raises(OperatorError, match="ligne 2"):
        load_secrets(path)


def test_environment_ports_follow_the_first(tmp_path: Path) -> None:
    made = process_environment({"RELAIS_PORT": "9100", "RELAIS_VAR": str(tmp_path)})
    assert (made["RELAIS_RASA_PORT"], made["RELAIS_ACTIONS_PORT"]) == ("9101", "9102")
    assert made["RELAIS_ASSISTANT_URL"] == "http://127.0.0.1:9101"
    assert made["RELAIS_ACTIONS_URL"] == "http://127.0.0.1:9102/webhook"
    assert made["RELAIS_FRONTDESK_URL"] == "http://127.0.0.1:9100"
    assert made["RELAIS_DATABASE_URL"] == f"sqlite+aiosqlite:///{tmp_path}/relais.db"
    assert made["RELAIS_TRACKER_URL"] == f"sqlite:///{tmp_path}/tracker.db"


def test_environment_given_values_stay(tmp_path: Path) -> None:
    given = {"RELAIS_RASA_PORT": "5005", "RELAIS_CHANNEL_TOKEN": "mine", "RELAIS_DATABASE_URL": "postgresql+asyncpg://db/relais"}
    made = process_environment({**given, "RELAIS_VAR": str(tmp_path)})
    assert {name: made[name] for name in given} == given
    assert made["RELAIS_ASSISTANT_URL"] == "http://127.0.0.1:5005"
    assert made["RELAIS_PORT"] == "8080"


@pytest.mark.parametrize("port", ["0", "65534", "-1", "80a", "8080.5", "٣"])
def test_environment_port_out_of_range_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(OperatorError, match=re.escape(f"RELAIS_PORT vaut «\u00a0{port}\u00a0»")):
        process_environment({"RELAIS_PORT": port, "RELAIS_VAR": str(tmp_path)})


def test_environment_equal_ports_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="trois ports différents"):
        process_environment({"RELAIS_PORT": "9100", "RELAIS_RASA_PORT": "9100", "RELAIS_VAR": str(tmp_path)})


def test_port_taken_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdesk.environment.PORT_PATIENCE", 0.2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=rf"Le port {port} est déjà pris.*RELAIS_RASA_PORT=\d+ make run"):
            check_port("127.0.0.1", port, "RELAIS_RASA_PORT", "l’assistant")
    check_port("127.0.0.1", port, "RELAIS_RASA_PORT", "l’assistant")


def test_port_on_a_foreign_address_is_refused() -> None:
    with pytest.raises(OperatorError, match="RELAIS_HOST"):
        check_port("203.0.113.7", 8080, "RELAIS_PORT", "le guichet")
