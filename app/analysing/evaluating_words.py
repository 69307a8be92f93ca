"""Results as lines of text: what `evoke evaluate` and `evoke rerun` print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.evaluation.label_scores import SCORES
from analysis.evaluation.metrics import METRICS
from app.analysing.evaluating import Prepared

_WIDTH = 28
_MOST = 12


def number(value: float | None, reason: str = "") -> str:
    """Return a number as it is told, three places; the reason where there is none."""
    return f"{value:.3f}" if value is not None else f"undefined ({reason})" if reason else "undefined"


def prepared_lines(prepared: Prepared) -> Iterator[str]:
    """Tell what will be done: folds, guards, cost, what is lost."""
    yield f"{prepared.experiment.recognizer}: {prepared.division.words}"
    yield f"  {prepared.cost}"
    for note in (*prepared.division.notes, *prepared.facts["warnings"]):
        yield f"  note: {note}"
    lost = prepared.facts["lost"]
    if lost:
        yield f"  {len(lost)} trials lost: {_whys(lost)}"
    for line in prepared.guards.lines:
        place = f"{line.fold}: " if line.fold else ""
        yield f"  {line.state:<8}{line.guard:<20}{place}{line.words}"


def result_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Tell a run's result: figures with intervals, controls, participants, confusion."""
    yield f"{told['run']}: {told['state']}, {told['standing']}"
    yield f"  {told['folder']}"
    result = told["result"]
    for each in told["folds"]:
        if each["state"] in ("failed", "stopped"):
            yield f"  {each['name']} {each['state']}: {each['why']}"
    if result is None:
        yield "  no fold is finished: there is no figure"
        return
    if result["watermark"]:
        yield f"  *** {result['watermark']} ***"
    for note in result["notes"]:
        yield f"  note: {note}"
    yield from _metric_lines(result, "cases")
    if "trials" in result:
        yield "  one vote a trial:"
        yield from _metric_lines(result["trials"], "trials")
    if "labels" in result:
        yield from label_lines(result["labels"])
    if "steps" in result:
        yield from step_lines(result["steps"])
    yield from control_lines(result)
    yield from _participant_lines(result)
    if "confusion" in result:
        yield from _confusion_lines(result["confusion"])
        yield from _roc_lines(result)


def _metric_lines(result: Mapping[str, Any], unit: str) -> Iterator[str]:
    for name, each in result["metrics"].items():
        interval = each.get("interval") or {}
        text = number(each["value"], each["reason"])
        if interval.get("low") is not None:
            text += f"  [{interval['low']:.3f}, {interval['high']:.3f}]  {interval['method']}"
        elif each["value"] is not None and interval.get("reason"):
            text += f"  no interval: {interval['reason']}"
        what = "participants" if name == "auc_participants" else unit
        yield f"  {METRICS[name].title:<{_WIDTH}}{text}  ({each['n']} {what})"


def label_lines(labels: Mapping[str, Any]) -> Iterator[str]:
    """Tell the scores of each label, and how estimates became high or low."""
    yield f"  labels: {labels['words']}."
    shown = [name for name in SCORES if all(name in row["metrics"] for row in labels["rows"])]
    yield f"  {'label':<14}{'threshold':>10}{'high':>7}" + "".join(f"{name:>22}" for name in shown)
    for row in labels["rows"]:
        edge = "none" if row["threshold"] is None else f"{row['threshold']:g}"
        high = "" if row["high"] is None else f"{row['high']:.0%}"
        told = "".join(f"{_with_ends(row['metrics'][name]):>22}" for name in shown)
        yield f"  {row['label']:<14}{edge:>10}{high:>7}{told}"
    average = "".join(f"{_with_ends(each):>22}" for each in labels["average"].values())
    yield f"  {'average':<14}{'':>17}{average}"
    for name, each in labels["average"].items():
        if each.get("left_out"):
            yield f"  the average of {name} is without {', '.join(each['left_out'])}, where it is undefined"


def _with_ends(each: Mapping[str, Any]) -> str:
    if each["value"] is None:
        return "undefined"
    low, high = each["interval"]["low"], each["interval"]["high"]
    return f"{each['value']:.3f}" + ("" if low is None else f" [{low:.3f}, {high:.3f}]")


def step_lines(steps: Mapping[str, Any]) -> Iterator[str]:
    """Tell how many single steps are right beside the vote of each case."""
    accuracy, vote = steps["accuracy"], steps["vote"]
    yield (
        f"  step by step: accuracy {_with_ends(accuracy)} of {sum(each['steps'] for each in steps['folds'])}"
        f" steps; the vote of a case's steps: {_with_ends(vote)} of {vote['n']} cases"
    )
    if steps["mean"] is not None:
        spread = "" if steps["sd"] is None else f" (SD {steps['sd']:.3f})"
        yield f"  over {len(steps['folds'])} folds the steps' accuracy is {steps['mean']:.3f}{spread}"


def label_table_lines(table: Mapping[str, Any]) -> Iterator[str]:
    """Tell the accuracy of each label by combination of modalities."""
    yield f"  accuracy of each label, per cent ({table['cases']} cases that all combinations have):"
    wide = max(12, *(len(name) + 2 for name in table["variants"]))
    yield f"    {'label':<14}" + "".join(f"{name:>{wide}}" for name in table["variants"])
    for row in table["rows"]:
        shares = [row["accuracy"][name] for name in table["variants"]]
        told = ("undefined" if share is None else f"{100 * share:.2f}" for share in shares)
        yield f"    {row['label']:<14}" + "".join(f"{each:>{wide}}" for each in told)


