#!/usr/bin/env python3
"""Prints the path of a Chromium for the browser tests, on stdout; what it does about a missing one goes to stderr.

Looks at RELAIS_CHROMIUM, then for Chromium or Chrome on the machine, then for Playwright's own; else installs one, by Playwright, then by
apt-get when it may. Without any: exit code 1 when CI is set, else a loud warning and an empty line, and the browser tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_LIMIT = 600  # seconds


def works(program: str) -> bool:
    """True when the browser starts: a downloaded one may lack the machine's libraries, a snap launcher may have nothing behind it."""
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and b"<html" in answer.stdout


def on_the_machine() -> str | None:
    """A working browser that is installed."""
    candidates = [shutil.which(name) for name in NAMES]
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    candidates += [str(path) for path in sorted(cache.glob("chromium-*/chrome-linux*/chrome"), reverse=True)]
    return next((program for program in candidates if program and works(program)), None)


def attempt(command: list[str]) -> bool:
    """Runs an installation, its output on stderr."""
    print(f"Aucun navigateur pour les tests ; essai : {' '.join(command)}", file=sys.stderr, flush=True)
    try:
        return subprocess.run(command, stdout=sys.stderr, timeout=INSTALL_LIMIT, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"  sans succès ({type(error).__name__})", file=sys.stderr)
        return False


def main() -> int:
    """0 with a path or, outside CI, an empty line; 1 when there is no browser and CI is set, or when RELAIS_CHROMIUM does not work."""
    chosen = os.environ.get("RELAIS_CHROMIUM")
    if chosen:
        if not works(chosen):
            print(f"RELAIS_CHROMIUM désigne {chosen}, qui ne démarre pas : corrigez le chemin.", file=sys.stderr)
            return 1
        print(chosen)
        return 0
    found = on_the_machine()
    if found is None and attempt([sys.executable, "-m", "playwright", "install", "chromium"]):
        found = on_the_machine()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        if attempt(["apt-get", "update"]) and attempt(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]):
            found = on_the_machine()
    if found is None:
        print("*** Aucun navigateur : installez-en un (sudo apt-get install chromium). ***", file=sys.stderr)
        if os.environ.get("CI"):
            return 1
        print("*** Les tests dans le navigateur sont sautés. ***", file=sys.stderr)
    print(found or "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
