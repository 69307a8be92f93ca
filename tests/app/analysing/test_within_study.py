"""Trials of a study as rows of a test: simulated people who name expressions, from their session files."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.literature.paper import Cell
from analysis.records import Event
from analysis.simulate.settings import Settings
from analysis.statistics.trimming import Trimming
from analysis.statistics.within import Design, Within, analyse
from app.analysing import within_trials
from app.analysing.corpora import study_corpus
from app.analysing.literature import micro_expressions as reproducing
from app.analysing.literature.reproducing import Order
from app.analysing.simulated_answers import live_with_answers, planted
from app.analysing.simulating import Request, simulate, simulation_study
from app.analysing.within_figures import cell_figure
from app.analysing.within_tables import (
    cell_table,
    effect_rows,
    item_table,
    lost_table,
    pair_table,
    simple_table,
)
from app.analysing.within_trials import (
    Cut,
    Measure,
    Tried,
    blocks_of,
    factors_of,
    measures_of,
    pooled,
    rows_of,
    scores_of,
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
    return trials_of(study_corpus(study), beside=study.folder)


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


def test_tests_over_stimuli_count_the_models_that_the_pictures_show(trials: tuple[Tried, ...]) -> None:
    for block, df in (("static", [(2, 16), (1, 8), (2, 16)]), ("dynamic", [(1, 8), (1, 8), (1, 8)])):
        rows, lost = rows_of(trials, Measure("rating", "attractiveness"), FACTORS, Cut((block,)))
        assert rows.models is not None and len(set(rows.models.tolist())) == 10
        found = analyse(rows, Design(FACTORS, {}), lost)
        assert found.items is not None
        assert (found.items.unit, found.items.n, found.items.left_out) == ("model", 10, 0)
        assert (found.items.between, found.items.within) == ((FACTORS[1],), (FACTORS[0],))
        assert [(each.df1, each.df2) for each in found.items.effects] == df
        columns, lines = item_table(found)
        assert lines[1][0] == FACTORS[1]
        assert dict(zip(columns, lines[1], strict=True))["over"] == "10 models"
        assert lines[1][-2:] == (FACTORS[1], FACTORS[0])


def test_pictures_whose_set_is_gone_have_no_model_and_keep_all_else(
    study: Study, trials: tuple[Tried, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within_trials, "bundled_sets", dict)
    without = trials_of(study_corpus(study), beside=study.folder)
    static = [each for each in without if each.levels["block"] == "static"]
    assert static and not any("model" in each.levels for each in static)
    assert [each.answers for each in without] == [each.answers for each in trials]
    rows, _ = rows_of(without, Measure("rating", "attractiveness"), FACTORS, Cut(("static",)))
    found = analyse(rows, Design(FACTORS, {}))
    assert any("show the same person count as separate" in words for words in found.warnings)


def test_questionnaires_of_each_trial_are_measures_by_their_scales(trials: tuple[Tried, ...]) -> None:
    said = {
        "instrument": "panas",
        "total": None,
        "subscales": {"positive": 31, "negative": 12.5, "odd": None},
    }
    events = (
        Event(1.0, "presenter", 1, "scored", 0, "mood", said),
        Event(2.0, "presenter", 2, "scored", 0, "mood", {"instrument": "phq-9", "total": 7, "subscales": {}}),
    )
    scores = scores_of(events)
    assert scores == {"panas, positive": 31.0, "panas, negative": 12.5, "phq-9": 7.0}
    some = tuple(replace(each, scores=scores if place % 2 else {}) for place, each in enumerate(trials))
    measure = Measure("score", "panas, positive")
    assert measure in measures_of(some) and measure.title == "score of panas, positive"
    rows, lost = rows_of(some, measure, FACTORS)
    assert len(rows) == 150 and set(rows.values) == {31.0} and lost == (("without this score", 150),)


def test_a_model_that_is_a_factor_itself_is_not_counted_over(trials: tuple[Tried, ...]) -> None:
    rows, _ = rows_of(trials, Measure("rating", "attractiveness"), ("model",), Cut(("static",)))
    assert rows.models is None


def visited(trials: tuple[Tried, ...], visits: int) -> tuple[Tried, ...]:
    """Return the same trials as of several visits, each with its own number."""
    return tuple(
        replace(
            each,
            trial=replace(each.trial, session=str(visit), recording=f"{each.trial.recording}-{visit}"),
            levels=dict(each.levels) | {"visit": str(visit)},
        )
        for visit in range(1, visits + 1)
        for each in trials
    )


def test_visits_are_a_factor_and_averaging_them_is_said(trials: tuple[Tried, ...]) -> None:
    cut = Cut(("static",))
    assert "visit" not in factors_of(trials, ("static",)) and pooled(trials, FACTORS, cut) == ()
    assert all(each.levels["visit"] == "1" for each in trials)
    more = visited(trials, 10)
    assert factors_of(more, ("static",))["visit"] == tuple(map(str, range(1, 11)))
    (told,) = pooled(more, FACTORS, cut)
    assert "visits of a participant are averaged (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)" in told
    assert "choose visit as a factor" in told
    assert pooled(more, ("visit",), cut) == ()


def test_accuracy_counts_early_answers_and_times_do_not(trials: tuple[Tried, ...]) -> None:
    early = tuple(
        replace(each, answers={name: replace(told, anticipation=True) for name, told in each.answers.items()})
        for each in trials
    )
    measures = (("accuracy", 180), ("time", 0))
    for kind, expected in measures:
        cut = Cut(("static",), correct_only=False, no_anticipations=kind == "time")
        rows, lost = rows_of(early, Measure(kind, "answer"), FACTORS, cut)
        assert len(rows) == expected
        assert lost == (() if expected else (("answered before they could have seen it", 180),))


def test_a_level_at_ceiling_leaves_tables_that_say_so(trials: tuple[Tried, ...]) -> None:
    rows, _ = rows_of(trials, ANSWER, FACTORS, Cut(("static",)))
    values = np.where(rows.levels[FACTORS[1]] == "attractive", 1.0, rows.values)
    found = analyse(replace(rows, values=values), Design(FACTORS, {}))
    lines = {line[:2]: line for line in simple_table(found)[1]}
    assert lines[FACTORS[0], "attractive"][2:] == ("no variance", None, None, None, None, None)
    assert str(lines[FACTORS[0], "unattractive"][2]).startswith("F(")
    assert not any(isinstance(cell, float) and math.isnan(cell) for cell in flattened(found))
    figure = cell_figure(found, 400, 300).svg()
    assert "nan" not in figure


def test_what_was_trimmed_by_cell_is_named_in_words(trials: tuple[Tried, ...]) -> None:
    rows, _ = rows_of(trials, Measure("time", "answer"), FACTORS, Cut(("static",), correct_only=False))
    found = analyse(rows, Design(FACTORS, {}, Trimming("both", 1.5, "cell")))
    words = [str(line[0]) for line in lost_table(found)[1] if str(line[0]).startswith("trimmed")]
    assert words and all(" x " in each and each.isprintable() for each in words)


def flattened(found: Within) -> list[Cell]:
    """Return every cell of every table."""
    made = (effect_rows, pair_table, simple_table, cell_table, item_table, lost_table)
    return [cell for table in made for line in table(found)[1] for cell in line]


def test_the_table_says_which_p_decides(trials: tuple[Tried, ...]) -> None:
    rows, _ = rows_of(trials, Measure("rating", "attractiveness"), FACTORS, Cut(("static",)))
    columns, lines = effect_rows(analyse(rows, Design(FACTORS, {})))
    assert all(len(line) == len(columns) for line in lines)
    decides = [line[columns.index("decides")] for line in lines]
    assert decides[1] == "p" and set(decides) <= {"p", "p GG"}


def test_another_seed_makes_other_people(tmp_path: Path) -> None:
    study = simulation_study(tmp_path / "study", "micro-expressions")
    made: dict[int, list[tuple[Path, list[str]]]] = {}
    for seed in (1, 2, 1):
        order = Order(study, workers=1, seed=seed)
        own = reproducing._simulated(order, 1)
        made.setdefault(seed, []).append((own.folder, [each.sha256 for each in own.sessions()]))
    assert made[1][0] == made[1][1] and made[1][0][0] != made[2][0][0]
    assert made[1][0][1] != made[2][0][1]


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
    assert "22 of 22 agree" in told and "16 of 16 agree" in told and "9 of 11 agree" in told
    assert "18 of 18 follow from their F" in told
    for table in ("cell means", "pairs", "simple effects", "over models"):
        assert f"static, rating of attractiveness: {table}" in told
    assert (tmp_path / "out/derivatives/literature/micro-expressions-quick/static-rating.svg").is_file()
