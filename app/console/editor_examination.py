"""What a protocol's text says at this moment: its parts, its problems, a schedule of it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from protocols.expand import expand
from protocols.load import parse_protocol
from protocols.protocol import Protocol
from protocols.safety import safety_problems
from protocols.schedule import Schedule
from stimuli.problems import Problem, ProblemsError
from stimuli.yamlfile import Loc, read_text


@dataclass(frozen=True, slots=True)
class Question:
    """Whose schedule is looked at."""

    participant: str = "P01"
    session: int = 1
    slot: int = 0
    seed: int = 1
    language: str = ""


@dataclass(frozen=True)
class Examination:
    """What was found in a text. `values` is None where it is no YAML, `schedule` where it has problems."""

    text: str
    question: Question
    values: Any = None
    lines: Mapping[Loc, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    protocol: Protocol | None = None
    schedule: Schedule | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the text names, English if none."""
        given = self.values.get("languages") if isinstance(self.values, dict) else None
        named = tuple(str(each) for each in given) if isinstance(given, list) and given else ()
        return tuple(dict.fromkeys(named)) or ("en",)


def examine(text: str, file: str, folder: Path, question: Question) -> Examination:
    """Read a text; `folder` is where its sets and lists are looked for."""
    found = Examination(text, question)
    try:
        source = read_text(text, file)
        found = replace(found, values=source.values, lines=source.lines)
        protocol = parse_protocol(text, file, folder)
        found = replace(found, protocol=protocol, problems=tuple(safety_problems(protocol)))
        language = question.language if question.language in protocol.languages else ""
        schedule = expand(
            protocol, question.participant, question.session, question.slot, question.seed, language
        )
        return replace(found, schedule=schedule)
    except ProblemsError as error:
        return replace(found, problems=(*found.problems, *error.problems))
