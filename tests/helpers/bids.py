"""The BIDS validator, and what a reader of a data set does with its files."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

VALIDATOR = Path(sys.executable).parent / "bids-validator-deno"


def problems(root: Path) -> list[str]:
    """Return every error that the BIDS validator finds in a data set."""
    command = [str(VALIDATOR), str(root), "--format", "json", "--max-rows", "-1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    found = json.loads(done.stdout)
    return [
        f"{issue['code']} {issue.get('subCode', '')} {issue.get('location', '')}"
        for issue in found["issues"]["issues"]
        if issue["severity"] == "error"
    ]


def table(path: Path) -> list[dict[str, str]]:
    """Return the lines of a .tsv."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def physio(path: Path) -> tuple[dict[str, Any], list[list[str]]]:
    """Return the sidecar and the lines of a physio.tsv.gz."""
    sidecar = json.loads(path.with_name(path.name.removesuffix(".tsv.gz") + ".json").read_text("utf-8"))
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return sidecar, [line.rstrip("\n").split("\t") for line in file]


def every_byte(root: Path) -> bytes:
    """Return the names and contents of all files, what is compressed both ways."""
    content = []
    for path in sorted(root.rglob("*")):
        content.append(path.relative_to(root).as_posix().encode())
        if path.is_file():
            content.append(path.read_bytes())
            if path.suffix == ".gz":
                content.append(gzip.decompress(path.read_bytes()))
    return b"\n".join(content)
