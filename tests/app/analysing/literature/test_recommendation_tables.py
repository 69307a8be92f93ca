"""The survey of recommenders: its catalogue, and our tables on planted viewers or a study."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.literature.paper import Printed
from analysis.literature.recommendation import CHANNELS, METRICS, PAPER, PUBLISHERS, TECHNIQUES
from analysis.recommendation.planted import planted_viewers
from app.analysing.literature import recommendation
from app.analysing.literature.reproducing import LiteratureError, Made, Order
from app.analysing.recommending import NO_COURSES, RANKED, Material
from app.study import Kind, Study


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Made:
    study = Study.create(tmp_path_factory.mktemp("r") / "s", "r", "people", protocol="")
    return recommendation.tables(Order(study, is_quick=True))


def test_the_printed_counts_add_up_as_the_survey_has_them() -> None:
    def total(table: Printed, column: int) -> float:
        return sum(float(str(row[column])) for row in table.rows)

    assert total(TECHNIQUES, 1) == 50 and len(TECHNIQUES.rows) == 14
    assert total(CHANNELS, 1) == 57 and total(METRICS, 1) == 63
    assert total(PUBLISHERS, 1) == 92
    for _, papers, share in PUBLISHERS.rows:
        assert isinstance(papers, float) and isinstance(share, float)
        assert share == pytest.approx(100 * papers / 92, abs=0.01)
    assert PAPER.step == "playlist" and all(table.rows for table in PAPER.printed)


@pytest.mark.slow
def test_every_ranker_stands_beside_its_baselines_with_intervals(quick: Made) -> None:
    newcomers, last, affect = quick.tables
    for table in (newcomers, last):
        assert [row[0] for row in table.rows] == list(RANKED)
        assert "random, most-liked, norms" in table.controls[0]
        assert table.published == "" and "Quick form" in table.notes[0] and "0.6 of liking" in table.data
        assert "made-up courses of affect" in table.data
    assert newcomers.columns[1] == "P@5" and last.columns[1] == "P@1"
    found = {row[0]: float(str(row[4]).split()[0]) for row in newcomers.rows}
    assert found["collaborative"] > 0.8 > 0.7 > found["random"]
    assert {str(row[0]) for row in affect.rows} == {
        f"{name}, {how}" for name in ("valence", "arousal") for how in ("newcomers", "last three")
    }
    assert all(float(str(row[2])) < float(str(row[5])) for row in affect.rows)


@pytest.mark.parametrize(("kind", "who"), [("people", "4 people"), ("simulation", "4 simulated people")])
def test_a_table_says_whether_its_people_were_real_and_which_ranker_had_nothing_to_go_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Kind, who: str
) -> None:
    study = Study.create(tmp_path / "s", "own", kind, protocol="")
    material = Material(planted_viewers(4, 14, 12), ("r",), 0)
    monkeypatch.setattr(recommendation, "material_of", lambda _: material)
    newcomers, _, affect = recommendation.tables(Order(study, source=study.folder)).tables
    assert newcomers.data == affect.data == f"the study own, {who}"
    grey = next(row for row in newcomers.rows if row[0] == "grey-relational")
    assert grey == ("grey-relational", None, None, None, None, None, 0.0)
    assert NO_COURSES in newcomers.notes


def test_a_study_with_too_few_clips_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.recommendation.viewings import Catalogue, Clip, Viewing

    study = Study.create(tmp_path / "s", "own", "people", protocol="")
    one = Catalogue({"a": Clip("a")}, (Viewing("p", "a", 0, {"valence": 0.5}, 0.5),))
    monkeypatch.setattr(recommendation, "material_of", lambda _: Material(one, ("r",), 0))
    with pytest.raises(LiteratureError, match=r"the study own, 1 people: nobody can be tested|last"):
        recommendation.tables(Order(study, source=study.folder))
