"""PDAN and its baselines: sizes as printed, penalties that do what they are for, no answers learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from analysis.corpus.cases import Batch
from analysis.recognizers.adaptation import AdaptedRecognizer
from analysis.recognizers.adaptation_loop import ACCURACY, CHANGED, TAKEN_FOR, Pair, _source_rows
from analysis.recognizers.adaptation_network import AdaptationNetwork, Sizes, Taps, weights_of
from analysis.recognizers.adaptation_penalties import mmd2
from analysis.recognizers.pdan import FINE, MARGINAL, PDAN, ROUGH, valence_groups
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.table import make
from tests.helpers.sample_speech_domains import QUICK
from tests.helpers.sample_speech_domains import make as speech

TINY: Mapping[str, Any] = {**QUICK, "epochs": 4, "rate": 3e-3}


def two_sides(shift: float = 2.0) -> tuple[Batch, Batch]:
    """Return a labelled domain, and another without answers, whose people sound different."""
    batch = speech(6, 8, True, shift)
    source = np.flatnonzero(np.isin(batch.cases.participant, ["P01", "P02", "P03"]))
    others = np.setdiff1d(np.arange(len(batch)), source)
    return batch.rows(source), batch.rows(others)


def fitted(name: str, source: Batch, target: Batch | None, **settings: Any) -> AdaptedRecognizer:
    made = make(name, {**TINY, **settings})
    assert isinstance(made, AdaptedRecognizer)
    unlabelled = None if target is None else target.without_answers()
    made.fit(source, None, Context(seed=4, unlabelled=unlabelled))
    return made


@pytest.mark.parametrize(
    ("classes", "weights"),
    [(5, 57_024_325), (6, 57_028_422)],
)
def test_the_full_network_has_the_weights_of_the_paper(classes: int, weights: int) -> None:
    with torch.device("meta"):
        network = AdaptationNetwork(Sizes(224, classes))
    assert weights_of(network) == weights
    assert network.sizes.left == 6
    assert network.g1.in_features == 9216
    dense = (network.g1, network.g2, network.g3)
    assert [each.out_features for each in dense] == [4096, 4096, classes]


def test_a_small_network_gives_its_taps() -> None:
    sizes = Sizes(24, 3, 0.02, 1)
    taps = AdaptationNetwork(sizes)(torch.zeros(2, 24, 24))
    assert [each.shape for each in taps] == [(2, sizes.dense), (2, sizes.dense), (2, 3)]
    assert min(float(each.detach().min()) for each in (taps.h1, taps.h2)) >= 0


def test_a_picture_that_is_too_small_is_refused() -> None:
    source, _ = two_sides()
    with pytest.raises(RecognizerError, match=r"24 pixels is too small for a stride of 4"):
        make("pdan", {**TINY, "stride": 4}).fit(source, None, Context())


def test_each_penalty_looks_at_its_own_layer_and_at_its_own_classes() -> None:
    random = np.random.default_rng(0)

    def taps(shift: tuple[float, float, float]) -> Taps:
        return Taps(*(torch.from_numpy(random.normal(each, 1, (24, 4))) for each in shift))

    y = torch.arange(24) % 4
    classes = ("anger", "sadness", "happiness", "neutral")
    penalty, extra = PDAN(marginal=0.5, rough=0.05, fine=0.1)._penalty(classes, Sizes(24, 4, 0.02, 1))
    assert extra is None
    assert penalty is not None
    for layer, name in enumerate((MARGINAL, ROUGH, FINE)):
        shift = tuple(3.0 if place == layer else 0.0 for place in range(3))
        assert len(shift) == 3
        terms = penalty(Pair(taps((0.0, 0.0, 0.0)), taps(shift), y, y, 0.5))
        assert max(terms, key=lambda each: float(terms[each][1])) == name
    assert {name: weight for name, (weight, _) in terms.items()} == {
        MARGINAL: 0.25, ROUGH: 0.025, FINE: 0.05,
    }  # fmt: skip
    # Classes exchanged within a valence: the rough penalty sees nothing of it, the fine one does.
    source = taps((0.0, 0.0, 0.0))
    told = source._replace(h2=source.h2 + 3.0 * (y % 2)[:, None], h3=source.h3 + 3.0 * (y % 2)[:, None])
    swapped = torch.tensor([1, 0, 3, 2])[y]
    right, wrong = (penalty(Pair(told, told, y, each)) for each in (y, swapped))
    assert float(wrong[ROUGH][1]) == pytest.approx(float(right[ROUGH][1]))
    assert float(wrong[FINE][1]) > float(right[FINE][1]) + 0.5


def test_valence_goes_by_names_whatever_their_case() -> None:
    classes = ("Anger", "Happiness", "boredom", "NEUTRAL")
    assert valence_groups(classes, "happiness, neutral") == (0, 1, 0, 1)
    assert valence_groups(classes, "") == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("name", "layer", "settings"),
    [
        ("pdan", 0, {"marginal": 5.0, "rough": 0.0, "fine": 0.0}),
        ("pdan", 1, {"marginal": 0.0, "rough": 5.0, "fine": 0.0}),
        ("dan", 1, {"weight": 5.0}),
        ("dann", 1, {"weight": 0.5, "epochs": 8}),
        ("deep-coral", 2, {"weight": 100.0}),
    ],
)
def test_the_two_domains_come_closer_than_without_adaptation(
    name: str, layer: int, settings: Mapping[str, Any]
) -> None:
    source, target = two_sides()

    def apart(made: AdaptedRecognizer) -> float:
        taps = [made._taps(made._pictures(each))[layer] for each in (source, target)]
        scale = torch.cat(taps).std()
        return float(mmd2(taps[0] / scale, taps[1] / scale))

    plain = {"epochs": settings.get("epochs", TINY["epochs"])}
    assert apart(fitted(name, source, target, ramp=False, **settings)) < apart(
        fitted("pdan-source", source, None, **plain)
    )


@pytest.mark.parametrize("name", ["pdan", "dan", "dsan", "deep-coral"])
def test_without_a_tested_side_it_is_the_network_without_adaptation(name: str) -> None:
    source, target = two_sides()
    alone, plain = fitted(name, source, None), fitted("pdan-source", source, None)
    assert not alone.is_adapted
    blind = target.without_answers()
    np.testing.assert_array_equal(alone.predict_proba(blind), plain.predict_proba(blind))
    adapted = fitted(name, source, target)
    assert adapted.is_adapted
    assert not np.array_equal(adapted.predict_proba(blind), plain.predict_proba(blind))


def test_the_answers_of_the_tested_side_change_nothing() -> None:
    source, target = two_sides()
    assert target.y is not None
    made = []
    for answers in (target.y, 1 - target.y):
        recognizer = make("pdan", dict(TINY))
        recognizer.fit(source, None, Context(seed=4, unlabelled=replace(target, y=answers)))
        made.append(recognizer.predict_proba(target.without_answers()))
    np.testing.assert_array_equal(made[0], made[1])


def test_what_it_tells_of_each_epoch_and_what_it_was_fitted_on() -> None:
    source, target = two_sides()
    told: list[Mapping[str, float]] = []
    ids: list[int] = []
    context = Context(
        seed=1,
        unlabelled=target.without_answers(),
        progress=lambda epoch, epochs, losses: told.append(losses),
        fitted=lambda what, rows: ids.extend(rows.tolist()),
    )
    make("pdan", dict(TINY)).fit(source, None, context)
    assert len(told) == TINY["epochs"]
    for losses in told:
        assert {MARGINAL, ROUGH, FINE, ACCURACY, CHANGED} <= set(losses)
        assert 0 <= losses[CHANGED] <= 1
        assert 0 <= losses[ACCURACY] <= 1
        shares = [value for name, value in losses.items() if name.startswith(TAKEN_FOR)]
        assert sum(shares) == pytest.approx(1)
    assert set(ids) == set(source.cases.id.tolist())


def test_batches_of_the_source_have_every_class_as_often() -> None:
    y = torch.tensor([0] * 40 + [1] * 6 + [2] * 2)
    rows = _source_rows(y, 96, True, torch.Generator().manual_seed(0))
    assert len(rows) == 96
    for batch in rows.chunk(8):
        counts = torch.bincount(y[batch], minlength=3)
        assert int(counts.max() - counts.min()) <= 1
    plain = _source_rows(y, 96, False, torch.Generator().manual_seed(0))
    assert torch.bincount(y[plain]).tolist() == [80, 12, 4]


def test_planes_put_every_case_somewhere_and_keep_their_places(tmp_path: Any) -> None:
    source, target = two_sides()
    made = fitted("pdan", source, target)
    planes = made.planes(target.without_answers())
    assert {name: each.shape for name, each in planes.items()} == {
        layer: (len(target), 2) for layer in ("h1", "h2", "h3")
    }
    made.save(tmp_path / "kept")
    again = PDAN.load(tmp_path / "kept").planes(target.without_answers())
    for name, each in planes.items():
        np.testing.assert_array_equal(again[name], each)
    # Of two principal components the first spreads further, over all that was trained on.
    both = np.concatenate([made.planes(side.without_answers())["h2"] for side in (source, target)])
    assert both[:, 0].std() >= both[:, 1].std()
    assert abs(both.mean(axis=0)).max() < 1e-4
