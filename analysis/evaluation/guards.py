"""Guards against leaks: they look at every fold and stop it, by name, before a figure can come of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from analysis.corpus.cases import Batch, Cases, Rows
from analysis.evaluation.answers_in_inputs import columns_that_tell
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.sharing import Sharing, of_whole_recordings
from analysis.evaluation.splits import TRIAL, Division, Fold

State = Literal["passed", "told", "shown", "stopped"]

GUARDS: Mapping[str, str] = MappingProxyType(
    {
        "empty-side": "every fold has cases to train on and cases to test",
        "repeated-ids": "every case has a number of its own",
        "tested-twice": "no case is tested in two folds",
        "validation": "the validation part lies in the training side and is no test case",
        "shared-windows": "no stretch of a recording is looked at from both sides",
        "shared-trial": "no trial is in both sides",
        "shared-participant": "no participant is in both sides, where the split says so",
        "shared-visit": "no visit is in both sides, where the split says so",
        "shared-stimulus": "no stimulus is in both sides, where the split says so",
        "duplicate": "no two cases of both sides hold the same content",
        "recording-twice": "no recording was imported twice",
        "class-in-training": "every class is in every training side",
        "class-in-test": "every class is in every test side",
        "answer-in-inputs": "no input is the answer itself",
        "not-finite": "what a recognizer is given is finite",
        "absent-values": "absent inputs and padding hold no values",
        "answers-visible": "predictions are made without the answers",
        "fitted": "statistics and weights are fitted on training cases only",
        "selection": "features are selected on training cases only",
        "tuning": "settings are tuned on training cases only",
        "transductive": "no step looks at unlabelled cases of the test side",
    }
)
"""Every guard by name, as what holds where it passes."""

_GROUPS = {
    ("participant",): "shared-participant",
    ("participant", "session"): "shared-visit",
    TRIAL: "shared-trial",
    ("stimulus",): "shared-stimulus",
}
_NAMED = 3
_AT_ONCE = 256


class LeakError(Exception):
    """A guard stopped a fold; the text is the one clear message."""

    def __init__(self, line: GuardLine) -> None:
        self.line = line
        super().__init__(f"{line.fold or 'all folds'}: stopped by the guard {line.guard}: {line.words}")


@dataclass(frozen=True, slots=True)
class GuardLine:
    """What one guard says of one fold (`fold` "" for all).

    "passed"; "told": a reader must know it; "shown": broken, as the leaky split says; "stopped".
    """

    guard: str
    state: State
    words: str
    fold: str = ""


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What all guards say: broken ones first, then what is told, then one line for each that passed."""

    lines: tuple[GuardLine, ...]

    @property
    def stopped(self) -> tuple[GuardLine, ...]:
        """Lines that stop a fold."""
        return tuple(line for line in self.lines if line.state == "stopped")

    def of(self, fold: str) -> GuardReport:
        """Return what concerns one fold."""
        return GuardReport(tuple(line for line in self.lines if line.fold in ("", fold)))

    def check(self) -> None:
        """Raise LeakError for the first line that stops."""
        for line in self.stopped:
            raise LeakError(line)

    def to_json(self) -> list[dict[str, Any]]:
        """Return JSON-ready rows."""
        return [asdict(line) for line in self.lines]

    @classmethod
    def from_json(cls, rows: Iterable[Mapping[str, Any]]) -> GuardReport:
        """Rebuild from `to_json`; raises TypeError."""
        return cls(tuple(GuardLine(**row) for row in rows))


def check_division(
    batch: Batch, division: Division, purge_s: float = 0.0, steps: Sequence[str] = ()
) -> GuardReport:
    """Return what can be said before anything is trained.

    `purge_s` seconds must lie between what both sides look at in one recording; `steps` are those that will
    prepare the inputs.
    """
    found = [*_whole(batch), *_tested_twice(division)]
    for words in of_whole_recordings(batch):
        found.append(GuardLine("transductive", "told", words))
    sharing = Sharing(batch, purge_s, steps)
    for fold in division.folds:
        found += _sides(batch, fold)
        found += _shared(batch.cases, division, fold)
        found += [
            GuardLine("shared-windows", "stopped" if is_shared else "told", words, fold.name)
            for is_shared, words in sharing.of(fold)
        ]
        found += _duplicates(batch.cases, fold)
    return report(found, division.leaks, len(division.folds), BEFORE)


