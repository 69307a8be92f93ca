"""Splits: which cases train and which are tested, fold by fold, and what a reader must know of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.corpus.cases import Cases, Rows
from analysis.corpus.presses import together
from analysis.evaluation.experiment import SplitKind, SplitSpec

TRIAL = ("recording", "trial")
VISIT = ("participant", "session")
_TRIES = 50
TO = "-to-"
"""Between two domains in the name of a fold's file."""
LEAST_PEOPLE = 3
"""A domain of fewer participants is a few people, not a domain: that is told."""


class SplitError(Exception):
    """Cases cannot be divided this way; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold: rows of the cases that were divided. `name` is a file's name too.

    `domains`, of a split by domains only: which trains and which is tested, as they are called.
    """

    name: str
    train: Rows
    validation: Rows
    test: Rows
    domains: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What a reader is told: "women to men" of domains, else the name."""
        return " to ".join(self.domains) or self.name


@dataclass(frozen=True, slots=True)
class Division:
    """All folds of a split.

    `apart` are the columns whose groups may not be in both sides; `leaks` the guards that this split is known
    to break. `words` says in one sentence what is tested on what, `notes` what else a reader must know.
    """

    spec: SplitSpec
    folds: tuple[Fold, ...]
    apart: tuple[tuple[str, ...], ...]
    words: str
    notes: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether a case is tested once for each side that it may be tested by, not once in all."""
        return self.spec.kind == "domains"

    @property
    def leaky(self) -> bool:
        """Whether results may be shown with a watermark only."""
        return bool(self.leaks)

    def fold(self, name: str) -> Fold:
        """Return a fold by name; raises KeyError."""
        found = next((fold for fold in self.folds if fold.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


@dataclass(frozen=True, slots=True)
class _Kind:
    parts: Callable[[Cases, NDArray[Any], SplitSpec], Iterator[tuple[str | tuple[str, str], Rows, Rows]]]
    unit: tuple[str, ...]
    apart: tuple[tuple[str, ...], ...]
    words: str
    leaks: tuple[str, ...] = ()


def divide(
    cases: Cases,
    y: NDArray[Any] | None,
    spec: SplitSpec,
    validation: float = 0.0,
    domains: Mapping[str, str] | None = None,
) -> Division:
    """Divide cases; `validation` is the share of each training side's groups that is set aside.

    Folds by trial or stimulus keep the classes in balance where `y` holds class numbers. `domains` gives the
    domain of each participant for a split by domains; whoever has none is in no fold. Raises SplitError.
    """
    kind = KINDS[spec.kind]
    if spec.kind == "domains":
        kind = replace(kind, parts=_by_domain(domains or {}))
    answers = np.zeros(len(cases), np.int64) if y is None else y
    if not len(cases):
        raise SplitError("There are no cases to divide. Look at what was lost, with the reasons.")
    if spec.k < 1:
        raise SplitError(f"--k {spec.k}: at least 1 is needed.")
    folds: list[Fold] = []
    notes: list[str] = []
    taken: set[str] = set()
    for label, train, test in kind.parts(cases, answers, spec):
        sides = () if isinstance(label, str) else label
        name = _file_name(label if isinstance(label, str) else TO.join(label), taken)
        part = np.zeros(0, np.intp)
        if validation > 0:
            part = held_out(cases, answers, train, kind.unit, validation, _seed(spec.seed, name))
            if not len(part):
                notes.append(f"{name}: too few groups to set some aside for validation")
        folds.append(Fold(name, np.setdiff1d(train, part), part, test, sides))
    if not folds:
        raise SplitError(_nothing(spec, cases))
    notes += _notes(cases, folds, spec)
    if spec.kind == "domains":
        notes += _domain_notes(cases, domains or {})
    words = kind.words.format(
        people=len(np.unique(cases.participant)),
        folds=len(folds),
        k=spec.k,
        recordings=len(folds),
        domain=spec.domain or "domain",
    )
    return Division(spec, tuple(folds), kind.apart, words, tuple(notes), kind.leaks)


def held_out(cases: Cases, y: NDArray[Any], rows: Rows, unit: Sequence[str], share: float, seed: int) -> Rows:
    """Return rows of whole groups, about `share` of them, whose absence leaves every class in the rest.

    Where there is one group only (a single visit, say) whole trials are set aside instead.
    """
    groups = cases.groups(unit)[rows] if unit else rows.astype(str)
    names = np.unique(groups)
    if len(names) < 2 and tuple(unit) != TRIAL:
        return held_out(cases, y, rows, TRIAL, share, seed)
    if len(names) < 2:
        return np.zeros(0, np.intp)
    count = min(max(1, round(share * len(names))), len(names) - 1)
    random = np.random.default_rng(seed)
    for _ in range(_TRIES):
        chosen = random.permutation(names)[:count]
        inside = np.isin(groups, chosen)
        if _classes(y[rows[~inside]]) == _classes(y[rows]):
            return rows[inside]
    return np.zeros(0, np.intp)


def inner_folds(
    cases: Cases, y: NDArray[Any], rows: Rows, kind: SplitKind, k: int, seed: int
) -> tuple[Fold, ...]:
    """Return folds inside a training side, by the same groups as the split around it; raises SplitError."""
    unit = KINDS[kind].unit
    groups = cases.groups(unit)[rows] if unit else rows.astype(str)
    if len(np.unique(groups)) < 2:
        groups = cases.groups(TRIAL)[rows]
    if len(np.unique(groups)) < 2:
        raise SplitError("A training side has one trial only: nothing can be searched inside it.")
    tests = dealt(groups, y[rows], k, seed)
    none = np.zeros(0, np.intp)
    return tuple(
        Fold(f"inner-{number + 1}", rows[~inside], none, rows[inside]) for number, inside in enumerate(tests)
    )


def _loso(cases: Cases, y: NDArray[Any], spec: SplitSpec) -> Iterator[tuple[str, Rows, Rows]]:
    people = np.unique(cases.participant)
    if len(people) > 1:
        for code in people:
            inside = cases.participant == code
            yield str(code), np.flatnonzero(~inside), np.flatnonzero(inside)


def _by(unit: tuple[str, ...]) -> Callable[..., Iterator[tuple[str, Rows, Rows]]]:
    def parts(cases: Cases, y: NDArray[Any], spec: SplitSpec) -> Iterator[tuple[str, Rows, Rows]]:
        groups = cases.groups(unit) if unit else np.arange(len(cases)).astype(str)
        # Where everybody has one answer (a visit is a case), folds keep the shares of the classes.
        keeps = unit != ("participant",) or _one_answer(groups, y)
        balanced = y if keeps else np.zeros(len(y), np.int64)
        if len(np.unique(groups)) > 1:
            for number, inside in enumerate(dealt(groups, balanced, spec.k, spec.seed)):
                yield f"fold-{number + 1:02d}", np.flatnonzero(~inside), np.flatnonzero(inside)

    return parts


def _one_answer(groups: NDArray[np.str_], y: NDArray[Any]) -> bool:
    return y.ndim == 1 and len(np.unique(groups)) == len(set(zip(groups.tolist(), y.tolist(), strict=True)))


def _sessions(cases: Cases, y: NDArray[Any], spec: SplitSpec) -> Iterator[tuple[str, Rows, Rows]]:
    for code in np.unique(cases.participant):
        own = cases.participant == code
        visits = np.unique(cases.session[own])
        for visit in visits if len(visits) > 1 else ():
            inside = cases.session == visit
            yield f"{code}_ses-{visit}", np.flatnonzero(own & ~inside), np.flatnonzero(own & inside)


def _trials(
    cases: Cases, y: NDArray[Any], spec: SplitSpec, groups: NDArray[np.str_] | None = None
) -> Iterator[tuple[str, Rows, Rows]]:
    trials = cases.groups(TRIAL) if groups is None else groups
    for code in np.unique(cases.participant):
        rows = np.flatnonzero(cases.participant == code)
        if len(np.unique(trials[rows])) < 2:
            continue
        parts = dealt(trials[rows], y[rows], spec.k, _seed(spec.seed, str(code)))
        for number, inside in enumerate(parts):
            yield f"{code}_fold-{number + 1:02d}", rows[~inside], rows[inside]


def _segments_own(cases: Cases, y: NDArray[Any], spec: SplitSpec) -> Iterator[tuple[str, Rows, Rows]]:
    yield from _trials(cases, y, spec, together(cases))


def _by_domain(domains: Mapping[str, str]) -> Callable[..., Iterator[tuple[tuple[str, str], Rows, Rows]]]:
    def parts(cases: Cases, y: NDArray[Any], spec: SplitSpec) -> Iterator[tuple[tuple[str, str], Rows, Rows]]:
        own = np.array([domains.get(str(code), "") for code in cases.participant], dtype=str)
        names = [str(name) for name in np.unique(own) if name]
        for source in names:
            for tested in names:
                if source != tested:
                    yield (
                        (source, tested),
                        np.flatnonzero(own == source),
                        np.flatnonzero(own == tested),
                    )

    return parts


def _domain_notes(cases: Cases, domains: Mapping[str, str]) -> Iterator[str]:
    people = [str(code) for code in np.unique(cases.participant)]
    sizes: dict[str, list[str]] = {}
    for code in people:
        sizes.setdefault(domains.get(code, ""), []).append(code)
    alone = sizes.pop("", [])
    yield "; ".join(f"{name}: {len(codes)} participants" for name, codes in sorted(sizes.items())) + "."
    if alone:
        yield f"Without a domain, and in no fold: {', '.join(alone)}."
    if len(sizes) > 2:
        yield "Each case is tested once for every other domain: pooled figures count it that often."
    small = [name for name, codes in sorted(sizes.items()) if len(codes) < LEAST_PEOPLE]
    if small:
        yield (
            f"{' and '.join(small)}: fewer than {LEAST_PEOPLE} participants. What separates the domains "
            "cannot"
            " be told from what separates these people."
        )


def _first_trials(cases: Cases, y: NDArray[Any], spec: SplitSpec) -> Iterator[tuple[str, Rows, Rows]]:
    for recording in np.unique(cases.recording):
        rows = np.flatnonzero(cases.recording == recording)
        order = np.unique(cases.trial[rows])
        if len(order) > spec.k:
            early = np.isin(cases.trial[rows], order[: spec.k])
            yield str(recording), rows[early], rows[~early]


KINDS: Mapping[SplitKind, _Kind] = MappingProxyType(
    {
        "loso": _Kind(
            _loso,
            ("participant",),
            (("participant",), TRIAL),
            "Each of {people} participants is tested by a recognizer trained on all the others.",
        ),
        "participants": _Kind(
            _by(("participant",)),
            ("participant",),
            (("participant",), TRIAL),
            "{people} participants in {folds} groups: each group is tested by a recognizer trained on the"
            " others.",
        ),
        "sessions": _Kind(
            _sessions,
            VISIT,
            (VISIT, TRIAL),
            "Each visit is tested by a recognizer trained on the same participant's other visits: {folds}"
            " folds. It says nothing about new people.",
        ),
        "trials": _Kind(
            _trials,
            TRIAL,
            (TRIAL,),
            "Within each of {people} participants, whole trials are tested by a recognizer trained on the"
            " same person's others: {folds} folds. It says nothing about new people.",
        ),
        "stimuli": _Kind(
            _by(("stimulus",)),
            ("stimulus",),
            (("stimulus",), TRIAL),
            "Stimuli in {folds} groups: each is tested by a recognizer that never met those stimuli. The same"
            " people are in both sides.",
        ),
        "first-trials": _Kind(
            _first_trials,
            TRIAL,
            (TRIAL,),
            "In each of {recordings} recordings the first {k} trials train and the later ones are tested. It"
            " says nothing about new people.",
        ),
        "trials-pooled": _Kind(
            _by(TRIAL),
            TRIAL,
            (TRIAL,),
            "Whole trials of everybody in {folds} groups. The same people are in both sides: it says nothing"
            " about new people.",
        ),
        "segments": _Kind(
            _by(()),
            (),
            (),
            "LEAKY, to be shown only: windows of one trial are in both sides ({folds} folds).",
            ("shared-trial", "shared-windows", "duplicate"),
        ),
        "segments-own": _Kind(
            _segments_own,
            TRIAL,
            (),
            "LEAKY, to be shown only: within each of {people} participants, windows of one trial are in both"
            " sides ({folds} folds); windows that overlap stay together.",
            ("shared-trial",),
        ),
        "domains": _Kind(
            _by_domain({}),
            ("participant",),
            (("participant",), TRIAL),
            "Participants of one {domain} are tested by a recognizer trained on those of another, for every"
            " ordered pair: {folds} folds.",
        ),
    }
)
"""Every kind of split: how it divides, what is never torn apart inside its training side, what it claims."""


def dealt(groups: NDArray[np.str_], y: NDArray[Any], k: int, seed: int) -> list[NDArray[np.bool_]]:
    """Return for each of (at most) k parts which rows are in it: whole groups, classes dealt in turn."""
    names, first = np.unique(groups, return_index=True)
    kinds = y[first] if y.ndim == 1 and np.issubdtype(y.dtype, np.integer) else np.zeros(len(names), int)
    mixed = np.random.default_rng(seed).permutation(len(names))
    order = mixed[np.argsort(kinds[mixed], kind="stable")]
    parts = min(k, len(names))
    if parts < 2:
        parts = 2
    part_of = np.empty(len(names), int)
    part_of[order] = np.arange(len(names)) % parts
    mine = part_of[np.searchsorted(names, groups)]
    return [mine == number for number in range(parts)]


def _classes(y: NDArray[Any]) -> set[int]:
    return set(np.unique(y).tolist()) if y.ndim == 1 and np.issubdtype(y.dtype, np.integer) else set()


def _seed(seed: int, name: str) -> int:
    from hashlib import sha256

    return int.from_bytes(sha256(f"{seed}/{name}".encode()).digest()[:4], "little")


def _file_name(label: str, taken: set[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", label).strip("-.") or "fold"
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name.lower())
    return name


def _notes(cases: Cases, folds: Sequence[Fold], spec: SplitSpec) -> Iterator[str]:
    if spec.kind in ("loso", "participants", "domains"):
        tested = {(fold.name, name) for fold in folds for name in np.unique(cases.stimulus[fold.test])}
        shared = {
            (fold.name, name)
            for fold in folds
            for name in np.intersect1d(cases.stimulus[fold.test], cases.stimulus[fold.train])
        }
        if shared:
            yield (
                "The same stimuli are in both sides"
                f" ({len(shared) / len(tested):.0%} of those tested were trained on, with other people):"
                " nothing is said about new stimuli."
            )
    again = _again(cases, folds) if spec.kind == "trials" else 0
    if again:
        yield (
            f"{again} trials of {len(np.unique(cases.groups(TRIAL)))} are tested by a recognizer that was"
            " trained on another visit's trial of the same stimulus or category: nothing is said about new"
            " ones."
        )
    if spec.kind == "sessions":
        alone = [code for code in np.unique(cases.participant) if _visits(cases, code) < 2]
        if alone:
            yield f"Without a second visit, and never tested: {', '.join(alone)}."
    if spec.kind == "first-trials":
        short = len(np.unique(cases.recording)) - len(folds)
        if short:
            yield f"{short} recordings with at most {spec.k} trials are never tested."
    if spec.kind in ("participants", "stimuli", "trials-pooled") and len(folds) < spec.k:
        yield f"Only {len(folds)} folds of the {spec.k} asked for are possible."


def _again(cases: Cases, folds: Sequence[Fold]) -> int:
    """Return how many tested trials have another visit's trial of the same thing in their training side.

    Only of what came once a visit: where a visit has many trials of a category that says nothing.
    """
    thing = np.where(cases.stimulus != "", cases.stimulus, cases.category)
    names = np.array(["\x1f".join(each) for each in zip(cases.participant, thing, strict=True)])
    trials, visits = cases.groups(TRIAL), cases.groups(VISIT)
    once = {
        name
        for name in np.unique(names[thing != ""])
        if len(np.unique(trials[names == name])) == len(np.unique(visits[names == name])) > 1
    }
    found: set[str] = set()
    for fold in folds:
        both = np.isin(names[fold.test], list(once)) & np.isin(names[fold.test], names[fold.train])
        found |= set(trials[fold.test][both].tolist())
    return len(found)


def _visits(cases: Cases, code: str) -> int:
    return len(np.unique(cases.session[cases.participant == code]))


def _nothing(spec: SplitSpec, cases: Cases) -> str:
    people = len(np.unique(cases.participant))
    needs = {
        "loso": f"at least two participants, and there are cases of {people}",
        "participants": f"at least two participants, and there are cases of {people}",
        "sessions": "a participant with two visits, and there is none",
        "trials": "a participant with two trials, and there is none",
        "stimuli": "at least two stimuli",
        "first-trials": f"a recording with more than {spec.k} trials, and there is none: lower --k",
        "trials-pooled": "at least two trials",
        "segments": "at least two windows",
        "segments-own": "a participant with two windows that do not overlap, and there is none",
        "domains": "participants of at least two domains: name what makes them with --domain"
        f"{f', since {spec.domain} gives one at most' if spec.domain else ''}",
    }
    return f"--split {spec.kind} needs {needs[spec.kind]}."
