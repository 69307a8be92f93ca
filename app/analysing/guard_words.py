"""What guards said of all folds, in one sentence: never more than their own lines."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.evaluation.guards import GuardLine

STATES = (
    ("stopped", "stopped a fold"),
    ("shown", "broken, as the split says"),
    ("told", "to be known"),
    ("passed", "passed"),
)


def guard_words(lines: Iterable[GuardLine]) -> str:
    """Return how many guards stopped, were broken, told something or passed; all but the last by name."""
    by_state: dict[str, set[str]] = {}
    for line in lines:
        by_state.setdefault(line.state, set()).add(line.guard)
    parts = []
    for state, words in STATES:
        named = sorted(by_state.get(state, ()))
        if named:
            parts.append(f"{len(named)} {words}" + ("" if state == "passed" else f" ({', '.join(named)})"))
    return f"Guards: {'; '.join(parts) or 'none looked'}."
