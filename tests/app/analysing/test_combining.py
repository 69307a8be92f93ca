"""Every combination of modalities: what cannot be finished keeps none of the others from being done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.cases import Batch, InputSpec
from analysis.evaluation.experiment import ControlSpec, SplitSpec
from analysis.evaluation.guards import check_division
from analysis.evaluation.run_folder import Run
from analysis.evaluation.runner import work
from analysis.evaluation.splits import divide
from app.analysing.combining import check_combinations, plan_combinations, work_on_combinations
from app.analysing.evaluating import EvaluatingError, Prepared
from tests.helpers import engine
from tests.helpers.batches import make_batch

INPUTS = (InputSpec("bvp", "bvp", "values"), InputSpec("eda", "face", "values"))


def prepared(batch: Batch, split: str = "loso") -> Prepared:
    asked = engine.experiment(controls=ControlSpec(probe=False), split=SplitSpec("loso"))
    asked = replace(asked, recognizer="logistic-regression", inputs=INPUTS)
    division = divide(batch.cases, batch.y, asked.split)
    guards = check_division(batch, division)
    known = replace(asked, split=SplitSpec(split))  # type: ignore[arg-type]
    return Prepared(known, batch, division, guards, (), (), {})


def test_a_modality_of_one_participant_is_told_before_anything_is_made() -> None:
    batch = make_batch()
    check_combinations(prepared(batch))
    has = batch.cases.participant == "P01"
    eda = batch.inputs["eda"]
    rare = replace(
        eda,
        values=np.where(has[:, None, None], eda.values, 0),
        lengths=np.where(has, eda.lengths, 0),
        present=has,
    )
    with pytest.raises(EvaluatingError, match=r"V \(eda\) cannot be tested by itself, 8 cases have it"):
        check_combinations(prepared(replace(batch, inputs={**batch.inputs, "eda": rare})))


def test_domains_have_no_combinations() -> None:
    with pytest.raises(EvaluatingError, match="not with a split by domains"):
        check_combinations(prepared(make_batch(), "domains"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A finished run of body and face, whose combinations are planned."""
    asked = engine.experiment(controls=ControlSpec(probe=False))
    asked = replace(asked, recognizer="logistic-regression", inputs=INPUTS)
    made = engine.new_run(tmp_path / "run", asked)
    plan_combinations(made)
    return work(made, pool=engine.Here())


def test_one_that_cannot_be_finished_leaves_the_others_to_be_done(run: Run) -> None:
    asked = []

    def do(part: Run) -> Run:
        asked.append(part.name)
        return part if part.name == "P" else work(part, pool=engine.Here())

    table = work_on_combinations(run, do)
    assert asked == ["P", "V"]
    assert [row["name"] for row in table["rows"]] == ["V", "P+V"]
    assert table["combinations"] == 3


def test_one_that_is_stopped_stops_all(run: Run) -> None:
    asked = []

    def do(part: Run) -> Run:
        asked.append(part.name)
        part.cancel()
        return part

    work_on_combinations(run, do)
    assert asked == ["P"]
