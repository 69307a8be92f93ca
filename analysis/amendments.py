"""Corrections of a study: lines of its append-only `amendments.jsonl`, applied by every reader.

A recording stays as it was; what is read of it says what is known now. Each line is about a participant
(the code that was recorded) or about one session (its uuid, or its file seen from the study):

    {"kind": "code", "session": UUID, "value": "04", "reason": "...", "author": "...", "time": "..."}

| kind | value |
|---|---|
| code | the participant's true code |
| channels | {recorded name: true name} of the stream `stream`: electrodes that were swapped, wrong labels |
| field | what is true of the participant's field `field` |
| group | the true group |
| excluded | true or false, with the reason |
| note | a text |
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

FILE = "amendments.jsonl"
STUDY = "study.yaml"
AmendmentKind = Literal["code", "channels", "field", "group", "excluded", "note"]
KINDS: tuple[AmendmentKind, ...] = get_args(AmendmentKind)


class AmendmentError(Exception):
    """A correction makes no sense or cannot be read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """One correction; `participant` or `session` is given, never both. `time` is UTC."""

    kind: AmendmentKind
    value: Any
    participant: str = ""
    session: str = ""
    stream: str = ""
    field: str = ""
    reason: str = ""
    author: str = ""
    time: str = ""

    def __post_init__(self) -> None:
        """Refuse what no reader could apply."""
        if self.kind not in KINDS:
            raise AmendmentError(f"{self.kind}: is no kind of correction. Choose one of {', '.join(KINDS)}.")
        if bool(self.participant) == bool(self.session):
            raise AmendmentError(
                "a correction is about a participant or about one session. Name one of them."
            )
        wanted: dict[str, type] = {"channels": dict, "excluded": bool}
        fits = isinstance(self.value, wanted.get(self.kind, str))
        if not fits:
            raise AmendmentError(f"a correction of kind {self.kind} cannot be {self.value!r}. Write another.")
        if self.kind in ("code", "note") and not self.value.strip():
            raise AmendmentError(f"a correction of kind {self.kind} is empty. Write what is true.")
        if self.kind == "channels":
            names = [str(name) for name in self.value.values()]
            if not self.stream or not names or len(set(names)) != len(names):
                raise AmendmentError(
                    "swapped channels need a stream and, for each channel, another name. Write old=new."
                )
        if self.kind == "field" and not self.field:
            raise AmendmentError("a correction of a field needs its name. Write NAME=VALUE.")

    def to_json(self) -> dict[str, Any]:
        """Return the line's object, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> tuple[Amendment, ...]:
        """Read a line; raises AmendmentError.

        Lines from before there were kinds exclude a session, a participant, or both.
        """
        known = dict(values)
        try:
            if "kind" not in known:
                known |= {"kind": "excluded", "value": known.pop("excluded")}
                named = [name for name in ("session", "participant") if known.get(name)]
                return tuple(
                    cls(**{k: v for k, v in known.items() if k not in named or k == name}) for name in named
                )
            return (cls(**known),)
        except (TypeError, KeyError) as error:
            raise AmendmentError(f"not a correction that can be read: {error}") from error

    def is_about(self, uuid: str, file: str, participant: str) -> bool:
        """Whether it is about a session, by its uuid, its file and the participant that was recorded."""
        return self.session in (uuid, file) if self.session else self.participant == participant

    @property
    def text(self) -> str:
        """What a reader says of it."""
        about = f"participant {self.participant}" if self.participant else "this session"
        match self.kind:
            case "code":
                what = f"{about} is participant {self.value}"
            case "channels":
                renamed = ", ".join(f"{old} is {new}" for old, new in self.value.items())
                what = f"{self.stream}: {renamed}"
            case "field":
                what = f"{self.field} of {about} is {self.value}"
            case "group":
                what = f"group of {about} is {self.value}"
            case "excluded":
                what = f"{about} is {'' if self.value else 'no longer '}excluded"
            case _:
                what = f"note on {about}: {self.value}"
        return what + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Amendments:
    """All corrections of a study in the order of writing; `unknown` are the numbers of other lines."""

    lines: tuple[Amendment, ...] = ()
    unknown: tuple[int, ...] = ()

    @classmethod
    def of(cls, folder: Path) -> Amendments:
        """Read those of the study in `folder`; none where there is no file. Raises OSError."""
        try:
            lines = (folder / FILE).read_bytes().splitlines()
        except FileNotFoundError:
            return cls()
        found: list[Amendment] = []
        unknown: list[int] = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                found += Amendment.from_json(json.loads(line))
            except (ValueError, AmendmentError, TypeError, AttributeError):
                unknown.append(number)
        return cls(tuple(found), tuple(unknown))

    def about(self, uuid: str, file: str, participant: str) -> tuple[Amendment, ...]:
        """Return what is known of one session, oldest first."""
        return tuple(line for line in self.lines if line.is_about(uuid, file, participant))

    def code_of(self, participant: str, uuid: str = "", file: str = "") -> str:
        """Return whose a recording in truth is; without a session, who a recorded code in truth is."""
        true = participant
        for line in self.lines:
            about_all = not line.session and line.participant == participant
            about_it = bool(line.session) and line.session in (uuid, file)
            if line.kind == "code" and (about_all or about_it):
                true = str(line.value)
        return true

    def exclusion(self, participant: str, uuid: str = "", file: str = "") -> str | None:
        """Return why a session (or a participant) is excluded, None if it is not."""
        reasons: dict[str, str | None] = {}
        whose = {participant, self.code_of(participant, uuid, file)}
        for line in self.lines:
            is_it = line.session in (uuid, file) if line.session else line.participant in whose
            if line.kind == "excluded" and is_it and (line.session or line.participant):
                reasons["session" if line.session else "participant"] = line.reason if line.value else None
        return next((reason for reason in reasons.values() if reason is not None), None)


def study_of(path: Path) -> Path | None:
    """Return the folder of the study that a file lies in, None where it lies in none."""
    return next((folder for folder in path.absolute().parents if (folder / STUDY).is_file()), None)


def amendments_for(path: Path, uuid: str, participant: str) -> tuple[Amendment, ...]:
    """Return what the study around a session file says of it; nothing outside of a study.

    Raises OSError where the corrections are there and cannot be read.
    """
    folder = study_of(path)
    if folder is None:
        return ()
    file = path.absolute().relative_to(folder).as_posix()
    return Amendments.of(folder).about(uuid, file, participant)


def amended_attributes(attributes: Mapping[str, Any], lines: Sequence[Amendment]) -> dict[str, Any]:
    """Return what a session says of its participant, corrected."""
    known = dict(attributes)
    for line in lines:
        if line.kind == "code":
            known["participant"] = line.value
        elif line.kind == "group":
            known["group"] = line.value
    return known


def amended_channels(stream: str, channels: Sequence[str], lines: Sequence[Amendment]) -> tuple[str, ...]:
    """Return a stream's channel names, corrected; a line that would give two the same name is passed over."""
    names = tuple(channels)
    for line in lines:
        if line.kind == "channels" and line.stream == stream:
            renamed = tuple(str(line.value.get(name, name)) for name in channels)
            if len(set(renamed)) == len(renamed):
                names = renamed
    return names
