"""The second copy of a study: each finished session and the study's tables, on another disk or computer.

Where the second place is, is kept with this user's settings by the study's uuid, and what is copied in
`copies/<uuid>.json` of this user's data: nothing of it in the study. The copy is a study that opens.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from app import settings
from app.copying import PARTIAL, CopyError, NoSpaceError, UnreachableError, copy_verified, sha256_of
from app.plan import LIVE_SUFFIX
from app.study import Study, StudyError

State = Literal["none", "ok", "pending", "unreachable"]

SETTING = "second_places"
REACH_S = 5.0
"""A folder that does not answer so long is out of reach."""
LOOK_S = 1.0
"""How often copying looks whether a session has begun."""
SKIPPED_SUFFIXES = (
    *(LIVE_SUFFIX, ".partial", ".new", PARTIAL, ".lock", ".tmp", ".overview"),
    "withdrawing.json",
    # Beside a newer database these would undo what is in it; they are gone when the labels are closed.
    *(".sqlite-wal", ".sqlite-shm", ".sqlite-journal"),
)
SKIPPED_NAMES = ("__pycache__", "cache", ".cache")
RECORDINGS = (".h5",)
"""Files that never change: a copy that differs is a defect and never the older state."""


@dataclass(frozen=True, slots=True)
class CopyState:
    """How a study's second copy stands.

    `state` is `none` where no second place was chosen, `unreachable` `since` a UTC time, `pending` with
    files still to copy since that time. `files` and `bytes` are what is still to be copied, `place` where
    to, `problem` one sentence about what keeps it.
    """

    state: State
    since: str = ""
    files: int = 0
    bytes: int = 0
    place: str = ""
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what `evoke backup --json` prints."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass
class _Ledger:
    """What was copied: SHA-256, size and time of change of each file of the study, by its relative name."""

    path: Path
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    unreachable_since: str = ""
    problem: str = ""

    @classmethod
    def of(cls, uuid: str) -> _Ledger:
        path = settings.data_folder() / "copies" / f"{uuid}.json"
        ledger = cls(path)
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            known = json.loads(path.read_text(encoding="utf-8"))
            ledger.files = {str(name): dict(entry) for name, entry in known["files"].items()}
            ledger.unreachable_since = str(known["unreachable_since"])
            ledger.problem = str(known["problem"])
        return ledger

    def save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        known = {
            "files": self.files,
            "unreachable_since": self.unreachable_since,
            "problem": self.problem,
        }
        settings.write_atomically(self.path, json.dumps(known, indent=0) + "\n")

    def holds(self, name: str, path: Path) -> bool:
        """Whether the file as it is now was copied."""
        entry, now = self.files.get(name), path.stat()
        return entry is not None and (entry["size"], entry["changed"]) == (now.st_size, now.st_mtime_ns)


def place_of(study: Study) -> Path | None:
    """Return the folder chosen for the study's second copy on this computer, None if there is none."""
    entry = _entry(study)
    return Path(entry["folder"]) if entry else None


def mirror_of(study: Study) -> Path | None:
    """Return where in the second place the copy itself lies (a study of its own)."""
    entry = _entry(study)
    return Path(entry["folder"]) / entry["name"] if entry else None


def choose_place(study: Study, place: Path | None) -> None:
    """Remember where the study's second copy goes, None for nowhere; raises StudyError or CopyError.

    Makes a folder for the study there, or goes on with the one that this study has there already.
    """
    values = settings.load()
    places = dict(values.get(SETTING) or {})
    if place is None:
        places.pop(study.uuid, None)
        settings.save(values | {SETTING: places})
        return
    identity, place = study.identity(), place.absolute()
    inside = study.folder.resolve()
    if place.resolve() == inside or inside in place.resolve().parents:
        raise StudyError(f"{place}: lies in the study and would be lost with it. Choose another disk.")
    name = _prepare(study, identity, place)
    if places.get(identity) != {"folder": str(place), "name": name}:
        places[identity] = {"folder": str(place), "name": name}
        settings.save(values | {SETTING: places})
        _Ledger.of(identity).path.unlink(missing_ok=True)


def _prepare(study: Study, identity: str, place: Path) -> str:
    """Make (or find) the study's folder in `place`; return its name."""
    base, number = re.sub(r'[<>:"/\\|?*]', "-", study.folder.resolve().name) or "study", 1
    name = base
    try:
        while (place / name).exists() and _uuid_in(place / name) != identity:
            if not any((place / name).iterdir()):
                break
            number += 1
            name = f"{base}-{number}"
        (place / name).mkdir(parents=True, exist_ok=True)
        if _uuid_in(place / name) != identity:
            copy_verified(study.folder / "study.yaml", place / name / "study.yaml")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreachableError(
            f"{place}: cannot be written ({reason}). Connect it, or choose another."
        ) from error
    return name


