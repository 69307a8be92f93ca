"""A run as one HTML file: every figure, what was asked, by which command, of which files, by which code."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from analysis.evaluation.experiment import Experiment
from analysis.evaluation.run_folder import RESULTS, Run, RunError, open_run, runs_of
from analysis.evaluation.standing import standing
from analysis.recognizers.recognizer import Card, RecognizerError
from analysis.recognizers.table import recognizer_class
from app.analysing.card_tables import PublishedRow, card_tables, published_rows
from app.analysing.html_page import Page, Table
from app.analysing.label_tables import add_labels, add_steps
from app.analysing.rebuilt_figures import rebuilt_figures
from app.analysing.run_figures import (
    Shown,
    figures_of,
    heat_figure,
    metric_table,
    metric_title,
    metrics_figure,
    watermarked,
)
from app.analysing.svg import SERIES, Axes, Figure, legend
from stimuli.problems import EvokeError

FILE = "report.html"


class RunReportError(EvokeError):
    """A run's report cannot be written; the text is the one clear message."""


def report_run(run_folder: Path, out: Path | None = None) -> Path:
    """Write the report of a finished run, and a CSV beside every figure; return the page.

    They lie in `out`, else in the run's own folder. A report of something else is never written over. Raises
    RunReportError.
    """
    try:
        run = open_run(run_folder)
        page = report_page(run)
        _check_room(run, out)
        return page.write(out or run_folder, FILE)
    except (RunError, OSError, KeyError) as error:
        raise RunReportError(f"{run_folder}: its report cannot be written ({error}).") from error


def _check_room(run: Run, out: Path | None) -> None:
    there = None if out is None else out / FILE
    if there is None or not there.exists():
        return
    if escape(_run_words(run)) not in there.read_text(encoding="utf-8", errors="replace"):
        raise RunReportError(f"{there}: is the report of something else. Choose another folder.")


def _run_words(run: Run) -> str:
    return f"Run {run.name}, {run.created}."


def report_page(run: Run) -> Page:
    """Return the report of a run; raises RunReportError where it has no result yet."""
    result = run.result
    if result is None:
        raise RunReportError(f"{run.name}: has no result yet. Finish it first: {resume_command(run)}")
    study = study_of(run)
    runs = runs_of(study) if study is not None else (run,)
    try:
        card = recognizer_class(run.experiment.recognizer).card
    except RecognizerError:
        card = None
    title = card.title if card is not None else run.experiment.recognizer
    target = str(run.experiment.target.get("name", ""))
    page = Page(f"{title}: {target}", f"{_run_words(run)} {standing(run, runs).words}.")
    if result["watermark"]:
        page.warning(f"{result['watermark']}. Do not report these figures as what it reaches.")
    _headline(page, run, result)
    add_labels(page, result, combinations_of(run))
    add_steps(page, result)
    _figures(page, run, result)
    _tested(page, run)
    _trained(page, run)
    _data(page, run)
    if card is not None:
        _card(page, card, run)
    _repeat(page, run)
    return page


def study_of(run: Run) -> Path | None:
    """Return the folder of the study that a run lies in, None elsewhere."""
    above = run.folder.parents
    depth = len(RESULTS.parts)
    if len(above) > depth and run.folder.parent == above[depth] / RESULTS:
        return above[depth]
    return None


def _headline(page: Page, run: Run, result: Mapping[str, Any]) -> None:
    page.section("Result")
    shown = watermarked(metrics_figure(result), str(result["watermark"]))
    page.figure(shown.figure(), shown.about, shown.table)
    page.table(shown.table)
    trials = result.get("trials")
    if trials:
        page.heading("One vote a trial")
        voted = metric_table({**trials, "baseline": {}})
        page.table(Table("metrics-trials", voted.columns, voted.rows))
    for name, metrics in (result.get("outputs") or {}).items():
        page.heading(f"Output {name}")
        told = tuple((metric_title(key), each["value"], each["n"]) for key, each in metrics.items())
        page.table(Table(f"metrics-{name}", ("metric", "value", "n"), told))
    page.heading("Controls")
    page.facts(dict(control_facts(result)))
    for note in result["notes"]:
        page.text(str(note))
    for each in result["missing"]:
        page.warning(f"Fold {each['fold']} is missing ({each['state']}). {each['why']}")


