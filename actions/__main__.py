"""The action server: `python -m actions`.

It listens on loopback only, on `RELAIS_ACTIONS_PORT` (by default `RELAIS_PORT` + 2, so 8082). `GET /health` answers 200
`{"status": "ok"}`.

`python -m rasa_sdk` is not used: it listens on every address, it starts a worker process that outlives a killed parent,
and when an action raises it puts what the citizen wrote into the log and into the answer, which Rasa then logs too.
"""

import logging
import os
import warnings
from types import SimpleNamespace

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Sanic
from sanic.config import Config
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.request import Request
from sanic.response import HTTPResponse, json

HOST = "127.0.0.1"
MAX_BODY = 16 * 1024 * 1024  # bytes; Rasa sends the whole domain and conversation with each call

logger = logging.getLogger(__name__)


class QuietErrorHandler(ErrorHandler):
    """Answers and logs the kind of an error and where it happened, never its text: that can hold a citizen's words."""

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        """Returns the status of a `SanicException`, else 500, and the exception's type as the only detail."""
        status = exception.status_code if isinstance(exception, SanicException) else 500
        kind = type(exception).__name__
        if status >= 500:
            logger.error("action failed error=%s at=%s", kind, _place(exception))
        return json({"error": kind}, status=status)


def _place(exception: BaseException) -> str:
    trace = exception.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "unknown" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"


def build_app() -> Sanic[Config, SimpleNamespace]:
    """The action server with every action of this package registered."""
    executor = ActionExecutor()
    executor.register_package("actions")
    app: Sanic[Config, SimpleNamespace] = create_app(executor, cors_origins="")
    app.error_handler = QuietErrorHandler()
    app.config.REQUEST_MAX_SIZE = MAX_BODY
    return app


def main() -> None:
    """Serves until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # rasa-sdk 3.21 serves Rasa 3.6 well, which it doubts because the numbers differ.
    warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk")
    port = int(os.environ.get("RELAIS_ACTIONS_PORT") or int(os.environ.get("RELAIS_PORT") or 8080) + 2)
    build_app().run(host=HOST, port=port, single_process=True, access_log=False, motd=False)


if __name__ == "__main__":
    main()
