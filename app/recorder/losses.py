"""What a crash cost: how long the session went on after the last row of each stream that is in the file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.records import Event
from analysis.session_merge import LastRow


def last_sign_of_life(events: Sequence[Event], rows: Mapping[str, LastRow]) -> float | None:
    """Return until when, as far as anything tells, the session was being recorded; None if nothing does.

    That is when the supervisor saw its last recorder end; where it did not live to see that, the last
    thing that anybody wrote down.
    """
    ended = [
        event.time
        for event in events
        if event.kind == "process_ended" and event.payload.get("role") == "recorder"
    ]
    started = [event.time for event in events if event.source == "recorder" and event.kind == "part_started"]
    if ended and (not started or max(ended) >= max(started)):
        return max(ended)
    times = [event.time for event in events]
    times += [row.received_s for row in rows.values() if not math.isnan(row.received_s)]
    return max(times, default=None)


def lost_tails(events: Sequence[Event], rows: Mapping[str, LastRow], in_order: bool) -> dict[str, float]:
    """Return for each stream the seconds lost at its end; none where the recording was closed in order.

    A stream that had gone before the end has lost nothing by it. An irregular one may just have been
    silent: it counts with what the regular ones lost, or with what nobody at all was received in.
    """
    until_s = last_sign_of_life(events, rows)
    if in_order or until_s is None:
        return dict.fromkeys(rows, 0.0)
    gone = _gone(events)
    tails = {
        name: max(0.0, until_s - row.received_s)
        for name, row in rows.items()
        if name not in gone and not math.isnan(row.received_s)
    }
    regular = [tail for name, tail in tails.items() if rows[name].rate_hz]
    most = max(regular) if regular else min(tails.values(), default=0.0)
    lost: dict[str, float] = {}
    for name, row in rows.items():
        tail = tails.get(name, 0.0)
        lost[name] = round(tail if row.rate_hz else min(tail, most), 3)
    return lost


def _gone(events: Sequence[Event]) -> set[str]:
    gone: set[str] = set()
    for event in events:
        stream = str(event.payload.get("stream", ""))
        if event.kind == "stream_lost":
            gone.add(stream)
        elif event.kind in ("stream_back", "stream_live"):
            gone.discard(stream)
    return gone


def boot_of(attributes: Mapping[str, object]) -> str:
    """Return the run of the machine that a part's times are of."""
    return str(attributes.get("boot_id") or "")


def by_boot(journals: Mapping[Path, Sequence[Event]]) -> dict[str, list[Event]]:
    """Sort events by the run of the machine in which they were written down.

    Every author begins its journal, and goes on in it, with `journal_opened`, which names the run.
    """
    found: dict[str, list[Event]] = {}
    for events in journals.values():
        boot = ""
        for event in events:
            if event.kind == "journal_opened":
                boot = str(event.payload.get("boot_id", ""))
            found.setdefault(boot, []).append(event)
    return found
