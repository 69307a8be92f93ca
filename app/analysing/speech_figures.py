"""Figures of spoken tasks: bars by kind and valence, confusion, calibration, one person's nine shares."""

from __future__ import annotations

import numpy as np

from app.analysing.html_page import Table
from app.analysing.run_figures import Shown
from app.analysing.speech_outcome import Outcome, PersonSaid
from app.analysing.speech_testing import calibration
from app.analysing.svg import BLUE, RED, SERIES, Axes, Estimate, Figure, forest, legend, matrix

BAR_PX = 15.0
GROUP_GAP_PX = 12.0
ALL = "all tasks"


def tasks_figure(outcome: Outcome) -> Shown:
    """Return each task's balanced accuracy as bars, by kind and valence, and that of all together."""
    shorts = [each.short for each in outcome.embeddings]
    rows = []
    for task in outcome.tasks:
        for short in shorts:
            found = outcome.by_task.get((task.name, short))
            ends = (None, None, None) if found is None else (found.value, found.low, found.high)
            rows.append((task.name, task.kind, task.valence, short, *ends))
    whole = outcome.figures["balanced accuracy"]
    rows.append((ALL, "", "", " + ".join(shorts), whole.value, whole.low, whole.high))
    groups = list(dict.fromkeys((task.kind, task.valence) for task in outcome.tasks))
    bars = len(outcome.tasks) * len(shorts) + 1
    high = 74 + BAR_PX * bars + 4 * len(outcome.tasks) + GROUP_GAP_PX * len(groups)

    def make(width: float, height: float) -> Figure:
        del height
        figure = Figure(width, high, "Balanced accuracy of each task")
        left = 190.0
        axes = Axes(figure, left, 26, width - left - 70, high - 66, (0.0, 1.0), (0.0, 1.0))
        axes.x_axis("balanced accuracy of persons never trained on, with 95 % interval", grid=True)
        half, _ = axes.at(0.5, 0)
        figure.line(half, 26, half, high - 40, dashes="4 3", opacity=0.7)
        if len(shorts) > 1:
            legend(figure, shorts, left, 14)
        y = 30.0
        for kind, valence in groups:
            for task in outcome.tasks:
                if (task.kind, task.valence) != (kind, valence):
                    continue
                middle = y + BAR_PX * len(shorts) / 2 + 4
                figure.text(left - 10, middle, f"{task.name}  {kind} {valence}".rstrip(), "end")
                for place, short in enumerate(shorts):
                    _bar(
                        axes,
                        y,
                        outcome.by_task.get((task.name, short)),
                        SERIES[place],
                        f"{task.name} {short}",
                    )
                    y += BAR_PX
                y += 4
            y += GROUP_GAP_PX
        figure.text(left - 10, y + BAR_PX / 2 + 4, ALL, "end", weight="bold")
        _bar(axes, y, whole, RED, ALL)
        return figure

    columns = ("task", "kind", "valence", "embedding", "balanced_accuracy", "low", "high")
    about = f"{outcome.words} Dashed: chance."
    table = Table("speech-tasks", columns, tuple(rows))
    return Shown("speech-tasks", "Tasks", about, make, table, (760.0, high), (460.0, high))


def _bar(axes: Axes, y: float, found: object, colour: str, name: str) -> None:
    value, low, high = (getattr(found, part, None) for part in ("value", "low", "high"))
    if value is None:
        axes.figure.text(axes.left + 4, y + BAR_PX - 3, "not known", opacity=0.8)
        return
    told = f"{value:.2f}" + ("" if low is None else f" [{low:.2f}, {high:.2f}]")
    end, _ = axes.at(float(value), 0)
    axes.figure.rect(axes.left, y + 1, end - axes.left, BAR_PX - 3, colour, 0.75, f"{name}: {told}")
    if low is not None and high is not None:
        first, last = axes.at(float(low), 0)[0], axes.at(float(high), 0)[0]
        axes.figure.line(first, y + BAR_PX / 2, last, y + BAR_PX / 2, width=1.2)
    axes.figure.text(axes.left + axes.width + 8, y + BAR_PX - 3, f"{value:.2f}")


