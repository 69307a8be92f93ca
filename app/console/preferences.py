"""What this user's window remembers: colours, text size, layout, the last studies."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import Any

import platformdirs

from app import settings

MOST_RECENT = 10
KEY = "console"


def get(name: str, default: Any) -> Any:
    """Return a remembered choice, `default` where there is none of its type."""
    section = settings.load().get(KEY)
    value = section.get(name, default) if isinstance(section, dict) else default
    fits = isinstance(value, type(default)) or (isinstance(default, float) and isinstance(value, int))
    return value if fits else default


def put(name: str, value: Any) -> None:
    """Remember a choice; a folder that cannot be written is no reason to stop."""
    values = settings.load()
    section = values.get(KEY)
    values[KEY] = (section if isinstance(section, dict) else {}) | {name: value}
    with contextlib.suppress(OSError):
        settings.save(values)


def get_bytes(name: str) -> bytes:
    """Return a remembered block such as a window's layout, b"" where there is none."""
    try:
        return base64.b64decode(get(name, ""), validate=True)
    except ValueError:
        return b""


def put_bytes(name: str, value: bytes) -> None:
    """Remember a block of bytes."""
    put(name, base64.b64encode(value).decode("ascii"))


def recent_studies() -> list[Path]:
    """Return the last studies, newest first; some may be gone."""
    return [Path(text) for text in get("recent_studies", []) if isinstance(text, str)]


def add_recent(folder: Path) -> None:
    """Remember `folder` as the last study."""
    text = str(folder.absolute())
    others = [str(path) for path in recent_studies() if str(path) != text]
    put("recent_studies", [text, *others][:MOST_RECENT])


def demo_folder() -> Path:
    """Return where the demo study lies: the place that `evoke demo` uses."""
    import os

    if os.environ.get("EVOKE_HOME"):
        return settings.home() / "demo"
    return Path(platformdirs.user_data_dir("evoke", "evoke")) / "demo"