def copies(study: Study, name: str) -> int:
    """Return how many verified copies of a file of the study there are, its own counted; 0 if there is none.

    `name` is relative to the study, as `FinishedSession.file`.
    """
    path = study.folder / name
    if not path.is_file():
        return 0
    return 2 if _entry(study) and _Ledger.of(study.uuid).holds(name, path) else 1


def pending(study: Study) -> tuple[str, ...]:
    """Return the files of the study that the second place does not have as they are now."""
    if not _entry(study):
        return ()
    ledger = _Ledger.of(study.uuid)
    return tuple(name for name in files_of(study) if not ledger.holds(name, study.folder / name))


def state(study: Study) -> CopyState:
    """Return how the second copy stood at the last try, and what is to be copied now."""
    entry = _entry(study)
    if not entry:
        return CopyState("none")
    names, ledger = pending(study), _Ledger.of(study.uuid)
    sizes = [(study.folder / name).stat() for name in names]
    oldest = min((size.st_mtime for size in sizes), default=0.0)
    known: State = "unreachable" if ledger.unreachable_since else "pending" if names else "ok"
    since = ledger.unreachable_since or (_utc(oldest) if names else "")
    total = sum(size.st_size for size in sizes)
    return CopyState(known, since, len(names), total, entry["folder"], ledger.problem)


def files_of(study: Study) -> Iterator[str]:
    """Yield the study's files, recordings first: all but caches and what is being written."""
    found: list[str] = []
    for folder, names, files in os.walk(study.folder):
        names[:] = sorted(n for n in names if n not in SKIPPED_NAMES and not n.endswith(SKIPPED_SUFFIXES))
        found += [
            study.relative(Path(folder) / name)
            for name in sorted(files)
            if not name.endswith(SKIPPED_SUFFIXES) and not (Path(folder) / name).is_symlink()
        ]
    yield from sorted(found, key=lambda name: (not name.endswith(RECORDINGS), name))


def try_pending(study: Study, say: Callable[[str], None] = lambda _: None, polite: bool = True) -> CopyState:
    """Copy what the second place lacks, each file verified; return how the copy stands now.

    Stopped anywhere, it goes on with the next file. With `polite` it makes way while a session of the
    study is running. What cannot be copied is told in `problem`, and by `say` file by file; never raises
    for the other place's faults.
    """
    entry = _entry(study)
    if not entry:
        return CopyState("none")
    mirror = Path(entry["folder"]) / entry["name"]
    ledger = _Ledger.of(study.uuid)
    with _alone(ledger.path) as is_alone:
        if not is_alone:
            return state(study)
        if not _is_reached(mirror, study.uuid):
            ledger.unreachable_since = ledger.unreachable_since or _utc()
            ledger.problem = f"{entry['folder']}: the second place is out of reach. It is tried again."
            ledger.save()
            return state(study)
        ledger.unreachable_since, ledger.problem = "", ""
        _copy_all(study, mirror, ledger, say, polite)
        ledger.save()
    return state(study)


def _copy_all(study: Study, mirror: Path, ledger: _Ledger, say: Callable[[str], None], polite: bool) -> None:
    listed = {session.file: session.sha256 for session in study.sessions()}
    problems: list[str] = []

    looked_s = 0.0
    goes_on = True

    def may_go_on() -> bool:
        nonlocal looked_s, goes_on
        if polite and time.monotonic() > looked_s + LOOK_S:
            looked_s, goes_on = time.monotonic(), not study.running()
        return goes_on

    for name in pending(study):
        if not may_go_on():
            problems.append("Copying goes on when the session that runs is over.")
            break
        source = study.folder / name
        try:
            now = source.stat()
            replaces = "" if name.endswith(RECORDINGS) else _replaceable(name, source, mirror, ledger)
            sha256 = copy_verified(
                source,
                mirror / name,
                replaces=replaces,
                expected=listed.get(name, ""),
                keep_going=may_go_on,
            )
        except (UnreachableError, FileNotFoundError) as error:
            if source.exists() and not _is_reached(mirror, study.uuid):
                ledger.unreachable_since = _utc()
                problems.append(f"{mirror}: went out of reach. Copying is tried again.")
                break
            problems.append(str(error))
            continue
        except NoSpaceError as error:
            problems.append(str(error))
            break
        except (CopyError, OSError) as error:
            problems.append(str(error))
            say(str(error))
            continue
        ledger.files[name] = {"sha256": sha256, "size": now.st_size, "changed": now.st_mtime_ns}
        ledger.save()
        say(f"{name}: copied and verified.")
    ledger.problem = problems[0] if problems else ""


