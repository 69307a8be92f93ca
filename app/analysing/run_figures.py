"""The figures of a finished run, each with the table behind it: for its report, and for the panel."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.evaluation.metrics import METRICS
from app.analysing.html_page import Table
from app.analysing.svg import BLUE, GREY, ORANGE, SERIES, Axes, Estimate, Figure, forest, legend, matrix

Result = Mapping[str, Any]
ROW_PX, AROUND_PX = 22.0, 66.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure that `make(width, height)` draws in pixels, with the `table` behind it.

    `size` is what it takes by itself; less than `least` makes it unreadable.
    """

    name: str
    title: str
    about: str
    make: Callable[[float, float], Figure]
    table: Table
    size: tuple[float, float] = (640.0, 420.0)
    least: tuple[float, float] = (320.0, 240.0)

    def figure(self) -> Figure:
        """Return it in the size that it takes by itself."""
        return self.make(*self.size)


def watermarked(shown: Shown, words: str) -> Shown:
    """Return a figure with words across it, itself where there are none."""
    if not words:
        return shown

    def make(width: float, height: float) -> Figure:
        figure = shown.make(width, height)
        middle = figure.width / 2, figure.height / 2
        size = min(34.0, 1.5 * figure.width / max(1, len(words)))
        figure.text(*middle, words, "middle", size, -12.0, "bold", 0.35)
        return figure

    return replace(shown, make=make, about=f"{words}. {shown.about}")


def metric_title(name: str) -> str:
    """Return what a metric is called."""
    known = METRICS.get(name)
    return name if known is None else known.title[:1].upper() + known.title[1:]


def metric_table(result: Result) -> Table:
    """Return every metric with its interval, and the baseline's beside it."""
    baseline = result.get("baseline", {}).get("metrics", {})
    rows = []
    for name, told in result["metrics"].items():
        ends = told.get("interval") or {}
        rows.append(
            (
                metric_title(name), told["value"], ends.get("low"), ends.get("high"), told["n"],
                baseline.get(name, {}).get("value"), ends.get("method") or "",
                told["reason"] or ends.get("reason") or "",
            )
        )  # fmt: skip
    heads = ("metric", "value", "low", "high", "n", "baseline", "interval_by", "why_none")
    return Table("metrics", heads, tuple(rows))


def metrics_figure(result: Result) -> Shown:
    """Return every metric with its interval."""
    rows = []
    for name, told in result["metrics"].items():
        ends = told.get("interval") or {}
        rows.append(
            Estimate(metric_title(name), told["value"], ends.get("low"), ends.get("high"), told["reason"])
        )
    high = AROUND_PX + ROW_PX * len(rows)

    def make(width: float, height: float) -> Figure:
        del height
        return forest(rows, "Metrics", "value with its 95 % interval", None, width)

    primary = metric_title(str(result["primary"]))
    about = f"Primary metric: {primary}. {result['cases']} cases, all folds pooled."
    return Shown("metrics", "Metrics", about, make, metric_table(result), (760.0, high), (480.0, high))


def figures_of(result: Result) -> tuple[Shown, ...]:
    """Return every figure that a result holds the numbers of."""
    found = [participants_figure(result)]
    if result["task"] == "classes":
        found += [confusion_figure(result), roc_figure(result), reliability_figure(result)]
    permutations = (result.get("controls") or {}).get("permutations") or {}
    if permutations.get("values"):
        found.append(permutation_figure(result))
    return tuple(found)


def confusion_figure(result: Result) -> Shown:
    """Return how often each class was taken for each."""
    told = result["confusion"]
    names, counts = [str(each) for each in told["classes"]], told["counts"]
    shares = [[count / sum(row) if sum(row) else None for count in row] for row in counts]
    words = [
        [
            f"{count}" if share is None else f"{count} ({share:.0%})"
            for count, share in zip(*pair, strict=True)
        ]
        for pair in zip(counts, shares, strict=True)
    ]
    rows = tuple(
        (names[i], names[j], counts[i][j], shares[i][j]) for i in range(len(names)) for j in range(len(names))
    )

    def make(width: float, height: float) -> Figure:
        del width, height
        return matrix(shares, names, names, "Confusion matrix: rows are the answers", words)

    side = 64 + 100.0 * len(names)
    return Shown(
        "confusion",
        "Confusion",
        "Rows: the answer; columns: what was decided. Cases, and the share of their row.",
        make,
        Table("confusion", ("answer", "decided", "cases", "share_of_answer"), rows),
        (side, 60 + 30.0 * len(names)),
    )


