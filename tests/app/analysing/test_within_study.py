"""Trials of a study as rows of a test: simulated people who name expressions, from their session files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.simulate.settings import Settings
from analysis.statistics.within import Design, analyse
from app.analysing.corpora import study_corpus
from app.analysing.simulated_answers import live_with_answers, planted
from app.analysing.simulating import Request, simulate, simulation_study
from app.analysing.within_trials import (
    Cut,
    Measure,
    Tried,
    blocks_of,
    factors_of,
    measures_of,
    rows_of,
    trials_of,
)
from app.study import Study

FACTORS = ("category, part 2", "category, part 1")
ANSWER = Measure("accuracy", "answer")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    made = simulation_study(tmp_path_factory.mktemp("within") / "study", "micro-expressions")
    settings = Settings(modalities=("keys",), artefacts=0.0, seed=3)
    simulate(made, Request("", 3, settings, 1), live_with_answers)
    return made


@pytest.fixture(scope="module")
def trials(study: Study) -> tuple[Tried, ...]:
    return trials_of(study_corpus(study))


def test_every_trial_but_practice_is_there_with_its_answers(trials: tuple[Tried, ...]) -> None:
    assert len(trials) == 3 * 100
    assert set(blocks_of(trials)) == {"static", "dynamic"}
    assert measures_of(trials)[:2] == (ANSWER, Measure("time", "answer"))
    assert Measure("rating", "attractiveness") in measures_of(trials)
    assert all(each.answers["answer"].correct is not None for each in trials)


def test_factors_are_of_the_blocks_that_are_asked_for(trials: tuple[Tried, ...]) -> None:
    static = factors_of(trials, ("static",))
    assert static[FACTORS[0]] == ("disgust", "happy", "neutral")
    assert static[FACTORS[1]] == ("attractive", "unattractive")
    assert "block" not in static and "block" in factors_of(trials)
    assert factors_of(trials, ("dynamic",))["expression"] == ("disgust", "happy")


def test_rows_count_what_is_lost_and_why(trials: tuple[Tried, ...]) -> None:
    rows, lost = rows_of(trials, ANSWER, FACTORS, Cut(("static",)))
    assert len(rows) == 180 and lost == ()
    right = int(rows.values.sum())
    times, gone = rows_of(trials, Measure("time", "answer"), FACTORS, Cut(("static",)))
    assert len(times) == right and dict(gone) == {"answered wrongly": 180 - right}
    assert times.values.min() > 200 and times.values.max() < 2000
    every, _ = rows_of(trials, Measure("time", "answer"), FACTORS, Cut(("static",), correct_only=False))
    assert len(every) == 180


def test_planted_cells_come_back(trials: tuple[Tried, ...]) -> None:
    rows, lost = rows_of(trials, Measure("rating", "attractiveness"), FACTORS, Cut(("static",)))
    found = analyse(rows, Design(FACTORS, {}), lost)
    cells = planted()
    for each in found.cells:
        expected = cells[f"{each.levels[1]}-{each.levels[0]}"].rating
        assert each.mean == pytest.approx(expected, abs=1.0)
    attractive, unattractive = (np.mean(found.means[:, :, place]) for place in (0, 1))
    assert attractive > unattractive


@pytest.mark.slow
def test_the_same_test_is_made_by_the_command_on_this_study(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from app.cli import main

    status = main(
        ["reproduce", "micro-expressions", str(study.folder), "--quick", "--out", str(tmp_path / "out")]
    )
    assert status == 0
    told = capsys.readouterr().out
    assert "static, rating of attractiveness: analysis of variance" in told
    assert "22 of 22 agree" in told and "9 of 11 agree" in told
    assert (tmp_path / "out/derivatives/literature/micro-expressions/static-rating.svg").is_file()
