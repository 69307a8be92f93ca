"""Who labels which trial, in which order: a pure function of trials, annotators, seed and earlier dealings.

A share of the trials (the overlap) goes to everybody, so every two annotators have it in common; the others
are dealt out evenly. Both are spread over the recordings. Each annotator has an order of her own, and a
share of her trials comes again, at least half of what was dealt to her behind the first time. Whoever joins
later gets what everybody has so far; what was dealt before keeps its code and its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from app.annotation.codes import Draw, chance, draw_codes, shuffled
from app.annotation.trials import Trial

MOST_REPEATS = 0.5


@dataclass(frozen=True, slots=True)
class Dealt:
    """A trial in somebody's queue: `shared` where everybody has it, `batch` counts the dealings from 1."""

    code: str
    annotator: str
    trial: Trial
    purpose: Literal["label", "repeat"] = "label"
    shared: bool = False
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Shares:
    """What share of the trials everybody labels, and what share of each one's trials comes again (0..1)."""

    overlap: float = 0.2
    repeats: float = 0.05


SHARES = Shares()


def deal(
    trials: Sequence[Trial],
    annotators: Collection[str],
    seed: int,
    shares: Shares = SHARES,
    *,
    name: str = "",
    before: Sequence[Dealt] = (),
    batch: int = 1,
    handed: Collection[tuple[str, tuple[str, int]]] = (),
    taken: Collection[str] = (),
) -> tuple[Dealt, ...]:
    """Return what is new in each annotator's queue, annotator after annotator, in her order.

    `trials` are all there are now, `before` is what was dealt already, `handed` who got which trial (its
    key) of somebody else since, `taken` are codes of other plans.
    """
    draw = chance(seed, name, batch)
    known = {dealt.trial.key: dealt.shared for dealt in before if dealt.purpose == "label"}
    new = _spread(shuffled([trial for trial in trials if trial.key not in known], draw))
    everybodys = _count(shares.overlap, len(known) + len(new)) - sum(known.values())
    if shares.overlap and new and not any(known.values()):
        everybodys = max(everybodys, 1)
    shared = new[: max(0, everybodys)]
    people = shuffled(sorted(set(annotators)), draw)
    firsts = {person: [(trial, True) for trial in shared] for person in people}
    has = {(dealt.annotator, dealt.trial.key) for dealt in before} | set(handed)
    for person, queue in firsts.items():
        # Whoever joins later gets what everybody has.
        queue += [(each, True) for each in trials if known.get(each.key) and (person, each.key) not in has]
    _deal_out(firsts, new[len(shared) :], before)
    queues = {
        person: _with_repeats(shuffled(firsts[person], own), shares.repeats, before, person, own)
        for person in sorted(firsts)
        for own in [chance(seed, name, batch, person)]
    }
    used = {*taken, *(dealt.code for dealt in before)}
    codes = iter(draw_codes(sum(map(len, queues.values())), draw, used))
    return tuple(
        Dealt(next(codes), person, trial, "repeat" if again else "label", everybody, batch)
        for person, queue in queues.items()
        for trial, everybody, again in queue
    )


def _count(share: float, total: int) -> int:
    return int(share * total + 0.5)


def _spread(trials: Sequence[Trial]) -> list[Trial]:
    """Return trials so that those of one recording are as far apart as they can be."""
    seen: Counter[str] = Counter()
    ranks = []
    for trial in trials:
        ranks.append(seen[trial.uuid])
        seen[trial.uuid] += 1
    return [trial for _, trial in sorted(zip(ranks, trials, strict=True), key=lambda pair: pair[0])]


def _deal_out(
    firsts: dict[str, list[tuple[Trial, bool]]], trials: Sequence[Trial], before: Sequence[Dealt]
) -> None:
    """Give each trial to whoever has been dealt the fewest of her own."""
    load = dict.fromkeys(firsts, 0)
    for dealt in before:
        if dealt.annotator in load and not dealt.shared and dealt.purpose == "label":
            load[dealt.annotator] += 1
    if load and before:
        # Newcomers are not to make up for what others did before them.
        held = {dealt.annotator for dealt in before}
        least = min((load[person] for person in firsts if person in held), default=0)
        load = {person: count if person in held else least for person, count in load.items()}
    for trial in trials if firsts else ():
        person = min(firsts, key=lambda name: load[name])
        load[person] += 1
        firsts[person].append((trial, False))


Entry = tuple[Trial, bool, bool]


def _with_repeats(
    firsts: Sequence[tuple[Trial, bool]],
    share: float,
    before: Sequence[Dealt],
    person: str,
    draw: Draw,
) -> list[Entry]:
    """Return a queue in which some trials of its first half come again, half a queue or more behind."""
    mine = [dealt.purpose for dealt in before if dealt.annotator == person]
    wanted = _count(share, mine.count("label") + len(firsts)) - mine.count("repeat")
    half = (len(firsts) + 1) // 2
    count = max(0, min(wanted, len(firsts) // 2))
    chosen = sorted(shuffled(range(len(firsts) // 2), draw)[:count])
    behind: dict[int, list[int]] = {}
    for place in chosen:
        spare = len(firsts) - (place + half)
        behind.setdefault(place + half + int(draw() * (spare + 1)), []).append(place)
    queue: list[Entry] = []
    for place, (trial, everybody) in enumerate(firsts):
        queue += [(*firsts[again], True) for again in behind.get(place, ())]
        queue.append((trial, everybody, False))
    queue += [(*firsts[again], True) for again in behind.get(len(firsts), ())]
    return queue
