"""Trains the assistant: `assistant/.venv/bin/python -m assistant.train --out models/new/relais.tar.gz [--dialogue models/relais.tar.gz]`.

A model has two halves. The dialogue (configuration, domain, rules, responses) is trained by Rasa. The understanding (all examples of
data/nlu) is one TopicModel, and Rasa would need minutes to read and check 33,000 examples three times; so Rasa gets one example of each
label, and the TopicModel of all of them is put into the package. With `--dialogue` the dialogue half is taken from that package, because
only examples have changed: an editor's change is live in seconds. `rasa train` itself still works, slowly, and gives the same model.

Exits with 1 and a sentence when the data cannot be used.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tarfile
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, Final

import yaml

COMPONENT: Final = "train_assistant.classifier.TopicClassifier0"
EMBEDDINGS: Final = Path("models/embeddings.npz")
COMPRESSION: Final = 1  # gzip's highest level takes half a minute and saves a tenth


def main() -> None:
    """Trains and writes the package; says how long each part took."""
    parser = argparse.ArgumentParser(description="Trains the assistant.")
    parser.add_argument("--out", type=Path, required=True, help="the package to write")
    parser.add_argument("--dialogue", type=Path, help="take the dialogue half from this package instead of training it")
    arguments = parser.parse_args()
    # Two processes share the work (topic_model.py): more threads of the linear algebra would only take turns. Read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    started = time.monotonic()
    try:
        examples = read_examples(Path("data/nlu"))
    except ValueError as error:
        sys.exit(f"assistant.train: {error}")
    with tempfile.TemporaryDirectory() as folder:
        package = arguments.dialogue or _train_dialogue(examples, Path(folder))
        _say("dialogue", started)
        unpacked = Path(folder) / "unpacked"
        with tarfile.open(package) as archive:
            archive.extractall(unpacked, filter="data")
        _say("unpacked", started)
        _understand(examples, unpacked / "components" / COMPONENT)
        _say("understanding", started)
        _stamp(unpacked / "metadata.json")
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        _pack(unpacked, arguments.out)
        _say("packed", started)


def read_examples(folder: Path) -> list[tuple[str, str]]:
    """Every `(text, label)` of Rasa's NLU files below a folder; raises ValueError naming the file that can't be read."""
    examples: list[tuple[str, str]] = []
    for file in sorted(folder.rglob("*.yml")):
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            for item in content["nlu"]:
                lines = item["examples"].splitlines()
                examples += [(line.strip()[2:].strip(), item["intent"]) for line in lines if line.strip().startswith("- ")]
        except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{file}: not a file of examples ({type(error).__name__}). `relais content check` says more.") from error
    return examples


def _train_dialogue(examples: list[tuple[str, str]], folder: Path) -> Path:
    """Rasa's own training with one example of each label."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    one: dict[str, str] = {}
    for text, label in examples:
        one.setdefault(label, text)
    nlu = folder / "nlu.yml"
    blocks = [{"intent": label, "examples": f"- {text}\n"} for label, text in sorted(one.items())]
    nlu.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8")

    from rasa.model_training import train
    from rasa.utils.common import configure_logging_and_warnings

    configure_logging_and_warnings()
    files = [str(nlu), "data/rules", "data/responses"]
    result = train(domain="domain.yml", config="config.yml", training_files=files, output=str(folder), fixed_model_name="dialogue")
    if result.code != 0 or result.model is None:
        sys.exit("assistant.train: Rasa could not train the dialogue; the lines above say why.")
    return Path(result.model)


def _understand(examples: list[tuple[str, str]], directory: Path) -> None:
    from assistant.topic_model import TopicModel

    EMBEDDINGS.parent.mkdir(exist_ok=True)
    if not directory.is_dir():
        sys.exit(f"assistant.train: the package has no {COMPONENT}; train without --dialogue.")
    try:
        model = TopicModel.fit(examples, EMBEDDINGS)
    except ValueError as error:
        sys.exit(f"assistant.train: {error}")
    model.save(directory)


def _stamp(file: Path) -> None:
    metadata: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    metadata["model_id"] = uuid.uuid4().hex
    file.write_text(json.dumps(metadata), encoding="utf-8")


def _pack(folder: Path, out: Path) -> None:
    # Written beside and moved: a reader sees the old package or the new one, never half of one.
    draft = out.with_suffix(".part")
    with tarfile.open(draft, "w:gz", compresslevel=COMPRESSION) as archive:
        archive.add(folder, arcname="")
    draft.replace(out)


def _say(part: str, started: float) -> None:
    sys.stdout.write(f"{part}: {time.monotonic() - started:.1f} s\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
