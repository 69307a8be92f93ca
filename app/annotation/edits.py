"""What an edit does to the marks around it; pure functions on the state of a log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from analysis.labels.folding import LogState
from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme


def cut_for(state: LogState, scheme: Scheme, new: Mark) -> Iterator[tuple[Mark, tuple[Mark, ...]]]:
    """Yield what lies under a new mark of an exclusive tier: (mark, the pieces that are left of it).

    The first piece is the mark itself, shorter; no piece means that nothing is left. Marks that name
    channels make room only on these channels.
    """
    tier = scheme.tier(new.tier)
    if tier.overlap != "exclusive" or new.start_ns is None or new.end_ns is None:
        return
    for mark in list(state.touching(new.tier, new.item, new.start_ns, new.end_ns)):
        if mark.id == new.id or not _is_under(mark, new):
            continue
        assert mark.start_ns is not None and mark.end_ns is not None
        pieces = []
        if mark.start_ns < new.start_ns:
            pieces.append(replace(mark, end_ns=new.start_ns))
        if new.end_ns < mark.end_ns:
            pieces.append(replace(mark, start_ns=new.end_ns))
        yield mark, tuple(pieces)


def _is_under(mark: Mark, new: Mark) -> bool:
    return not new.channels or (bool(mark.channels) and set(mark.channels) <= set(new.channels))


def content_of(mark: Mark) -> dict[str, Any]:
    """Return what a mark says and where, its tier aside, as what `Log.add` takes."""
    names = ("trial", "item", "start_ns", "end_ns", "label", "value", "confidence", "channels", "note")
    return {name: getattr(mark, name) for name in names}


def halves(mark: Mark, at_ns: int) -> tuple[Mark, Mark]:
    """Return the two parts of a segment; raises ValueError in words."""
    if mark.start_ns is None or mark.end_ns is None or not mark.start_ns < at_ns < mark.end_ns:
        raise ValueError("Nothing can be split there: put the cursor inside a segment.")
    return replace(mark, end_ns=at_ns), replace(mark, start_ns=at_ns)


def united(marks: Sequence[Mark]) -> Mark:
    """Return the first of some segments, stretched over all of them; raises ValueError in words."""
    if len(marks) < 2:
        raise ValueError("Only one mark is chosen: choose the marks to be merged.")
    if any(mark.start_ns is None or mark.duration_ns == 0 for mark in marks):
        raise ValueError("Only segments can be merged.")
    if len({(mark.tier, mark.item, mark.label, mark.channels) for mark in marks}) > 1:
        raise ValueError("Only segments of one label can be merged: give them the same label first.")
    ordered = sorted(marks, key=lambda mark: mark.start_ns or 0)
    return replace(
        ordered[0],
        end_ns=max(mark.end_ns or 0 for mark in marks),
        model_seen=any(mark.model_seen for mark in marks),
        to_confirm=any(mark.to_confirm for mark in marks),
        note=ordered[0].note or next((mark.note for mark in ordered if mark.note), ""),
    )
