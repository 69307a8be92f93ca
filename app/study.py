"""A study on disk: BIDS names, participants and their counter-balancing slots, finished sessions.

    study.yaml                                    what the study is
    participants.tsv                              code, slot, when added
    sub-01/ses-01/sub-01_ses-01_task-NAME_run-01.h5
    sessions.jsonl                                one line a finished session: file, sha256, uuid, protocol
    rehearsals/                                   the same names, for trying things out

Nothing is ever overwritten and no absolute path is stored, so a study may be moved or copied whole.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import yaml

from app.plan import LIVE_SUFFIX, Lock, SessionPaths
from app.settings import write_atomically
from stimuli.problems import EvokeError

Kind = Literal["people", "simulation"]

FORMAT = "evoke-study"
VERSION = 1
REHEARSALS = "rehearsals"
CODE = re.compile(r"[A-Za-z0-9]{1,32}")
_TABLE_HEAD = ("participant_id", "slot", "added")


class StudyError(EvokeError):
    """A study cannot be found, read or written, or must not hold what was asked for."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A row of participants.tsv; `slot` is the place in the counter-balancing, from 0, kept for ever."""

    code: str
    slot: int
    added: str


@dataclass(frozen=True, slots=True)
class FinishedSession:
    """A line of sessions.jsonl; `file` is relative to the study."""

    file: str
    sha256: str
    uuid: str
    origin: str
    participant: str
    session: int
    run: int
    protocol: str
    protocol_version: int
    rehearsal: bool
    added: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A session that nobody else can start: its places on disk (the live folder exists) and its run."""

    paths: SessionPaths
    run: int


@dataclass(frozen=True, slots=True)
class Study:
    """One study; `folder` is where it lies now, everything else is what study.yaml says.

    `uuid` names it wherever it lies, "" in a study from before there were any (`identity` gives it one).
    `protocol` and `devices` are the study's usual choices: a bundled protocol's name or a file name
    relative to the study, "" for none.
    """

    folder: Path
    name: str
    kind: Kind
    created: str = ""
    protocol: str = ""
    devices: str = ""
    network: bool = False
    characters: bool = False
    uuid: str = ""

    @classmethod
    def create(
        cls,
        folder: Path,
        name: str,
        kind: Kind,
        *,
        protocol: str = "",
        devices: str = "",
        network: bool = False,
        characters: bool = False,
    ) -> Study:
        """Make a study in `folder`, which may exist if it holds none; raises StudyError."""
        for value in (protocol, devices):
            if Path(value).is_absolute():
                raise StudyError(
                    f"{folder}: a study stores no absolute path. Copy {value} into it and give its name."
                )
        if kind not in get_args(Kind):
            raise StudyError(f"{folder}: a study is of people or a simulation, not {kind!r}.")
        own = str(uuid.uuid4())
        study = cls(folder, name, kind, _utc_now(), protocol, devices, network, characters, own)
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with _exclusively(folder):
                if (folder / "study.yaml").exists():
                    raise StudyError(f"{folder}: there is a study here already. Open it, or choose another.")
                study._describe()
        return study

    @classmethod
    def open(cls, folder: Path) -> Study:
        """Read the study in `folder`; raises StudyError."""
        path = folder / "study.yaml"
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            if folder.is_dir():
                message = "this folder holds no study (no study.yaml). Choose another, or make one."
            else:
                message = "there is no such folder. Check the path, or make a new study there."
            raise StudyError(f"{folder}: {message}") from error
        except OSError as error:
            raise StudyError(f"{path}: cannot be read: {error.strerror}. Mend its permissions.") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise StudyError(f"{path}:{line}: not valid YAML: {error.problem}. Mend the line.") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: not a text in UTF-8. Restore it from a backup.") from error
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise StudyError(f"{path}: does not describe a study. Restore it from a backup.")
        if values.get("version") != VERSION:
            raise StudyError(
                f"{path}: written for study format {values.get('version')}, and this Evoke reads"
                f" {VERSION}. Update Evoke."
            )
        known = {
            field.name: values[field.name]
            for field in fields(cls)
            if field.name != "folder" and field.name in values
        }
        if values.get("kind") not in get_args(Kind):
            raise StudyError(f"{path}: kind is {values.get('kind')!r}. Write people or simulation.")
        for name, value in known.items():
            wanted = bool if name in ("network", "characters") else str
            if not isinstance(value, wanted):
                raise StudyError(f"{path}: {name} is {value!r}. Write a {_WORDS[wanted]}.")
        return cls(folder, **({"name": folder.resolve().name} | known))

    @classmethod
    def containing(cls, path: Path) -> Study | None:
        """Return the study that `path` lies in, None where it lies in none."""
        for folder in path.absolute().parents:
            if (folder / "study.yaml").is_file():
                return cls.open(folder)
        return None

    def identity(self) -> str:
        """Return the study's uuid; one that has none yet is given one. Raises StudyError where it cannot."""
        if self.uuid:
            return self.uuid
        with _writing(self.folder), _exclusively(self.folder):
            now = Study.open(self.folder)
            if not now.uuid:
                now = replace(now, uuid=str(uuid.uuid4()))
                path = self.folder / "study.yaml"
                # Only the one line: people write comments into this file.
                old = re.sub(r"^uuid:.*\n?", "", path.read_text(encoding="utf-8"), flags=re.M)
                write_atomically(path, old + ("" if old.endswith("\n") else "\n") + f"uuid: {now.uuid}\n")
        return now.uuid

    def participants(self) -> tuple[Participant, ...]:
        """Return everybody in the order of adding; raises StudyError if the table is damaged."""
        path = self.folder / "participants.tsv"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(f"{path}: cannot be read: {error}.") from error
        rows: list[Participant] = []
        for number, line in enumerate(lines[1:], start=2):
            cells = line.split("\t")
            # Columns that somebody added behind ours are theirs.
            if len(cells) < len(_TABLE_HEAD) or not cells[1].isdecimal():
                raise StudyError(f"{path}:{number}: not a code, slot and date. Mend the line.")
            rows.append(Participant(cells[0].removeprefix("sub-"), int(cells[1]), cells[2]))
        return tuple(rows)

    def check_participant(self, code: str) -> None:
        """Raise StudyError unless `code` may take part in this study."""
        if not CODE.fullmatch(code):
            raise StudyError(
                f"participant {code!r}: a code has 1 to 32 letters and digits, nothing else (for example 01)."
            )
        simulated = code.lower().startswith("sim")
        if simulated and self.kind == "people":
            raise StudyError(
                f"participant {code}: codes that begin with sim are simulated participants, and the study"
                f" {self.name!r} is of people. Choose another code, or a study of simulations."
            )
        if not simulated and self.kind == "simulation":
            raise StudyError(
                f"participant {code}: the study {self.name!r} holds simulations only, whose codes begin"
                " with sim. Record people in a study of people."
            )

    def slot_for(self, code: str) -> int:
        """Return the participant's counter-balancing slot; a newcomer gets the next one and keeps it."""
        self.check_participant(code)
        with _writing(self.folder), _exclusively(self.folder):
            rows = self.participants()
            for row in rows:
                if row.code == code:
                    return row.slot
                if row.code.lower() == code.lower():
                    raise StudyError(
                        f"participant {code}: the study has {row.code} already, which differs only in capital"
                        " letters. Use that, or another code."
                    )
            slot = max((row.slot for row in rows), default=-1) + 1
            self._append_participant(Participant(code, slot, _utc_now()))
            return slot

    def forget_newcomer(self, code: str) -> None:
        """Take back a participant who has no session: only for what failed right after `slot_for`."""
        with _writing(self.folder), _exclusively(self.folder):
            if not any(self.folder.glob(f"sub-{code}/ses-*/*")):
                path = self.folder / "participants.tsv"
                lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                kept = [line for line in lines if line.partition("\t")[0] != f"sub-{code}"]
                if len(kept) > 1:
                    write_atomically(path, "".join(kept))
                else:
                    path.unlink()

    def next_session(self, participant: str, session: int, task: str, rehearsal: bool = False) -> Claim:
        """Claim the next free run of a task in a session by making its live folder; raises StudyError."""
        if not rehearsal:
            self.check_participant(participant)
        if not 1 <= session <= 999:
            raise StudyError(f"session {session}: sessions are counted from 1 to 999.")
        top = self.folder / REHEARSALS if rehearsal else self.folder
        folder = top / f"sub-{participant}" / f"ses-{session:02d}"
        stem = f"sub-{participant}_ses-{session:02d}_task-{task_label(task)}_run-"
        with _writing(self.folder):
            folder.mkdir(parents=True, exist_ok=True)
            while True:
                run = 1 + max(_runs(folder, stem), default=0)
                paths = SessionPaths(folder, f"{stem}{run:02d}")
                try:
                    paths.live.mkdir()
                except FileExistsError:
                    continue
                return Claim(paths, run)

    def next_visit(self, participant: str) -> int:
        """Return the number behind the participant's last session that has a recording, begun or finished."""
        visits = [0]
        for folder in (self.folder / f"sub-{participant}").glob("ses-*"):
            number = re.fullmatch(r"ses-(\d+)", folder.name)
            if number and any(entry.suffix in (".h5", LIVE_SUFFIX) for entry in folder.iterdir()):
                visits.append(int(number.group(1)))
        return max(visits) + 1

    def add_finished(self, session: FinishedSession) -> None:
        """Add a line to sessions.jsonl, once for each file; raises StudyError."""
        path = self.folder / "sessions.jsonl"
        with _writing(self.folder), _exclusively(self.folder):
            if any(known.file == session.file for known in self.sessions()):
                return
            with path.open("ab", buffering=0) as file:
                torn = file.tell() and not path.read_bytes().endswith(b"\n")
                line = json.dumps(asdict(session), ensure_ascii=False) + "\n"
                file.write((b"\n" if torn else b"") + line.encode())
                os.fsync(file.fileno())

    def enter(self, path: Path, sha256: str) -> FinishedSession:
        """Add the finished file at `path` in the study to the list by what it says itself; return the line.

        Raises StudyError, and `analysis.session_file.SessionFileError` where it cannot be read.
        """
        from analysis.session_file import open_session

        file = self.relative(path)
        with open_session(path) as session:
            said, protocol = session.attributes, session.protocol
        run = re.search(r"_run-(\d+)", path.name)
        entry = FinishedSession(
            file=file,
            sha256=sha256,
            uuid=str(said["uuid"]),
            origin=str(said.get("origin", "")),
            participant=str(said.get("participant", "")),
            session=int(said.get("session", 1)),
            # Behind a name that was taken meanwhile it is another than the recorder thought.
            run=int(run.group(1)) if run else int(said.get("run", 1)),
            protocol=str(protocol.get("name", "")),
            protocol_version=int(protocol.get("version", 0)),
            rehearsal=file.startswith(f"{REHEARSALS}/"),
            added=_utc_now(),
        )
        self.add_finished(entry)
        return entry

    def sessions(self) -> tuple[FinishedSession, ...]:
        """Return the finished sessions in the order of finishing; a torn line is passed over."""
        try:
            lines = (self.folder / "sessions.jsonl").read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StudyError(
                f"{self.folder / 'sessions.jsonl'}: cannot be read: {error.strerror}."
            ) from error
        found: list[FinishedSession] = []
        for line in lines:
            with contextlib.suppress(ValueError, TypeError):
                found.append(FinishedSession(**json.loads(line)))
        return tuple(found)

    def live_sessions(self) -> tuple[SessionPaths, ...]:
        """Return the sessions that run, or that a crash left unfinished; their files may lie elsewhere."""
        found = sorted(self.folder.glob(f"**/sub-*/ses-*/*{LIVE_SUFFIX}"))
        return tuple(SessionPaths.of_live(live) for live in found)

    def unfinished(self) -> tuple[SessionPaths, ...]:
        """Return the sessions of this machine that have begun and that no process looks after any more."""
        left = []
        for paths in self.live_sessions():
            lock = Lock.read(paths.lock)
            if lock is not None and lock.is_of_this_machine and not lock.is_alive:
                left.append(paths)
        return tuple(left)

    def running(self) -> tuple[SessionPaths, ...]:
        """Return the sessions that a supervisor is recording now (finishing does not count)."""
        return tuple(
            paths
            for paths in self.live_sessions()
            if (lock := Lock.read(paths.lock)) is not None and lock.is_alive and not lock.finishing
        )

    def relative(self, path: Path) -> str:
        """Return `path` as the study stores it."""
        return path.absolute().relative_to(self.folder.absolute()).as_posix()

    def _describe(self) -> None:
        described = {"format": FORMAT, "version": VERSION}
        described |= {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "folder"
        }
        text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
        write_atomically(self.folder / "study.yaml", text)

    def _append_participant(self, participant: Participant) -> None:
        path = self.folder / "participants.tsv"
        old = path.read_text(encoding="utf-8") if path.exists() else "\t".join(_TABLE_HEAD) + "\n"
        line = f"sub-{participant.code}\t{participant.slot}\t{participant.added}\n"
        write_atomically(path, old + ("" if old.endswith("\n") else "\n") + line)


_WORDS = {bool: "true or false", str: "text in quotes"}


def task_label(name: str) -> str:
    """Make a BIDS task label of a protocol's name: its letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", name) or "session"


def _runs(folder: Path, stem: str) -> Iterator[int]:
    for entry in folder.iterdir():
        digits = re.match(r"\d+", entry.name.removeprefix(stem))
        if entry.name.startswith(stem) and digits:
            yield int(digits.group())


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn the disk's refusals into one clear message."""
    try:
        yield
    except FileExistsError as error:
        raise StudyError(
            f"{error.filename}: a file stands where a folder is needed. Move it away."
        ) from error
    except OSError as error:
        if error.errno == errno.EROFS:
            raise StudyError(
                f"{folder}: is on a disk that can only be read. What is there can be looked at; to record,"
                " mount it writable or copy the study to another disk."
            ) from error
        reason = error.strerror or str(error)
        raise StudyError(
            f"{error.filename or folder}: cannot be written ({reason}). Nothing was changed; mend the"
            " permissions there or free some space."
        ) from error


@contextlib.contextmanager
def _exclusively(folder: Path) -> Iterator[None]:
    """Keep every other process out of the study's tables; the system lets go when we die."""
    with (folder / ".study.lock").open("ab") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