def confusion_figure(outcome: Outcome) -> Shown:
    """Return how many visits of each class were taken for each, mean over repeats."""
    y, decided = outcome.whole.y, outcome.whole.shares > 0.5
    names = list(outcome.classes)
    counts = [[float((decided[:, y == kind] == bool(other)).sum(axis=1).mean()) for other in (0, 1)]
              for kind in (0, 1)]  # fmt: skip
    shares = [[count / max(sum(row), 1e-9) for count in row] for row in counts]
    words = [
        [f"{count:.1f} ({share:.0%})" for count, share in zip(*pair, strict=True)]
        for pair in zip(counts, shares, strict=True)
    ]

    def make(width: float, height: float) -> Figure:
        del width, height
        return matrix(shares, names, names, "Confusion: rows are the answers", words)

    rows = tuple((names[i], names[j], counts[i][j], shares[i][j]) for i in range(2) for j in range(2))
    table = Table("speech-confusion", ("answer", "decided", "visits", "share"), rows)
    about = "Rows: the answer; columns: the decision. Visits, mean over repeats, and the share of their row."
    side = 64 + 140.0 * 2
    return Shown("speech-confusion", "Confusion", about, make, table, (side, 130.0))


def calibration_figure(outcome: Outcome) -> Shown:
    """Return how often what was said was so, for each tenth of the shares."""
    points = calibration(outcome.whole.y, outcome.whole.shares)
    side = 380.0

    def make(width: float, height: float) -> Figure:
        size = max(240.0, min(width, height, side))
        figure = Figure(size, size, "Calibration")
        axes = Axes(figure, 60, 16, size - 80, size - 76, (0.0, 1.0), (0.0, 1.0))
        axes.x_axis(f"share of {outcome.classes[1]} that was said")
        axes.y_axis("share that was so")
        figure.line(*axes.at(0, 0), *axes.at(1, 1), dashes="4 3", opacity=0.7)
        axes.curve([(said, so) for said, so, _ in points], BLUE)
        for said, so, count in points:
            tip = f"said {said:.2f}, was {so:.2f}, {count} decisions"
            figure.dot(
                *axes.at(said, so),
                BLUE,
                2.5 + 5 * float(np.sqrt(count / len(outcome.whole.shares.ravel()))),
                tip,
            )
        return figure

    table = Table("speech-calibration", ("said", "was_so", "decisions"), tuple(points))
    about = "On the dashed line shares mean what they say. Larger points are more decisions."
    return Shown("speech-calibration", "Calibration", about, make, table, (side, side), (240.0, 240.0))


def person_figure(outcome: Outcome, person: PersonSaid) -> Shown:
    """Return one person's share by each task alone, and by all together with its range."""
    rows = [Estimate(task.name, person.tasks.get(task.name), note="missing") for task in outcome.tasks]
    rows.append(Estimate(ALL, person.share, person.low, person.high))
    label = f"share of {outcome.classes[1]}, said by recognizers trained on others"
    high = 66 + 22.0 * len(rows)

    def make(width: float, height: float) -> Figure:
        del height
        return forest(rows, f"Participant {person.participant}", label, 0.5, width)

    told = tuple((row.name, row.value, row.low, row.high) for row in rows)
    about = f"Participant {person.participant}, visit {person.session}. All tasks: {person.interval}."
    name = f"speech-{person.participant}"
    table = Table(name, ("task", "share", "low", "high"), told)
    return Shown(name, "Person", about, make, table, (620.0, high), (430.0, high))


def metrics_table(outcome: Outcome) -> Table:
    """Return every metric with its interval."""
    rows = tuple((name, found.value, found.low, found.high) for name, found in outcome.figures.items())
    return Table("speech-metrics", ("metric", "value", "low", "high"), rows)


def people_table(outcome: Outcome) -> Table:
    """Return everybody with what was said."""
    heads = ("participant", "session", "answer", "decided", "share", "low", "high",
             *(task.name for task in outcome.tasks), "flags")  # fmt: skip
    rows = tuple(
        (
            each.participant, each.session, each.answer, each.decided, each.share, each.low, each.high,
            *(each.tasks.get(task.name) for task in outcome.tasks), "; ".join(each.flags),
        )
        for each in outcome.people
    )  # fmt: skip
    return Table("speech-persons", heads, rows)
