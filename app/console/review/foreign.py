"""Recordings of other programs: converted once into a session file in this user's cache."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from app import settings
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.exchange.import_session import Imported

XDF = (".xdf", ".xdfz", ".xdf.gz")
EDF = (".edf", ".bdf")
PATTERNS = "Recordings (*.h5 *.xdf *.xdfz *.xdf.gz *.edf *.bdf *.EDF *.BDF *.zip)"
"""What a file dialog offers; an E4 folder is chosen as a folder."""
BLOCK_BYTES = 1024 * 1024
MOST_BYTES = 20_000_000_000
PLANNED = 2.2
"""Bytes on the disk for a byte of rows: the part, and the file made of it."""


class CancelledError(EvokeError):
    """Opening was cancelled."""


class ForeignError(EvokeError):
    """Another program's recording cannot be converted; the source is as it was."""


def cache_folder() -> Path:
    """Return this user's folder for converted recordings."""
    if os.environ.get("EVOKE_HOME"):
        return settings.home() / "cache" / "recordings"
    return Path(platformdirs.user_cache_dir("evoke", "evoke")) / "recordings"


def is_foreign(path: Path) -> bool:
    """Whether a file or folder is to be read as another program's recording."""
    return path.is_dir() or path.name.lower().endswith((*XDF, *EDF, ".zip"))


def session_of(path: Path, told: Callable[[str, float], None], stopped: Callable[[], bool]) -> Path:
    """Return the session file made of a recording, by its content; made on first use.

    Raises ForeignError, and ImportFileError of a file that cannot be read.
    """
    told("Reading the source", 0.0)
    key = content_key(path, stopped)
    made = cache_folder() / f"{key}.h5"
    if made.exists():
        with contextlib.suppress(OSError):
            os.utime(made)
        return made
    imported = _read(path)
    if stopped():
        raise CancelledError("Opening was cancelled.")
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        _check_room(made.parent, imported.bytes)
        _convert(made, imported, path, lambda share: _tell(told, share, stopped))
        trim(made)
    except OSError as error:
        raise ForeignError(
            f"{path.name}: cannot be converted ({error.strerror or error}). Free some space for your user's"
            " cache."
        ) from error
    return made


def content_key(path: Path, stopped: Callable[[], bool] = lambda: False) -> str:
    """Return the SHA-256 of a file, or of the files of a folder with their names; raises ForeignError."""
    digest = hashlib.sha256()
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    for file in files:
        if path.is_dir():
            digest.update(f"{file.name}\n{file.stat().st_size}\n".encode())
        with file.open("rb") as source:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                if stopped():
                    raise CancelledError("Opening was cancelled.")
    return digest.hexdigest()


def trim(keep: Path, most_bytes: int = MOST_BYTES) -> None:
    """Delete the converted recordings that were opened longest ago where all are too large together."""
    with contextlib.suppress(OSError):
        files = sorted(keep.parent.glob("*.h5"), key=lambda file: -file.stat().st_mtime)
        total = 0
        for file in files:
            total += file.stat().st_size
            if total > most_bytes and file != keep:
                for old in keep.parent.glob(f"{file.stem}.*"):
                    old.unlink()


def _read(path: Path) -> Imported:
    name = path.name.lower()
    if name.endswith(XDF):
        from analysis.exchange.import_xdf import read_xdf

        return read_xdf(path)
    if name.endswith(EDF):
        from analysis.exchange.import_edf import read_edf

        return read_edf(path)
    from analysis.exchange.import_e4 import read_e4

    return read_e4(path)


def _check_room(folder: Path, size: int) -> None:
    free, needed = shutil.disk_usage(folder).free, PLANNED * size
    if free < needed:
        raise ForeignError(
            f"{free / 1e6:.0f} MB are free for your user's cache, {needed / 1e6:.0f} are needed. Free some."
        )


def _tell(told: Callable[[str, float], None], share: float, stopped: Callable[[], bool]) -> None:
    if stopped():
        raise CancelledError("Opening was cancelled.")
    told("Converting", share)


def _convert(made: Path, imported: Imported, source: Path, told: Callable[[float], None]) -> None:
    from analysis.exchange.import_session import write_session
    from analysis.session_file import SessionFileError, WriteFailedError

    attributes: dict[str, Any] = {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"evoke:{imported.fingerprint}")),
        "name": source.stem,
        "participant": "",
        "window": "none",
    }
    # Two windows may convert the same file at once: each in a folder of its own.
    workshop = made.with_name(f"{made.stem}.{uuid.uuid4().hex}")
    workshop.mkdir()
    try:
        target = workshop / made.name
        write_session(target, imported, attributes, told)
        target.replace(made)
    except WriteFailedError as error:
        reason = os.strerror(error.errno) if error.errno else "the disk refused"
        raise ForeignError(
            f"{source.name}: cannot be converted ({reason}). Free some space for your user's cache."
        ) from error
    except SessionFileError as error:
        raise ForeignError(str(error)) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
