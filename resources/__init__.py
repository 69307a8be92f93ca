"""Icons, themes, figures, help pages and demo material. Imports nothing of ours."""

from pathlib import Path


def path(name: str) -> Path:
    """Return the path of the bundled file or folder `name`, relative to this room."""
    return Path(__file__).parent / name
