"""The flow of participants and trials: how many there were at each point, and why each other was lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from analysis.corpus.corpus import Corpus
from analysis.targets.recipe import Target
from app import visits
from app.analysing.html_page import Page, Table
from app.analysing.svg import BLUE, Figure
from app.study import Study

FLOW = ("what", "step", "count", "lost", "why")


@dataclass(frozen=True, slots=True)
class Step:
    """A point of the flow: how many are left there, and how many went with each reason before it."""

    what: str
    name: str
    count: int
    lost: tuple[tuple[str, int], ...] = ()

    @property
    def rows(self) -> list[tuple[str, str, int, int | None, str]]:
        """Rows of the table: the count, then a row for every reason."""
        first: list[tuple[str, str, int, int | None, str]] = [(self.what, self.name, self.count, None, "")]
        return first + [(self.what, self.name, self.count, count, why) for why, count in self.lost]


def participants_flow(study: Study, corpus: Corpus) -> tuple[Step, ...]:
    """Return the flow of participants: entered, recorded, in the analysis."""
    rows = visits.overview(study)
    entered = [row.person for row in rows]
    with_file = {row.person.code for row in rows if any(visit.runs for visit in row.visits)}
    used = set(corpus.participants)
    never = Counter(
        (person.excluded and f"excluded before a session: {person.excluded}") or "no finished session"
        for person in entered
        if person.code not in with_file
    )
    reasons: dict[str, str] = {}
    whose = {
        session.file.rpartition("/")[2].removesuffix(".h5"): session for session in visits.recorded(study)
    }
    for left in corpus.left_out:
        if left.trial < 0 and left.recording in whose:
            reasons.setdefault(whose[left.recording].participant, left.why)
    gone = Counter(reasons.get(code, "no usable trial") for code in sorted(with_file) if code not in used)
    erased = [left for left in corpus.left_out if not left.recording]
    steps = [Step("participants", "entered", len(entered))]
    if erased:
        steps.append(
            Step(
                "participants",
                "withdrawn and erased",
                len(erased),
                _sorted(Counter(left.why for left in erased)),
            )
        )
    steps.append(Step("participants", "with a finished session", len(with_file), _sorted(never)))
    steps.append(Step("participants", "in the analysis", len(used), _sorted(gone)))
    return tuple(steps)


def trials_flow(corpus: Corpus, targets: tuple[Target, ...]) -> tuple[Step, ...]:
    """Return the flow of trials: in the files, usable, with an answer for each target."""
    lost = Counter(left.why for left in corpus.left_out if left.trial >= 0)
    usable = len(corpus.trials)
    steps = [
        Step("trials", "begun in the recordings used", usable + sum(lost.values())),
        Step("trials", "usable", usable, _sorted(lost)),
    ]
    for target in targets:
        without = Counter(each.why for each in target.lost)
        name = f"with an answer for {target.recipe.name}"
        steps.append(Step("trials", name, len(target.values), _sorted(without)))
    return tuple(steps)


def _sorted(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def add_flow(page: Page, study: Study, corpus: Corpus, targets: tuple[Target, ...]) -> None:
    """Add the section to a page."""
    page.section("Participants and trials")
    people, trials = participants_flow(study, corpus), trials_flow(corpus, targets)
    for steps in (people, trials):
        rows = tuple(row for step in steps for row in step.rows)
        table = Table(f"flow-{steps[0].what}", FLOW, rows)
        page.figure(draw(steps), f"Flow of {steps[0].what}; every reason is in the table.", table)
    sessions = tuple(
        (left.recording or "–", left.trial + 1 if left.trial >= 0 else None, left.why)
        for left in corpus.left_out
    )
    if sessions:
        page.heading("Left out, one by one")
        page.table(Table("left-out", ("recording", "trial", "why"), sessions), most=20)


def draw(steps: tuple[Step, ...]) -> Figure:
    """Return the flow as boxes from top to bottom, the reasons to the right."""
    tall = [max(34.0, 14 + 17.0 * len(step.lost)) for step in steps]
    box = max(270.0, 60 + 7.2 * max(len(step.name) for step in steps))
    figure = Figure(450 + box, sum(tall) + 16.0 * len(steps) + 6, f"Flow of {steps[0].what}")
    y = 6.0
    for place, (step, height) in enumerate(zip(steps, tall, strict=True)):
        figure.rect(4, y, box, 30, BLUE, 0.16)
        figure.text(14, y + 20, str(step.count), weight="600")
        figure.text(52, y + 20, step.name)
        for down, (why, count) in enumerate(step.lost):
            figure.text(box + 22, y + 16 + 17 * down, f"– {count}  {_short(why)}", opacity=0.85)
        if place + 1 < len(steps):
            figure.line(139, y + 30, 139, y + height + 16, opacity=0.5)
        y += height + 16
    return figure


def _short(why: str, most: int = 58) -> str:
    return why if len(why) <= most else why[: most - 1] + "…"
