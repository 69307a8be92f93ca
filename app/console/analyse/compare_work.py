"""What the step Compare reads: finished runs, their comparison; away from the window's thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from analysis.evaluation.compare import CompareError, compare
from analysis.evaluation.run_folder import Predictions, Run, open_run, runs_of
from analysis.evaluation.standing import recipe_of, standing
from analysis.recognizers.recognizer import RecognizerError
from analysis.recognizers.table import recognizer_class
from app.analysing.card_tables import PublishedRow, published_rows
from app.analysing.compare_figures import RunRow, pairs_figure, people_figure, runs_figure
from app.analysing.run_figures import Shown, watermarked
from app.analysing.run_report import modality_figures
from app.console.analyse.waiting import Told
from app.study import Study

MOST_RUNS = 6
"""So many are compared at first; more can be ticked."""


@dataclass(frozen=True)
class Compared:
    """Every finished run, and figures of the ticked ones; `why` there is none, by name."""

    rows: tuple[RunRow, ...]
    chosen: tuple[Path, ...]
    metric: str
    figures: Mapping[str, Shown]
    why: Mapping[str, str]
    modalities: tuple[Shown, ...]
    published: tuple[PublishedRow, ...]


def gather(
    study: Study, chosen: Sequence[Path] | None, current: Path | None, metric: str, told: Told
) -> Compared:
    """Read all finished runs of a study, and compare the chosen ones (None: the newest on one target)."""
    runs = runs_of(study.folder)
    done = [run for run in reversed(runs) if (run.folder / "result.json").exists()]
    rows = []
    for place, run in enumerate(done):
        told(place, len(done), run.name)
        rows.append(_row(run, runs, metric))
    rows = _labelled(rows)
    if chosen is None:
        chosen = [row.folder for row in rows if row.recipe == rows[0].recipe][:MOST_RUNS] if rows else []
    picked = [row for row in rows if row.folder in chosen]
    figures: dict[str, Shown] = {}
    why: dict[str, str] = {}
    if picked and not metric:
        # One figure, one metric: runs may have been asked for different ones.
        metric = picked[0].metric
        own = {run.folder: _row(run, runs, metric) for run in done}
        rows = [replace(own[row.folder], label=row.label) for row in rows]
        picked = [row for row in rows if row.folder in chosen]
    if picked:
        told(len(done), len(done), "comparison")
        name = metric
        marks = dict.fromkeys(row.watermark for row in picked if row.watermark)
        mark = next(iter(marks), "") if len(picked) == 1 else ""
        marked = [
            replace(row, label=f"LEAKY {row.label}") if row.watermark and not mark else row for row in picked
        ]
        figures["runs"] = watermarked(runs_figure(picked, name), mark)
        measure = "accuracy" if any("accuracy" in each for row in picked for each in row.people) else "mae"
        figures["participants"] = watermarked(people_figure(marked, measure), mark)
        _compare_pairs(marked, name, figures, why)
    else:
        for name in ("runs", "participants", "pairs"):
            why[name] = "Tick runs in the table above."
    now = next((row for row in rows if row.folder == current), picked[0] if picked else None)
    modalities: tuple[Shown, ...] = ()
    published: tuple[PublishedRow, ...] = ()
    if now is not None:
        run = open_run(now.folder)
        modalities = tuple(watermarked(each, now.watermark) for each in modality_figures(run))
        published = _published(run)
    return Compared(
        tuple(rows), tuple(row.folder for row in picked), metric or (rows[0].metric if rows else ""), figures,
        why, modalities, published,
    )  # fmt: skip


def _published(run: Run) -> tuple[PublishedRow, ...]:
    try:
        return published_rows(recognizer_class(run.experiment.recognizer).card, run)
    except RecognizerError:
        return ()


def _compare_pairs(
    picked: Sequence[RunRow], metric: str, figures: dict[str, Shown], why: dict[str, str]
) -> None:
    if len(picked) < 2:
        why["pairs"] = "Tick at least two runs on the same target for a paired comparison."
        return
    try:
        predictions = {row.label: _predictions(row.folder, _stamp(row.folder)) for row in picked}
        figures["pairs"] = pairs_figure(compare(predictions, metric))
    except CompareError as error:
        why["pairs"] = str(error)


@lru_cache(maxsize=32)
def _predictions(folder: Path, stamp: int) -> Predictions:
    del stamp
    return open_run(folder).predictions()


def _stamp(folder: Path) -> int:
    return (folder / "result.json").stat().st_mtime_ns


@lru_cache(maxsize=128)
def _result(folder: Path, stamp: int) -> Mapping[str, Any]:
    del stamp
    return open_run(folder).result or {}


def _row(run: Run, runs: Sequence[Run], metric: str) -> RunRow:
    result = _result(run.folder, _stamp(run.folder))
    name = metric if metric in result["metrics"] else run.experiment.metric
    told = result["metrics"].get(name) or {"value": None, "reason": "not computed"}
    ends = told.get("interval") or {}
    permutations = (result.get("controls") or {}).get("permutations") or {}
    is_same = permutations.get("metric") == name
    if permutations and is_same:
        words = permutations["words"] if permutations["p"] is not None else permutations["reason"]
    else:
        words = f"made for {permutations['metric']} only" if permutations else "no permutations were made"
    recognizer = run.experiment.recognizer
    return RunRow(
        run.folder,
        run.name,
        recognizer,
        recognizer,
        str(run.experiment.target.get("name", "")),
        recipe_of(run),
        run.experiment.split.kind,
        name,
        told["value"],
        ends.get("low"),
        ends.get("high"),
        told.get("reason") or ends.get("reason") or "",
        (result.get("baseline") or {}).get("metrics", {}).get(name, {}).get("value"),
        permutations.get("p") if is_same else None,
        words,
        standing(run, runs).words,
        str(result.get("watermark") or ""),
        int(result["cases"]),
        len(result["participants"]),
        tuple(result["metrics"]),
        tuple((result.get("trials") or result)["participants"]),
    )


def _labelled(rows: Sequence[RunRow]) -> list[RunRow]:
    """Give each run a short label of its own: recognizer, split where it differs, a number where needed."""
    splits = {row.split for row in rows}
    labels = [row.recognizer + (f" {row.split}" if len(splits) > 1 else "") for row in rows]
    many, seen = Counter(labels), Counter[str]()
    found = []
    # The oldest is number 1.
    for row, label in reversed(list(zip(rows, labels, strict=True))):
        seen[label] += 1
        found.append(replace(row, label=f"{label} {seen[label]}" if many[label] > 1 else label))
    return found[::-1]
