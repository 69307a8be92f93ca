"""What a frozen plan needs: from a simulated study to a table and a figure."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.evaluation.experiment import Experiment, SplitSpec
from analysis.evaluation.usable import resolved
from analysis.recognizers.table import recognizer_class
from analysis.simulate.power import Need, Way
from analysis.simulate.settings import Settings
from app.analysing.corpora import study_corpus
from app.analysing.plans import PlanError, freeze_plan
from app.analysing.power import Power, PowerError, figure_text, lines_of, power, sizes
from app.analysing.simulating import Request, simulate, simulation_study
from app.analysing.targets import make_target, recipe_named
from app.cli import main
from app.presenter.simulated import live_through
from app.study import Study

MODALITIES = ("eda", "keys")


def planned(folder: Path, participants: int) -> Study:
    """Make a simulated study and freeze a plan for it."""
    study = simulation_study(folder, "demo")
    settings = Settings(dict.fromkeys(MODALITIES, 3.0), modalities=MODALITIES, artefacts=0.0)
    simulate(study, Request("demo", participants, settings, 1), live_through)
    corpus = study_corpus(study)
    target = make_target(study, corpus, recipe_named(study, corpus, "category"))
    card = recognizer_class("logistic-regression").card
    experiment = Experiment(
        "logistic-regression",
        target.recipe.to_json(),
        target.sha256,
        modalities=MODALITIES,
        split=SplitSpec("loso"),
    )
    freeze_plan(study, "main", [resolved(experiment, card, True)], corpus)
    return study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Seven participants of the demo protocol, and a plan."""
    return planned(tmp_path_factory.mktemp("power") / "study", 7)


@pytest.fixture(scope="module")
def found(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Power:
    """What the plan needs, from few repetitions."""
    return power(study, "main", tmp_path_factory.mktemp("out"), most=20, trained=3, outcomes=8)


@pytest.mark.slow
def test_both_ways_are_told_up_to_the_studys_size_and_one_beyond(found: Power) -> None:
    ways = {(row.participants, row.way) for row in found.rows}
    drawn = {size for size, way in ways if way == "outcomes drawn"}
    anew = {size for size, way in ways if way == "trained anew"}
    assert drawn == {6, 7, 8, 10, 12, 15, 20}
    assert anew == {6}
    assert {row.repetitions for row in found.rows} <= {1, 2, 3, 8, 7, 6}
    assert any("more participants would not make the recognizer better" in each for each in found.assumed)


@pytest.mark.slow
def test_the_table_holds_every_row_and_the_figure_can_be_read(found: Power) -> None:
    rows = list(csv.DictReader(found.table.read_text(encoding="utf-8").splitlines()))
    assert [int(row["participants"]) for row in rows] == [row.participants for row in found.rows]
    assert {row["way"] for row in rows} == {"outcomes drawn", "trained anew"}
    figure = ElementTree.parse(found.figure).getroot()
    words = " ".join(figure.itertext())
    assert "participants" in words
    assert "this study: 7" in words
    assert "logistic-regression, outcomes drawn" in words


@pytest.mark.slow
def test_the_command_tells_the_same(
    study: Study, found: Power, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--study", str(study.folder), "--participants", "8", "--out", str(tmp_path))
    assert main(["simulate", "--power", "main", *given, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["plan"], told["pilot"]) == ("main", 7)
    assert Path(told["table"]).is_file()
    assert all(row["repetitions"] for row in told["rows"])
    assert "plan main, balanced_accuracy, from 7 participants" in "\n".join(lines_of(found))


def test_a_plan_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="there is no plan 'mian'"):
        power(simulation_study(tmp_path / "study", "demo"), "mian", tmp_path)


def test_too_small_a_study_is_told(tmp_path: Path) -> None:
    small = planned(tmp_path / "study", 2)
    with pytest.raises(PowerError, match="needs at least 5"):
        power(small, "main", tmp_path / "out")


@pytest.mark.parametrize(
    ("people", "most", "expected"),
    [(7, 20, (6, 7, 8, 10, 12, 15, 20)), (10, 5, (6, 8, 10)), (5, 5, (5,)), (13, 15, (6, 8, 10, 12, 13, 15))],
)
def test_sizes_go_up_to_the_most_and_name_the_studys_own(
    people: int, most: int, expected: tuple[int, ...]
) -> None:
    assert sizes(people, most) == expected


def test_every_series_has_its_name_inside_the_figure() -> None:
    names = ("svm", "lda", "random-forest", "majority")
    ways: tuple[Way, ...] = ("trained anew", "outcomes drawn")
    rows = [Need(name, 8, way, 3, 0.7, 0.6, 0.8, 0.2, 0.1, 0.3, None) for name in names for way in ways]
    figure = ElementTree.fromstring(figure_text(rows, "auc", 8))
    placed = [float(each.attrib["y"]) for each in figure.iter() if (each.text or "").split(", ")[0] in names]
    assert len(placed) == 8
    assert max(placed) < float(figure.attrib["height"])
