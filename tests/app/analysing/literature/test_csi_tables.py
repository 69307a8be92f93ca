"""`evoke reproduce csi` in small: made-up passages through the engine, every table of the paper's kind."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.runner import work
from analysis.simulate import channel
from analysis.simulate.channel import passages, write_events, write_log
from app.analysing.corpora import study_corpus
from app.analysing.literature import csi, finishing
from app.analysing.literature.csi import Scale, tables
from app.analysing.literature.csi_study import csi_study, made_up
from app.analysing.literature.open_data import enter
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


def bench_of(study: Study) -> csi._Bench:
    small = Scale(1, 3, ("lw-wadl",), {"rate": 0.01, "epochs": 1}, {"lw-wadl": 0.1}, (4,), 2, 2, 0)
    order = Order(study, workers=1, is_quick=True)
    return csi._Bench(order, small, study, study_corpus(study), "made up", SplitSpec("sessions", 2, 1))


def road(folder: Path) -> Study:
    study = Study.create(folder, "csi", "people", protocol="")
    for member in made_up(1, 3, 5):
        enter(study, member, "csi")
    return study


def test_of_passages_that_share_readings_the_mixed_folds_take_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "QUIET_S", 3.0)
    bench = bench_of(road(tmp_path / "near"))
    every = bench.target(("car", "pedestrian", "bicycle", "motorcycle"))
    kept = csi.apart(bench.corpus, every)
    assert 4 < len(kept.values) < len(every.values)
    spans = [trial.shown for trial in bench.corpus.trials if trial.key in kept.values]
    assert all(other[0] - one[1] >= 6.0 for one, other in itertools.pairwise(spans))
    (words,) = csi._left_out(bench)
    assert words.startswith(f"{len(every.values) - len(kept.values)} of {len(every.values)} passages")
    mixed = SplitSpec("trials-pooled", 2, 1)
    assert bench.run("lw-wadl", ("car", "pedestrian"), mixed) is not None and bench.notes == []


def test_far_passages_are_all_kept_and_what_cannot_be_is_said_in_its_row(tmp_path: Path) -> None:
    bench = bench_of(road(tmp_path / "far"))
    target = bench.target(())
    assert csi.apart(bench.corpus, target) is target and csi._left_out(bench) == ()
    alone = replace(bench, grouped=SplitSpec(csi._widest(bench.corpus), 2, 1))
    assert [words for words, _ in csi._splits(alone)] == ["passages mixed, 2 folds"]
    assert csi._left_out(alone)[0].startswith("One visit to one road")
    assert bench.run("lw-wadl", (), SplitSpec("sessions")) is None
    assert bench.notes == [
        "LW-WADL, 4 classes, a day left out: not possible: --split sessions needs a participant with two"
        " visits, and there is none."
    ]
    table = csi._sweep(bench)
    assert table.rows == ((4.0, None),) and "not possible" in table.notes[0]


def test_other_logs_labels_and_seeds_are_other_studies(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    write_log(logs / "north_1.csv", passages(("car", "bicycle"), 1))
    order = Order(Study.create(tmp_path / "study", "csi", "people", protocol=""), logs, is_quick=True)
    with pytest.raises(
        LiteratureError, match=r"0 kinds of passages have a label.*events\.csv beside the logs"
    ):
        tables(order)
    write_events(logs / "events.csv", {"north_1.csv": passages(("car", "bicycle"), 1)})
    study, _ = csi_study(order, 1, 1)
    assert [trial.category for trial in study_corpus(study).trials] == ["car", "bicycle"]
    (tmp_path / "other").mkdir()
    write_log(tmp_path / "other" / "south_1.csv", passages(("car",), 2))
    found, _ = csi_study(replace(order, source=tmp_path / "other"), 1, 1)
    assert [each.participant for each in found.sessions()] == ["south"]
    assert csi_study(order, 1, 1)[0].folder == study.folder
    seeds = [csi_study(replace(order, source=None, seed=seed), 1, 1)[0] for seed in (1, 2)]
    first, second = (study_corpus(each).recordings[0].sha256 for each in seeds)
    assert first != second


def test_a_source_without_logs_is_said(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study", "csi", "people", protocol="")
    with pytest.raises(LiteratureError, match="there is nothing of this name"):
        tables(Order(study, tmp_path / "nowhere", is_quick=True))
