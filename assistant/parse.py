"""Understands lines without a server: `python -m assistant.parse [--model PATH]`.

Reads lines of JSON `{"text": "…"}` from stdin and writes for each, in order, one line
`{"intent": {"name", "confidence"}, "ranking": [{"name", "confidence"}, …]}` to stdout: full labels (`faq/plainte_depot`, `human`) or
`nlu_fallback`. Exits with 2 and one sentence on stderr when the model or a line cannot be read.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from assistant.light import leave_out_tensorflow


def main() -> None:
    """Parses stdin to its end."""
    arguments = argparse.ArgumentParser(description='Reads {"text"} lines, writes {"intent", "ranking"} lines.')
    arguments.add_argument("--model", type=Path, default=Path("models/relais.tar.gz"), help="the trained model (default: %(default)s)")
    model = arguments.parse_args().model
    if not model.is_file():
        arguments.exit(2, f"assistant.parse: no model at {model}\n")
    leave_out_tensorflow()
    asyncio.run(_parse_lines(model))


async def _parse_lines(model: Path) -> None:
    import warnings

    warnings.simplefilter("ignore", DeprecationWarning)  # about Rasa's own code
    from rasa.core.channels.channel import UserMessage
    from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
    from rasa.engine.loader import load_predict_graph_runner
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.shared.core.trackers import DialogueStateTracker

    from assistant.labels import full_label

    with tempfile.TemporaryDirectory() as directory:
        metadata, runner = load_predict_graph_runner(Path(directory), model, LocalModelStorage, DaskGraphRunner)
        tracker = DialogueStateTracker("parse", [])
        for number, line in enumerate(sys.stdin, start=1):
            if not line.strip():
                continue
            try:
                text = json.loads(line)["text"]
                if not isinstance(text, str):
                    raise TypeError("text")
            except (ValueError, KeyError, TypeError):
                sys.exit(f'assistant.parse: line {number} is not {{"text": "…"}}')
            # The apostrophe: see assistant/turns.py, `understand`.
            message = UserMessage(f"'{text}" if text.lstrip().startswith("/") else text)
            target = metadata.nlu_target
            parsed = runner.run({PLACEHOLDER_MESSAGE: [message], PLACEHOLDER_TRACKER: tracker}, targets=[target])[target][0].as_dict()
            intent = {"name": full_label(parsed), "confidence": parsed["intent"]["confidence"]}
            sys.stdout.write(json.dumps({"intent": intent, "ranking": parsed["intent_ranking"]}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
