"""What each participant has agreed to: lines of the study's append-only consent.jsonl, codes and no names.

The newest line for a participant and a protocol's version holds. `evoke run --consent` writes one for
scripts, the study page one for people.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from app.study import FinishedSession, Study
from app.study_files import StudyError, append_line, exclusively, lines_of, utc_now, writing

FILE = "consent.jsonl"

Modality = Literal["camera", "voice", "typed_text", "body"]
Use = Literal["study", "lab", "open_data", "teaching"]
STREAMS: tuple[Modality, ...] = get_args(Modality)
USES: tuple[Use, ...] = get_args(Use)

STREAM_WORDS: Mapping[Modality, str] = {
    "camera": "pictures of the face",
    "voice": "the voice",
    "typed_text": "typed text",
    "body": "signals of the body",
}
USE_WORDS: Mapping[Use, str] = {
    "study": "this study",
    "lab": "later studies of this laboratory",
    "open_data": "open data",
    "teaching": "teaching",
}


class ConsentError(StudyError):
    """There is no consent for what is to be done."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What one participant has agreed to for one version of a protocol.

    `streams` and `uses` say yes or no to each; what a line does not name is no. `language` is the one it
    was given in, `date` UTC, `by` who confirmed it (initials).
    """

    participant: str
    protocol: str
    version: int
    language: str = ""
    streams: Mapping[Modality, bool] = field(default_factory=lambda: dict.fromkeys(STREAMS, True))
    uses: Mapping[Use, bool] = field(default_factory=lambda: dict.fromkeys(USES, True))
    date: str = ""
    by: str = ""

    @property
    def refused(self) -> tuple[Modality, ...]:
        """The streams that must not be recorded."""
        return tuple(name for name in STREAMS if not self.streams.get(name, False))

    def allows(self, use: Use) -> bool:
        """Whether the recordings may be used for something."""
        return self.uses.get(use, False)

    def to_json(self) -> dict[str, Any]:
        """Return the line's object; a session's plan keeps the same."""
        values = asdict(self)
        return values | {
            "streams": {name: bool(self.streams.get(name, False)) for name in STREAMS},
            "uses": {name: bool(self.uses.get(name, False)) for name in USES},
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Consent:
        """Read a line; raises KeyError, TypeError or ValueError on another object."""
        return cls(
            participant=str(values["participant"]),
            protocol=str(values["protocol"]),
            version=int(values["version"]),
            language=str(values.get("language", "")),
            streams={name: values["streams"].get(name) is True for name in STREAMS},
            uses={name: values["uses"].get(name) is True for name in USES},
            date=str(values.get("date", "")),
            by=str(values.get("by", "")),
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """What a request brings along: the consent just given, before protocol and version are looked up."""

    refused: tuple[Modality, ...] = ()
    uses: tuple[Use, ...] = USES
    by: str = "experimenter"

    def consent(self, participant: str, protocol: str, version: int, language: str = "") -> Consent:
        """Return the consent for a participant and a protocol's version."""
        return Consent(
            participant,
            protocol,
            version,
            language,
            {name: name not in self.refused for name in STREAMS},
            {name: name in self.uses for name in USES},
            by=self.by,
        )


def give(study: Study, consent: Consent) -> Consent:
    """Append a consent, dated now unless it has a date; return it as it is kept. Raises StudyError."""
    study.check_participant(consent.participant)
    kept = consent.to_json() | {"date": consent.date or utc_now()}
    with writing(study.folder), exclusively(study.folder):
        append_line(study.folder / FILE, kept)
    return Consent.from_json(kept)


def consents(study: Study) -> tuple[Consent, ...]:
    """Return all consents, oldest first; a torn line is passed over. Raises StudyError."""
    found = []
    for values in lines_of(study.folder / FILE):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            found.append(Consent.from_json(values))
    return tuple(found)


def consent_for(study: Study, participant: str, protocol: str, version: int) -> Consent | None:
    """Return what holds for a participant and a protocol's version, None if nothing was agreed to.

    Consents under a code that was corrected since are found under the true one.
    """
    amendments = study.amendments()
    found = [
        consent
        for consent in consents(study)
        if participant in (consent.participant, amendments.code_of(consent.participant))
        and (consent.protocol, consent.version) == (protocol, version)
    ]
    return found[-1] if found else None


def demand(study: Study, participant: str, protocol: str, version: int) -> Consent:
    """Return the consent that a session needs; raises ConsentError where there is none for it."""
    consent = consent_for(study, participant, protocol, version)
    if consent is None:
        others = [
            known.version
            for known in consents(study)
            if (known.participant, known.protocol) == (participant, protocol)
        ]
        known = f" (there is consent for version {max(others)})" if others else ""
        raise ConsentError(
            f"participant {participant}: has not agreed to {protocol}, version {version}{known}. Ask, and"
            " note the answer on the study page, or with --consent."
        )
    if not consent.allows("study"):
        raise ConsentError(
            f"participant {participant}: did not agree that recordings are used for this study. Nothing can"
            " be recorded; note a new consent if that has changed."
        )
    return consent


def demand_use(study: Study, session: FinishedSession, whose: str, use: Use) -> tuple[Modality, ...]:
    """Return what the participant has refused; raises ConsentError where the use was not agreed to.

    Sessions from before consents were kept may be used for the study itself.
    """
    if study.kind != "people" or session.origin in ("simulated", "automatic"):
        return ()
    known = consent_for(study, whose, session.protocol, session.protocol_version)
    if known is None:
        if use == "study":
            return ()
        raise ConsentError(f"the participant was not asked about {USE_WORDS[use]}")
    if not known.allows(use):
        raise ConsentError(f"the participant has not agreed to {USE_WORDS[use]}")
    return known.refused


def parse_streams(words: Iterable[str]) -> tuple[Modality, ...]:
    """Read names of streams as people write them (`typed-text`, `microphone`); raises ConsentError."""
    aliases = {"microphone": "voice", "face": "camera", "text": "typed_text", "signals": "body"}
    found = []
    for word in words:
        name = word.strip().lower().replace("-", "_")
        name = aliases.get(name, name)
        known = next((stream for stream in STREAMS if stream == name), None)
        if known is None:
            choices = ", ".join(stream.replace("_", "-") for stream in STREAMS)
            raise ConsentError(f"{word}: is no kind of stream. Write some of {choices}.")
        found.append(known)
    return tuple(dict.fromkeys(found))


def parse_uses(words: Iterable[str]) -> tuple[Use, ...]:
    """Read names of uses as people write them (`open-data`); raises ConsentError."""
    found = []
    for word in words:
        name = word.strip().lower().replace("-", "_")
        known = next((use for use in USES if use == name), None)
        if known is None:
            choices = ", ".join(use.replace("_", "-") for use in USES)
            raise ConsentError(f"{word}: is no use that a participant is asked for. Write some of {choices}.")
        found.append(known)
    return tuple(dict.fromkeys(found))