def roc_figure(result: Result) -> Shown:
    """Return true positives over false positives at every threshold, a line a class."""
    curves = {str(name): told for name, told in result["roc"].items() if told}
    rows = tuple(
        (name, told["threshold"][place], false, told["true_positive"][place])
        for name, told in curves.items()
        for place, false in enumerate(told["false_positive"])
    )

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, "ROC")
        axes = square(figure, width, height)
        axes.x_axis("false positive rate")
        axes.y_axis("true positive rate")
        figure.line(*axes.at(0, 0), *axes.at(1, 1), GREY, dashes="4 3")
        for place, told in enumerate(curves.values()):
            points = zip(told["false_positive"], told["true_positive"], strict=True)
            axes.curve(points, SERIES[place % len(SERIES)])
        legend(figure, list(curves), axes.left, 18)
        return figure

    auc = result["metrics"].get("auc", {}).get("value")
    told = "not defined" if auc is None else f"{auc:.3f}"
    return Shown(
        "roc",
        "ROC",
        f"Every threshold, cases of all folds pooled; AUC {told}. Dashed: guessing.",
        make,
        Table("roc", ("class", "threshold", "false_positive_rate", "true_positive_rate"), rows),
        (500.0, 420.0),
    )


def reliability_figure(result: Result) -> Shown:
    """Return how often it was right where it was so sure."""
    bins = result["reliability"]
    rows = tuple(
        (each["from"], each["to"], each["cases"], each["confidence"], each["accuracy"]) for each in bins
    )
    most = max((each["cases"] for each in bins), default=1) or 1

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, "Reliability diagram")
        axes = square(figure, width, height)
        axes.x_axis("how sure it was (highest probability)")
        axes.y_axis("share that was right")
        figure.line(*axes.at(0, 0), *axes.at(1, 1), GREY, dashes="4 3")
        known = [each for each in bins if each["cases"]]
        for each in bins:
            left, base = axes.at(each["from"], 0)
            right, _ = axes.at(each["to"], 0)
            _, top = axes.at(0, 0.25 * each["cases"] / most)
            tip = f"{each['cases']} cases between {each['from']:.1f} and {each['to']:.1f}"
            figure.rect(left + 1, top, right - left - 2, base - top, GREY, 0.35, tip)
        axes.curve([(each["confidence"], each["accuracy"]) for each in known], BLUE)
        for each in known:
            at = axes.at(each["confidence"], each["accuracy"])
            tip = f"{each['cases']} cases: sure {each['confidence']:.2f}, right {each['accuracy']:.2f}"
            figure.dot(*at, BLUE, 4.0, tip)
        return figure

    ece = result["metrics"].get("ece", {}).get("value")
    told = "not defined" if ece is None else f"{ece:.3f}"
    return Shown(
        "reliability",
        "Reliability",
        f"On the dashed line it is as often right as it is sure; calibration error {told}. "
        "Grey: how many cases.",
        make,
        Table("reliability", ("from", "to", "cases", "confidence", "accuracy"), rows),
        (500.0, 420.0),
    )


def participants_figure(result: Result) -> Shown:
    """Return a row a participant: accuracy with Wilson's interval over trials, or the mean absolute error."""
    source = result.get("trials") or result
    people = source["participants"]
    is_classes = result["task"] == "classes"
    measure = "accuracy" if is_classes else "mae"
    primary = str(result.get("primary", measure))
    rows, estimates = [], []
    for each in people:
        value, n = each.get(measure), int(each["cases"])
        ends: tuple[float | None, float | None] = (None, None)
        if is_classes and value is not None:
            ends = wilson(round(value * n), n)
        estimates.append(Estimate(short(str(each["participant"]), 18), value, *ends))
        others = [each[name] for name in each if name not in ("participant", "cases", measure)]
        rows.append((each["participant"], n, value, *ends, *others))
    heads = ["participant", "cases", measure, "low", "high"]
    heads += [name for name in (people[0] if people else ()) if name not in (*heads, "participant")]
    unit = "their trials, one vote each" if result.get("trials") else "their cases"
    level = ((result.get("baseline") or {}).get("metrics") or {}).get(measure, {}).get("value")
    if result.get("trials"):
        # The baseline is known of single cases: votes, of trials of other lengths, have another one.
        level = None
    label = metric_title(measure)
    about = f"{label} of each participant over {unit}"
    about += ", with Wilson's 95 % interval" if is_classes else ""
    if level is not None:
        about += f"; dashed: the majority baseline ({level:.3f})" if is_classes else f"; dashed: {level:.3f}"
    if primary not in (measure,) and primary in (people[0] if people else ()):
        about += f". {metric_title(primary)} of each is in the table"

    def make(width: float, height: float) -> Figure:
        del height
        return forest(estimates, "Participants", label, level, width)

    return Shown(
        "participants",
        "Participants",
        f"{about}.",
        make,
        Table("participants", tuple(heads), tuple(rows)),
        (760.0, AROUND_PX + ROW_PX * len(rows)),
        (480.0, AROUND_PX + ROW_PX * len(rows)),
    )