BEFORE = tuple(
    name
    for name in GUARDS
    if name not in ("answers-visible", "fitted", "selection", "tuning", "transductive", "not-finite")
)
"""Guards that look before training; the others look at what was done."""


def report(
    found: Sequence[GuardLine], leaks: Sequence[str], folds: int, looked: Sequence[str]
) -> GuardReport:
    """Return a report: broken guards that the split is known to break are only shown."""
    lines = [
        replace(line, state="shown") if line.state == "stopped" and line.guard in leaks else line
        for line in found
    ]
    rank = {"stopped": 0, "shown": 1, "told": 2, "passed": 3}
    named = {line.guard for line in lines}
    passed = [
        GuardLine(name, "passed", f"{GUARDS[name]} ({folds} folds)") for name in looked if name not in named
    ]
    return GuardReport(tuple(sorted([*lines, *passed], key=lambda line: rank[line.state])))


def check_blind(batch: Batch, fold: str = "") -> None:
    """Raise LeakError where a recognizer would see answers, or what was shown, while it predicts."""
    visible = [
        name for name in ("category", "stimulus", "content") if len(batch) and any(getattr(batch.cases, name))
    ]
    if batch.y is not None or visible:
        what = "the answers" if batch.y is not None else ", ".join(visible)
        raise LeakError(
            GuardLine("answers-visible", "stopped", f"{what} can be seen while it predicts", fold)
        )


def blinded(batch: Batch) -> Batch:
    """Return a batch as it is given for predicting: no answers, and nothing that says what was shown."""
    empty = np.full(len(batch), "", dtype=np.str_)
    cases = replace(batch.cases, category=empty, stimulus=empty, content=empty)
    return replace(batch.without_answers(), cases=cases)


def check_inputs(batch: Batch, fold: str = "") -> None:
    """Raise LeakError where a prepared batch holds numbers that are not finite, or values where none are."""
    for name, each in batch.inputs.items():
        finite = np.isfinite(each.values.reshape(len(batch), -1)).all(axis=1)
        if not finite.all():
            words = (
                f"{name}: {int((~finite).sum())} cases with NaN or infinite values after the steps. Add the"
                " step impute, or leave the input out"
            )
            raise LeakError(GuardLine("not-finite", "stopped", words, fold))
        for line in _absent(name, each.values, each.inside & each.present[:, None], fold):
            raise LeakError(line)


def check_ledger(ledger: Ledger, fold: str = "") -> tuple[GuardLine, ...]:
    """Return what is broken or to be told by what was fitted, selected and tuned in a fold."""
    lines = []
    for entry in ledger.entries:
        if entry.outside and entry.transductive and entry.guard == "tuning":
            lines.append(GuardLine("tuning", "shown", entry.what, fold))
        elif entry.outside and entry.transductive:
            words = f"{entry.what} looked at {entry.outside} unlabelled test cases: a transductive result"
            lines.append(GuardLine("transductive", "told", words, fold))
        elif entry.outside:
            words = f"{entry.what}: {entry.outside} of {entry.cases} cases lie outside the training side"
            lines.append(GuardLine(entry.guard, "stopped", words, fold))
    return tuple(lines)


def _whole(batch: Batch) -> Iterator[GuardLine]:
    ids, counts = np.unique(batch.cases.id, return_counts=True)
    if (counts > 1).any():
        words = f"case numbers {_some(ids[counts > 1])} are given more than once"
        yield GuardLine("repeated-ids", "stopped", words)
    for first, second, same in _copies(batch.cases):
        words = f"{first} and {second} hold the same content in {same} cases. Withdraw or exclude one of them"
        yield GuardLine("recording-twice", "stopped", words)
    for words in columns_that_tell(batch):
        yield GuardLine("answer-in-inputs", "stopped", words)
    for name, each in batch.inputs.items():
        if any(np.isinf(each.values[part]).any() for part in _parts(len(batch))):
            yield GuardLine("absent-values", "stopped", f"{name}: infinite values in the features")
        yield from _absent(name, each.values, each.inside & each.present[:, None], "")


def _absent(name: str, values: Any, inside: Any, fold: str) -> Iterator[GuardLine]:
    rows = 0
    for part in _parts(len(values)):
        outside = ~inside[part].reshape(*inside[part].shape, *[1] * (values.ndim - 2))
        held = (np.asarray(values[part]) != 0) & outside
        rows += int(held.reshape(len(held), -1).any(axis=1).sum())
    if rows:
        words = f"{name}: {rows} cases hold values where nothing was recorded"
        yield GuardLine("absent-values", "stopped", words, fold)


