"""What a plan would come to before it is made: items and hours for each annotator. No Qt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.exchange.export_files import LeftOut
from analysis.labels.records import NS
from analysis.labels.scheme import Scheme
from app.annotation.dealing import Dealt, Shares, deal
from app.annotation.plans import Plan
from app.annotation.trials import Margins, Trial, trials_of
from app.study import Study

QUESTION_S = 6.0
"""What answering one question, or choosing one label, is reckoned with."""
BETWEEN_S = 4.0
"""Going to the next item."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one annotator would get: items new to her, of which everybody has some, and repeats."""

    annotator: str
    items: int
    shared: int
    repeats: int
    work_s: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would be planned: shares by annotator, sessions and trials in it, and what is left out."""

    shares: tuple[Share, ...]
    sessions: int
    trials: int
    left_out: tuple[LeftOut, ...]

    @property
    def items(self) -> int:
        """Items of all annotators together."""
        return sum(share.items for share in self.shares)


def work_s(scheme: Scheme, trial: Trial) -> float:
    """Return how long an item is reckoned to take: a pass a trace, at least one, and the answers."""
    traces = sum(tier.kind in ("trace1d", "trace2d") for tier in scheme.tiers)
    answers = sum(
        len(tier.questions) if tier.kind == "trial" else tier.kind in ("point", "segment")
        for tier in scheme.tiers
    )
    length_s = (trial.end_ns - trial.start_ns) / NS
    return max(1, traces) * length_s + answers * QUESTION_S + BETWEEN_S


def outlook(
    study: Study,
    scheme: Scheme,
    annotators: Collection[str],
    seed: int,
    shares: Shares,
    margins: Margins,
    sessions: Collection[str],
    plan: Plan | None = None,
    name: str = "",
) -> Outlook:
    """Return what a new plan, or the growing of `plan`, would deal out of these sessions (stems).

    Opens every recording: call it in a worker. Raises StudyError.
    """
    trials, left_out = trials_of(study, scheme, margins)
    wanted = tuple(trial for trial in trials if trial.recording in sessions)
    people = tuple(dict.fromkeys((*(plan.active if plan else ()), *annotators)))
    dealt = deal(
        wanted,
        people,
        seed,
        shares,
        name=name,
        before=plan.dealt if plan else (),
        batch=len(plan.rounds) + 1 if plan else 1,
    )
    return Outlook(
        tuple(
            _share(person, [each for each in dealt if each.annotator == person], scheme) for person in people
        ),
        len({each.trial.recording for each in dealt}),
        len({each.trial.key for each in dealt}),
        left_out,
    )


def _share(person: str, dealt: Sequence[Dealt], scheme: Scheme) -> Share:
    purposes = Counter(each.purpose for each in dealt)
    shared = sum(each.shared and each.purpose == "label" for each in dealt)
    took_s = sum(work_s(scheme, each.trial) for each in dealt)
    return Share(person, len(dealt), shared, purposes["repeat"], took_s)


def others_of(
    study: Study, scheme: Scheme, margins: Margins, sessions: Collection[str]
) -> set[tuple[str, int]]:
    """Return the trials of the sessions that are not wanted."""
    return {trial.key for trial in trials_of(study, scheme, margins)[0] if trial.recording not in sessions}


def hours(seconds: float) -> str:
    """Return a length of work in words."""
    if seconds < 5400:
        return f"{max(1, round(seconds / 60))} min" if seconds else "–"
    return f"{seconds / 3600:.1f} h"
