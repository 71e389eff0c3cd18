"""A small installation for the process manager's tests: `python manager.py DIRECTORY PORT` runs what DIRECTORY/Procfile lists."""

import os
import sys
from pathlib import Path

from frontdesk.environment import OperatorError
from frontdesk.processes import Supervisor, load_procfile


def main() -> int:
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    supervisor = Supervisor(
        load_procfile(directory / "Procfile"),
        environment={**os.environ, "TEST_PORT": str(port)},
        directory=directory,
        logs=directory / "log",
        ready_url=f"http://127.0.0.1:{port}/readyz",
        ready_limit=float(os.environ.get("READY_LIMIT", "30")),
        on_ready=lambda: supervisor.say("READY"),
    )
    try:
        supervisor.run()
    except OperatorError as error:
        sys.stdout.write(f"PROBLEM {error}\n")
        return 1
    sys.stdout.write("STOPPED\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