def _parts(n: int) -> Iterator[slice]:
    """Go through many cases in pieces: inputs may be larger than what memory holds twice."""
    for start in range(0, n, _AT_ONCE):
        yield slice(start, start + _AT_ONCE)


def _tested_twice(division: Division) -> Iterator[GuardLine]:
    if not division.folds:
        return
    rows, counts = np.unique(np.concatenate([fold.test for fold in division.folds]), return_counts=True)
    if (counts > 1).any() and not division.repeats:
        yield GuardLine("tested-twice", "stopped", f"cases {_some(rows[counts > 1])} are in two test sides")


def _sides(batch: Batch, fold: Fold) -> Iterator[GuardLine]:
    for side, rows in (("train on", fold.train), ("test", fold.test)):
        if not len(rows):
            yield GuardLine("empty-side", "stopped", f"there is no case to {side}", fold.name)
    both = np.intersect1d(fold.validation, fold.test)
    if len(both):
        words = f"{len(both)} validation cases are test cases: stopping early would tune on the test"
        yield GuardLine("validation", "stopped", words, fold.name)
    if len(np.intersect1d(fold.validation, fold.train)):
        yield GuardLine("validation", "stopped", "validation cases are trained on", fold.name)
    if batch.y is None or not batch.classes:
        return
    for guard, side, rows, state in (
        ("class-in-training", "training", fold.train, "stopped"),
        ("class-in-test", "test", fold.test, "told"),
    ):
        gone = sorted(set(range(len(batch.classes))) - set(np.unique(batch.y[rows]).tolist()))
        if gone and len(rows):
            names = ", ".join(batch.classes[each] for each in gone)
            words = f"no case of {names} in the {side} side"
            yield GuardLine(guard, "stopped" if state == "stopped" else "told", words, fold.name)


def _shared(cases: Cases, division: Division, fold: Fold) -> Iterator[GuardLine]:
    side = np.concatenate([fold.train, fold.validation])
    for columns in dict.fromkeys([*division.apart, TRIAL]):
        groups = cases.groups(columns)
        both = np.intersect1d(groups[side], groups[fold.test])
        if len(both):
            guard = _GROUPS.get(columns, "shared-trial")
            words = f"{_some(both)} in both sides"
            yield GuardLine(guard, "stopped", words, fold.name)
    validated = [columns for columns in division.apart if columns != TRIAL] or [TRIAL]
    groups = cases.groups(TRIAL)
    if validated and len(np.intersect1d(groups[fold.train], groups[fold.validation])):
        yield GuardLine("validation", "told", "trials are in the training and the validation part", fold.name)


def _duplicates(cases: Cases, fold: Fold) -> Iterator[GuardLine]:
    side = np.concatenate([fold.train, fold.validation])
    both = np.setdiff1d(np.intersect1d(cases.content[side], cases.content[fold.test]), [""])
    if len(both):
        pairs = [
            "case {} = case {}".format(
                *(int(cases.id[rows[cases.content[rows] == each][0]]) for rows in (side, fold.test))
            )
            for each in both[:_NAMED]
        ]
        words = f"{len(both)} contents are in both sides ({', '.join(pairs)})"
        yield GuardLine("duplicate", "stopped", words, fold.name)


def _copies(cases: Cases) -> Iterator[tuple[str, str, int]]:
    known = cases.content != ""
    names, place = np.unique(cases.content[known], return_inverse=True)
    recordings, where = np.unique(cases.recording[known], return_inverse=True)
    pairs: dict[tuple[int, int], int] = {}
    repeated = np.flatnonzero(np.bincount(place, minlength=len(names)) > 1)
    for content in repeated:
        inside = np.unique(where[place == content])
        for one in range(len(inside)):
            for other in inside[one + 1 :]:
                pair = (int(inside[one]), int(other))
                pairs[pair] = pairs.get(pair, 0) + 1
    sizes = np.bincount(where, minlength=len(recordings))
    for (one, other), same in sorted(pairs.items()):
        if 2 * same >= min(sizes[one], sizes[other]):
            yield str(recordings[one]), str(recordings[other]), same


def _some(names: Rows | Any) -> str:
    told = [str(name).replace("\x1f", " ") for name in names[:_NAMED]]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")
