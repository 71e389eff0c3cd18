"""Starts the assistant: `assistant/.venv/bin/python -m assistant.serve`, from the folder that holds `endpoints.yml`.

The same server as `python -m rasa run --enable-api`, ready in a third of the time (assistant/light.py). Settings come from the environment:
RELAIS_RASA_PORT, RELAIS_RASA_TOKEN (Rasa's own HTTP API), RELAIS_CHANNEL_TOKEN, RELAIS_TRACKER_URL, RELAIS_ACTIONS_URL; RELAIS_MODEL
(default `models/relais.tar.gz`); RELAIS_RASA_HOST (default 127.0.0.1; only containers on a private network need another).
"""

import os
import sys

from assistant.light import leave_out_tensorflow

_NEEDED = ("RELAIS_RASA_PORT", "RELAIS_RASA_TOKEN", "RELAIS_CHANNEL_TOKEN", "RELAIS_TRACKER_URL", "RELAIS_ACTIONS_URL")


def main() -> None:
    """Serves until it is told to stop; exits with one sentence when a setting or the model is missing."""
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        sys.exit(f"assistant: set {', '.join(missing)}.")
    model = os.environ.get("RELAIS_MODEL", "models/relais.tar.gz")
    if not os.path.exists(model):
        sys.exit(f"assistant: no model at {model}. Train one: uv run relais train")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("LOG_LEVEL_LIBRARIES", "ERROR")
    leave_out_tensorflow()

    import logging
    import warnings

    warnings.simplefilter("ignore", DeprecationWarning)  # about Rasa's own code, which will not change any more
    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    # Never lower: Rasa's debug lines quote what people wrote.
    configure_logging_and_warnings(log_level=logging.INFO)
    configure_structlog(logging.INFO)
    serve_application(
        model_path=model,
        interface=os.environ.get("RELAIS_RASA_HOST", "127.0.0.1"),
        port=int(os.environ["RELAIS_RASA_PORT"]),
        credentials="credentials.yml",
        endpoints=AvailableEndpoints.read_endpoints("endpoints.yml"),
        enable_api=True,
        auth_token=os.environ["RELAIS_RASA_TOKEN"],
    )


if __name__ == "__main__":
    main()
