"""Channels by a statistic: formulas, choice inside `fit`, the article's networks, what speaks against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from analysis.evaluation.channel_sweep import sweep
from analysis.evaluation.experiment import SplitSpec
from analysis.evaluation.ledger import Ledger
from analysis.recognizers.channel_artefacts import artefact_warnings, on_rim
from analysis.recognizers.channel_choice import STATISTICS, best, due_to_few, excluded_places, scores
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
