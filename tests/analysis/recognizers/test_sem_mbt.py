"""MER-SEM-MBT: printed shapes and sizes, its formulas against plain ones, and what its switches do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.corpus.cases import Batch
from analysis.evaluation.ledger import Ledger
from analysis.recognizers.recognizer import Context, RecognizerError
from analysis.recognizers.sem_encoders import ResNet18, SemanticEnhancement, VGGish
from analysis.recognizers.sem_mbt import (
    SemMbtRecognizer,
    about_half,
    best_thresholds,
    emotion_loss,
    load_encoder,
    positive_weights,
)
from analysis.recognizers.sem_mbt_network import Bottleneck, Fusion
from analysis.recognizers.table import make
from tests.helpers.planted_effects import halves
from tests.helpers.sample_sem_mbt import QUICK, clips

SHORT = {**QUICK, "epochs": 1}


def fitted(batch: Batch, **settings: object) -> SemMbtRecognizer:
    recognizer = make("mer-sem-mbt", {**SHORT, **settings})
    assert isinstance(recognizer, SemMbtRecognizer)
    recognizer.fit(batch, None, Context(seed=1))
    return recognizer


@pytest.mark.slow
def test_vggish_and_resnet_have_the_printed_maps() -> None:
    seen: dict[str, tuple[int, ...]] = {}

    def watch(name: str):  # type: ignore[no-untyped-def]
        def after(group: int, maps: torch.Tensor) -> torch.Tensor:
            seen[f"{name}{group}"] = tuple(maps.shape[1:])
            return maps

        return after

    with torch.no_grad():
        assert VGGish(64).forward(torch.zeros(1, 96, 64), watch("a")).shape == (1, 128)
        assert ResNet18(64)(torch.zeros(1, 3, 224, 224), watch("f")).shape == (1, 512)
    assert (seen["a2"], seen["a4"]) == ((128, 24, 16), (512, 6, 4))
    assert (seen["f3"], seen["f5"]) == ((128, 28, 28), (512, 7, 7))


@pytest.mark.slow
def test_sizes_are_those_that_are_printed() -> None:
    def millions(module: torch.nn.Module) -> float:
        return sum(each.numel() for each in module.parameters()) / 1e6

    assert millions(VGGish(64)) == pytest.approx(72.1, abs=0.05)
    assert millions(ResNet18(64, stored=True)) == pytest.approx(11.2, abs=0.05)
    assert millions(Bottleneck(64, 8, 4, 0.1)) == pytest.approx(0.17, abs=0.005)


def test_the_enhancement_is_its_formula() -> None:
    torch.manual_seed(0)
    sem = SemanticEnhancement(4, 6).double()
    maps, text = torch.randn(2, 4, 3, 5, dtype=torch.double), torch.randn(2, 6, dtype=torch.double)
    with torch.no_grad():
        found = sem(maps, text, torch.ones(2)).numpy()
        q, k, v = sem.q(maps).numpy(), sem.k(text).numpy(), sem.v(text).numpy()
        out = sem.out
    for row in range(2):
        asked = np.array([q[row, :, y, x] @ k[row] / 2 for y in range(3) for x in range(5)])
        share = np.exp(asked) / np.exp(asked).sum()
        e = 15 * share[:, None] * v[row][None]
        normed = (e - e.mean()) / np.sqrt(((e - e.mean()) ** 2).mean() + 1e-5)
        given = maps[row].numpy() + normed.T.reshape(4, 3, 5)
        kernel, shift = out.weight.detach().numpy()[:, :, 0, 0], out.bias.detach().numpy()  # type: ignore[union-attr]
        expected = np.maximum(np.einsum("oc,chw->ohw", kernel, given) + shift[:, None, None], 0)
        np.testing.assert_allclose(found[row], expected, atol=1e-8)


def test_a_norm_over_channels_forgets_the_places_and_a_softmax_over_one_key_too() -> None:
    torch.manual_seed(0)
    maps, text = torch.randn(1, 4, 3, 3), 5 * torch.randn(1, 6)
    spread = {}
    for axis, norm in (("spatial", "map"), ("spatial", "channels"), ("key", "map")):
        sem = SemanticEnhancement(4, 6, axis, norm)  # type: ignore[arg-type]
        with torch.no_grad():
            spread[axis, norm] = float(sem.enhanced(maps, text).std((2, 3)).max())
    assert spread["spatial", "map"] > 0.1
    assert spread["spatial", "channels"] < 0.02
    assert spread["key", "map"] < 1e-5


def test_fusion_is_a_weighted_mean_of_the_decisions_that_are_there() -> None:
    torch.manual_seed(0)
    fusion = Fusion(2)
    single = torch.randn(3, 2, 3)
    there = torch.tensor([[1.0, 1, 1], [1, 0, 1], [0, 1, 0]])
    with torch.no_grad():
        fused, alpha = fusion(single, there)
    np.testing.assert_allclose(alpha.sum(1), 1, atol=1e-6)
    assert (alpha[there == 0] == 0).all()
    np.testing.assert_allclose(fused[2], single[2, :, 1], atol=1e-6)


def test_the_loss_weighs_positives_by_how_rare_they_are() -> None:
    y = torch.tensor([[1.0, 0], [0, 0], [0, float("nan")], [0, 0]])
    weight = positive_weights(y)
    assert weight.tolist() == [3.0, 1.0]
    logits = torch.tensor([[0.3, -0.2], [0.1, 0.0], [2.0, 9.0], [-1.0, 0.4]])
    p = 1 / (1 + np.exp(-logits.numpy()))
    known = np.isfinite(y.numpy())
    answers = np.nan_to_num(y.numpy())
    each = -(weight.numpy() * answers * np.log(p) + (1 - answers) * np.log(1 - p))
    assert float(emotion_loss(logits, y, weight)) == pytest.approx(each[known].mean(), abs=1e-5)


def test_thresholds_are_those_with_the_best_f1_and_become_a_half() -> None:
    y = np.array([[1.0], [1], [0], [0]])
    p = np.array([[0.42], [0.33], [0.28], [0.1]])
    (best,) = best_thresholds(y, p)
    assert best == pytest.approx(0.3)
    assert ((about_half(p, np.array([best])) > 0.5) == (y > 0.5)).all()
    assert about_half(np.array([[0.0], [best], [1.0]]), np.array([best])).ravel().tolist() == [0, 0.5, 1]


def test_several_emotions_at_once_with_thresholds_of_the_validation_cases() -> None:
    batch = clips(4, 4, True)
    assert batch.y is not None
    both = replace(
        batch, y=np.column_stack([batch.y, 1 - batch.y]).astype(float), classes=(), outputs=("joy", "fear")
    )
    train, held = halves(both)
    ledger = Ledger.of(both.cases.id)
    recognizer = make("mer-sem-mbt", {**SHORT, "thresholds": "validation"})
    recognizer.fit(train, held, Context(seed=1, fitted=ledger.fitted))
    found = recognizer.predict_proba(held.without_answers())
    assert found.shape == (len(held), 2)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.slow
def test_the_text_is_found_where_only_it_tells() -> None:
    batch = clips(6, 8, False, seed=3)
    assert batch.y is not None
    text = batch.inputs["text"]
    told = np.where(batch.y == 1, 1.0, -1.0).astype(np.float32)[:, None, None]
    batch = replace(batch, inputs={**batch.inputs, "text": replace(text, values=text.values + told)})
    train, test = halves(batch)
    assert test.y is not None
    recognizer = fitted(train, epochs=10, use="text")
    assert (recognizer.predict_proba(test.without_answers()).argmax(1) == test.y).mean() >= 0.9


@pytest.mark.parametrize(
    "settings",
    [
        {"use": "speech"},
        {"use": "face+text", "text_decision": False},
        {"use": "speech+face", "exchange": "joint"},
        {"exchange": "cross", "sem": False},
        {"exchange": "none", "sem_axis": "key", "sem_norm": "channels"},
        {"sem_speech": "1 3", "sem_face": "2"},
    ],
)
def test_every_ablation_learns_and_says_who_decided(settings: dict[str, object]) -> None:
    batch = clips(2, 4, True)
    why = fitted(batch, **settings).explain(batch.without_answers())
    alpha = [each for name, each in why.weights.items() if name.startswith("alpha.")]
    np.testing.assert_allclose(np.sum(alpha, axis=0), 1, atol=1e-5)
    assert set(why.weights) == set(why.about)


def test_a_clip_without_an_input_is_decided_by_the_others() -> None:
    batch = clips(2, 4, True)
    recognizer = fitted(batch)
    for gone in ("speech", "face", "text"):
        blind = batch.missing([gone]).without_answers()
        assert np.isfinite(recognizer.predict_proba(blind)).all()
        why = recognizer.explain(blind).weights
        assert (why[f"alpha.{gone}"] == 0).all()
    part = batch.inputs["face"]
    there = np.arange(len(batch)) % 2 == 0
    some = replace(part, present=there, lengths=np.where(there, part.lengths, 0))
    mixed = replace(batch, inputs={**batch.inputs, "face": some}).without_answers()
    whole = recognizer.predict_proba(batch.without_answers())
    np.testing.assert_allclose(recognizer.predict_proba(mixed)[there], whole[there], atol=1e-6)


def test_maps_of_the_text_add_up_to_one_at_every_step() -> None:
    batch = clips(2, 2, True)
    why = fitted(batch).explain(batch.without_answers())
    maps = why.weights["sem.speech.4"]
    assert maps.shape == (4, 2, 6 * 4)
    np.testing.assert_allclose(maps.sum(2), 1, atol=1e-5)


def test_without_a_text_nothing_looked_anywhere() -> None:
    batch = clips(2, 2, True)
    recognizer = fitted(batch)
    text = batch.inputs["text"]
    there = np.arange(len(batch)) % 2 == 0
    some = replace(text, present=there, lengths=np.where(there, text.lengths, 0))
    why = recognizer.explain(replace(batch, inputs={**batch.inputs, "text": some}).without_answers())
    for name, maps in why.weights.items():
        if name.startswith("sem."):
            assert (maps[~there] == 0).all()
            np.testing.assert_allclose(maps[there].sum(2), 1, atol=1e-5)


def test_thresholds_are_fitted_for_several_numbers_only() -> None:
    train, held = halves(clips(4, 4, True))
    seen: list[str] = []
    recognizer = make("mer-sem-mbt", {**SHORT, "thresholds": "validation"})
    recognizer.fit(train, held, Context(seed=1, fitted=lambda what, ids: seen.append(what)))
    assert "weights of the emotions" in seen
    assert "thresholds" not in seen
    (setting,) = [each for each in recognizer.card.settings if each.name == "thresholds"]
    assert "only of several numbers" in setting.about


def test_weights_from_a_file_fit_by_name_and_shape(tmp_path: Path) -> None:
    source = VGGish(2)
    path = tmp_path / "vggish.npz"
    np.savez(path, **{name: each.numpy() for name, each in source.state_dict().items()})
    target = VGGish(2)
    load_encoder(target, path)
    torch.testing.assert_close(target.state_dict(), source.state_dict())
    with pytest.raises(RecognizerError, match=r"has another shape of features\.0\.weight"):
        load_encoder(VGGish(4), path)
    batch = clips(2, 2, True)
    recognizer = fitted(batch, speech_weights=str(path))
    network = recognizer._network
    assert network is not None
    kept = network.encoders["speech"].state_dict()
    torch.testing.assert_close(kept["features.0.weight"], source.state_dict()["features.0.weight"])


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"use": "smell"}, "use must be one of"),
        ({"sem_speech": "2 9"}, "groups from 1 to 4"),
        ({"sem_face": "two"}, "groups from 2 to 5"),
        ({"use": "text", "text_decision": False}, "no training case has text"),
    ],
)
def test_impossible_settings_are_explained(settings: dict[str, object], why: str) -> None:
    with pytest.raises(RecognizerError, match=why):
        fitted(clips(2, 2, True), **settings)
