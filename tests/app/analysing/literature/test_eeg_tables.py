"""`evoke reproduce eeg-channels` and `eeg-survey`: quick forms on simulated people, beside their controls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.simulate.settings import Settings
from app.analysing.literature import eeg_channels, eeg_survey
from app.analysing.literature.eeg_channels import NARROW, tables
from app.analysing.literature.eeg_survey import FAMILIES, QUICK, simulated
from app.analysing.literature.reproducing import LiteratureError, Order
from app.analysing.literature.simulated_people import simulated_study
from app.study import Study
from protocols.load import load_protocol


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


@pytest.mark.slow
def test_the_quick_form_of_the_channels_has_three_splits_and_its_controls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = eeg_channels.QUICK
    settings, deep = ({**each, "epochs": 1} for each in (quick.settings, quick.deep))
    smaller = replace(quick, bands=("gamma",), ks=(3,), settings=settings, deep=deep)
    monkeypatch.setattr(eeg_channels, "QUICK", smaller)
    made = tables(Order(study_in(tmp_path), workers=1, is_quick=True))
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
