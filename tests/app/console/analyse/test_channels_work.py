"""What the step EEG channels computes: one participant's own figures, and who is not in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from analysis.corpus.cases import Batch
from analysis.evaluation.channel_sweep import Own, Point, Sweep
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.splits import SplitError
from app.analysing.channel_figures import curves_figure, sweep_table
from app.analysing.channels import Cutting, Segments
from app.analysing.evaluating import EvaluatingError
from app.console.analyse import channels_work
from app.console.analyse.channels_work import Cut, Swept, swept
from app.console.analyse.waiting import Told
from tests.helpers.sample_eeg_channels import segments

FIGURES = {
    "P01": Own(0.9, 0.8, 0.6, 2.0),
    "P02": Own(0.5, 0.4, 0.55, 4.0),
}


def point(statistic: str, people: Mapping[str, Own], split: str) -> Point:
    kept = {code: {"C3": 1} for code in people}
    return Point(statistic, 2, split, 0.7, 0.28, 0.6, 0.575, 3.0, people, kept)


def given(batch: Batch, split: SplitSpec, settings: Any, wanted: Any, **more: Any) -> Sweep:
    """Stand in for a sweep: figures of two people, of a third none."""
    if split.kind == "trials":
        raise SplitError("--split trials needs a participant with two trials, and there is none.")
    points = tuple(point(statistic, FIGURES, split.kind) for statistic, _ in wanted)
    notes = ("Not in these figures, since no fold could test them: P03.",)
    return Sweep(split.kind, "Told.", "", points, notes)


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Cut:
    monkeypatch.setattr(channels_work, "sweep", given)
    return Cut(Segments(Cutting(), segments(3, 4, True), ()), {}, {})


def done(cut: Cut, participant: str) -> Swept:
    return swept(cut, participant, "kurtosis", 20, Told())


def test_new_people_for_one_participant_are_that_ones_figures_and_no_others(cut: Cut) -> None:
    own = done(cut, "P01").sweeps[-1]
    assert own.split == "loso"
    for each in own.points:
        assert (each.accuracy, each.f1, each.majority, each.seconds) == (0.9, 0.8, 0.6, 2.0)
        assert each.spread is None
    row = sweep_table([own]).rows[0]
    assert row[3:] == (1, 90.0, None, 80.0, 60.0, 2.0)


def test_a_participant_whom_no_fold_tested_has_no_figures_of_the_others(cut: Cut) -> None:
    found = done(cut, "P03")
    assert [each.split for each in found.sweeps] == ["segments-own"]
    assert found.left_out == (
        "By block: not possible. --split trials needs a participant with two trials, and there is none.",
        "New people: P03 was not tested. Not in these figures, since no fold could test them: P03.",
    )


def test_the_words_beside_the_figures_say_who_is_missing_and_how_networks_were_trained(cut: Cut) -> None:
    found = done(cut, "")
    words = " ".join(found.words)
    assert "By block: not possible." in words
    assert "New people: Not in these figures, since no fold could test them: P03." in words
    assert "batch 16 (8), rate 0.002 (0.000625), epochs 20 (150)." in words
    assert all(row[3] == 2 for row in sweep_table(found.sweeps).rows)
    shown = curves_figure(found.sweeps, "kurtosis", "Everybody", found.left_out)
    assert "By block: not possible." in shown.about
    assert shown.figure().svg().count("2 people") == 2


def test_splits_of_different_people_are_told_apart(cut: Cut) -> None:
    both = [
        given(segments(1, 2, True), SplitSpec(kind), {}, [("kurtosis", 2)]) for kind in ("loso", "sessions")
    ]
    alone = Sweep("trials", "Told.", "", (point("kurtosis", {"P01": FIGURES["P01"]}, "trials"),))
    assert "not of the same people" not in curves_figure(both, "kurtosis", "Everybody").about
    assert "not of the same people" in curves_figure([*both, alone], "kurtosis", "Everybody").about


def test_where_no_split_is_possible_every_reason_is_told(cut: Cut, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Sweep:
        raise SplitError("no.")

    monkeypatch.setattr(channels_work, "sweep", never)
    with pytest.raises(EvaluatingError, match=r"By segment: LEAKY: not possible\. no\. By block"):
        done(cut, "")
