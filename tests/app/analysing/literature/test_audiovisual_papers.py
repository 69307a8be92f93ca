"""Papers of voice, face and words: their tables are made in the smallest form, on planted participants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.literature.paper import paper
from app.analysing.literature import mer_sem_mbt
from app.analysing.literature.mer_sem_mbt import one_against_rest
from app.analysing.literature.reproducing import Order, kept, make
from app.analysing.simulated_words import scores
from app.study import Study


def test_a_constant_answer_reaches_its_floor() -> None:
    true = np.array([True, False, False, False])
    no, yes = (one_against_rest(true, np.full(4, said)) for said in (False, True))
    assert no.accuracy == no.floor[0] == 0.75
    assert yes.f1 == yes.floor[1] == pytest.approx(0.4)
    assert no.weighted == yes.weighted == 0.5


def test_impressions_follow_voice_and_face_as_far_as_they_are_planted() -> None:
    chance = [0.0] * 6
    found = scores({"speech": 1.0, "face": 1.0}, chance, chance, 1.0)
    assert found[2] == pytest.approx(0.5 + 0.12 * 1.1)
    assert scores({"speech": 1.0, "face": 1.0}, chance, chance, 0.0) == [0.5] * 6


def test_printed_averages_are_those_of_their_rows() -> None:
    for table in paper("personality").printed[:4]:
        for row in table.rows:
            numbers = [float(each) for each in row[1:] if isinstance(each, float)]
            assert numbers[5] == pytest.approx(np.mean(numbers[:5]), abs=2e-4), (table.title, row[0])
    for table in paper("mer-sem-mbt").printed[:2]:
        for row in table.rows:
            numbers = [float(each) for each in row[1:] if isinstance(each, float)]
            assert numbers[12] == pytest.approx(np.mean(numbers[0:12:2]), abs=1.5e-3), (table.title, row[0])
            assert numbers[13] == pytest.approx(np.mean(numbers[1:12:2]), abs=1.5e-3), (table.title, row[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mer-sem-mbt", "personality"])
def test_the_smallest_tables_are_made_and_kept(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mer_sem_mbt, "QUICK", ("MER + SEM + MBT",))
    study = Study.create(tmp_path / "study", "S", "simulation")
    made = make(name, Order(study, workers=1, is_quick=True), study)
    assert len(made.tables) == 2
    for table in made.tables:
        assert "simulated participants" in table.data
        assert any("Quick form" in note for note in table.notes)
        assert any("permutations" in line for line in table.controls)
        assert table.runs and not table.published
        assert all(len(row) == len(table.columns) for row in table.rows)
    found = kept(study, name)
    assert found is not None and found.tables == made.tables
