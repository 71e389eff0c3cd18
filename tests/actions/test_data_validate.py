"""`rasa data validate` over the whole dialogue: it must pass, and warn of nothing that is not known and harmless."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RASA = ROOT / "assistant" / ".venv" / "bin" / "python"
LIMIT = 300  # seconds
# Rasa merges the domain's intents with those of the training data and finds the retrieval intent in both.
KNOWN = "The following duplicated intents have been found across multiple domain files: faq, followup"
# Rasa knows the speakers in rules only; that each of these is spoken by an action is checked in test_responses.py.
SPOKEN_BY_ACTION = re.compile(r"The utterance 'utter_\w+' is not used in any story or rule\.")
# Set by a button or by a component of the pipeline, never learnt from examples.
WITHOUT_EXAMPLES = {
    f"The intent '{intent}' is listed in the domain file, but is not found in the NLU training data."
    for intent in ("inform", "several_topics", "other_language")
}


def test_data_validate_passes_without_unknown_warnings() -> None:
    command = [str(RASA), "-m", "rasa", "data", "validate"]
    command += ["--config", "config.yml", "--domain", "domain.yml", "--data", "data", "--fail-on-warnings"]
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    output = result.stdout + result.stderr
    assert result.returncode == 0, output
    assert "No story structure conflicts found" in output
    warned = [line.split("UserWarning: ", 1)[1].strip() for line in output.splitlines() if "UserWarning: " in line]
    assert {text for text in warned if text != KNOWN and not SPOKEN_BY_ACTION.fullmatch(text)} == WITHOUT_EXAMPLES
    assert not re.search(r"\b(WARNING|ERROR)\b", output), output
