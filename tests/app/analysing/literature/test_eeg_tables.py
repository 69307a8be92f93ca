"""`evoke reproduce eeg-channels` and `eeg-survey`: quick forms on simulated people, beside their controls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.simulate.settings import Settings
from app.analysing.literature import eeg_channels, eeg_survey
from app.analysing.literature.eeg_channels import NARROW, Plan, deep_kernel, ks_of, tables
from app.analysing.literature.eeg_survey import FAMILIES, QUICK, simulated
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.literature.simulated_people import simulated_study
from app.study import Study
from protocols.load import load_protocol
from tests.helpers.imagery_study import imagery_study


def study_in(folder: Path) -> Study:
    return Study.create(folder / "around", "Around", "people", protocol="")


def test_the_protocol_still_holds_what_the_short_form_replaces() -> None:
    text = load_protocol("imagery").text
    assert {before: text.count(before) for before in NARROW} == dict.fromkeys(NARROW, 1)


def test_what_the_protocol_does_not_hold_cannot_be_changed(tmp_path: Path) -> None:
    order = Order(study_in(tmp_path))
    with pytest.raises(LiteratureError, match="'nothing like it' is not in it once"):
        simulated_study(order, "imagery", "imagery", 1, Settings(), {"nothing like it": ""})


def test_simulated_visits_have_both_classes_alike_and_no_two_cases_are_the_same() -> None:
    batch = simulated(QUICK, 1)
    assert batch.y is not None
    cases = batch.cases
    assert set(cases.session) == {"1", "2"}
    for code in np.unique(cases.participant):
        for visit in ("1", "2"):
            own = (cases.participant == code) & (cases.session == visit)
            assert batch.y[own].mean() == 0.5
    assert len(set(cases.content)) == len(batch)
    assert batch.inputs["eeg"].values.shape[1:] == (10, QUICK.channels * 5)


def smaller_plan() -> Plan:
    quick = eeg_channels.QUICK
    settings, deep = ({**each, "epochs": 1} for each in (quick.settings, quick.deep))
    return replace(quick, bands=("gamma",), ks=(3,), settings=settings, deep=deep)


@pytest.fixture
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eeg_channels, "QUICK", smaller_plan())


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The tables of the smaller quick form, on simulated people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eeg_channels, "QUICK", smaller_plan())
        return tables(Order(study_in(tmp_path_factory.mktemp("quick")), workers=1, is_quick=True))


@pytest.mark.slow
def test_the_quick_form_of_the_channels_has_three_splits_and_its_controls(quick: Made) -> None:
    made = quick
    assert [table.title for table in made.tables] == [
        "All channels, by band: valence",
        "Gamma, accuracy by statistic: valence",
        "Models and settings: valence",
    ]
    bands, statistics, models = made.tables
    assert [row[0] for row in statistics.rows] == ["kurtosis", "random"]
    assert {len(row) for row in bands.rows} == {7}
    for table in made.tables:
        assert "planted" in table.data and "LEAKY" in table.protocol
        assert any("--quick" in note for note in table.notes)
        assert table.published == ""
    assert len(models.runs) == 3
    assert [("LEAKY" in line, "permutations p" in line) for line in models.controls] == [
        (True, True),
        (False, True),
        (False, True),
    ]


@pytest.mark.slow
def test_k_that_was_found_on_the_tested_side_stands_as_an_upper_bound_and_the_runs_choose_it_inside(
    quick: Made,
) -> None:
    statistics, models = quick.tables[1:]
    assert any("upper bound" in note for note in statistics.notes)
    fixed = [str(row[0]) for row in models.rows if "K = " in str(row[0])]
    assert fixed and all(name.endswith("(K chosen on the tested side)") for name in fixed)
    assert any(
        note.startswith("K chosen on the tested side: rows so marked are upper") for note in models.notes
    )
    assert all("K chosen inside the training side" in line and "K = " not in line for line in models.controls)


@pytest.mark.slow
def test_what_is_not_as_the_article_has_it_stands_below_the_tables(quick: Made) -> None:
    for table in quick.tables:
        notes = " ".join(table.notes)
        assert (
            "Networks of 1 epochs, the article's of 150; for new people of 4, the article's of 10." in notes
        )
        assert "rate 0.002 (0.000625), batch 16 (8), maps 8 (40)" in notes
        assert "People tested: by segment (LEAKY) 2, by block 2, new people 2." in notes
    notes = " ".join(quick.tables[2].notes)
    assert "width 0.2 (1), kernel 5 (10); 256 samples a segment, the article's have 512." in notes
    assert "filling of gaps is not in them" in notes


@pytest.mark.parametrize(
    ("asked", "channels", "ks"),
    [
        ((2, 4, 8, 16, 24), 246, (2, 4, 8, 16, 24, 64, 68, 90, 123)),
        ((2, 4, 8, 16, 24), 32, (2, 4, 8, 16, 24)),
        ((2, 4, 8, 16, 24), 8, (2, 4)),
        ((3, 6), 2, (1,)),
    ],
)
def test_ks_reach_as_far_as_the_cap(asked: tuple[int, ...], channels: int, ks: tuple[int, ...]) -> None:
    assert ks_of(asked, channels) == ks


@pytest.mark.parametrize(("samples", "kernel"), [(512, 10), (441, 10), (400, 8), (256, 5), (20, 1)])
def test_the_deep_network_has_the_largest_kernel_that_fits(samples: int, kernel: int) -> None:
    assert deep_kernel(samples) == kernel


@pytest.mark.slow
def test_a_study_of_one_person_has_the_tables_without_new_people(tmp_path: Path, smaller: None) -> None:
    alone = imagery_study(tmp_path / "one", people=1)
    made = tables(Order(study_in(tmp_path), alone.folder, workers=1, is_quick=True))
    bands, statistics, models = made.tables[:3]
    assert [table.title.rpartition(" ")[2] for table in (bands, statistics, models)] == ["valence"] * 3
    assert bands.rows[0][1] is not None and bands.rows[0][-2:] == (None, None)
    assert statistics.rows[0][-3:] == (None, None, None)
    for table in (bands, statistics, models):
        notes = " ".join(table.notes)
        assert "new people: no figures. --split loso needs at least two participants" in notes
        assert "People tested: by segment (LEAKY) 1, by block 1." in notes
    assert models.controls[-1].startswith("new people: no run. --split loso needs")
    assert len(models.runs) == 2
    assert "±" not in str(models.rows[0][1])


@pytest.mark.slow
def test_the_quick_form_of_the_survey_has_a_table_a_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eeg_survey, "PROTOCOLS", (("sessions", "Another visit", "leave one visit out"),))
    made = eeg_survey.tables(Order(study_in(tmp_path), workers=1, is_quick=True))
    assert [table.title for table in made.tables] == ["Families of the survey: another visit"]
    for table in made.tables:
        assert [row[0] for row in table.rows] == ["majority", "svm", *FAMILIES]
        assert table.rows[0][3] == 50.0
        assert len(table.runs) == len(table.rows)
