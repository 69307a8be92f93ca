"""`evoke therapy`: before and after on the circumplex, as a table, a figure and JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from app.analysing.therapy import EXPECTED, Assessment, Mean, assess
from app.analysing.therapy_files import to_json, write


def therapy(options: argparse.Namespace) -> int:
    """Run a trained recognizer over both ends of sessions and tell how each participant moved."""

    def progress(share: float) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{share:4.0%}" + ("\n" if share >= 1 else ""))

    found = assess(options.run, options.sessions, options.minutes, progress)
    paths = write(found, options.out)
    if options.json:
        files = [str(path) for path in paths]
        print(json.dumps({**to_json(found), "files": files}, ensure_ascii=False))
    else:
        print("\n".join((*lines(found), *(str(path) for path in paths))))
    return 0


def lines(found: Assessment) -> Iterator[str]:
    """Yield the assessment as text."""
    yield f"{found.model}, first and last {found.minutes:g} minutes, scaled to -1..1"
    yield f"expected: from quadrant {EXPECTED[0]} to {EXPECTED[1]}, valence up and arousal down"
    for person in found.people:
        way = f"{person.before.quadrant} to {person.after.quadrant}"
        yield (
            f"{person.participant}: {way}; valence {_change(person.valence_change)}, "
            f"arousal {_change(person.arousal_change)}"
        )
    yield f"as expected: {found.expected} of {len(found.people)}"
    yield from (f"note: {note}" for note in found.notes)


def _change(mean: Mean) -> str:
    return f"{mean.value:+.2f} [{mean.low:+.2f}, {mean.high:+.2f}]"
