"""All combinations of modalities, by training anew and by masking, and fusion of decisions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.cases import InputSpec
from analysis.evaluation.combinations import fused, groups_of, masked_rows, masks_of, row_of, subsets
from analysis.evaluation.experiment import ControlSpec
from analysis.evaluation.run_folder import Predictions
from analysis.evaluation.runner import work
from tests.helpers import engine
from tests.helpers.batches import make_cases

SPECS = tuple(
    InputSpec(name, name, "values") for name in ("face", "speech", "keys", "bvp", "eda", "temperature")
)
HELD = tuple(spec.name for spec in SPECS)


def test_four_modalities_have_the_papers_fifteen_combinations() -> None:
    groups = groups_of(SPECS, HELD)
    assert groups["P"] == ("bvp", "eda", "temperature")
    names = list(subsets(groups))
    assert len(names) == 15
    assert names[:4] == ["P", "V", "A", "T"]
    assert names[-1] == "P+V+A+T"
    assert subsets(groups)["P+T"] == ("bvp", "eda", "temperature", "keys")


def test_a_modality_that_nobody_has_is_in_no_combination() -> None:
    assert list(subsets(groups_of(SPECS, ("face", "eda")))) == ["P", "V", "P+V"]


def test_masks_take_the_others_away() -> None:
    masks = masks_of(SPECS, ("face", "eda", "bvp"))
    assert masks == {"P": ("face",), "V": ("eda", "bvp")}


def test_a_run_with_masking_holds_every_combination(tmp_path: Path) -> None:
    spec = replace(
        engine.experiment(controls=ControlSpec(probe=False, masking=True)),
        inputs=(InputSpec("bvp", "bvp", "values"), InputSpec("eda", "face", "values")),
    )
    run = work(engine.new_run(tmp_path / "run", spec), pool=engine.Here(), maker=engine.make)
    groups = groups_of(run.experiment.inputs, ("bvp", "eda"))
    rows = masked_rows(run, groups)
    assert [row["name"] for row in rows] == ["P", "V", "P+V"]
    assert rows[2]["accuracy"] == run.metrics()["metrics"]["accuracy"]["value"]
    assert not np.array_equal(run.predictions("P").proba, run.predictions().proba)


def test_a_run_without_masking_has_no_such_table(tmp_path: Path) -> None:
    run = work(engine.new_run(tmp_path / "run"), pool=engine.Here(), maker=engine.make)
    assert masked_rows(run, {"P": ("bvp",), "V": ("eda",)}) == []


def part(proba: list[float], rows: list[int]) -> Predictions:
    cases = make_cases(1, 4).rows(np.array(rows, np.intp))
    y = np.array([0, 1, 0, 1])[rows]
    told = np.column_stack([1 - np.array(proba), proba])
    return Predictions(cases, y, told, np.full(len(rows), "f"), ("negative", "positive"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "second_class"), [("sum", [0.3, 0.6, 0.45, 0.9]), ("max", [0.4 / 1.2, 0.7 / 1.2, 0.5, 0.9])]
)
def test_decisions_are_fused_case_by_case(kind: str, second_class: list[float]) -> None:
    """Case 3 has one modality only, and keeps what that says."""
    one, other = part([0.2, 0.7, 0.6, 0.9], [0, 1, 2, 3]), part([0.4, 0.5, 0.3], [0, 1, 2])
    found = fused(kind, {"V": one, "P": other})
    assert found.cases.id.tolist() == [0, 1, 2, 3]
    if kind == "sum":
        assert found.proba[:, 1] == pytest.approx(second_class)
    else:
        assert found.proba[[0, 1, 3], 1] == pytest.approx([second_class[0], second_class[1], second_class[3]])


@pytest.mark.slow
def test_cases_that_only_the_second_modality_has_are_there_too() -> None:
    found = fused("sum", {"V": part([0.2, 0.7], [1, 3]), "P": part([0.4, 0.6], [0, 3])})
    assert found.cases.id.tolist() == [0, 1, 3]
    assert found.y.tolist() == [0, 1, 1]
    assert found.proba[:, 1] == pytest.approx([0.4, 0.2, 0.65])


def test_a_row_tells_the_share_found_of_each_class() -> None:
    row = row_of("V", ["face"], part([0.2, 0.7, 0.6, 0.9], [0, 1, 2, 3]))
    assert row["found"] == {"negative": 50.0, "positive": 100.0}
    assert row["accuracy"] == 0.75
