"""The environment of the processes: ports, addresses, secrets. Everything has a default, so that nothing has to be configured.

`process_environment()` is the only place that knows how the parts find one another; `relais up`, the other commands and the tests use it.
"""

from __future__ import annotations

import base64
import errno
import os
import re
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from frontdesk.settings import ROOT

HIGHEST_PORT = 65_533  # the two ports above it belong to Rasa and to the actions
PORT_PATIENCE = 3.0  # seconds that a port may take to become free, for example when the processes before us are still ending


class OperatorError(Exception):
    """Something that whoever runs Relais can put right: one French sentence that says what is wrong and what to do."""


def state_directory(environ: Mapping[str, str] | None = None) -> Path:
    """Where everything lies that this installation makes and must keep: database, tracker, secrets, logs. `RELAIS_VAR` moves it."""
    return Path((os.environ if environ is None else environ).get("RELAIS_VAR", "").strip() or ROOT / "var").absolute()


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _new_webhook_secret() -> str:
    # Standard Webhooks: "whsec_" and base64 of 24 to 64 random bytes (https://www.standardwebhooks.com).
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


_MAKERS = {
    "RELAIS_CHANNEL_TOKEN": _new_token,
    "RELAIS_RASA_TOKEN": _new_token,
    "RELAIS_WEBHOOK_SECRETS": _new_webhook_secret,
}


def load_secrets(path: Path) -> dict[str, str]:
    """The secrets of this installation; those that are missing are made up and kept in `path`, readable by its owner only.

    Raises `OperatorError` when the file can't be read or has a line that is not NAME=value.
    """
    found: dict[str, str] = {}
    try:
        content = path.read_text(encoding="utf-8") if path.exists() else ""
        for number, line in enumerate(content.splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = re.fullmatch(r"\s*([A-Z][A-Z0-9_]*)=(.*)", line)
            if match is None:
                raise OperatorError(f"{path}, ligne {number} : il faut NOM=valeur. Corrigez la ligne ou supprimez le fichier.")
            found[match[1]] = match[2].strip().strip("\"'")
        missing = [name for name in _MAKERS if not found.get(name)]
        if missing:
            found.update({name: _MAKERS[name]() for name in missing})
            header = "# Secrets de cette installation, créés au premier démarrage. Ne les partagez pas.\n"
            _write_private(path, header + "".join(f"{name}={value}\n" for name, value in found.items()))
        elif path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise OperatorError(f"Le fichier {path} n’est pas utilisable ({error.strerror}) : vérifiez ses droits.") from error
    return found


def _write_private(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _port(environ: Mapping[str, str], name: str, default: int, highest: int) -> int:
    value = environ.get(name, "").strip() or str(default)
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= highest:
        raise OperatorError(f"{name} vaut « {value} » : donnez un nombre de 1 à {highest}.")
    return int(value)


def process_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """`environ` (by default this process's) completed with all that the processes need. What is set already stays.

    Raises `OperatorError` for a port out of range, two equal ports or an unusable secrets file.
    """
    given = dict(os.environ if environ is None else environ)
    port = _port(given, "RELAIS_PORT", 8080, HIGHEST_PORT)
    rasa_port = _port(given, "RELAIS_RASA_PORT", port + 1, 65_535)
    actions_port = _port(given, "RELAIS_ACTIONS_PORT", port + 2, 65_535)
    if len({port, rasa_port, actions_port}) < 3:
        raise OperatorError("RELAIS_PORT, RELAIS_RASA_PORT et RELAIS_ACTIONS_PORT doivent être trois ports différents.")
    state = state_directory(given)
    defaults = {
        "RELAIS_HOST": "127.0.0.1",
        "RELAIS_DATABASE_URL": f"sqlite+aiosqlite:///{state / 'relais.db'}",
        "RELAIS_TRACKER_URL": f"sqlite:///{state / 'tracker.db'}",
        "RELAIS_ASSISTANT_URL": f"http://127.0.0.1:{rasa_port}",
        "RELAIS_ACTIONS_URL": f"http://127.0.0.1:{actions_port}/webhook",
        "RELAIS_FRONTDESK_URL": f"http://127.0.0.1:{port}",
        "RASA_TELEMETRY_ENABLED": "false",
        # Rasa and the action server have one process each and listen on loopback only: rasa-sdk's own default is every address.
        "SANIC_HOST": "127.0.0.1",
        "SANIC_WORKERS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONUNBUFFERED": "1",
    }
    for name, value in {**load_secrets(state / "secrets.env"), **defaults}.items():
        if not given.get(name, "").strip():
            given[name] = value
    given.update(RELAIS_PORT=str(port), RELAIS_RASA_PORT=str(rasa_port), RELAIS_ACTIONS_PORT=str(actions_port))
    # Each process has the environment of its own Python, and may keep compiled modules: without them Rasa starts twice as slowly.
    for name in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE"):
        given.pop(name, None)
    return given


def check_port(host: str, port: int, variable: str, user: str) -> None:
    """Raises `OperatorError` when `port` can't be had on `host`; `user` says in French which part wants it."""
    limit = time.monotonic() + PORT_PATIENCE
    while True:
        try:
            family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind, proto) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            return
        except socket.gaierror as error:
            raise OperatorError(f"L’adresse {host} (RELAIS_HOST) est inconnue : donnez une adresse de cette machine.") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                if time.monotonic() < limit:
                    time.sleep(0.1)  # between two tries; the port is the condition
                    continue
                raise OperatorError(
                    f"Le port {port} est déjà pris, or {user} en a besoin : arrêtez le programme qui l’occupe, "
                    f"ou choisissez un autre port ({variable}={port + 10 if port + 10 <= HIGHEST_PORT else 8090} make run)."
                ) from error
            if error.errno == errno.EACCES:
                raise OperatorError(
                    f"Le port {port} est réservé à l’administrateur : choisissez-en un au-dessus de 1023 ({variable})."
                ) from error
            raise OperatorError(
                f"Impossible d’écouter sur {host}:{port} ({error.strerror}) : vérifiez RELAIS_HOST et {variable}."
            ) from error


def check_ports(environment: Mapping[str, str]) -> None:
    """`check_port` for the three ports of `process_environment()`."""
    check_port(environment["RELAIS_HOST"], int(environment["RELAIS_PORT"]), "RELAIS_PORT", "le guichet")
    check_port("127.0.0.1", int(environment["RELAIS_RASA_PORT"]), "RELAIS_RASA_PORT", "l’assistant")
    check_port("127.0.0.1", int(environment["RELAIS_ACTIONS_PORT"]), "RELAIS_ACTIONS_PORT", "le serveur d’actions")
