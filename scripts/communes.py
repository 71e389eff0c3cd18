#!/usr/bin/env python3
"""Makes spoken/communes.tsv.gz from the npm package @etalab/decoupage-administratif. Needs npm and its registry.

    .venv/bin/python scripts/communes.py            # the newest version
    .venv/bin/python scripts/communes.py 6.0.0      # a given one

The file is tab-separated UTF-8 in gzip, the same bytes for the same version. Lines beginning with « # » say where it comes from. Then one
line per department, « D code name », and one per commune or municipal arrondissement, most populous first: « C keys code name postcodes
department population parent ». `keys` are the spellings it is looked up by (`spoken.places.key` of its name and of its delegated and
associated communes), `keys` and `postcodes` are separated by « | », and `parent` is the commune of an arrondissement.
"""

import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from spoken.places import DATA, key  # noqa: E402  a script finds the package beside it

PACKAGE = "@etalab/decoupage-administratif"
MAX_BYTES = 1_000_000
FETCH_LIMIT = 300  # seconds


def fetch(version: str, folder: Path) -> Path:
    """Downloads and unpacks the package; returns its folder. Raises CalledProcessError when npm fails, its words on stderr."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{version}"]
    archive = folder / subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=FETCH_LIMIT, check=True).stdout.split()[-1]
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def lines(communes: list[dict[str, Any]], departments: list[dict[str, Any]]) -> list[str]:
    """The lines of the file. Raises KeyError when a delegated commune belongs to none, ValueError for a tab in a name."""
    names: dict[str, list[str]] = {}
    kept: list[dict[str, Any]] = []
    for commune in communes:
        if commune["type"] in ("commune-actuelle", "arrondissement-municipal"):
            kept.append(commune)
            names[commune["code"]] = [commune["nom"]]
    for commune in communes:
        if commune["type"] in ("commune-deleguee", "commune-associee"):
            names[commune["chefLieu"]].append(commune["nom"])
    kept.sort(key=lambda commune: (-commune.get("population", 0), commune["code"]))
    found = [f"D\t{department['code']}\t{department['nom']}" for department in departments]
    for commune in kept:
        fields = [
            "C",
            "|".join(dict.fromkeys(key(name) for name in names[commune["code"]])),
            commune["code"],
            commune["nom"],
            "|".join(commune.get("codesPostaux", [])),
            commune["departement"],
            str(commune.get("population", 0)),
            commune.get("commune", ""),
        ]
        if any("\t" in field or "\n" in field for field in fields):
            raise ValueError(f"a tab or a line end in the fields of {commune['code']}")
        found.append("\t".join(fields))
    return found


def main() -> int:
    """0 when the file is written; 1 when it would be too large."""
    version = sys.argv[1] if len(sys.argv) > 1 else "latest"
    with tempfile.TemporaryDirectory() as folder:
        package = fetch(version, Path(folder))
        data = {name: json.loads((package / "data" / f"{name}.json").read_text()) for name in ("communes", "departements")}
        found = lines(data["communes"], data["departements"])
        released = json.loads((package / "package.json").read_text())["version"]
    header = [
        f"# Source: npm package {PACKAGE} {released} by Etalab (Code officiel géographique of INSEE, postcodes of La Poste).",
        "# Licence: package MIT, (c) 2018-2019 Etalab; data Licence Ouverte / Open Licence 2.0.",
        "# Made by scripts/communes.py, which documents the columns. Do not edit.",
    ]
    packed = gzip.compress("\n".join(header + found).encode(), compresslevel=9, mtime=0)
    if len(packed) > MAX_BYTES:
        print(f"{DATA.name} would have {len(packed)} bytes, more than {MAX_BYTES}", file=sys.stderr)
        return 1
    DATA.write_bytes(packed)
    print(f"{DATA.relative_to(ROOT)}: {len(found)} lines, {len(packed)} bytes, version {released}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
