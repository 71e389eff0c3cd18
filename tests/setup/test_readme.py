"""README.md is followed to the letter, so it has to be right: settings, commands, files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from frontdesk.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BY_THE_MANAGER = {
    "RELAIS_VAR",
    "RELAIS_RASA_PORT",
    "RELAIS_ACTIONS_PORT",
    "RELAIS_TRACKER_URL",
    "RELAIS_FRONTDESK_URL",
    "RELAIS_RASA_TOKEN",
    "RELAIS_CHROMIUM",
}


def rows() -> dict[str, str]:
    """Variable and default of the configuration table."""
    return dict(re.findall(r"^\| `(RELAIS_\w+)` \| (.+?) \|", README, re.MULTILINE))


def test_readme_lists_every_setting_and_no_other() -> None:
    settings = {f"RELAIS_{name.upper()}" for name in Settings.model_fields}
    assert set(rows()) == settings | BY_THE_MANAGER


@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if isinstance(field.default, bool | int | float)])
def test_readme_default(name: str) -> None:
    default = Settings.model_fields[name].default
    text = str(default).lower() if isinstance(default, bool) else f"{default:g}"
    assert rows()[f"RELAIS_{name.upper()}"] == f"`{text}`"


def test_readme_names_only_files_that_exist() -> None:
    made = ("var/", "models/", ".tools", ".venv", "web/dist", "assistant/.venv")
    for name in re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|yml|py))`", README):
        if not name.startswith(made):
            in_docs = (ROOT / "docs" / name).exists()
            assert in_docs or (ROOT / name).exists(), f"{name} is in README.md but not here"


def test_makefile_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == set(re.findall(r"^(\w+):.*## ", makefile, re.MULTILINE))
