"""`python -m frontdesk`: serves the front desk with the settings of the environment."""

from __future__ import annotations

import logging

from aiohttp import web

from .app import create_app
from .settings import Settings


def main() -> None:
    """Serves until SIGINT or SIGTERM."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(name)s %(message)s")
    # No access log: addresses hold conversation ids, and /metrics counts the requests.
    web.run_app(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=None,
        print=None,
        handler_cancellation=True,
        shutdown_timeout=5,
    )


main()
