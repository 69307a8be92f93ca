"""`evoke reproduce pdan`: printed tables with their misprints, ours of real speech, blind and bound apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.literature.paper import paper
from analysis.literature.pdan import ABLATIONS, RESULTS, TASKS
from app.analysing.cross_corpus import METHODS, Row, cells
from app.analysing.literature.pdan import QUICK, joined, made_at, tables
from app.analysing.literature.reproducing import LiteratureError, Order
from app.study import Study


def test_printed_means_are_kept_beside_those_of_their_rows() -> None:
    assert RESULTS.columns == ("method", *TASKS, "mean as printed", "mean of the row")
    off = {}
    for row in (*RESULTS.rows, *ABLATIONS.rows):
        values = [float(value) for value in row[1:] if value is not None]
        assert values[7] == pytest.approx(sum(values[:6]) / 6, abs=0.006)
        if abs(values[6] - values[7]) > 0.02:
            off[row[0]] = (values[6], values[7])
    assert off == {"IS09 SA": (36.33, 37.17), "DANN": (38.05, 38.17), "IS09 GFK": (36.17, 36.12)}
    best = [max(RESULTS.rows, key=lambda row: float(row[task] or 0))[0] for task in range(1, 7)]
    assert best.count("PDAN") == 3
    assert RESULTS.rows[-1][1:] == ABLATIONS.rows[-1][1:]


def test_every_method_of_the_table_is_there() -> None:
    known = paper("pdan")
    assert set(known.recognizers) <= {each.recognizer for each in METHODS}
    assert [each.title for each in METHODS][-3:] == [
        "PDAN", "PDAN: L_s + L_m", "PDAN: L_s + L_m + L_fc",
    ]  # fmt: skip
    assert {each.name: each.weights for each in METHODS}["pdan"] == ("marginal", "rough", "fine")
    assert {each.name: each.weights for each in METHODS}["pdan-m-fc"] == ("marginal", "fine")


def test_without_a_folder_it_says_what_is_needed(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "speech", "people", protocol="")
    with pytest.raises(LiteratureError, match="Emo-DB's wav files"):
        tables(Order(study))


@pytest.mark.slow
def test_the_quick_form_makes_both_tables(
    tmp_path: Path, shared_recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.helpers.speaking import in_this_process

    in_this_process(monkeypatch)
    study = Study.create(tmp_path / "study", "speech", "people", protocol="")
    scale = replace(QUICK, methods=("pdan-source", "pdan"))
    made = made_at(Order(study, shared_recordings / "emodb", is_quick=True), scale)
    blind, bound = made.tables
    assert blind.columns[:4] == ("method", "female to male", "male to female", "mean")
    assert [row[0] for row in blind.rows] == ["CNN, no adaptation", "PDAN"]
    assert [row[0] for row in bound.rows] == ["PDAN"]
    assert "UPPER BOUND" in bound.title
    assert blind.published == bound.published == ""
    for table in made.tables:
        assert table.notes[0].startswith("QUICK FORM")
        assert "4 speakers (2 women)" in table.data
        assert any("majority" in line for line in table.controls)
        assert any("guards: none stopped" in line for line in table.controls)
    assert all(row[-1] is None for row in bound.rows)
    assert [row[-2] for row in bound.rows] == ["2 of 216"]
    assert any("of the blind table always among them" in note for note in bound.notes)
    # The bound is none below what it bounds.
    assert all(float(str(bound.rows[0][place])) >= float(str(blind.rows[1][place])) for place in (1, 2, 3))


def test_fields_side_by_side_have_a_p_only_where_each_has_one() -> None:
    first = Row(METHODS[-3], "fixed", {"a-to-b": (50.0,)}, ("one",), 0.04, {"a-to-b": "a to b"})
    other = replace(first, tasks={"c-to-d": (60.0,)}, runs=("two",), titles={"c-to-d": "c to d"})
    (both,) = joined([(first,), (other,)])
    assert (both.p, both.runs) == (0.04, ("one", "two"))
    assert cells([both])[0][1:3] == ("a to b", "c to d")
    assert joined([(first,), (replace(other, p=None),)])[0].p is None