def control_facts(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what stands beside a result: baseline, permutations, probe."""
    baseline = result["baseline"]
    test = baseline["test"]
    p = f"p = {test['p']:.3g}" if test["p"] is not None else f"no p: {test['why']}"
    level = "not defined" if test["level"] is None else f"{test['level']:.3f}"
    yield (
        "Majority baseline",
        f"{metric_title(test['metric'])} {level} ({baseline['words']}). Against it over "
        f"{test['participants']} participants: {p} ({test['test']}).",
    )
    permutations = (result.get("controls") or {}).get("permutations")
    if permutations:
        p = f"p = {permutations['p']:.3g}" if permutations["p"] is not None else permutations["reason"]
        yield "Label permutations", f"{p}. {permutations['words']}."
    else:
        yield "Label permutations", "None were made, so there is no p."
    probe = (result.get("controls") or {}).get("probe")
    if probe and probe.get("accuracy") is not None:
        told = f"{probe['accuracy']:.0%} of cases (chance {probe['chance']:.0%})"
        yield "Who it is, told from the inputs", f"{told}: {probe['words']}."
    elif probe:
        yield "Who it is, told from the inputs", f"not known: {probe.get('reason', '')}"


def _figures(page: Page, run: Run, result: Mapping[str, Any]) -> None:
    page.section("Figures")
    shown: list[Shown] = [*figures_of(result)]
    shown += modality_figures(run)
    shown += rebuilt_figures(run)
    for each in shown:
        page.heading(each.title)
        marked = watermarked(each, str(result["watermark"]))
        page.figure(marked.figure(), marked.about, marked.table)


def modality_figures(run: Run) -> list[Shown]:
    """Return the heat maps of a run with every combination of modalities, none of another one."""
    table = combinations_of(run)
    if not table:
        return []
    of = table.get("combinations", len(table["rows"]))
    found = [heat_figure(table["rows"], f"Trained anew for each, {len(table['rows'])} of {of} combinations.")]
    if table.get("masked"):
        about = "Trained on all modalities, the others taken away at prediction."
        found.append(heat_figure(table["masked"], about, "masked"))
    if table.get("fusion"):
        found.append(
            heat_figure(table["fusion"], "Fusion at modality level and at decision level.", "fusion")
        )
    return found


def combinations_of(run: Run) -> dict[str, Any]:
    """Return combinations.json of a run, {} where there is none."""
    try:
        found: dict[str, Any] = json.loads((run.folder / "combinations.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if found.get("rows") else {}


def _tested(page: Page, run: Run) -> None:
    page.section("How it was tested")
    page.text(run.division.words)
    for note in run.division.notes:
        page.text(str(note))
    rows = tuple(
        (
            fold.title, len(fold.train), len(fold.validation), len(fold.test), status.state, status.seconds,
            json.dumps(run.fold_facts(fold.name)["settings"]) if status.state == "finished" else "",
            status.why,
        )
        for fold, status in zip(run.division.folds, run.folds, strict=True)
    )  # fmt: skip
    heads = ("fold", "trained", "validated", "tested", "state", "seconds", "settings", "why")
    page.table(Table("folds", heads, rows))
    page.heading("Guards")
    lines = tuple((line.guard, line.fold or "all folds", line.state, line.words) for line in run.guards.lines)
    page.table(Table("guards", ("guard", "fold", "state", "what"), lines), 60)


def _trained(page: Page, run: Run) -> None:
    losses: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for status in run.folds:
        if status.state != "finished":
            continue
        for each in run.fold_facts(status.name).get("losses") or ():
            for name, value in each["losses"].items():
                if value is not None:
                    known = losses.setdefault(name, {}).setdefault(status.name, [])
                    known.append((int(each["epoch"]), float(value)))
    if not losses:
        return
    page.section("How it was trained")
    for name, folds in losses.items():
        words = name.replace("_", " ")
        rows = tuple((fold, epoch, value) for fold, points in folds.items() for epoch, value in points)
        table = Table(f"loss-{name}", ("fold", "epoch", name), rows)
        page.figure(_loss_figure(words, folds), f"{words} of every fold, epoch by epoch.", table)


def _loss_figure(name: str, folds: Mapping[str, list[tuple[int, float]]]) -> Figure:
    figure = Figure(720, 320, name)
    every = [point for points in folds.values() for point in points]
    epochs, values = [epoch for epoch, _ in every], [value for _, value in every]
    room = 0.05 * ((max(values) - min(values)) or 1.0)
    axes = Axes(
        figure,
        70,
        30,
        620,
        240,
        (min(epochs), max(min(epochs) + 1, *epochs)),
        (min(values) - room, max(values) + room),
    )
    axes.x_axis("epoch")
    axes.y_axis()
    few = len(folds) <= len(SERIES)
    for place, points in enumerate(folds.values()):
        axes.curve(points, SERIES[place % len(SERIES)] if few else SERIES[0], 1.2)
    if few:
        legend(figure, list(folds), axes.left, 18)
    return figure


def _data(page: Page, run: Run) -> None:
    facts = run.facts
    page.section("Data")
    study = facts.get("study") or {}
    page.facts(
        {
            "Study": f"{study.get('name', 'not known')} ({study.get('kind', '')})",
            "Participants": len(facts.get("participants") or {*map(str, run.cases.participant)}),
            "Trials used": facts.get("trials"),
            "Trials in the study": facts.get("trials_in_corpus"),
            "Cases": len(run.cases),
        }
    )
    for warning in facts.get("warnings", ()):
        page.text(str(warning))
    recordings = tuple(
        (name, each["participant"], each["session"], each["origin"], each["sha256"])
        for name, each in (facts.get("recordings") or {}).items()
    )
    heads = ("recording", "participant", "session", "origin", "sha256")
    page.table(Table("recordings", heads, recordings), 60)
    if facts.get("labels"):
        page.table(Table("labels", ("file", "sha256"), tuple(facts["labels"].items())), 60)
    lost = tuple((each["recording"], each["trial"], each["why"]) for each in facts.get("lost", ()))
    lost += tuple((each["recording"], each["trial"], each["why"]) for each in facts.get("left_out", ()))
    if lost:
        page.heading("What is not in it")
        page.table(Table("lost", ("recording", "trial", "why"), lost), 40)


def _card(page: Page, card: Card, run: Run) -> None:
    page.section("Recognizer")
    page.text(f"{card.title}. {card.source}")
    page.text(card.about)
    for table in card_tables(card):
        page.heading(table.name.replace("-", " ").capitalize())
        page.table(table)
    rows = published_rows(card, run)
    if rows:
        page.heading("Published figures")
        page.text(
            "A difference is given only where data and protocol are the same; other figures stand beside, "
            "not against."
        )
        page.table(published_table(rows))
    for doubt in card.doubts:
        page.text(f"Doubt: {doubt}", soft=True)


def published_table(rows: tuple[PublishedRow, ...]) -> Table:
    """Return published figures, with a difference where one may be given."""
    heads = ("data", "protocol", "metric", "published", "note", "this_run", "difference", "why_none")
    return Table("published", heads, tuple(each.cells for each in rows))


def _repeat(page: Page, run: Run) -> None:
    facts = run.facts
    page.section("To repeat it")
    page.code(command_of(run))
    page.code(f"evoke rerun {_place_of(run)}")
    plan = facts.get("plan")
    page.facts(
        {
            "Plan": "none: exploratory" if not plan else f"{plan['name']}, frozen {plan['frozen_utc']}",
            "Plan, SHA-256": plan["sha256"] if plan else None,
            "Experiment, SHA-256": run.experiment.sha256,
            "Target, SHA-256": facts.get("target_sha256"),
            "Recipe of the target, SHA-256": facts.get("recipe_sha256"),
            "Code of analysis, SHA-256": facts.get("code_sha256"),
            **{f"Version of {name}": value for name, value in (facts.get("versions") or {}).items()},
            **{name.capitalize(): value for name, value in (facts.get("machine") or {}).items()},
        }
    )
    page.heading("Experiment")
    page.parts.append(_preformatted(json.dumps(run.experiment.to_json(), indent=1, ensure_ascii=False)))


def _preformatted(text: str) -> str:
    return f'<div class="wide"><pre><code>{escape(text)}</code></pre></div>'


def command_of(run: Run) -> str:
    """Return the command that makes such a run; what the command line cannot say is in experiment.json."""
    asked: Experiment = run.experiment
    plan = run.facts.get("plan")
    words = ["evoke", "evaluate", "--study", "STUDY"]
    if plan:
        return shlex.join([*words, "--plan", str(plan["name"])])
    words += ["--recognizer", asked.recognizer, "--target", str(asked.target.get("name", ""))]
    words += ["--split", asked.split.kind]
    if asked.split.kind == "domains":
        words += ["--domain", asked.split.domain]
    elif asked.split.kind not in ("loso", "sessions"):
        words += ["--k", str(asked.split.k)]
    if asked.modalities:
        words += ["--modalities", ",".join(asked.modalities)]
    if combinations_of(run):
        words.append("--combinations")
    for name, value in asked.settings.items():
        words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    if asked.search.sets:
        words += ["--search", str(asked.search.sets), *([] if asked.search.nested else ["--search-on-folds"])]
    words += ["--permutations", str(asked.controls.permutations)]
    if asked.controls.permutations and asked.controls.permutation_kind == "retrained":
        words.append("--retrain")
    return shlex.join([*words, "--metric", asked.metric, "--seed", str(asked.seed)])


def resume_command(run: Run) -> str:
    """Return the command that goes on with a run."""
    return f"evoke evaluate --resume {_place_of(run)}"


def _place_of(run: Run) -> str:
    """Return a run's folder as a command takes it; STUDY stands for where the study is."""
    folder = Path("STUDY") / RESULTS / run.name if study_of(run) is not None else Path(run.name)
    return shlex.quote(folder.as_posix())
