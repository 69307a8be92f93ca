"""Windows about presses: the moments at which a participant said "I feel it", inside one trial.

Spec of the imagined emotion study: Onton & Makeig, Frontiers in Human Neuroscience 3 (2009) 61; segments of
2 s centred on each press. A press moves the hand, so a window may also end before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Cases, CaseSpec
from analysis.corpus.corpus import Span, Trial

PRESS_S = 2.0
"""How long a window is where nothing is said."""
LEAST_PRESSES = 2
_ROUNDING_S = 1e-6


def press_windows(trial: Trial, spans: Iterable[Span], spec: CaseSpec) -> list[Span]:
    """Return a window for each press that lies inside one of `spans`; one that would leave it is left out.

    It is `window_s` long (0: two seconds), its middle `hop_s` from the press: 0 is centred on it, -1 with
    two seconds ends at it.
    """
    length_s = spec.window_s or PRESS_S
    found = []
    for first, stop in spans:
        for press_s in trial.presses:
            start_s = press_s + spec.hop_s - length_s / 2
            inside = first <= press_s <= stop
            if inside and start_s >= first - _ROUNDING_S and start_s + length_s <= stop + _ROUNDING_S:
                found.append((start_s, start_s + length_s))
    return sorted(set(found))


def few_presses(trials: Sequence[Trial]) -> str:
    """Return, in words, how many trials have fewer than two presses; "" where none has."""
    few = [trial for trial in trials if len(trial.presses) < LEAST_PRESSES]
    if not few:
        return ""
    people = sorted({trial.participant for trial in few})
    who = ", ".join(people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
    return (
        f"{len(few)} of {len(trials)} trials have fewer than {LEAST_PRESSES} presses ({who}): too few to say"
        " anything about them"
    )


def together(cases: Cases) -> NDArray[np.str_]:
    """Return a name for each case (n,), equal for those of one trial whose windows overlap in time.

    Overlapping windows hold the same signal: whatever the split, they belong to one side.
    """
    names = np.full(len(cases), "", dtype="<U64")
    for numbers in _by_trial(cases):
        order = numbers[np.argsort(cases.start_s[numbers], kind="stable")]
        reached, first = -np.inf, -1
        for row in order:
            if cases.start_s[row] >= reached - _ROUNDING_S:
                first = int(row)
            names[row] = f"{first}"
            reached = max(reached, float(cases.stop_s[row]))
    return names


def _by_trial(cases: Cases) -> Iterator[NDArray[np.intp]]:
    groups = cases.groups(("recording", "trial"))
    for name in np.unique(groups):
        yield np.flatnonzero(groups == name)
