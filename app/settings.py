"""Folders and remembered choices of this user; `EVOKE_HOME` moves all of them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs


def home() -> Path:
    """Return the folder for settings, made on first use."""
    chosen = os.environ.get("EVOKE_HOME")
    folder = Path(chosen) if chosen else Path(platformdirs.user_config_dir("evoke", "evoke"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folder() -> Path:
    """Return the folder for this user's data: demos, sessions on their way to a study, what was copied."""
    chosen = os.environ.get("EVOKE_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("evoke", "evoke"))


def owner_mark() -> str:
    """Return a mark that tells this user of this computer from others, and nothing about either."""
    return hashlib.sha256(str(Path.home()).encode()).hexdigest()[:6]


def runtime_folder(session_uuid: str) -> Path:
    """Return the session's folder for rings: in memory where the system has `/dev/shm`.

    Derived from the session's uuid, so that a second console or a restarted child finds it again.
    """
    shared = Path("/dev/shm")
    parent = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    return parent / f"evoke-{owner_mark()}-{session_uuid}"


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


@dataclass(frozen=True, slots=True)
class SoundOutputs:
    """Chosen sound outputs, each a part of a device's name; '' is the system's own.

    Settings `alarm_output` and `stimulus_output`. Alarms are silent while a trial runs unless the two are
    known to be different loudspeakers.
    """

    alarm: str = ""
    stimulus: str = ""


def sound_outputs() -> SoundOutputs:
    """Return where alarms and stimuli are to sound on this computer."""
    values = load()
    return SoundOutputs(str(values.get("alarm_output") or ""), str(values.get("stimulus_output") or ""))
