"""What the next session's card and the consent form must know of a protocol. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import versions
from app.consent import STREAMS, Consent, Modality, consent_for, consents
from app.devices.entries import DeviceEntry
from app.study import Study
from app.supervisor.permissions import modality_of
from app.versions import VersionError

if TYPE_CHECKING:
    from protocols.protocol import Protocol
    from protocols.schedule import Schedule, Stage

RECORD_WORDS: Mapping[str, str] = {
    "camera": "Pictures of the face",
    "voice": "The voice",
    "typed_text": "What is typed",
    "body": "Signals of the body",
}


@dataclass(frozen=True, slots=True)
class ProtocolFacts:
    """One protocol as a session would use it.

    `records` says of each kind of stream by what it is recorded, and when; `warning` what the participant
    has to be told and asked before ("" for nothing), `version_problem` why this content must not be recorded
    under this number, `changes` what differs from the version that was locked.
    """

    name: str
    version: int
    title: str
    languages: tuple[str, ...] = ("en",)
    records: Mapping[Modality, str] | None = None
    warning: str = ""
    lock_words: str = ""
    version_problem: str = ""
    changes: tuple[str, ...] = ()
    file: str = ""


def facts_of(
    study: Study, protocol: Protocol, schedule: Schedule, devices: Iterable[DeviceEntry]
) -> ProtocolFacts:
    """Return what is to be known of a protocol before a session in `study`; raises StudyError."""
    problem = ""
    try:
        versions.check(study, protocol.name, protocol.version, protocol.text)
    except VersionError as error:
        problem = str(error)
    locked = versions.locked(study, protocol.name)
    changes = versions.changes(locked[-1].text, protocol.text) if problem and locked else ()
    inside = Path(protocol.file)
    file = study.relative(inside) if inside.absolute().is_relative_to(study.folder.absolute()) else ""
    return ProtocolFacts(
        protocol.name,
        protocol.version,
        protocol.title,
        tuple(str(language) for language in protocol.languages),
        dict(_records(study, protocol, schedule, devices)),
        _warning(protocol),
        _lock_words(protocol.version, locked) if study.kind == "people" else f"version {protocol.version}",
        problem,
        changes,
        file,
    )


def _records(
    study: Study, protocol: Protocol, schedule: Schedule, devices: Iterable[DeviceEntry]
) -> Iterator[tuple[Modality, str]]:
    """Yield what each kind of stream is recorded by, in the order in which they are asked for."""
    by: dict[Modality, list[str]] = {}
    for device in devices:
        by.setdefault(modality_of(device), []).append(device.id)
    record = protocol.document.record
    when = {"camera": record.camera, "voice": record.microphone}
    typing = sum(stage.kind == "typing" for stage in schedule.stages)
    written = sum(map(_asks_for_text, schedule.stages))
    for name in STREAMS:
        parts = by.get(name, [])
        if name == "typed_text":
            told = []
            if typing:
                kept = "the text and the times of keys" if study.characters else "times of keys, no text"
                told.append(f"{typing} typing stage{'' if typing == 1 else 's'}: {kept}")
            if written:
                told.append(f"{written} page{'' if written == 1 else 's'} with answers in words")
            if told:
                yield name, "; ".join(told)
        elif parts:
            some = when.get(name) == "stages"
            yield name, ", ".join(parts) + (", in some stages only" if some else ", all the time")


def _asks_for_text(stage: Stage) -> bool:
    items = stage.content.get("items") or ()
    return any(isinstance(item, Mapping) and item.get("scale") == "text" for item in items)


def _warning(protocol: Protocol) -> str:
    caution = protocol.document.warning
    if caution is None:
        return ""
    told = [_text(text) for text in (caution.unpleasant, caution.flashes) if text is not None]
    count = len(caution.screening)
    asked = f"{count} screening question{'' if count == 1 else 's'} come{'s' if count == 1 else ''} first"
    return " ".join([*told, f"({asked}.)"])


def _text(text: Any) -> str:
    """Return a text of the protocol in its first language."""
    return str(next(iter(text.values()), "")) if isinstance(text, Mapping) else str(text)


def _lock_words(version: int, locked: Sequence[versions.Version]) -> str:
    if not locked:
        return f"version {version}, not locked: nobody recorded yet"
    same = next((each for each in locked if each.version == version), None)
    if same is not None:
        return f"version {version}, locked since {same.locked[:10]}"
    return f"version {version}, new (version {locked[-1].version} is locked)"


@dataclass(frozen=True, slots=True)
class ConsentState:
    """How consent stands for a participant and a version: `consent` that holds, `older` ones' newest.

    `asked` are the kinds of streams that the session would record.
    """

    consent: Consent | None = None
    older: Consent | None = None
    asked: tuple[Modality, ...] = STREAMS

    @property
    def words(self) -> str:
        """Say it in one line."""
        if self.consent is not None:
            names = [name for name in self.consent.refused if name in self.asked]
            refused = ", ".join(RECORD_WORDS[name].lower() for name in names)
            without = f" Refused: {refused}." if refused else ""
            if not self.consent.allows("study"):
                return (
                    f"Given on {self.consent.date[:10]} without use for this study: nothing can be recorded."
                )
            return f"Given on {self.consent.date[:10]}, confirmed by {self.consent.by or 'nobody'}.{without}"
        if self.older is not None:
            return f"Only of version {self.older.version} ({self.older.date[:10]}): ask again."
        return "None yet."

    @property
    def holds(self) -> bool:
        """Whether a session may be recorded."""
        return self.consent is not None and self.consent.allows("study")


def consent_state(study: Study, participant: str, facts: ProtocolFacts) -> ConsentState:
    """Return how consent stands; raises StudyError."""
    held = consent_for(study, participant, facts.name, facts.version)
    asked = tuple(facts.records or ())
    if held is not None:
        return ConsentState(held, asked=asked)
    amendments = study.amendments()
    older = [
        consent
        for consent in consents(study)
        if consent.protocol == facts.name
        and participant in (consent.participant, amendments.code_of(consent.participant))
    ]
    return ConsentState(None, older[-1] if older else None, asked)
