"""Sessions that are recorded away from their study, because that lies on a network or is synchronised.

In the study an empty live folder keeps the session's place; `elsewhere.json` in it names the computer, the
user (a mark) and the recording, but no path. On the computer `recording/<uuid>/` in the user's data holds
the session and `study.json`, which says where it belongs.
"""

from __future__ import annotations

import json
import shutil
import socket
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from app.settings import data_folder, owner_mark, write_atomically

NOTE = "elsewhere.json"
BELONGS = "study.json"


@dataclass(frozen=True, slots=True)
class Belongs:
    """Where a session recorded in `recording/<uuid>/` belongs; never stored in a study.

    `study` is the study's uuid, `folder` where it lay, `place` the session's folder seen from there and
    `name` the session's name.
    """

    study: str
    folder: str
    place: str
    name: str

    @classmethod
    def read(cls, folder: Path) -> Belongs | None:
        """Return what `folder` says; None where it says nothing that can be read."""
        try:
            return cls(**json.loads((folder / BELONGS).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Write into `folder`."""
        write_atomically(folder / BELONGS, json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Who records the session whose place a live folder keeps."""

    host: str
    owner: str
    recording: str

    @classmethod
    def read(cls, live: Path) -> Elsewhere | None:
        """Return the note in a live folder; None where the session is recorded there itself."""
        try:
            return cls(**json.loads((live / NOTE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def is_ours(self) -> bool:
        """Whether this user records it on this computer."""
        return self.host == socket.gethostname() and self.owner == owner_mark()

    @property
    def folder(self) -> Path:
        """Where it is recorded, if it is ours."""
        return recordings() / self.recording


def recordings() -> Path:
    """Return the folder of all sessions on their way to a study."""
    return data_folder() / "recording"


def recorded_in(live: Path) -> Path | None:
    """Return the folder in which this user records the session whose place `live` keeps, or None."""
    note = Elsewhere.read(live)
    return note.folder if note is not None and note.is_ours and note.folder.is_dir() else None


def begin(live: Path, belongs: Belongs) -> Path:
    """Make the folder for a session whose place `live` keeps; raises OSError, leaving nothing behind."""
    note = Elsewhere(socket.gethostname(), owner_mark(), uuid.uuid4().hex)
    (note.folder / live.name).mkdir(parents=True)
    try:
        belongs.write(note.folder)
        write_atomically(live / NOTE, json.dumps(asdict(note)) + "\n")
    except OSError:
        shutil.rmtree(note.folder, ignore_errors=True)
        raise
    return note.folder


def waiting(study: str) -> list[Path]:
    """Return the folders of this user's sessions that still have to reach the study of this uuid."""
    found = sorted(recordings().glob(f"*/{BELONGS}"))
    read = [(path.parent, Belongs.read(path.parent)) for path in found]
    return [folder for folder, belongs in read if belongs is not None and belongs.study == study]
