"""Channels by a statistic: formulas, choice inside `fit`, the article's networks, what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from analysis.corpus.cases import Batch
from analysis.evaluation import channel_sweep
from analysis.evaluation.channel_sweep import sweep
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.ledger import Ledger
from analysis.evaluation.steps import prepare
from analysis.recognizers.channel_artefacts import artefact_warnings, on_rim
from analysis.recognizers.channel_choice import (
    STATISTICS,
    best,
    due_to_few,
    excluded_places,
    scores,
    with_gaps,
)
from analysis.recognizers.channel_net import ChannelNet
from analysis.recognizers.convnet_layers import DeepConvNet, ShallowConvNet, TimeAndSpace, deep_lengths
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.table import make
from tests.helpers.sample_eeg_channels import CHANNELS, SHALLOW, segments

PEOPLE = np.array(["P01"] * 3 + ["P02"] * 3)
EXPECTED: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "mean": lambda x: x.mean(axis=0),
    "variance": lambda x: x.var(axis=0),
    "rms": lambda x: np.sqrt((x**2).mean(axis=0)),
    "skewness": lambda x: np.asarray(stats.skew(x, axis=0)),
    "kurtosis": lambda x: np.asarray(stats.kurtosis(x, axis=0, fisher=False)),
}


def noise(n: int = 6, samples: int = 200, channels: int = 5) -> NDArray[np.float64]:
    return np.random.default_rng(2).gamma(2.0, 1.0, (n, samples, channels))


@pytest.mark.parametrize("name", list(STATISTICS))
def test_a_statistic_is_that_of_all_segments_of_a_person_averaged_over_people(name: str) -> None:
    values = noise()
    own = [EXPECTED[name](values[code == PEOPLE].reshape(-1, 5)) for code in ("P01", "P02")]
    np.testing.assert_allclose(scores(values, PEOPLE, name), np.mean(own, axis=0), rtol=1e-9)


def test_a_channel_that_does_not_move_is_never_among_the_best() -> None:
    values = noise()
    values[:, :, 3] = 7.0
    for name in STATISTICS:
        found = scores(values, PEOPLE, name)
        assert np.isnan(found[3])
        assert best(found, 5)[-1] == 3


def test_a_segment_with_a_gap_does_not_count_and_the_rest_keeps_its_rank() -> None:
    values = noise(channels=5)
    spoiled = values.copy()
    spoiled[1, 40:60] = np.nan  # a gap of the first person, in every channel
    spoiled[4, 10:20, 2] = np.nan  # and one of the second person, in one channel
    for name in STATISTICS:
        expected = EXPECTED[name]
        first = expected(values[[0, 2]].reshape(-1, 5))
        second = expected(values[3:].reshape(-1, 5))
        second[2] = expected(values[[3, 5]].reshape(-1, 5))[2]
        np.testing.assert_allclose(scores(spoiled, PEOPLE, name), (first + second) / 2, rtol=1e-9)
    assert with_gaps(spoiled).sum(axis=1).tolist() == [0, 5, 0, 0, 1, 0]
    np.testing.assert_allclose(due_to_few(spoiled)[0], due_to_few(values[[0, 2, 3, 4, 5]])[0])


def test_only_a_channel_or_a_person_with_a_gap_in_every_segment_has_no_score() -> None:
    values = noise(channels=5)
    values[:, 7, 1] = np.nan
    values[:3, 9] = np.nan
    found = scores(values, PEOPLE, "variance")
    assert np.isfinite(found).tolist() == [True, False, True, True, True]
    np.testing.assert_allclose(found[[0, 2]], values[3:].reshape(-1, 5).var(axis=0)[[0, 2]])


@pytest.mark.parametrize("name", list(STATISTICS))
def test_padding_behind_shorter_segments_is_no_signal(name: str) -> None:
    values = noise(channels=5)
    padded = np.concatenate([values, np.zeros_like(values)], axis=1)
    lengths = np.full(len(values), values.shape[1], np.intp)
    np.testing.assert_allclose(scores(padded, PEOPLE, name, lengths=lengths), scores(values, PEOPLE, name))
    np.testing.assert_allclose(due_to_few(padded, lengths), due_to_few(values))


def test_padding_changes_neither_the_choice_nor_the_scaling_of_a_network() -> None:
    batch = segments(2, 6, True)
    each = batch.inputs["eeg"]
    shifted = replace(each, values=each.values + 3.0)
    padded = replace(shifted, values=np.pad(shifted.values, ((0, 0), (0, 64), (0, 0))))
    made = []
    for given in (shifted, padded):
        recognizer = make("shallow-convnet", {**SHALLOW.quick, "epochs": 1})
        assert isinstance(recognizer, ChannelNet)
        recognizer.fit(replace(batch, inputs={"eeg": given}), None, Context(seed=1))
        made.append(recognizer)
    assert made[0].kept == made[1].kept
    np.testing.assert_allclose(made[0]._centre, made[1]._centre)
    np.testing.assert_allclose(made[0]._spread, made[1]._spread)
    assert float(made[1]._tensor(padded)[:, :, 64:].abs().max()) == 0.0


def test_excluded_channels_are_not_taken_and_chance_follows_the_seed() -> None:
    values = noise()
    excluded = excluded_places(("Fp1", "T7", "C3", "C4", "T8"), " t7; T8 ")
    assert excluded.tolist() == [False, True, False, False, True]
    assert set(best(scores(values, PEOPLE, "variance"), 5, excluded)) == {0, 2, 3}
    first, again, other = (scores(values, PEOPLE, "random", seed) for seed in (1, 1, 5))
    assert first.tolist() == again.tolist() != other.tolist()
    assert sorted(first) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("k", "about"), [(68, 118_700), (90, 153_900), (246, 403_500)])
def test_the_network_has_as_many_weights_as_the_article_says(k: int, about: int) -> None:
    count = sum(each.numel() for each in ShallowConvNet(k, 512, 2).parameters())
    assert about <= count < about + 100


def test_lengths_are_those_of_the_article() -> None:
    assert ShallowConvNet(4, 512, 2).classify.in_features == 40 * 121
    assert deep_lengths(512) == (167, 52, 14, 1)
    assert DeepConvNet(4, 512, 2)(torch.zeros(1, 4, 512)).shape == (1, 2)
    with pytest.raises(RecognizerError, match="at least 441 samples"):
        deep_lengths(440)
    with pytest.raises(RecognizerError, match="20 samples a segment are too few"):
        ShallowConvNet(4, 20, 2)


def test_one_convolution_is_both_of_them() -> None:
    torch.manual_seed(0)
    layer = TimeAndSpace(6, 5, 3)
    x = torch.randn(4, 6, 50)
    apart = layer.spatial(layer.temporal(x.transpose(1, 2)[:, None]))[..., 0]
    torch.testing.assert_close(layer(x), apart, atol=1e-5, rtol=1e-4)


def fitted(**settings: object) -> tuple[ChannelNet, Ledger]:
    batch = segments(3, 6, True)
    recognizer = make("shallow-convnet", {**SHALLOW.quick, "epochs": 3, **settings})
    assert isinstance(recognizer, ChannelNet)
    ledger = Ledger.of(batch.cases.id)
    recognizer.fit(batch, None, Context(seed=1, fitted=ledger.fitted))
    return recognizer, ledger


def test_the_bursting_channels_are_chosen_and_the_ledger_knows() -> None:
    recognizer, ledger = fitted(statistic="kurtosis", k=2)
    assert set(recognizer.kept) == {"C3", "C4"}
    assert [entry.guard for entry in ledger.entries if entry.what.startswith("select")] == ["selection"]
    weights = recognizer.explain(segments(1, 2, True)).weights["electrodes.eeg"]
    assert (weights[0] > 0).tolist() == [name in ("C3", "C4") for name in CHANNELS]


def test_what_the_tested_side_holds_does_not_change_the_choice() -> None:
    batch = segments(2, 6, True)
    spoiled = batch.inputs["eeg"].values.copy()
    spoiled[6:, ::40, 0] = 500.0  # enormous kurtosis of F3, in the second person only
    other = replace(batch, inputs={"eeg": replace(batch.inputs["eeg"], values=spoiled)})
    kept = []
    for each in (batch, other):
        recognizer = make("shallow-convnet", {**SHALLOW.quick, "epochs": 1})
        assert isinstance(recognizer, ChannelNet)
        recognizer.fit(each.rows(np.arange(6)), None, Context(seed=1))
        kept.append(recognizer.kept)
    assert kept[0] == kept[1]
    assert scores(spoiled, other.cases.participant, "kurtosis").argmax() == 0


def test_k_is_chosen_inside_the_training_side() -> None:
    recognizer, ledger = fitted(k_nested=True, k_from="2, 6", inner_folds=2, inner_epochs=6, k=5)
    assert len(recognizer.kept) in (2, 6)
    nested = [entry for entry in ledger.entries if "K on inner folds" in entry.what]
    assert [(entry.guard, entry.outside) for entry in nested] == [("selection", 0)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"excluded": ", ".join(CHANNELS)}, "every channel is excluded"),
        ({"k_nested": True, "k_from": "0"}, "k_from names no number of channels"),
    ],
)
def test_settings_that_leave_nothing_are_explained(settings: dict[str, object], message: str) -> None:
    with pytest.raises(RecognizerError, match=message):
        fitted(**settings)


def test_a_sweep_finds_the_planted_channels_and_says_which_split_leaks() -> None:
    batch = segments(3, 10, True)
    settings = {**SHALLOW.quick, "batch": 4}
    wanted = [("kurtosis", 2), ("random", 2), ("all", 1)]
    each = sweep(batch, SplitSpec("loso"), settings, wanted)
    kurtosis, chance, whole = each.points
    assert kurtosis.accuracy > 0.75 > chance.majority
    assert whole.k == len(CHANNELS)
    assert each.watermark == ""
    assert {name for counts in kurtosis.kept.values() for name in counts} == {"C3", "C4"}
    assert set(kurtosis.people) == {"P01", "P02", "P03"}
    assert sweep(batch, SplitSpec("segments-own", 2), settings, wanted[:1]).watermark.startswith("LEAKY")


def test_one_person_has_all_of_the_own_figures_and_one_who_was_not_tested_none() -> None:
    batch = segments(3, 8, True)
    each = sweep(batch, SplitSpec("loso"), {**SHALLOW.quick, "epochs": 2}, [("kurtosis", 2)]).points[0]
    own = [each.of(code) for code in ("P01", "P02", "P03")]
    assert None not in own
    for name in ("accuracy", "f1", "majority", "seconds"):
        assert getattr(each, name) == pytest.approx(np.mean([getattr(point, name) for point in own]))
    assert own[0] is not None
    assert own[0].spread is None
    assert own[0].majority == 0.5
    assert list(own[0].people) == list(own[0].kept) == ["P01"]
    assert each.of("P09") is None


def test_who_is_in_no_fold_is_named_and_so_is_a_fold_that_a_guard_stopped() -> None:
    batch = segments(3, 8, True)
    cases = batch.cases
    few = (cases.participant != "P03") | (cases.trial == 1)
    single = (cases.participant != "P02") | (cases.trial % 2 == 0) | (cases.trial == 1)
    rows = np.flatnonzero(few & single)
    part = batch.rows(rows)
    part = replace(part, cases=replace(part.cases, id=np.arange(len(part), dtype=np.intp)))
    each = sweep(part, SplitSpec("trials", 2), {**SHALLOW.quick, "epochs": 1}, [("kurtosis", 2)])
    assert each.people == ("P01", "P02")
    notes = " ".join(each.notes)
    assert "Not in these figures, since no fold could test them: P03." in notes
    assert "Left out: P02_fold-" in notes


def test_nothing_but_the_folds_own_rows_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = segments(3, 4, True)
    seen = []

    def looked(names: Sequence[str], part: Batch, train: NDArray[np.intp], ledger: Ledger) -> object:
        seen.append((set(part.cases.participant), len(part)))
        return prepare(names, part, train, ledger)

    monkeypatch.setattr(channel_sweep, "prepare", looked)
    wanted = [("kurtosis", 2), ("random", 2)]
    sweep(batch, SplitSpec("trials", 2), {**SHALLOW.quick, "epochs": 1}, wanted)
    assert seen == [({code}, 4) for code in ("P01", "P02", "P03") for _ in range(2)]


def test_spikes_and_the_rim_of_the_head_are_warned_of() -> None:
    names = ("T7", "T8", "Cz", "Pz", "FCz", "C3")
    assert on_rim(names).tolist() == [True, True, False, False, False, False]
    values = np.random.default_rng(4).normal(size=(10, 400, 6))
    assert (due_to_few(values) < 0.15).all()
    values[0, 7, 0] = 60.0
    few = due_to_few(values)
    assert few[0] > 0.9
    (rim, spike) = artefact_warnings(names, [0, 1], "kurtosis", "gamma", few)
    assert rim.startswith("2 of 2 chosen channels sit at temples, forehead or neck (T7, T8): 30-50 Hz")
    assert spike.startswith("T7: the large kurtosis is due to a thousandth of the samples")
    assert artefact_warnings(names, [2, 3], "kurtosis", "gamma", due_to_few(values)) == ()
    assert artefact_warnings(names, [0, 2, 3, 4], "variance", "gamma", few) == ()
    assert "nobody can say" in artefact_warnings(("A1x", "B7y"), [0], "variance", "alpha")[0]


def test_labels_of_a_biosemi_cap_are_no_places_and_most_without_one_are_warned_of() -> None:
    cap = ("C5", "F8", "F7", "A19", "H32")
    assert not on_rim(cap).any()
    (told,) = artefact_warnings(cap, [0, 1, 2], "variance", "gamma")
    assert told.startswith(
        "3 of 3 chosen channels have no known place on the head (labels such as C5 and H32"
    )
    mixed = ("Cz", "x1", "x2", "Pz", "T7")
    assert artefact_warnings(mixed, [0, 1, 3], "variance", "gamma") == ()
    (told,) = artefact_warnings(mixed, [0, 1, 2], "variance", "gamma")
    assert told.startswith(
        "2 of 3 chosen channels have no known place on the head (they have no 10-10 names)"
    )
