"""`evoke reproduce csi` in small: made-up passages through the engine, every table of the paper's kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.evaluation.runner import work
from app.analysing.literature import csi, finishing
from app.analysing.literature.csi import Scale, tables
from app.analysing.literature.reproducing import LiteratureError, Order
from app.study import Study
from tests.helpers.engine import Here


@pytest.mark.slow
def test_every_table_is_made_on_passages_that_are_told_to_be_made_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Scale(
        2, 4, ("lw-wadl",), {"rate": 0.01, "epochs": 2}, {"lw-wadl": 0.25}, (52,), 2, 2, 99, " (small)"
    )
    monkeypatch.setattr(csi, "QUICK", small)
    monkeypatch.setattr(finishing, "work", lambda run, **told: work(run, pool=Here()))
    study = Study.create(tmp_path / "study", "csi", "people", protocol="")
    made = tables(Order(study, workers=1, is_quick=True))
    assert [table.title for table in made.tables] == [
        "4 classes",
        "Number of classes, accuracy %",
        "Choice of subcarriers, LW-WADL, accuracy %",
        "Number of subcarriers m, LW-WADL, accuracy %",
        "Size and cost, four classes, full width",
    ]
    for table in made.tables[:4]:
        assert table.data.startswith("made-up passages, 2 roads, 16 each; planted: pedestrian 8 dB")
        assert all(len(row) == len(table.columns) for row in table.rows)
    four, classes = made.tables[:2]
    assert [row[0] for row in four.rows] == ["a road left out in turn", "passages mixed, 2 folds"]
    for words in four.controls:
        assert "balanced accuracy" in words and "permutations p" in words, words
    assert [row[0] for row in classes.rows] == [2.0, 3.0, 4.0] * 2
    cost = {row[0]: row[1:5] for row in made.tables[-1].rows}
    assert cost["LW-WADL"] == ("12,314", "11,866", "49.3", 0.650464)


def test_a_source_without_logs_is_said(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "csi", "people", protocol="")
    with pytest.raises(LiteratureError, match="there is nothing of this name"):
        tables(Order(study, tmp_path / "nowhere", is_quick=True))
