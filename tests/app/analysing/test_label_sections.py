"""What a run tells of several labels, single steps and reconstructions: in its result and in its report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.cases import Batch, InputSpec
from analysis.evaluation.experiment import ControlSpec, Experiment, SplitSpec
from analysis.evaluation.files import write_json
from analysis.evaluation.guards import check_division
from analysis.evaluation.jobs import run_fold
from analysis.evaluation.results import result_of
from analysis.evaluation.run_folder import RESULTS, Run, create_run, open_run
from analysis.evaluation.splits import divide
from analysis.evaluation.step_scores import steps_of
from analysis.recognizers.ten_labels import TEN_LABELS
from app.analysing.combining import plan_combinations, work_on_combinations
from app.analysing.evaluating_words import table_lines
from app.analysing.html_page import Page
from app.analysing.label_tables import add_labels, add_steps
from app.analysing.rebuilt_figures import joined, rebuilt_figures, sample_times
from app.analysing.run_report import report_run
from app.analysing.why_figure import Weights
from tests.helpers.analysed import make_run
from tests.helpers.batches import make_cases, make_input
from tests.helpers.folds import write_fold

SEGMENTS = {"rate_hz": 8.0, "count": 40, "scale": "minmax"}
BODY_AND_FACE = (
    InputSpec("ecg", "ecg", "samples", SEGMENTS),
    InputSpec("face", "face", "face.pixels", {"rate_hz": 0.2}),
)
LATE = InputSpec("ecg", "ecg", "samples", {"rate_hz": 10.0, "count": 4})


def told(value: float | None) -> dict[str, object]:
    interval = {"low": None if value is None else value - 0.1, "high": value, "reason": ""}
    return {"value": value, "n": 8, "reason": "" if value is not None else "no scale", "interval": interval}


LABELS = {
    "words": "High is above the middle",
    "rows": [
        {
            "label": "valence",
            "threshold": 5.0,
            "high": 0.5,
            "metrics": {name: told(0.75) for name in ("precision", "accuracy", "f1_macro", "ccc", "rmse")},
        }
    ],
    "average": {name: told(0.75) for name in ("precision", "accuracy", "f1_macro")},
}


def test_every_label_stands_in_the_report_and_in_its_file() -> None:
    page = Page("run", "")
    ablation = {
        "cases": 8,
        "variants": ["bio", "face", "both"],
        "rows": [
            {"label": "valence", "accuracy": {"bio": 0.5, "face": None, "both": 0.75}},
            {"label": "average", "accuracy": {"bio": 0.5, "face": None, "both": 0.75}},
        ],
    }
    add_labels(page, {"labels": LABELS}, {"labels": ablation})
    assert len(page.tables["labels"].rows) == 5 + 3
    assert page.tables["labels"].rows[0] == ("valence", 5.0, 0.5, "precision", 0.75, 0.65, 0.75, 8, "")
    assert page.tables["labels-by-modality"].rows[0] == ("valence", 50.0, None, 75.0)
    assert "High is above the middle." in page.html()


def test_a_run_of_one_answer_has_neither_section() -> None:
    page = Page("run", "")
    add_labels(page, {}, {})
    add_steps(page, {})
    assert not page.sections


def test_steps_are_counted_beside_votes_and_over_folds(tmp_path: Path) -> None:
    run = make_run(tmp_path, "one", 4)
    assert steps_of(run) is None
    for number, fold in enumerate(run.division.folds):
        right = run.y[fold.test]
        steps = np.zeros((len(right), 3, 2), np.float32)
        steps[:, :2] = np.eye(2)[right][:, None]
        steps[:, 1] = np.eye(2)[1 - right] if number == 0 else steps[:, 0]
        steps[:, 2] = np.nan
        write_fold(run, fold, np.eye(2)[right], {"step probabilities": steps})
    found = steps_of(run)
    assert found is not None
    assert [each["accuracy"] for each in found["folds"]] == [0.5, 1.0, 1.0, 1.0]
    assert [each["steps"] for each in found["folds"]] == [16] * 4
    assert (found["accuracy"]["value"], found["accuracy"]["n"]) == (0.875, 64)
    assert found["vote"]["value"] == 1.0
    assert (found["mean"], found["sd"]) == (0.875, pytest.approx(0.25))
    page = Page("run", "")
    add_steps(page, {"steps": found})
    assert page.tables["steps"].rows[0] == (run.division.folds[0].name, 16, 0.5, 8, 1.0)
    assert "accuracy is 0.875, SD 0.250." in page.html()


def test_signal_and_reconstruction_of_some_held_out_cases(tmp_path: Path) -> None:
    run = make_run(tmp_path, "one", 6)
    assert rebuilt_figures(run) == ()
    for fold in run.division.folds:
        n = len(fold.test)
        signal = np.tile(np.linspace(0.1, 1, 50, dtype=np.float32), (n, 1))
        signal[0] = 0
        weights = {"segment.bvp": signal, "reconstruction.bvp": signal + np.float32(0.5)}
        write_fold(run, fold, np.eye(2)[run.y[fold.test]], weights)
    (shown,) = rebuilt_figures(run)
    assert shown.name == "reconstruction-bvp"
    assert "Mean squared error over all 42 tested cases with bvp: 0.25." in shown.about
    assert len(shown.table.rows) == 4 * 50
    assert len({row[0] for row in shown.table.rows}) == 4
    assert not any("trial 1," in str(row[1]) for row in shown.table.rows)
    figure = shown.figure().svg()
    assert figure.count("<path") == 2 * 4
    assert "reconstruction" in figure


@pytest.mark.slow
def test_combinations_of_body_and_face_give_the_papers_table(tmp_path: Path) -> None:
    run = ten_label_run(tmp_path)
    table = work_on_combinations(run, worked_on)
    labels = table["labels"]
    assert labels["variants"] == ["bio", "face", "both"]
    assert [row["label"] for row in labels["rows"]] == [*TEN_LABELS, "average"]
    assert labels["cases"] == len(run.cases)
    for variant in labels["variants"]:
        shares = [row["accuracy"][variant] for row in labels["rows"]]
        assert shares[-1] == pytest.approx(np.mean(shares[:-1]))
    whole = (open_run(run.folder).result or {})["labels"]
    assert labels["rows"][-1]["accuracy"]["both"] == pytest.approx(whole["average"]["accuracy"]["value"])
    assert "accuracy of each label, per cent (14 cases" in "\n".join(table_lines(table))
    page = report_run(run.folder, tmp_path / "report").read_text(encoding="utf-8")
    assert "By modality" in page
    assert "Reconstruction of ecg" in page


def ten_label_run(study: Path) -> Run:
    """Make a run of BMMN-BAE-2 on segments and pictures, with a run for each combination of them."""
    cases = make_cases(2, 7)
    rng = np.random.default_rng(2)
    segments = rng.uniform(0, 1, (len(cases), 1, 40)).astype(np.float32)
    pictures = rng.uniform(0, 1, (len(cases), 1, 1, 16, 16)).astype(np.float32)
    emotions = np.arange(7)[None, :] == cases.trial[:, None] % 7
    answers = np.hstack([rng.integers(1, 10, (len(cases), 3)), emotions]).astype(np.float64)
    inputs = {"ecg": make_input(segments), "face": make_input(pictures)}
    batch = Batch(cases, inputs, answers, (), TEN_LABELS)
    settings = {"samples": 40, "epochs": 2, "bae_epochs": 2, "joint_epochs": 2, "latent": 8, "rate": 0.01}
    asked = Experiment(
        "bmmn-bae-2", {"name": "all-labels"}, "0" * 64, settings, inputs=BODY_AND_FACE, steps=("impute",),
        split=SplitSpec("loso"), controls=ControlSpec(0, probe=False, masking=True), metric="ccc",
    )  # fmt: skip
    division = divide(cases, answers, asked.split)
    folder = study / RESULTS / "ten"
    folder.parent.mkdir(parents=True)
    run = create_run(folder, asked, batch, division, check_division(batch, division), {"warnings": []})
    plan_combinations(run)
    return worked_on(run)


def worked_on(run: Run) -> Run:
    """Work on a run here."""
    for fold in run.division.folds:
        assert run_fold(str(run.folder), fold.name) == "finished"
    write_json(run.folder / "result.json", result_of(open_run(run.folder)))
    run.tell("run", state="finished", folds=len(run.division.folds), done=len(run.division.folds))
    return open_run(run.folder)


def line(name: str, values: list[float]) -> Weights:
    return Weights(name, "ecg", "", np.arange(len(values), dtype=float), np.array(values)[:, None])


def test_in_inspect_a_segment_and_its_reconstruction_share_a_row() -> None:
    rows = joined(
        [line("saliency.ecg", [1]), line("segment.ecg", [1, 2]), line("reconstruction.ecg", [3, 4])]
    )
    assert [row.name for row in rows] == ["saliency.ecg", "given back: ecg"]
    assert rows[1].values.tolist() == [[1, 3], [2, 4]]
    assert rows[1].names == ("signal", "reconstruction")
    alone = [line("reconstruction error.eeg", [1])]
    assert joined(alone) == tuple(alone)


@pytest.mark.parametrize(
    ("spec", "count", "times"),
    [
        (LATE, 4, [9.85, 9.95, 10.05, 10.15]),
        (LATE, 3, None),
        (InputSpec("eda", "eda", "statistics"), 4, None),
        (None, 4, None),
    ],
)
def test_samples_lie_about_the_middle_of_their_case(
    spec: InputSpec | None, count: int, times: list[float] | None
) -> None:
    found = sample_times(spec, 10.0, count)
    assert (None if found is None else found.tolist()) == (None if times is None else pytest.approx(times))
