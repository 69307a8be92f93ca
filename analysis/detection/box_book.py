"""Boxes that people drew or accepted: one file a recording (or folder of pictures), only ever appended to.

    {"format": "evoke-face-boxes", "version": 1, "recording": ..., "participant": ...}
    {"n": 1, "at": "...Z", "kind": "edit", "frame": "120", "boxes": [{...}], "crc": ...}

A line holds all boxes of one picture as they are then; the last line of a picture counts. Undoing is a line
too, so nothing is ever lost, and undo goes on after a restart. A line is on the disk (fsync) before the call
returns; a torn one is passed over.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from analysis.detection.problems import DetectionError
from analysis.views.faces import Box

FORMAT = "evoke-face-boxes"
VERSION = 1
SUFFIX = ".boxes.jsonl"
FOLDER = Path("derivatives") / "boxes"
Kind = Literal["edit", "undo", "redo"]
HAND, CASCADE, DETECTOR = "hand", "cascade", "detector"


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face: shares of the picture, its expression ("": not said), and who proposed the box."""

    left: float
    top: float
    width: float
    height: float
    expression: str = ""
    source: str = HAND

    @property
    def box(self) -> Box:
        """The rectangle alone."""
        return Box(self.left, self.top, self.width, self.height)


Boxes = tuple[FaceBox, ...]


@dataclass
class _Step:
    frame: str
    before: Boxes
    after: Boxes


@dataclass
class BoxBook:
    """The boxes of one recording; `about` names it. Raises DetectionError where the file is another one."""

    path: Path
    about: Mapping[str, Any] = field(default_factory=dict)
    damaged: int = 0
    """Lines that could not be read; those behind them count."""

    def __post_init__(self) -> None:
        self._boxes: dict[str, Boxes] = {}
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._size = 0
        self._next = 1
        self._read()

    @property
    def frames(self) -> tuple[str, ...]:
        """Pictures that have been looked at (also those whose boxes were all deleted)."""
        return tuple(self._boxes)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._undone)

    def boxes(self, frame: str) -> Boxes:
        """Return the boxes of a picture."""
        return self._boxes.get(frame, ())

    def put(self, frame: str, boxes: Sequence[FaceBox]) -> None:
        """Give a picture these boxes, on the disk when it returns; the same again is nothing new."""
        self._catch_up()
        made = tuple(boxes)
        if made != self.boxes(frame) or frame not in self._boxes:
            self._write("edit", frame, made)

    def undo(self) -> str | None:
        """Take the last change back; return its picture, None where there is none."""
        self._catch_up()
        if not self._done:
            return None
        step = self._done[-1]
        self._write("undo", step.frame, step.before)
        return step.frame

    def redo(self) -> str | None:
        """Do again what was undone last; return its picture, None where there is none."""
        self._catch_up()
        if not self._undone:
            return None
        step = self._undone[-1]
        self._write("redo", step.frame, step.after)
        return step.frame

    def _take(self, kind: str, frame: str, boxes: Boxes) -> None:
        if kind == "undo" and self._done:
            self._undone.append(self._done.pop())
        elif kind == "redo" and self._undone:
            self._done.append(self._undone.pop())
        else:
            self._done.append(_Step(frame, self.boxes(frame), boxes))
            self._undone.clear()
        self._boxes[frame] = boxes

    def _catch_up(self) -> None:
        """Read what another window wrote since."""
        if self.path.exists() and self.path.stat().st_size != self._size:
            self._boxes, self._done, self._undone, self.damaged = {}, [], [], 0
            self._read()

    def _read(self) -> None:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise DetectionError(f"{self.path}: cannot be read ({error.strerror}).") from error
        self._size = len(content)
        lines = content.split(b"\n")
        head = _parsed(lines[0])
        if head is None or head.get("format") != FORMAT or head.get("version") != VERSION:
            raise DetectionError(f"{self.path}: is no file of face boxes of version {VERSION}. Move it away.")
        self.about = {name: value for name, value in head.items() if name not in ("format", "version")}
        for line in lines[1:]:
            if not line:
                continue
            said = _parsed(line)
            try:
                if said is None or said.pop("crc") != _crc(said):
                    raise ValueError
                boxes = tuple(FaceBox(**each) for each in said["boxes"])
                self._next = int(said["n"]) + 1
                self._take(said["kind"], str(said["frame"]), boxes)
            except (KeyError, TypeError, ValueError):
                self.damaged += 1

    def _write(self, kind: Kind, frame: str, boxes: Boxes) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said: dict[str, Any] = {
            "n": self._next, "at": at, "kind": kind, "frame": frame,
            "boxes": [asdict(each) for each in boxes],
        }  # fmt: skip
        line = json.dumps({**said, "crc": _crc(said)}, ensure_ascii=False) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                if file.tell() == 0:
                    head = {"format": FORMAT, "version": VERSION, **self.about}
                    file.write(json.dumps(head, ensure_ascii=False).encode() + b"\n")
                else:
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        # What a power cut left of a line must not spoil this one.
                        file.write(b"\n")
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
                self._size = file.tell()
        except OSError as error:
            raise DetectionError(
                f"{self.path}: the box could not be saved ({error.strerror}). Free some space or mend the "
                "permissions, then change it again."
            ) from error
        self._next += 1
        self._take(kind, frame, boxes)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _crc(said: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(said, sort_keys=True, ensure_ascii=False).encode())
