"""A study on disk: BIDS names, participants and their counter-balancing slots, finished sessions.

    study.yaml                                    what the study is
    participants.tsv                              code, slot, when added, group, language, own fields
    sub-01/ses-01/sub-01_ses-01_task-NAME_run-01.h5
    sessions.jsonl                                one line a finished session: file, sha256, uuid, protocol
    rehearsals/                                   the same names, for trying things out
    consent.jsonl amendments.jsonl versions.jsonl exports.jsonl withdrawals.jsonl     append-only

Nothing is ever overwritten and no absolute path is stored, so a study may be moved or copied whole.
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from analysis.amendments import Amendments
from app.participant_fields import FieldSpec
from app.participant_rows import Participant, Table, first_free
from app.plan import LIVE_SUFFIX, Lock, SessionPaths
from app.settings import write_atomically
from app.study_files import StudyError, append_line, exclusively, lines_of, reading, utc_now, writing
from app.study_yaml import checked, with_entry

__all__ = [
    "CODE",
    "REHEARSALS",
    "Claim",
    "FinishedSession",
    "Kind",
    "Participant",
    "Study",
    "StudyError",
    "task_label",
]

Kind = Literal["people", "simulation"]

FORMAT = "evoke-study"
VERSION = 1
REHEARSALS = "rehearsals"
CODE = re.compile(r"[A-Za-z0-9]{1,32}")
SESSIONS = "sessions.jsonl"
WITHDRAWALS = "withdrawals.jsonl"


@dataclass(frozen=True, slots=True)
class FinishedSession:
    """A line of sessions.jsonl; `file` is relative to the study.

    `reason` is why it ended. Of its `trials` planned, `ended` came to an end of any kind in this run and
    `done` need not be done again, those of the run that it continues (`continues` is its uuid) counted;
    -1 where an older line does not say.
    """

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
    reason: str = ""
    trials: int = -1
    ended: int = -1
    done: int = -1
    continues: str = ""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FinishedSession:
        """Read a line; what a later Evoke wrote beside it is passed over. Raises TypeError."""
        return cls(**{name: value for name, value in values.items() if name in cls.__dataclass_fields__})

    @property
    def is_complete(self) -> bool:
        """Whether no trial of the protocol is left; also where an older line does not say."""
        return self.trials < 0 or self.reason == "completed" or self.done >= self.trials


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
    relative to the study, "" for none. `visits` is how many sessions each participant comes for, `look` how
    the participant's screen is set up (see `LOOKS`).
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
    visits: int = 1
    participant_fields: tuple[FieldSpec, ...] = ()
    look: Mapping[str, Any] = field(default_factory=dict)

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
        visits: int = 1,
        participant_fields: tuple[FieldSpec, ...] = (),
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
        study = cls(
            folder,
            name,
            kind,
            utc_now(),
            protocol,
            devices,
            network,
            characters,
            own,
            visits,
            participant_fields,
        )
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with exclusively(folder):
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
        if values.get("kind") not in get_args(Kind):
            raise StudyError(f"{path}: kind is {values.get('kind')!r}. Write people or simulation.")
        return cls(folder, **({"name": folder.resolve().name} | checked(values, path)))

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
        return self._changed(lambda now: {} if now.uuid else {"uuid": str(uuid.uuid4())}).uuid

    def with_settings(self, **changes: Any) -> Study:
        """Write some of what study.yaml says anew, the rest and its comments untouched; raises StudyError.

        `participant_fields` are FieldSpecs. Returns the study as it is then.
        """
        return self._changed(lambda _: changes)

    def _changed(self, change: Callable[[Study], Mapping[str, Any]]) -> Study:
        path = self.folder / "study.yaml"
        with writing(self.folder), exclusively(self.folder):
            text = path.read_text(encoding="utf-8")
            for name, value in change(Study.open(self.folder)).items():
                plain = [spec.to_yaml() for spec in value] if name == "participant_fields" else value
                checked({name: plain}, path)
                text = with_entry(text, name, plain)
            if text != path.read_text(encoding="utf-8"):
                write_atomically(path, text)
        return Study.open(self.folder)

    def participants(self) -> tuple[Participant, ...]:
        """Return everybody in the order of adding; raises StudyError if the table is damaged."""
        return Table.read(self.folder).rows

    def amendments(self) -> Amendments:
        """Return all corrections; raises StudyError."""
        with reading(self.folder):
            return Amendments.of(self.folder)

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
        """Return the participant's counter-balancing slot; a newcomer gets the first free one and keeps it.

        Free is also the slot of a participant whose every session was over before its first trial ended,
        for as long as nobody else has got it. A slot that was used stays used, also after a withdrawal.
        """
        self.check_participant(code)
        with writing(self.folder), exclusively(self.folder):
            table = Table.read(self.folder)
            row = table.find(code) or self._known_as(code, table)
            if row is not None and row.slot is not None:
                return row.slot
            for other in table.rows:
                if row is None and other.code.lower() == code.lower():
                    raise StudyError(
                        f"participant {code}: the study has {other.code} already, which differs only in"
                        " capital letters. Use that, or another code."
                    )
            released = self.released(table)
            taken = {each.slot for each in table.rows if each.code not in released}
            slot = first_free(taken | self._withdrawn_slots())
            for each in table.rows:
                if each.slot == slot:
                    table = table.with_row(replace(each, slot=None))
            new = Participant(code, slot, utc_now()) if row is None else replace(row, slot=slot)
            table.with_row(new).write(self.folder)
            return slot

    def _known_as(self, code: str, table: Table) -> Participant | None:
        """Return the row of a participant whose code was recorded wrongly and corrected to `code`."""
        amendments = self.amendments()
        return next((row for row in table.rows if amendments.code_of(row.code) == code), None)

    def released(self, table: Table | None = None) -> set[str]:
        """Return the participants whose slot nobody has used: sessions there were, but no trial ended."""
        table = Table.read(self.folder) if table is None else table
        trials: dict[str, list[int]] = {}
        listed = set()
        for session in self.sessions():
            if not session.rehearsal:
                # One that came to its end was used, also without any trial.
                used = -1 if session.reason == "completed" else session.ended
                trials.setdefault(session.participant, []).append(used)
                listed.add(session.file)
        unused = {code for code, ended in trials.items() if not any(ended)}
        return {
            row.code
            for row in table.rows
            if row.code in unused and all(name in listed for name in self._recorded(row.code))
        }

    def _recorded(self, code: str) -> Iterator[str]:
        for path in self.folder.glob(f"sub-{code}/ses-*/*"):
            if path.suffix in (".h5", ".partial", LIVE_SUFFIX):
                yield self.relative(path)

    def _withdrawn_slots(self) -> set[int | None]:
        lines = lines_of(self.folder / WITHDRAWALS)
        return {slot for line in lines for slot in line.get("slots") or () if isinstance(slot, int)}

    def forget_newcomer(self, code: str) -> None:
        """Take back a participant who has no session: only for what failed right after `slot_for`."""
        with writing(self.folder), exclusively(self.folder):
            if not any(self.folder.glob(f"sub-{code}/ses-*/*")):
                Table.read(self.folder).without([code]).write(self.folder)

    def next_session(self, participant: str, session: int, task: str, rehearsal: bool = False) -> Claim:
        """Claim the next free run of a task in a session by making its live folder; raises StudyError."""
        if not rehearsal:
            self.check_participant(participant)
        if not 1 <= session <= 999:
            raise StudyError(f"session {session}: sessions are counted from 1 to 999.")
        top = self.folder / REHEARSALS if rehearsal else self.folder
        folder = top / f"sub-{participant}" / f"ses-{session:02d}"
        stem = f"sub-{participant}_ses-{session:02d}_task-{task_label(task)}_run-"
        with writing(self.folder):
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
        amendments = self.amendments()
        visits = [0]
        for known in self.sessions():
            # Also what was recorded under a wrong code.
            whose = amendments.code_of(known.participant, known.uuid, known.file)
            if whose == participant and not known.rehearsal and known.participant != participant:
                visits.append(known.session)
        for folder in (self.folder / f"sub-{participant}").glob("ses-*"):
            number = re.fullmatch(r"ses-(\d+)", folder.name)
            if number and any(entry.suffix in (".h5", LIVE_SUFFIX) for entry in folder.iterdir()):
                visits.append(int(number.group(1)))
        return max(visits) + 1

    def add_finished(self, session: FinishedSession) -> None:
        """Add a line to sessions.jsonl, once for each file; raises StudyError."""
        with writing(self.folder), exclusively(self.folder):
            if not any(known.file == session.file for known in self.sessions()):
                append_line(self.folder / SESSIONS, asdict(session))

    def enter(self, path: Path, sha256: str) -> FinishedSession:
        """Add the finished file at `path` in the study to the list by what it says itself; return the line.

        Raises StudyError, and `analysis.session_file.SessionFileError` where it cannot be read.
        """
        from analysis.session_file import open_session
        from analysis.session_progress import progress_of

        file = self.relative(path)
        with open_session(path, amended=False) as session:
            said, protocol, reason = session.attributes, session.protocol, session.end.reason
            progress = progress_of(session)
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
            added=utc_now(),
            reason=reason,
            trials=progress.planned,
            ended=progress.ended,
            done=len(progress.done),
            continues=str(said.get("continues", "")),
        )
        self.add_finished(entry)
        return entry

    def sessions(self) -> tuple[FinishedSession, ...]:
        """Return the finished sessions in the order of finishing; a torn line is passed over."""
        found: list[FinishedSession] = []
        for values in lines_of(self.folder / SESSIONS):
            with contextlib.suppress(TypeError):
                found.append(FinishedSession.from_json(values))
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
        described: dict[str, Any] = {"format": FORMAT, "version": VERSION}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name == "participant_fields":
                value = [spec.to_yaml() for spec in value]
            # What an older Evoke does not know is written only where it says something.
            if entry.name != "folder" and (entry.name not in _LATER or value not in _LATER[entry.name]):
                described[entry.name] = value
        text = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
        write_atomically(self.folder / "study.yaml", text)


_LATER: Mapping[str, tuple[Any, ...]] = {"visits": (1,), "participant_fields": ([],), "look": ({},)}


def task_label(name: str) -> str:
    """Make a BIDS task label of a protocol's name: its letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "", name) or "session"


def _runs(folder: Path, stem: str) -> Iterator[int]:
    for entry in folder.iterdir():
        digits = re.match(r"\d+", entry.name.removeprefix(stem))
        if entry.name.startswith(stem) and digits:
            yield int(digits.group())
