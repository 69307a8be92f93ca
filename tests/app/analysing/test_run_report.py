"""The report of a run: its numbers are those of result.json, nothing in it runs or comes from outside."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.corpus.cases import CaseSpec
from analysis.evaluation.experiment import ControlSpec, SearchSpec, SplitSpec
from analysis.evaluation.files import write_json
from analysis.evaluation.run_folder import Run, open_run
from analysis.recognizers.recognizer import Card, Published
from app.analysing.card_tables import PROTOCOLS, published_rows
from app.analysing.run_figures import figures_of, heat_figure, participants_figure, watermarked, wilson
from app.analysing.run_report import RunReportError, command_of, report_run
from app.analysing.svg import shade
from app.cli import main
from app.console.theme import contrast
from tests.helpers.analysed import finish, make_run
from tests.helpers.engine import CARD

ROWS = [
    {"name": "P", "inputs": ["bvp"], "cases": 8, "accuracy": 0.5, "auc": 0.6, "found": {"a": 50.0}},
    {
        "name": "P+EEG",
        "inputs": ["bvp", "eeg"],
        "cases": 8,
        "accuracy": 0.75,
        "auc": None,
        "found": {"a": 80.0},
    },
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished run with 99 permutations and combinations, read only."""
    study = tmp_path_factory.mktemp("report")
    made = make_run(study, "one", 6, controls=ControlSpec(99, probe=True))
    facts = json.loads((made.folder / "inputs.json").read_text())
    facts |= {
        "recordings": {
            "sub-P01": {"participant": "P01", "session": "1", "origin": "people", "sha256": "5" * 64}
        },
        "code_sha256": "c" * 64,
        "versions": {"numpy": "2.4.6"},
        "lost": [{"recording": "sub-P01", "trial": 3, "why": "a tie & <nothing>"}],
    }
    write_json(made.folder / "inputs.json", facts)
    done = finish(made)
    write_json(
        done.folder / "combinations.json", {"rows": ROWS, "combinations": 3, "masked": [], "fusion": ROWS[:1]}
    )
    return open_run(done.folder)


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_run(run.folder, tmp_path_factory.mktemp("out"))


