"""Which stimulus sets there are to look at: the bundled ones, the study's, and those opened before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.console import preferences
from app.study import Study
from stimuli.sets import MANIFEST, bundled_sets, is_file

KEY = "stimulus_sets"
MOST = 12


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set's folder and what it is called in the list."""

    folder: Path
    title: str
    is_bundled: bool = False


def known_sets(study: Study | None) -> list[KnownSet]:
    """Return the sets that are there, the study's first."""
    found: dict[Path, KnownSet] = {}
    if study is not None:
        for pattern in (MANIFEST, f"*/{MANIFEST}", f"*/*/{MANIFEST}"):
            for path in sorted(study.folder.glob(pattern)):
                folder = path.parent
                found.setdefault(folder.resolve(), KnownSet(folder, f"{folder.resolve().name} (this study)"))
    for name, folder in bundled_sets().items():
        found.setdefault(folder.resolve(), KnownSet(folder, f"{name} (bundled)", True))
    for text in preferences.get(KEY, []):
        folder = Path(str(text))
        if is_file(folder / MANIFEST):
            found.setdefault(folder.resolve(), KnownSet(folder, folder.name))
    return list(found.values())


def remember(folder: Path) -> None:
    """Have a set in the list from now on."""
    text = str(folder.absolute())
    others = [each for each in preferences.get(KEY, []) if each != text]
    preferences.put(KEY, [text, *others][:MOST])
