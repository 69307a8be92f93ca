"""The training loop: repeatable, stoppable, honest about what it was fitted on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.recognizers.recognizer import CancelledError, Context, RecognizerError
from analysis.recognizers.torch_loop import (
    Data,
    History,
    Loss,
    Tensors,
    TrainSpec,
    batches,
    class_weights,
    in_chunks,
    reproducible,
    train_network,
)

N = 33
FAST = TrainSpec(rate=0.05, batch=8, epochs=6)


def separable(seed: int = 0, n: int = N) -> Data:
    random = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = random.normal(0, 1, (n, 4)) + 2 * y[:, None]
    tensors = {"x": torch.from_numpy(x.astype(np.float32)), "y": torch.from_numpy(y)}
    return Data(np.arange(100, 100 + n), tensors)


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


def loss_of(made: nn.Module) -> Loss:
    return lambda rows: functional.cross_entropy(made(rows["x"]), rows["y"])


@dataclass
class Heard:
    """What a context was told."""

    told: list[tuple[int, int, dict[str, float]]] = field(default_factory=list)
    fitted: dict[str, list[int]] = field(default_factory=dict)

    def context(self, seed: int = 1, cancelled: Callable[[], bool] = lambda: False) -> Context:
        return Context(
            seed=seed,
            cancelled=cancelled,
            progress=lambda epoch, epochs, losses: self.told.append((epoch, epochs, dict(losses))),
            fitted=lambda what, ids: self.fitted.update({what: ids.tolist()}),
        )


def trained(
    spec: TrainSpec = FAST, validation: Data | None = None, seed: int = 1, **more: Any
) -> tuple[nn.Module, History, Heard]:
    heard = Heard()
    with reproducible(seed):
        made = network()
        history = train_network(
            made, loss_of(made), separable(), validation, spec, heard.context(seed), **more
        )
    return made, history, heard


def weights_of(made: nn.Module) -> Mapping[str, Tensor]:
    return made.state_dict()


def assert_same(one: nn.Module, other: nn.Module) -> None:
    for name, each in weights_of(one).items():
        assert torch.equal(each, weights_of(other)[name]), name


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(optimizer: Any) -> None:
    spec = TrainSpec(optimizer=optimizer, rate=0.05, batch=8, epochs=4, momentum=0.5, weight_decay=1e-3)
    torch.manual_seed(5)
    one, history, _ = trained(spec)
    torch.manual_seed(6)
    other, again, _ = trained(spec)
    assert history == again
    assert_same(one, other)
    third, _, _ = trained(spec, seed=2)
    assert not torch.equal(weights_of(one)["0.weight"], weights_of(third)["0.weight"])


def test_what_is_drawn_outside_is_as_if_nothing_had_been_trained() -> None:
    torch.manual_seed(3)
    alone = torch.rand(4)
    torch.manual_seed(3)
    trained()
    assert torch.equal(torch.rand(4), alone)
    assert not torch.are_deterministic_algorithms_enabled()


def test_the_loss_falls_and_is_told_epoch_by_epoch() -> None:
    _, history, heard = trained(before=10, in_all=20)
    assert history.training[-1] < history.training[0]
    assert [each[:2] for each in heard.told] == [(11 + place, 20) for place in range(6)]
    assert [each[2]["network"] for each in heard.told] == list(history.training)


def test_the_ledger_is_told_the_rows_of_training_and_of_early_stopping() -> None:
    validation = Data(np.array([7, 8, 9]), {n: each[:3] for n, each in separable(1).tensors.items()})
    _, _, heard = trained(TrainSpec(epochs=1, patience=2, phase="encoder"), validation)
    assert heard.fitted == {"encoder": list(range(100, 133)), "encoder: early stopping": [7, 8, 9]}
    _, _, heard = trained(TrainSpec(epochs=1), validation)
    assert list(heard.fitted) == ["network"]


def test_validation_that_is_only_watched_changes_nothing() -> None:
    plain, _, _ = trained()
    watched, history, heard = trained(validation=separable(1))
    assert_same(plain, watched)
    assert len(history.validation) == FAST.epochs
    assert set(heard.told[0][2]) == {"network", "network, validation"}


def test_it_stops_early_and_goes_back_to_the_best_epoch() -> None:
    # Answers turned round: what is learnt makes validation worse from the first epoch on.
    turned = separable(1)
    turned = Data(turned.ids, {"x": turned.tensors["x"], "y": 1 - turned.tensors["y"]})
    made, history, _ = trained(TrainSpec(rate=0.05, batch=8, epochs=50, patience=3), turned)
    assert len(history.training) == history.best + 3 < 50
    upto, _, _ = trained(TrainSpec(rate=0.05, batch=8, epochs=history.best))
    assert_same(made, upto)


def test_a_score_of_ones_own_decides_on_stopping() -> None:
    scores = iter([0.5, 0.6, 0.6004, 0.6009, 0.9])
    _, history, _ = trained(
        TrainSpec(epochs=50, patience=2, gain=0.001), separable(1), score=lambda data: next(scores)
    )
    assert (history.best, len(history.training)) == (2, 4)


def test_it_stops_at_once_when_told_to() -> None:
    calls = iter(range(100))
    heard = Heard()
    made = network()
    with pytest.raises(CancelledError):
        train_network(
            made, loss_of(made), separable(), None, FAST, heard.context(cancelled=lambda: next(calls) >= 10)
        )
    assert [each[0] for each in heard.told] == [1, 2]


def test_only_the_parameters_that_are_named_change() -> None:
    with reproducible(1):
        made = network()
        before = {name: each.clone() for name, each in made.state_dict().items()}
        last = made[4]
        train_network(
            made, loss_of(made), separable(), None, FAST, Context(), parameters=list(last.parameters())
        )
    assert torch.equal(before["0.weight"], weights_of(made)["0.weight"])
    assert not torch.equal(before["4.weight"], weights_of(made)["4.weight"])


def test_groups_of_parameters_have_rates_of_their_own() -> None:
    def moved(rate: float) -> float:
        with reproducible(1):
            made = network()
            start = weights_of(made)["0.weight"].clone()
            groups: list[dict[str, Any]] = [
                {"params": list(made[0].parameters()), "lr": rate},
                {"params": [made[4].weight]},
            ]
            spec = TrainSpec(optimizer="sgd", rate=0.05, batch=8, epochs=1)
            train_network(made, loss_of(made), separable(), None, spec, Context(), parameters=groups)
        return float((weights_of(made)["0.weight"] - start).norm())

    assert moved(0.0) == 0.0
    assert 0 < moved(0.0005) < 0.05 * moved(0.05)


def test_a_clipped_gradient_cannot_move_weights_further_than_its_norm() -> None:
    spec = TrainSpec(optimizer="sgd", rate=1.0, batch=N, epochs=1, clip=0.01)
    with reproducible(1):
        made = network()
        before = nn.utils.parameters_to_vector(made.parameters()).detach()
        train_network(made, loss_of(made), separable(), None, spec, Context())
    moved = float((nn.utils.parameters_to_vector(made.parameters()).detach() - before).norm())
    assert moved == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(("n", "size", "lengths"), [(9, 4, [4, 5]), (8, 4, [4, 4]), (3, 8, [3]), (1, 4, [1])])
def test_a_single_last_row_joins_the_batch_before_it(n: int, size: int, lengths: list[int]) -> None:
    parts = batches(torch.arange(n), size)
    assert [len(part) for part in parts] == lengths
    assert torch.equal(torch.cat(parts), torch.arange(n))


def test_a_loss_that_is_no_number_is_explained() -> None:
    made = network()

    def broken(rows: Tensors) -> Tensor:
        return loss_of(made)(rows) * torch.nan

    with pytest.raises(RecognizerError, match=r"epoch 1\. Use a smaller learning rate than 0\.05"):
        train_network(made, broken, separable(), None, FAST, Context())


def test_nothing_to_train_on_is_explained() -> None:
    made = network()
    empty = Data(np.zeros(0, np.intp), {n: each[:0] for n, each in separable().tensors.items()})
    with pytest.raises(RecognizerError, match="no case to train on"):
        train_network(made, loss_of(made), empty, None, FAST, Context())


def test_classes_weigh_the_same_in_all() -> None:
    weights = class_weights(np.array([0, 0, 0, 2]), 4).numpy()
    assert np.allclose(weights, [4 / (4 * 3), 0, 4 / 4, 0])


def test_chunks_give_what_one_call_gives() -> None:
    made, _, _ = trained()
    x = torch.randn(600, 4)
    with torch.no_grad():
        assert torch.allclose(in_chunks(made, lambda rows: made(rows["x"]), {"x": x}), made(x), atol=1e-6)
