"""What happened around a finished session, out of its events: checks, reasons, alarms, gaps, quality. No Qt.

All times are seconds since the recording began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.records import Event, StreamInfo
from analysis.session_quality import quality_table
from app.console.told import ALARMED, Told, told_of

NOT_VERIFIED = "not verified"


@dataclass(frozen=True, slots=True)
class Incident:
    """An alarm, a gap, or a policy that was carried out: when, whose, what, until when (None: to the end)."""

    at_s: float
    kind: str
    stream: str
    text: str
    until_s: float | None = None
    has_end: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """About ten seconds of one stream as they were judged; `until_s` is their end."""

    until_s: float
    seconds: float
    verdict: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything around the signals; `length_s` is how long was recorded.

    `happenings` are what the participant did beside answering, and what the screen could not show.
    """

    length_s: float = 0.0
    checks: tuple[Mapping[str, Any], ...] = ()
    accepted: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    happenings: tuple[tuple[float, Told], ...] = ()
    quality: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)
    alignment: Mapping[str, str] = field(default_factory=dict)


def story_of(
    events: Sequence[Event], streams: Iterable[StreamInfo], summaries: Sequence[Mapping[str, Any]]
) -> Story:
    """Tell a session's story out of its events and its streams' summaries."""
    firsts = [float(s["first_s"]) for s in summaries if s.get("first_s") is not None]
    lasts = [float(s["last_s"]) for s in summaries if s.get("last_s") is not None]
    origin_s = min(firsts, default=events[0].time if events else 0.0)
    reasons, failed = _accepted(events)
    return Story(
        length_s=max(lasts, default=origin_s) - origin_s,
        checks=tuple(_checks(events)),
        accepted=reasons,
        failed=failed,
        incidents=tuple(
            sorted((*_alarms(events, origin_s), *_gaps(summaries, origin_s)), key=lambda one: one.at_s)
        ),
        happenings=tuple(_happenings(events, origin_s)),
        quality=_quality(events, origin_s),
        alignment={info.id: str(info.details.get("alignment") or NOT_VERIFIED) for info in streams},
    )


def _checks(events: Iterable[Event]) -> list[Mapping[str, Any]]:
    """Return the last results of each check, in the order in which they were made."""
    found: list[Mapping[str, Any]] = []
    for event in events:
        if event.kind == "checks":
            fresh: list[Mapping[str, Any]] = [dict(result) for result in event.payload.get("results") or ()]
            again = {_what(result) for result in fresh}
            found = [result for result in found if _what(result) not in again] + fresh
    return found


def _what(result: Mapping[str, Any]) -> tuple[str, str]:
    return str(result.get("name")), str(result.get("device") or "")


def _accepted(events: Iterable[Event]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    reasons: list[str] = []
    failed: list[str] = []
    for event in events:
        if event.kind == "accepted":
            reasons.append(str(event.payload.get("reason") or ""))
            failed += [str(name) for name in event.payload.get("failed") or ()]
        elif event.kind == "checks" and event.payload.get("accepted"):
            reasons.append(str(event.payload["accepted"]))
            results = event.payload.get("results") or ()
            failed += [str(result.get("name")) for result in results if result.get("verdict") == "failed"]
    return tuple(dict.fromkeys(filter(None, reasons))), tuple(dict.fromkeys(failed))


def _alarms(events: Iterable[Event], origin_s: float) -> list[Incident]:
    standing: dict[tuple[str, str], int] = {}
    found: list[Incident] = []
    for event in events:
        stream, code = str(event.payload.get("stream") or ""), str(event.payload.get("code") or "")
        at_s = event.time - origin_s
        if event.kind == "alarm" and code != "policy" and code not in ALARMED:
            is_alarm = event.payload.get("level") != "warning"
            if is_alarm:
                standing[stream, code] = len(found)
            kind = "alarm" if is_alarm else "warning"
            text = str(event.payload.get("text") or "")
            found.append(Incident(at_s, kind, stream, text, has_end=is_alarm))
        elif event.kind == "alarm_cleared" and (place := standing.pop((stream, code), None)) is not None:
            old = found[place]
            found[place] = Incident(old.at_s, old.kind, old.stream, old.text, at_s, True)
        elif event.kind == "policy":
            device = str(event.payload.get("device") or "")
            found.append(Incident(at_s, "policy", device, str(event.payload.get("text") or "")))
    return found


def _happenings(events: Iterable[Event], origin_s: float) -> Iterable[tuple[float, Told]]:
    for event in events:
        known = told_of(event.kind, event.payload, event.trial, event.stage)
        if known is not None:
            yield event.time - origin_s, known


def _gaps(summaries: Iterable[Mapping[str, Any]], origin_s: float) -> list[Incident]:
    found = []
    for stream in summaries:
        for gap in stream.get("gaps") or ():
            start, end = gap.get("from_s"), gap.get("to_s")
            known = next((float(value) for value in (start, end) if value is not None), None)
            if known is None:
                continue
            rate = float(stream.get("nominal_rate_hz") or 0)
            count = int(gap.get("samples") or 0)
            length = f" ({count / rate:.2f} s)" if rate and count else ""
            text = f"{count} samples missing{length}: {gap.get('cause') or 'cause unknown'}"
            until_s = None if end is None else float(end) - origin_s
            found.append(Incident(known - origin_s, "gap", str(stream["id"]), text, until_s, True))
    return found


def _quality(events: Sequence[Event], origin_s: float) -> dict[str, tuple[Stretch, ...]]:
    return {
        stream: tuple(
            Stretch(
                float(row["time"]) - origin_s,
                float(row.get("seconds") or 0.0),
                str(row.get("verdict") or ""),
                " ".join(str(problem.get("text") or "") for problem in row.get("problems") or ()),
            )
            for row in rows
        )
        for stream, rows in quality_table(events).items()
    }


def quality_words(quality: Mapping[str, Any] | None) -> str:
    """Say a stream's quality over the session in a few words; "" where nobody judged it."""
    judged = int((quality or {}).get("judged") or 0)
    if not quality or not judged:
        return ""
    poor, better = int(quality.get("failed") or 0), int(quality.get("warned") or 0)
    if not poor and not better:
        return "good"
    problems = dict(quality.get("problems") or {})
    worst = max(problems, key=lambda code: problems[code], default="").replace("_", " ")
    part = f"{100 * poor / judged:.0f} % poor" if poor else f"{100 * better / judged:.0f} % could be better"
    return f"{part}: {worst}" if worst else part
