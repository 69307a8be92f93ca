"""What of a recording may be seen and heard while it is labelled.

Sound and stimulus: where the condition is hidden, sound is silent while any stimulus is on, with a little
around it, unless the scheme says otherwise. Any stimulus: if only those that play were muted, silence would
tell a film from a picture. Only a session whose whole schedule has none but pictures keeps its sound;
where the schedule says nothing, everything is muted, which is the safe side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from analysis.exchange.export_view import onset_s
from analysis.labels.scheme import HIDEABLE, Scheme
from analysis.modalities import modality_of, shown_as
from analysis.session_file import Session
from app.annotation.extent import extent_s
from app.annotation.visible import Visible

SILENT_KINDS = frozenset({"picture", "sequence", "flash", "mask", "fixation", "blank"})
"""Stages whose stimuli make no sound."""
LEAD_S, TAIL_S = 0.1, 0.5
"""Muted before a stimulus comes, and after it has gone: loudspeakers are late and rooms ring."""

REFUSED: Mapping[str, frozenset[str]] = {
    "camera": frozenset({"camera"}),
    "voice": frozenset({"sound"}),
    "typed_text": frozenset({"keys"}),
    "body": frozenset({"eeg", "wristband", "signals"}),
}
"""What must not be shown of whoever has refused a kind of streams."""
RECORDED = frozenset({"camera", "sound", "eeg", "wristband", "signals", "keys"})


def visible_of(
    session: Session,
    scheme: Scheme,
    refused: Collection[str] = (),
    window_s: tuple[float, float] | None = None,
    title: str = "",
    hide: Collection[str] = (),
) -> Visible:
    """Return what may be seen and heard of a part of a session (None: all of it)."""
    hidden = (scheme.hide | frozenset(hide)) & frozenset(HIDEABLE)
    shows_condition = "condition" not in hidden
    kinds = kinds_of(scheme, refused)
    if not shows_condition:
        kinds -= {"stimulus"}
    muted: tuple[tuple[float, float], ...] = ()
    if "sound" in kinds and not shows_condition and not scheme.sound_with_stimulus:
        muted = _inside(muted_s(session), window_s)
    return Visible(
        kinds=kinds,
        window_s=window_s,
        muted_s=muted,
        title=title,
        condition=shows_condition,
        names=not hidden & {"participant", "file_names"},
        answers="answers" not in hidden,
        order="order" not in hidden,
        others="others" not in hidden,
        model="model" not in hidden,
    )


def kinds_of(scheme: Scheme, refused: Collection[str] = ()) -> frozenset[str]:
    """Return what a scheme shows of somebody who has refused some kinds of streams."""
    return scheme.show - frozenset().union(*(REFUSED.get(kind, frozenset()) for kind in refused))


def shows_nothing(scheme: Scheme, refused: Collection[str]) -> bool:
    """Whether somebody has refused every recorded thing that a scheme shows."""
    return bool(scheme.show & RECORDED) and not kinds_of(scheme, refused) & RECORDED


def may_be_shown(session: Session, scheme: Scheme, refused: Collection[str] = ()) -> bool:
    """Whether anything was recorded that the scheme shows and the participant lets be shown."""
    if shows_nothing(scheme, refused):
        return False
    wanted = kinds_of(scheme, refused)
    if not wanted & RECORDED:
        return bool(wanted)
    has_keys = len(session.keys.get("time", ())) > 0
    there = {
        shown_as(stream.info) for stream in session if stream.rows and modality_of(stream.info) not in refused
    }
    return bool(wanted & (there | ({"keys"} if has_keys else set())))


def muted_s(session: Session) -> tuple[tuple[float, float], ...]:
    """Return when stimuli were on, seconds on the recording's clock, none overlapping."""
    if _is_silent(session.protocol.get("schedule")):
        return ()
    spans: list[tuple[float, float]] = []
    shown: dict[int, float] = {}
    last_s = 0.0
    for event in session.events:
        last_s = max(last_s, event.time)
        if event.kind == "stimulus_shown":
            shown.setdefault(event.trial, min(event.time, onset_s(event)))
        elif event.kind in ("stimulus_hidden", "trial_ended") and event.trial in shown:
            spans.append((shown.pop(event.trial), max(event.time, onset_s(event))))
    # Of one whose end nobody wrote down everything behind it is silent.
    if shown:
        end_s = max(last_s, extent_s(session)[1])
        spans += [(start_s, end_s) for start_s in shown.values()]
    return _merged([(start_s - LEAD_S, end_s + TAIL_S) for start_s, end_s in spans])


def _is_silent(schedule: Any) -> bool:
    stages = schedule.get("stages", ()) if isinstance(schedule, Mapping) else ()
    kinds = {str(stage.get("kind", "")) for stage in stages if stage.get("stimulus")}
    return bool(kinds) and kinds <= SILENT_KINDS


def _merged(spans: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    found: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans):
        if found and start_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(end_s, found[-1][1]))
        else:
            found.append((start_s, end_s))
    return tuple(found)


def _inside(
    spans: tuple[tuple[float, float], ...], window_s: tuple[float, float] | None
) -> tuple[tuple[float, float], ...]:
    if window_s is None:
        return spans
    low, high = window_s
    return tuple((max(a, low), min(b, high)) for a, b in spans if b > low and a < high)