def control_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Tell the controls: baseline, permutations, identity probe."""
    baseline = result["baseline"]
    test = baseline["test"]
    p = f"p = {test['p']:.4f}" if test["p"] is not None else f"no p: {test['why']}"
    yield (
        f"  baseline ({baseline['words']}): {test['metric']} {number(test['level'], test['reason'])};"
        f" against it {p} ({test['test']}, {test['participants']} participants)"
    )
    permutations = result["controls"].get("permutations")
    if permutations:
        p = f"p = {permutations['p']:.4f}" if permutations["p"] is not None else permutations["reason"]
        yield f"  permutations: {p} ({permutations['words']})"
    probe = result["controls"].get("probe")
    if probe:
        text = (
            f"names {probe['accuracy']:.0%} of cases' participants, chance {probe['chance']:.0%}"
            if probe["accuracy"] is not None
            else probe["reason"]
        )
        yield f"  identity probe: {text}"


def _participant_lines(result: Mapping[str, Any]) -> Iterator[str]:
    rows = result["participants"]
    names = [name for name in rows[0] if name not in ("participant", "cases")] if rows else []
    yield f"  {'participant':<14}{'cases':>6}  " + "".join(f"{name:>20}" for name in names)
    for row in rows:
        values = "".join(f"{number(row[name]):>20}" for name in names)
        yield f"  {row['participant']:<14}{row['cases']:>6}  {values}"


def _confusion_lines(confusion: Mapping[str, Any]) -> Iterator[str]:
    classes, counts = confusion["classes"], confusion["counts"]
    wide = max(8, *(len(name) + 2 for name in classes))
    head = "".join(f"{name:>{wide}}" for name in classes)
    yield f"  {'confusion (rows: answer, columns: taken for)':<44}{head}"
    for name, row in zip(classes, counts, strict=True):
        yield f"  {name:<44}" + "".join(f"{count:>{wide}}" for count in row)


def _roc_lines(result: Mapping[str, Any]) -> Iterator[str]:
    for name, curve in result["roc"].items():
        if curve is None:
            yield f"  ROC of {name}: undefined, one side is empty"
            continue
        points = list(zip(curve["false_positive"], curve["true_positive"], strict=True))
        step = max(1, len(points) // _MOST)
        shown = [*points[:-1:step], points[-1]]
        told = " ".join(f"({x:.2f}, {y:.2f})" for x, y in shown)
        yield f"  ROC of {name} (false, true positive rate; all {len(points)} in result.json): {told}"


def table_lines(table: Mapping[str, Any]) -> Iterator[str]:
    """Tell the table of modalities and the table of fusions."""
    done = f"{len(table['rows'])} of {table['combinations']}"
    yield f"  combinations of modalities, each trained anew ({done}):"
    # A letter is read by nobody who has not read the paper.
    if table.get("groups"):
        yield "    " + "; ".join(f"{name}: {', '.join(inputs)}" for name, inputs in table["groups"].items())
    yield from _rows(table["rows"])
    if table["masked"]:
        yield "  the same, trained on all and predicted with the others taken away:"
        yield from _rows(table["masked"])
    if table["fusion"]:
        yield "  fusion:"
        yield from _rows(table["fusion"])
    if table.get("labels"):
        yield from label_table_lines(table["labels"])


def _rows(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        numbers = [
            f"{name} {number(row[name])}" for name in row if name not in ("name", "inputs", "cases", "found")
        ]
        found = [
            f"{name} {'undefined' if share is None else f'{share:.2f} %'}"
            for name, share in row.get("found", {}).items()
        ]
        yield f"    {row['name']:<38}{', '.join([*found, *numbers])}  ({row['cases']} cases)"


def comparison_lines(comparison: Mapping[str, Any]) -> Iterator[str]:
    """Tell which recognizer is better, paired over participants."""
    yield (
        f"comparison of {comparison['metric']} on {comparison['cases']} shared cases"
        + (f" ({comparison['left_out']} not shared)" if comparison["left_out"] else "")
    )
    for pair in comparison["pairs"]:
        interval = (
            f" [{pair['low']:+.3f}, {pair['high']:+.3f}]"
            if pair["low"] is not None
            else f" (no interval: {pair['interval']})"
        )
        flip = "none" if pair["flip_holm"] is None else f"{pair['flip_holm']:.4f}"
        rank = "none" if pair["wilcoxon_holm"] is None else f"{pair['wilcoxon_holm']:.4f}"
        mean = "undefined" if pair["mean"] is None else f"{pair['mean']:+.3f}"
        yield (
            f"  {pair['first']} - {pair['second']}: {mean}{interval};"
            f" p (Holm) {flip} ({pair['flip_how']}), {rank} ({pair['wilcoxon_how']});"
            f" {pair['participants']} participants"
        )


def _whys(lost: list[dict[str, Any]]) -> str:
    counts: dict[str, int] = {}
    for each in lost:
        counts[each["why"]] = counts.get(each["why"], 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    return "; ".join(f"{count} {why}" for why, count in ranked[:5])
