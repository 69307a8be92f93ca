"""Protocols as the pages offer them."""

from __future__ import annotations

from pathlib import Path


def library_entries() -> list[tuple[str, str]]:
    """Return (name, title) of the bundled protocols; the name stands in where a file cannot be read."""
    from protocols import library

    return [(name, title_of(path) or name) for name, path in library().items()]


def title_of(path: Path) -> str:
    """Return the title that a protocol file gives itself, "" if none; the rest is not looked at."""
    try:
        for line in path.read_text(encoding="utf-8").splitlines()[:40]:
            key, found, value = line.partition(":")
            if found and key == "title":
                return value.strip().strip("\"'")
    except (OSError, UnicodeDecodeError):
        pass
    return ""