def table(page: Path, name: str) -> list[dict[str, str]]:
    with (page.parent / "csv" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_number_is_that_of_the_result(run: Run, page: Path) -> None:
    result: dict[str, Any] = run.result or {}
    rows = table(page, "metrics")
    told = list(result["metrics"].values())
    assert [float(row["value"]) for row in rows] == [each["value"] for each in told]
    assert [float(row["low"]) for row in rows] == [each["interval"]["low"] for each in told]
    people = table(page, "participants")
    assert [float(row["accuracy"]) for row in people] == [each["accuracy"] for each in result["participants"]]
    counts = [int(row["cases"]) for row in table(page, "confusion")]
    assert counts == [count for line in result["confusion"]["counts"] for count in line]
    values = [float(row["balanced_accuracy"]) for row in table(page, "permutations")]
    assert values == result["controls"]["permutations"]["values"]
    points = result["roc"]["positive"]
    assert [float(row["true_positive_rate"]) for row in table(page, "roc")] == points["true_positive"]


def test_the_page_stands_alone_and_runs_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text and "javascript:" not in text and " on" + "load" not in text
    assert set(re.findall(r'https?://[^"]*', text)) <= {"http://www.w3.org/2000/svg"}
    links = set(re.findall(r'href="([^#"][^"]*)"', text))
    assert links and all((page.parent / link).is_file() for link in links)
    assert "a tie &amp; &lt;nothing&gt;" in text
    for drawing in re.findall(r"<svg.*?</svg>", text, re.S):
        ElementTree.fromstring(drawing)


@pytest.mark.parametrize(
    "words",
    [
        "exploratory, run 1 of 1 on this target", "balanced_accuracy", "c" * 64, "5" * 64, "2.4.6",
        "evoke evaluate --study STUDY --recognizer nearest-mean --target category --split loso",
        "evoke rerun STUDY/derivatives/results/one",
        "Each of 6 participants is tested", "99 permutations", "every fold has cases to train on",
    ],
)  # fmt: skip
def test_it_says_how_it_came_about(page: Path, words: str) -> None:
    assert words in page.read_text(encoding="utf-8")


def test_every_figure_has_its_csv(run: Run, page: Path) -> None:
    shown = figures_of(run.result or {})
    assert [each.name for each in shown] == [
        "participants",
        "confusion",
        "roc",
        "reliability",
        "permutations",
    ]
    for each in shown:
        rows = table(page, each.table.name)
        assert len(rows) == len(each.table.rows)
    assert [row["name"] for row in table(page, "combinations")] == ["P", "P+EEG"]
    assert table(page, "combinations")[1]["auc"] == ""


def test_it_is_written_beside_the_run_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = finish(make_run(tmp_path, "one"))
    assert main(["report", str(run.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["report"] == str(run.folder / "report.html")
    assert str(run.folder / "csv" / "metrics.csv") in told["tables"]


def test_a_run_without_result_has_none(tmp_path: Path) -> None:
    run = make_run(tmp_path, "one")
    with pytest.raises(
        RunReportError, match=r"one: has no result yet. Finish it first: evoke evaluate --resume"
    ):
        report_run(run.folder)
    with pytest.raises(RunReportError, match="holds no run"):
        report_run(tmp_path)


def test_figures_of_a_leaky_split_carry_it_across(tmp_path: Path) -> None:
    run = finish(make_run(tmp_path, "one", split=SplitSpec("segments", 4)))
    text = report_run(run.folder).read_text(encoding="utf-8")
    figures = re.findall(r"<figure>.*?</figure>", text.partition('<h2 id="s3"')[0], re.S)
    assert len(figures) >= 5
    assert all("LEAKY: to be shown only" in each for each in figures)
    shown = figures_of(run.result or {})[0]
    assert watermarked(shown, "") is shown


def test_the_command_says_every_choice(tmp_path: Path) -> None:
    settings = {"scale": 2.0, "fault": ""}
    run = make_run(tmp_path, "one", split=SplitSpec("participants", 2), settings=settings)
    assert command_of(run).split(" ")[3:] == [
        "STUDY", "--recognizer", "nearest-mean", "--target", "category", "--split", "participants",
        "--k", "2",
        "--set", "scale=2.0", "--set", "fault=", "--permutations", "0", "--metric", "balanced_accuracy",
        "--seed", "1",
    ]  # fmt: skip


SEED = next(iter(PROTOCOLS))
CASES = [
    ({}, SEED, True, ""),
    ({"task": "deap"}, SEED, False, "other data than SEED"),
    ({"split": SplitSpec("loso")}, SEED, False, "another split than first-trials with 9"),
    ({"split": SplitSpec("first-trials", 8)}, SEED, False, "another split than first-trials with 9"),
    ({"source": "rating"}, SEED, False, "another target"),
    ({"cases": CaseSpec()}, SEED, False, "decisions are not about a window each"),
    ({"search": SearchSpec(200)}, SEED, False, "the paper chose settings on the folds that it reports"),
    ({"search": SearchSpec()}, SEED, False, "the paper chose settings on the folds that it reports"),
    ({}, ("own study", "leave one participant out"), False, "not stated in full"),
]


@pytest.mark.parametrize(("changes", "where", "is_same", "why"), CASES)
def test_a_difference_is_given_for_the_same_data_and_protocol_only(
    run: Run, changes: dict[str, Any], where: tuple[str, str], is_same: bool, why: str
) -> None:
    card: Card = replace(CARD, published=(Published(*where, "accuracy, per cent", 93.97),))
    file = f"sub-1/ses-1/sub-1_ses-1_task-{changes.get('task', 'seed')}_run-01.h5"
    facts = {**run.facts, "recordings": {"a": {"file": file}}}
    asked = replace(
        run.experiment,
        split=changes.get("split", SplitSpec("first-trials", 9)),
        target={"name": "x", "source": changes.get("source", "category")},
        cases=changes.get("cases", CaseSpec("window", 1.0, 1.0)),
        search=changes.get("search", SearchSpec(200, nested=False)),
    )
    other = Run(run.folder, asked, run.created)
    other.__dict__["facts"] = facts
    (row,) = published_rows(card, other)
    own = 100 * (run.result or {})["metrics"]["accuracy"]["value"]
    assert row.own == (own if is_same else None)
    assert row.difference == (pytest.approx(own - 93.97) if is_same else None)
    assert why in row.why


@pytest.mark.parametrize("share", [place / 40 for place in range(41)])
def test_numbers_in_cells_can_be_read_on_every_shade(share: float) -> None:
    assert contrast(*shade(share)) >= 4.5


def test_the_heat_map_shades_within_each_metric() -> None:
    shown = heat_figure(ROWS, "Trained anew.")
    svg = shown.figure().svg()
    assert "0.500" in svg and "0.750" in svg
    assert shown.table.columns == ("name", "cases", "accuracy", "auc", "inputs", "found_a_percent")


def test_the_darkest_error_is_the_smallest() -> None:
    rows = [
        {"name": "P", "ccc": 0.1, "mae": 0.9, "rmse": 1.1},
        {"name": "V", "ccc": 0.6, "mae": 0.2, "rmse": 0.4},
    ]
    svg = heat_figure(rows, "Trained anew.").figure().svg()
    fills = re.findall(r'<rect[^>]*fill="(#[0-9a-f]{6})"', svg)
    dark, light = shade(0.95)[0], shade(0.05)[0]
    assert [fill for fill in fills if fill in (dark, light)] == [light] * 3 + [dark] * 3


@pytest.mark.parametrize(("cases", "is_told"), [(8, False), (5, True)])
def test_rows_of_different_cases_say_so(cases: int, is_told: bool) -> None:
    shown = heat_figure([ROWS[0], {**ROWS[1], "cases": cases}], "Trained anew.")
    assert ("Rows rest on different cases, 5 to 8 of them" in shown.about) == is_told


def test_a_report_of_something_else_is_not_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("the report on the study", encoding="utf-8")
    with pytest.raises(RunReportError, match=r"is the report of something else\. Choose another folder"):
        report_run(run.folder, tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "the report on the study"
    (tmp_path / "report.html").unlink()
    assert report_run(run.folder, tmp_path) == report_run(run.folder, tmp_path)


def test_votes_are_not_measured_by_the_baseline_of_single_cases(run: Run) -> None:
    result = run.result or {}
    assert "the majority baseline (" in participants_figure(result).about
    voted = {**result, "trials": {"participants": result["participants"]}}
    assert "baseline" not in participants_figure(voted).about


@pytest.mark.parametrize(
    ("right", "of", "low", "high"), [(15, 20, 0.5313, 0.8881), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0)]
)
def test_wilson_is_as_published(right: int, of: int, low: float, high: float) -> None:
    assert wilson(right, of) == pytest.approx((low, high), abs=2e-4)


def test_wilson_of_nothing_is_nothing() -> None:
    assert wilson(0, 0) == (None, None)
