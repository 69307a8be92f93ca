"""What label files of every format are made of and turned into, and reading them with care."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analysis.exchange.export_files import LeftOut
from analysis.labels.checking import problem_of
from analysis.labels.records import NS, AnnotatorKind, Mark, Take
from analysis.labels.scheme import CANNOT_TELL, Label, Scheme, Tier

MOST_BYTES = 256 * 1024 * 1024
MOST_S = 10**9


class LabelImportError(Exception):
    """A file of labels cannot be read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What one annotator said of one recording by one scheme, ready to go out.

    `zero_ns` is the time on the recording's clock that files count from. `windows` are the stretches of the
    trials on the same clock, for formats in which an answer about a trial needs a time.
    """

    recording: str
    annotator: str
    kind: AnnotatorKind
    scheme: Scheme
    marks: tuple[Mark, ...]
    takes: tuple[Take, ...] = ()
    zero_ns: int = 0
    windows: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a file says: marks and takes whose times count from the file's zero.

    `recording`, `annotator` and `scheme` are "" where the file does not say. Marks have ids of the file.
    """

    recording: str
    annotator: str
    scheme: str
    marks: tuple[Mark, ...]
    takes: tuple[Take, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def seconds(time_ns: int) -> str:
    """Return nanoseconds as seconds, exactly and without an exponent."""
    whole, rest = divmod(abs(time_ns), NS)
    text = f"{whole}.{rest:09d}".rstrip("0").rstrip(".")
    return f"-{text}" if time_ns < 0 and text != "0" else text


def nanoseconds(text: str, place: str, unit_ns: int = NS) -> int:
    """Return a time as whole nanoseconds; raises LabelImportError."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        raise LabelImportError(f"{place}: '{text[:40]}' is no time. Write seconds, such as 12.5.") from error
    if not value.is_finite() or abs(value) > MOST_S:
        raise LabelImportError(f"{place}: '{text[:40]}' is no time. Write seconds, such as 12.5.")
    return int((value * unit_ns).to_integral_value())


def number(text: str, place: str) -> float:
    """Return a finite number; raises LabelImportError."""
    try:
        value = float(text)
    except ValueError as error:
        raise LabelImportError(f"{place}: '{text[:40]}' is no number.") from error
    if value != value or value in (float("inf"), float("-inf")):
        raise LabelImportError(f"{place}: '{text[:40]}' is no number.")
    return value


def read_text(path: Path) -> str:
    """Return the text of a file, UTF-8 with or without a mark; raises LabelImportError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise LabelImportError(f"{path.name}: is larger than any file of labels. Check that it is one.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise LabelImportError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise LabelImportError(
            f"{path.name}: is no UTF-8 text (byte {error.start + 1}). Save it as UTF-8 and import it again."
        ) from error


def label_id(labels: Sequence[Label], text: str, place: str) -> str:
    """Return the id of a label that a file calls by id or name; raises LabelImportError with a suggestion."""
    wanted = text.strip()
    if wanted.lower() in (CANNOT_TELL, "cannot tell"):
        return CANNOT_TELL
    for label in labels:
        if wanted == label.id:
            return label.id
    for label in labels:
        if wanted.casefold() in (label.id.casefold(), label.name.casefold()):
            return label.id
    known = [name for label in labels for name in (label.id, label.name)]
    close = get_close_matches(wanted, known, n=1, cutoff=0.6)
    there = ", ".join(label.id for label in labels) or "none"
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {there}."
    raise LabelImportError(f"{place}: the scheme has no label '{wanted[:40]}'. {hint}")


def tier_named(scheme: Scheme, text: str, place: str) -> Tier:
    """Return a tier that a file calls by name or title; raises LabelImportError with a suggestion."""
    for tier in scheme.tiers:
        if text.strip().casefold() in (tier.name.casefold(), tier.title.casefold()):
            return tier
    names = [tier.name for tier in scheme.tiers]
    close = get_close_matches(text.strip().lower(), names, n=1, cutoff=0.6)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(names)}."
    raise LabelImportError(f"{place}: the scheme {scheme.id} has no tier '{text.strip()[:40]}'. {hint}")


def only_tier(scheme: Scheme, kinds: Sequence[str], place: str) -> Tier:
    """Return the scheme's one tier of some kinds; raises LabelImportError where there are none or several."""
    found = [tier for tier in scheme.tiers if tier.kind in kinds]
    if len(found) == 1:
        return found[0]
    what = " or ".join(kinds)
    if not found:
        raise LabelImportError(
            f"{place}: the scheme {scheme.id} has no tier of {what}. Choose another scheme."
        )
    names = ", ".join(tier.name for tier in found)
    raise LabelImportError(f"{place}: which tier is meant? Say one of {names} in a column 'tier'.")


def checked(scheme: Scheme, mark: Mark, place: str) -> Mark:
    """Return a mark that the scheme allows; raises LabelImportError."""
    wrong = problem_of(scheme, mark)
    if wrong:
        raise LabelImportError(f"{place}: {wrong}.")
    return mark


def moved(mark: Mark, by_ns: int) -> Mark:
    """Return a mark at other times."""
    if mark.start_ns is None or mark.end_ns is None:
        return mark
    return replace(mark, start_ns=mark.start_ns + by_ns, end_ns=mark.end_ns + by_ns)


def answer_text(value: Mapping[str, Any]) -> str:
    """Return answers as a person reads them: `valence=7; arousal=3`."""
    return "; ".join(f"{name}={_plain(answer)}" for name, answer in value.items())


def _plain(value: Any) -> str:
    if value is None:
        return "cannot tell"
    return f"{value:g}" if isinstance(value, float) else re.sub(r"\s+|;", " ", str(value)).strip()


def answer_of(tier: Tier, name: str, text: str, place: str) -> Any:
    """Return one answer or number from a file, by what its tier asks; raises LabelImportError."""
    for question in tier.questions:
        if question.id == name:
            if text.strip() == "cannot tell" or (question.kind != "text" and not text.strip()):
                return None
            if question.kind == "text":
                return text
            if question.kind == "choice":
                return label_id(question.labels, text, place)
            return _tidy(number(text, place))
    if any(dimension.name == name for dimension in tier.dimensions):
        return None if text.strip() in ("", "cannot tell") else _tidy(number(text, place))
    known = [question.id for question in tier.questions] + [d.name for d in tier.dimensions]
    there = ", ".join(known) or "none"
    raise LabelImportError(f"{place}: tier '{tier.name}' has no '{name[:40]}' (there are: {there}).")


def _tidy(value: float) -> float | int:
    return int(value) if value == int(value) else value


def answers_of(tier: Tier, text: str, place: str) -> dict[str, Any]:
    """Return what `answer_text` wrote; one bare answer is enough where only one question is asked."""
    value: dict[str, Any] = {}
    for part in text.split(";"):
        name, equals, answer = part.partition("=")
        if not equals and len(tier.questions) == 1:
            name, answer = tier.questions[0].id, part
        elif not equals:
            raise LabelImportError(
                f"{place}: '{part.strip()[:40]}' is no answer. Write it as QUESTION=ANSWER."
            )
        value[name.strip()] = answer_of(tier, name.strip(), answer.strip(), place)
    return value


def one_line_end(text: str) -> str:
    """Return a text whose lines end in one way, as tables can hold them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def safe_name(text: str) -> str:
    """Return a text as a part of a file's name."""
    return re.sub(r"[^A-Za-z0-9@._-]+", "-", text).strip("-.") or "labels"
