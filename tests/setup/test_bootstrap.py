"""The parts of scripts/bootstrap.py that choose and verify; `make setup` itself is proved by every run on a fresh machine."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "bootstrap.py"


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, working in an empty folder on a machine without any package configuration."""
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "TOOLS", tmp_path / ".tools")
    monkeypatch.setattr(module, "BIN", tmp_path / ".tools" / "bin")
    monkeypatch.setattr(module, "LOG", tmp_path / "var" / "log" / "setup.log")
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return module


def entry(name: str, digest: str = "a" * 64, **more: object) -> dict[str, object]:
    return {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": digest}, **more}


def test_index_json_and_html_say_the_same(bootstrap: ModuleType) -> None:
    name = "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    page = json.dumps({"files": [entry(name), entry("uv-0.13.8.tar.gz", yanked="broken"), {**entry("x.whl"), "hashes": {}}]}).encode()
    html = (
        f'<a href="../../files/{name}#sha256={"a" * 64}">{name}</a>'
        f'<a data-yanked="broken" href="../../files/uv-0.13.8.tar.gz#sha256={"a" * 64}">…</a><a href="../../files/x.whl">x</a>'
    ).encode()
    expected = [(name, f"https://mirror.example/files/{name}", "a" * 64)]
    base = "https://mirror.example/simple/uv/"
    assert bootstrap.index_files(page, base) == expected
    assert bootstrap.index_files(html, base) == expected


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_newest_wheel_fits_the_machine(bootstrap: ModuleType, machine: str) -> None:
    names = [
        f"uv-{version}-py3-none-{tag}.whl"
        for version in ("0.9.9", "0.13.10", "0.13.9", "1.0.0rc1")
        for tag in (
            "manylinux_2_17_x86_64.manylinux2014_x86_64",
            "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
            "musllinux_1_1_x86_64",
            "macosx_11_0_arm64",
            "win_amd64",
        )
    ]
    name, _, _ = bootstrap.newest_uv_wheel([(name, "https://x", "b" * 64) for name in names], machine)
    assert name.startswith("uv-0.13.10-py3-none-manylinux")
    assert machine in name


def test_newest_wheel_none_says_what_to_do(bootstrap: ModuleType) -> None:
    old = [("uv-0.1.0-py3-none-manylinux_2_17_x86_64.whl", "https://x", "b" * 64)]
    for files, machine in ((old, "x86_64"), ([], "riscv64")):
        with pytest.raises(bootstrap.SetupError, match="installez uv vous-même"):
            bootstrap.newest_uv_wheel(files, machine)


def make_index(folder: Path, content: bytes = b"#!/bin/sh\necho uv 0.13.9\n", digest: str | None = None) -> str:
    """A package index in a folder with one uv wheel for every machine; returns its address."""
    name = "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux_2_17_aarch64.whl"
    (folder / "simple" / "uv").mkdir(parents=True)
    wheel = folder / name
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-0.13.9.data/scripts/uvx", b"not this one")
        archive.writestr("uv-0.13.9.data/scripts/uv", content)
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "simple" / "uv" / "index.html").write_text(f'<a href="../../{name}#sha256={digest}">{name}</a>')
    return (folder / "simple").as_uri()


def without_pip(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    python = folder / "python-without-pip"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))


def test_bring_uv_without_pip_reads_the_index(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_pip(bootstrap, monkeypatch, tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", make_index(tmp_path / "index"))
    uv = bootstrap.bring_uv()
    assert uv == tmp_path / ".tools" / "bin" / "uv"
    assert bootstrap._version(uv) == (0, 13, 9)
    assert bootstrap.find_uv() == uv


def test_bring_uv_wrong_hash_is_refused(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_pip(bootstrap, monkeypatch, tmp_path)
    monkeypatch.setenv("UV_INDEX_URL", make_index(tmp_path / "index", digest="0" * 64))
    with pytest.raises(bootstrap.SetupError, match="sha256"):
        bootstrap.bring_uv()
    assert not (tmp_path / ".tools" / "bin" / "uv").exists()


def test_bring_uv_unreachable_index_is_one_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_pip(bootstrap, monkeypatch, tmp_path)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:9/simple")
    with pytest.raises(bootstrap.SetupError, match="ne répond pas") as caught:
        bootstrap.bring_uv()
    assert "secret" not in str(caught.value)


def test_configured_index_order(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert bootstrap.configured_index() is None
    config = tmp_path / ".config" / "pip" / "pip.conf"
    config.parent.mkdir(parents=True)
    config.write_text("[global]\nindex-url = https://mirror.example/pip/\n")
    assert bootstrap.configured_index() == "https://mirror.example/pip"
    assert bootstrap.uv_environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/pip"
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/variable")
    assert bootstrap.configured_index() == "https://mirror.example/variable"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "inside=https://mirror.example/uv")
    assert bootstrap.configured_index() == "https://mirror.example/uv"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://pypi.org/simple/")
    assert bootstrap.configured_index() is None


def test_fingerprint_sees_every_change(bootstrap: ModuleType, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    seen = {bootstrap.fingerprint(one, two)}
    two.write_text("")
    seen.add(bootstrap.fingerprint(one, two))
    one.write_text("b")
    seen.add(bootstrap.fingerprint(one, two))
    seen.add(bootstrap.fingerprint(one, two, salt="elsewhere"))
    assert len(seen) == 4
    assert bootstrap.fingerprint(one, two) in seen


def test_run_failure_quotes_the_last_lines(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.SetupError, match="Raté") as caught:
        bootstrap.run(["/bin/sh", "-c", "echo la cause; exit 3"], failure="Raté.")
    assert "la cause" in str(caught.value)


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ((18, 20, 0), False),
        ((20, 18, 9), False),
        ((20, 19, 0), True),
        ((21, 7, 0), False),
        ((22, 11, 0), False),
        ((22, 12, 0), True),
        ((24, 0, 0), True),
    ],
)
def test_node_version(bootstrap: ModuleType, version: tuple[int, ...], fits: bool) -> None:
    assert bootstrap.node_fits(version) is fits
    assert bootstrap.node_fits(None) is False
