"""Where pictures come from: the camera frames of a recording, or a folder with one folder a class.

In a folder the class is the folder's name; the person is named by a table people.csv (columns file, person)
beside the folders, or by the file's name up to its first dot, dash, blank or underscore, as JAFFE and CK+
name theirs.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from analysis.corpus.signals import read_signal
from analysis.detection.problems import DetectionError
from analysis.session_file import Session

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm")
PEOPLE = "people.csv"
_FIRST = re.compile(r"[._\- ]")


class PictureSource(Protocol):
    """Pictures in order, each with a name that stays the same."""

    @property
    def name(self) -> str:
        """What the source is called."""

    @property
    def frames(self) -> Sequence[str]:
        """The pictures' names."""

    def read(self, frame: str) -> bytes:
        """Return a picture's bytes; raises DetectionError."""

    def person(self, frame: str) -> str:
        """Return whose face it is."""

    def expression(self, frame: str) -> str:
        """Return the class that the source itself gives a picture, "" for none."""

    def words(self, frame: str) -> str:
        """Return where a picture stands, for people."""


@dataclass(frozen=True)
class RecordingPictures:
    """Camera frames of an open recording, every `every`-th of them; the session stays the caller's."""

    name: str
    participant: str
    session: Session
    every: int = 1
    only: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        signal = read_signal(self.session, "face", self.only)
        if signal is None or signal.frames is None or signal.times_s is None:
            raise DetectionError(f"{self.name}: holds no camera pictures.")
        object.__setattr__(self, "_signal", signal)
        names = tuple(str(number) for number in range(0, len(signal.times_s), max(1, self.every)))
        object.__setattr__(self, "frames", names)

    frames: tuple[str, ...] = ()

    def read(self, frame: str) -> bytes:
        """Return a JPEG."""
        content: bytes = self._signal.frames(int(frame))  # type: ignore[attr-defined]
        return content

    def person(self, frame: str) -> str:
        """Return the participant."""
        del frame
        return self.participant

    def expression(self, frame: str) -> str:
        """Return "": a recording does not say."""
        del frame
        return ""

    def words(self, frame: str) -> str:
        """Return frame number and time from the first one."""
        times = self._signal.times_s  # type: ignore[attr-defined]
        at_s = float(times[int(frame)] - times[0])
        return f"frame {int(frame) + 1} of {len(times)}, {at_s:.2f} s"


@dataclass(frozen=True)
class FolderPictures:
    """Pictures of a folder; names are relative to it. Raises DetectionError where there is none."""

    folder: Path

    def __post_init__(self) -> None:
        try:
            found = sorted(
                path.relative_to(self.folder).as_posix()
                for path in self.folder.glob("**/*")
                if path.suffix.lower() in SUFFIXES and path.is_file()
            )
        except OSError as error:
            raise DetectionError(f"{self.folder}: cannot be read ({error.strerror}).") from error
        if not found:
            raise DetectionError(
                f"{self.folder}: holds no pictures. Choose a folder with one folder for each expression."
            )
        object.__setattr__(self, "frames", tuple(found))
        object.__setattr__(self, "_people", _people(self.folder / PEOPLE))

    frames: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    def read(self, frame: str) -> bytes:
        """Return the file's content."""
        try:
            return (self.folder / frame).read_bytes()
        except OSError as error:
            raise DetectionError(f"{self.folder / frame}: cannot be read ({error.strerror}).") from error

    def person(self, frame: str) -> str:
        """Return who people.csv says it is, or the beginning of the file's name."""
        people: Mapping[str, str] = self._people  # type: ignore[attr-defined]
        return (
            people.get(frame) or people.get(Path(frame).name) or _FIRST.split(Path(frame).name, maxsplit=1)[0]
        )

    def expression(self, frame: str) -> str:
        """Return the name of the picture's folder, "" for one that lies in none."""
        parts = Path(frame).parts
        return parts[-2] if len(parts) > 1 else ""

    def words(self, frame: str) -> str:
        """Return which picture it is."""
        return f"picture {self.frames.index(frame) + 1} of {len(self.frames)}, {frame}"


def _people(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return {row["file"].strip(): row["person"].strip() for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error) as error:
        raise DetectionError(
            f"{path}: cannot be read as a table with the columns file and person ({type(error).__name__})."
        ) from error
