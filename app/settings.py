"""Folders and remembered choices of this user; `EVOKE_HOME` moves all of them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import platformdirs


def home() -> Path:
    """Return the folder for settings, made on first use."""
    chosen = os.environ.get("EVOKE_HOME")
    folder = Path(chosen) if chosen else Path(platformdirs.user_config_dir("evoke", "evoke"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def runtime_folder(session_uuid: str) -> Path:
    """Return the session's folder for rings: in memory where the system has `/dev/shm`.

    Derived from the session's uuid, so that a second console or a restarted child finds it again.
    """
    shared = Path("/dev/shm")
    parent = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    owner = hashlib.sha256(str(Path.home()).encode()).hexdigest()[:6]
    return parent / f"evoke-{owner}-{session_uuid}"


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step: after a crash it holds the old text or the new."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load() -> dict[str, Any]:
    """Return remembered choices; an unreadable file counts as empty and is left for inspection."""
    try:
        values = json.loads((home() / "settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def save(values: dict[str, Any]) -> None:
    """Remember `values`, all of them."""
    write_atomically(home() / "settings.json", json.dumps(values, indent=2) + "\n")