def _replaceable(name: str, source: Path, mirror: Path, ledger: _Ledger) -> str:
    """Return the SHA-256 of an earlier state of a growing file that may be replaced in the second place.

    That is what was copied there last, or (where nothing is known of that) a copy that the file only goes on.
    """
    known = ledger.files.get(name)
    if known is not None:
        return str(known["sha256"])
    copy = mirror / name
    if copy.is_file() and copy.suffix in (".jsonl", ".tsv"):
        old = copy.read_bytes()
        if source.read_bytes().startswith(old):
            return sha256_of(copy)
    return ""


def is_reached(study: Study) -> bool:
    """Whether the study has a second copy, and it can be reached now."""
    mirror = mirror_of(study)
    return mirror is not None and _is_reached(mirror, study.uuid)


class Erasing:
    """What was copied, while the second copy loses something; `names` are the files that it may hold."""

    def __init__(self, study: Study, mirror: Path, ledger: _Ledger) -> None:
        self._study, self._mirror, self._ledger = study, mirror, ledger

    @property
    def names(self) -> tuple[str, ...]:
        """The files that were copied."""
        return tuple(self._ledger.files)

    def take(self, gone: Iterable[str], changed: Iterable[str]) -> None:
        """Note which files of the copy were erased, and which lost a part and may be copied over."""
        for name in gone:
            self._ledger.files.pop(name, None)
        for name in changed:
            sha256 = sha256_of(self._mirror / name)
            self._ledger.files[name] = {"sha256": sha256, "size": -1, "changed": 0}
        # What the last try told may name what is gone.
        self._ledger.problem = ""
        self._ledger.save()

    def copy(self, name: str) -> None:
        """Copy a file that was written anew, once the old one is gone; raises CopyError or OSError."""
        source = self._study.folder / name
        now = source.stat()
        sha256 = copy_verified(source, self._mirror / name)
        self._ledger.files[name] = {"sha256": sha256, "size": now.st_size, "changed": now.st_mtime_ns}
        self._ledger.save()


@contextlib.contextmanager
def erasing(study: Study) -> Iterator[Erasing]:
    """Keep others from copying while the second copy loses something; raises CopyError if one copies now."""
    mirror, ledger = mirror_of(study), _Ledger.of(study.uuid)
    assert mirror is not None, "there is a second copy"
    with _alone(ledger.path) as is_alone:
        if not is_alone:
            raise CopyError(f"{mirror}: is being copied to just now. Wait a moment and try again.")
        yield Erasing(study, mirror, ledger)


def start_pending(study: Study) -> subprocess.Popen[bytes] | None:
    """Begin copying what waits in a process of its own, so that nobody waits for it; None for nothing."""
    try:
        now = state(study)
    except OSError:
        # A study that has just gone out of reach is copied another time.
        return None
    if now.state in ("none", "ok") and not now.problem:
        return None
    line = [sys.executable, "-m", "app", "backup", str(study.folder.absolute()), "--pending"]
    child = subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Nobody else looks after it, and a window that stays open would gather its dead.
    threading.Thread(target=child.wait, daemon=True).start()
    return child


def _entry(study: Study) -> dict[str, str] | None:
    entry = (settings.load().get(SETTING) or {}).get(study.uuid) if study.uuid else None
    is_whole = isinstance(entry, dict) and isinstance(entry.get("folder"), str) and entry.get("name")
    return dict(entry) if is_whole and isinstance(entry, dict) else None


def _uuid_in(folder: Path) -> str:
    with contextlib.suppress(StudyError):
        return Study.open(folder).uuid
    return ""


def _is_reached(mirror: Path, uuid: str) -> bool:
    """Whether the copy's own folder is there: an empty mount point must not be taken for it."""
    found: list[bool] = []
    # A network folder that has gone can keep whoever asks for it waiting for ever.
    thread = threading.Thread(target=lambda: found.append(_uuid_in(mirror) == uuid), daemon=True)
    thread.start()
    thread.join(REACH_S)
    return bool(found and found[0])


@contextlib.contextmanager
def _alone(ledger: Path) -> Iterator[bool]:
    """Give True to one process at a time; the system lets go when it dies."""
    ledger.parent.mkdir(parents=True, exist_ok=True)
    with ledger.with_suffix(".lock").open("ab") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _utc(seconds: float | None = None) -> str:
    now = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return now.isoformat(timespec="seconds").replace("+00:00", "Z")
