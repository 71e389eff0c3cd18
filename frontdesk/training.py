"""Trains the assistant's model when what it is made of has changed since the last training."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from frontdesk.environment import OperatorError
from frontdesk.settings import ROOT

MODEL_NAME = "relais"
TRAINING_LIMIT = 1800.0  # seconds
RELOAD_LIMIT = 60.0  # seconds


def model_file(root: Path = ROOT) -> Path:
    """Where the trained model lies."""
    return root / "models" / f"{MODEL_NAME}.tar.gz"


def _sources(root: Path) -> list[Path]:
    files = [
        root / "config.yml",
        root / "domain.yml",
        root / "assistant" / "uv.lock",
        *(root / "assistant").glob("*.py"),
    ]
    files += [file for file in (root / "data").rglob("*") if file.is_file() and file.suffix in (".yml", ".yaml")]
    # Read by the front desk and the actions themselves; the model knows nothing of them.
    others = {root / "data" / name for name in ("emergency.yml", "emergency_examples.yml", "front_door.yml")}
    return sorted(file for file in files if file.is_file() and file not in others)


def fingerprint(root: Path = ROOT, *, examples: bool = True) -> str:
    """One hash over everything that the model is made of: configuration, domain, data, components, locked packages.

    Without `examples` it is the hash of the dialogue half only (assistant/train.py): data/nlu does not count.
    """
    digest = hashlib.sha256()
    for file in _sources(root):
        if not examples and (root / "data" / "nlu") in file.parents:
            continue
        digest.update(f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _stamp(root: Path) -> dict[str, str]:
    """What the present model was trained on; empty when it was never trained here or the file was cut off by a crash."""
    try:
        stamp = json.loads((root / "models" / "trained.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}  # training again repairs both
    return stamp if isinstance(stamp, dict) and model_file(root).is_file() else {}


def is_trained(root: Path = ROOT) -> bool:
    """True when there is a model and it was trained on the present data."""
    return _stamp(root).get("fingerprint") == fingerprint(root)


def reload_assistant(environment: Mapping[str, str], root: Path = ROOT) -> bool:
    """Tells a running assistant to take the present model; False when none runs here. Raises `OperatorError` when it refuses.

    Answers go on with the former model until the new one is loaded.
    """
    port, token = environment.get("RELAIS_RASA_PORT"), environment.get("RELAIS_RASA_TOKEN", "")
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/model?token={token}",
        data=json.dumps({"model_file": str(model_file(root).resolve())}).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=RELOAD_LIMIT):
            return True
    except urllib.error.HTTPError as error:
        raise OperatorError(
            f"L’assistant qui tourne n’a pas pris le nouveau modèle (réponse {error.code}) : arrêtez Relais et relancez-le."
        ) from None
    except urllib.error.URLError:
        return False


def train(environment: Mapping[str, str], tick: Callable[[float], None], root: Path = ROOT, *, force: bool = False) -> float:
    """Trains and returns the seconds it took; `tick` gets the seconds so far, about once a second.

    When only examples have changed, the dialogue half of the last model is kept, unless `force` is set.

    The new model replaces the old one only when the training has succeeded. Raises `OperatorError` with the last lines when it has not.
    """
    python = root / "assistant" / ".venv" / "bin" / "python"
    if not python.exists():
        raise OperatorError("L’environnement de l’assistant manque : lancez d’abord « make setup ».")
    # Before: an edit during the training must lead to another one.
    trained_on = {"fingerprint": fingerprint(root), "dialogue": fingerprint(root, examples=False)}
    log_file = root / "var" / "log" / "training.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    draft = root / "models" / "new" / f"{MODEL_NAME}.tar.gz"  # a folder of its own: Rasa starts with the newest file in models/
    draft.unlink(missing_ok=True)
    command = [str(python), "-m", "assistant.train", "--out", str(draft)]
    if not force and _stamp(root).get("dialogue") == trained_on["dialogue"]:
        command += ["--dialogue", str(model_file(root))]
    started = time.monotonic()
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, cwd=root, env=dict(environment), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            while True:
                try:
                    code = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    tick(time.monotonic() - started)
                    if time.monotonic() - started > TRAINING_LIMIT:
                        raise OperatorError(f"L’entraînement dépasse {TRAINING_LIMIT / 60:.0f} minutes ; lisez {log_file}.") from None
        except BaseException:
            process.kill()
            process.wait()
            raise
    if code != 0 or not draft.is_file():
        lines = log_file.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:]
        kept = " Le modèle précédent est gardé ; « relais up --keep-model » démarre avec lui." if model_file(root).is_file() else ""
        quoted = "".join(f"\n    {line}" for line in lines)
        raise OperatorError(
            f"L’entraînement a échoué : corrigez les données (« make test » les vérifie), puis relancez.{kept} "
            f"Les dernières lignes (la suite est dans {log_file}) :{quoted}"
        )
    draft.replace(model_file(root))
    (root / "models" / "trained.json").write_text(json.dumps(trained_on) + "\n", encoding="utf-8")
    return time.monotonic() - started
