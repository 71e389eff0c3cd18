"""Trains the assistant's model when what it is made of has changed since the last training."""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from frontdesk.environment import OperatorError
from frontdesk.settings import ROOT

MODEL_NAME = "relais"
TRAINING_LIMIT = 1800.0  # seconds


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
    # The front desk reads the emergency lexicon itself; the model knows nothing of it.
    return sorted(file for file in files if file.is_file() and file != root / "data" / "emergency.yml")


def fingerprint(root: Path = ROOT) -> str:
    """One hash over everything that the model is made of: configuration, domain, data, components, locked packages."""
    digest = hashlib.sha256()
    for file in _sources(root):
        digest.update(f"{file.relative_to(root)} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def is_trained(root: Path = ROOT) -> bool:
    """True when there is a model and it was trained on the present data."""
    stamp = root / "models" / "trained.json"
    try:
        trained_on = json.loads(stamp.read_text(encoding="utf-8"))["fingerprint"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False  # never trained here, or the file was cut off by a crash: training again repairs both
    return model_file(root).is_file() and bool(trained_on == fingerprint(root))


def train(environment: Mapping[str, str], tick: Callable[[float], None], root: Path = ROOT) -> float:
    """Trains and returns the seconds it took; `tick` gets the seconds so far, about once a second.

    The new model replaces the old one only when the training has succeeded. Raises `OperatorError` with the last lines when it has not.
    """
    python = root / "assistant" / ".venv" / "bin" / "python"
    if not python.exists():
        raise OperatorError("L’environnement de l’assistant manque : lancez d’abord « make setup ».")
    trained_on = fingerprint(root)  # before: an edit during the training must lead to another one
    log_file = root / "var" / "log" / "training.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    draft = root / "models" / "new" / f"{MODEL_NAME}.tar.gz"  # a folder of its own: Rasa starts with the newest file in models/
    draft.unlink(missing_ok=True)
    command = [str(python), "-m", "rasa", "train", "--config", "config.yml", "--domain", "domain.yml", "--data", "data"]
    command += ["--out", str(draft.parent), "--fixed-model-name", MODEL_NAME]
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
    (root / "models" / "trained.json").write_text(json.dumps({"fingerprint": trained_on}) + "\n", encoding="utf-8")
    return time.monotonic() - started