def permutation_figure(result: Result) -> Shown:
    """Return how the metric spreads when answers are permuted, and where the run lies."""
    told = result["controls"]["permutations"]
    values = [float(each) for each in told["values"]]
    metric = str(told["metric"])
    observed = result["metrics"].get(metric, {}).get("value")
    known = [*values, *([] if observed is None else [observed])]
    low, high = min(known), max(known)
    room = 0.05 * ((high - low) or 1.0)
    low, high = low - room, high + room
    count = min(40, max(10, round(math.sqrt(len(values)))))
    counts = [0] * count
    for value in values:
        counts[min(count - 1, int((value - low) / (high - low) * count))] += 1

    def make(width: float, height: float) -> Figure:
        figure = Figure(width, height, "Label permutations")
        axes = Axes(figure, 60, 30, width - 90, height - 80, (low, high), (0, max(counts) * 1.1))
        axes.x_axis(metric_title(metric))
        axes.y_axis("permutations")
        for place, each in enumerate(counts):
            left, top = axes.at(low + (high - low) * place / count, each)
            right, base = axes.at(low + (high - low) * (place + 1) / count, 0)
            figure.rect(left + 0.5, top, right - left - 1, base - top, GREY, 0.7)
        if observed is not None:
            x, top = axes.at(observed, axes.y[1])
            figure.line(x, top, x, axes.top + axes.height, ORANGE, 2.5)
            anchor = "end" if observed > (low + high) / 2 else "start"
            figure.text(x + (-6 if anchor == "end" else 6), top + 12, f"this run {observed:.3f}", anchor)
        return figure

    p = told.get("p")
    said = f"p = {p:.3g}" if p is not None else f"no p: {told.get('reason', '')}"
    return Shown(
        "permutations",
        "Permutations",
        f"{told['words']}; {said}.",
        make,
        Table("permutations", ("number", metric), tuple(enumerate(values, 1))),
        (600.0, 340.0),
    )


def combination_table(rows: Sequence[Mapping[str, Any]], name: str = "combinations") -> Table:
    """Return combinations of modalities as a table; of classes also the share of each that was found."""
    heads = list(dict.fromkeys(key for row in rows for key in row if key not in ("inputs", "found")))
    classes = list(dict.fromkeys(key for row in rows for key in row.get("found", {})))
    columns = (*heads, "inputs", *(f"found_{each}_percent" for each in classes))
    return Table(
        name,
        tuple(columns),
        tuple(
            (
                *(row.get(key) for key in heads),
                " ".join(row.get("inputs", ())),
                *(row.get("found", {}).get(each) for each in classes),
            )
            for row in rows
        ),
    )


def heat_figure(rows: Sequence[Mapping[str, Any]], about: str, name: str = "combinations") -> Shown:
    """Return the heat map of combinations of modalities: a row each, a column a metric."""
    metrics = [
        key
        for key in dict.fromkeys(key for row in rows for key in row)
        if key not in ("name", "inputs", "cases", "found")
    ]
    names = [str(row["name"]) for row in rows]
    cells = [[row.get(metric) for metric in metrics] for row in rows]
    words = [["" if value is None else f"{value:.3f}" for value in line] for line in cells]
    shares = [
        [
            _share([each[column] for each in cells], value, metrics[column])
            for column, value in enumerate(line)
        ]
        for line in cells
    ]

    def make(width: float, height: float) -> Figure:
        del width, height
        return matrix(shares, names, [metric_title(metric) for metric in metrics], "Modalities", words)

    counts = [int(row["cases"]) for row in rows if "cases" in row]
    if len(set(counts)) > 1:
        about += f" Rows rest on different cases, {min(counts)} to {max(counts)} of them: see the table."
    wide = 64 + 170.0 * len(metrics)
    return Shown(
        name,
        "Modalities",
        f"{about} The darker, the better among the rows.",
        make,
        combination_table(rows, name),
        (wide, 60 + 30.0 * len(rows)),
        (wide, 60 + 30.0 * len(rows)),
    )


def _share(column: Sequence[float | None], value: float | None, metric: str) -> float | None:
    """Return how dark a cell is, the best of its column darkest: of errors the smallest."""
    if value is None:
        return None
    known = [each for each in column if each is not None]
    low, high = min(known), max(known)
    if high <= low:
        return 0.5
    place = (value - low) / (high - low)
    is_up = metric not in METRICS or METRICS[metric].higher_is_better
    return 0.05 + 0.9 * (place if is_up else 1 - place)


def wilson(right: int, of: int, z: float = 1.959964) -> tuple[float | None, float | None]:
    """Return Wilson's 95 % interval of a share (Wilson 1927); None where nothing was counted."""
    if of <= 0:
        return None, None
    share, extra = right / of, z * z / of
    middle = (share + extra / 2) / (1 + extra)
    half = z * math.sqrt(share * (1 - share) / of + extra / (4 * of)) / (1 + extra)
    return max(0.0, middle - half), min(1.0, middle + half)


def square(figure: Figure, width: float, height: float) -> Axes:
    """Return square axes from 0 to 1 within a figure."""
    side = max(60.0, min(width - 80, height - 84))
    return Axes(figure, 62, 34, side, side, (0, 1), (0, 1))


def short(text: str, most: int = 28) -> str:
    """Return a name that fits, cut with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
