"""The SVM layer: its loss by hand, liblinear's weights in its place, and probabilities from margins."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from analysis.recognizers.svm_layer import (
    machines,
    objective,
    penalty,
    probabilities,
    replace_by_liblinear,
    signs,
    squared_hinge,
)


def rows(classes: int, n: int = 60, apart: float = 1.0, seed: int = 0) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(seed)
    y = np.arange(n) % classes
    means = random.normal(0, apart, (classes, 5))
    x = means[y] + random.normal(0, 1, (n, 5))
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)


def layer(classes: int, seed: int = 0) -> nn.Linear:
    torch.manual_seed(seed)
    return nn.Linear(5, machines(classes))


def test_two_classes_need_one_machine_and_three_need_three() -> None:
    assert [machines(classes) for classes in (2, 3, 7)] == [1, 3, 7]
    assert signs(torch.tensor([0, 1]), 2).tolist() == [[-1], [1]]
    assert signs(torch.tensor([0, 2]), 3).tolist() == [[1, -1, -1], [-1, -1, 1]]


def test_the_loss_is_the_squared_distance_to_the_margin() -> None:
    margins = torch.tensor([[2.0], [0.5], [-1.0]])
    assert squared_hinge(margins, torch.ones(3, 1)).tolist() == [0, 0.25, 4]
    each_machine = squared_hinge(torch.tensor([[0.0, 0.0, 2.0]]), signs(torch.tensor([0]), 3))
    assert each_machine.tolist() == [1 + 1 + 9]


def test_the_bias_is_penalised_as_a_weight_is() -> None:
    one = nn.Linear(2, 1)
    with torch.no_grad():
        one.weight.copy_(torch.tensor([[3.0, 4.0]]))
        one.bias.fill_(2.0)
    assert float(penalty(one, 0.1).detach()) == pytest.approx(0.1 * (25 + 4))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("strength", [1e-6, 1e-3, 0.1, 1.0])
def test_liblinear_reaches_the_smallest_objective(classes: int, strength: float) -> None:
    x, y = rows(classes)
    found = layer(classes)
    before, after = replace_by_liblinear(found, x, y, strength, classes)
    assert after < before
    assert after == pytest.approx(objective(found, x, y, strength, classes))
    # Nothing near it is better: C is the one that belongs to a mean of hinges.
    slow = layer(classes, 1)
    slow.load_state_dict(found.state_dict())
    optimizer = torch.optim.LBFGS(slow.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = squared_hinge(slow(x), signs(y, classes)).mean() + penalty(slow, strength)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    assert objective(slow, x, y, strength, classes) == pytest.approx(after, rel=1e-3, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 4), st.floats(-9, 0), st.integers(0, 99))
def test_the_objective_never_becomes_larger(classes: int, exponent: float, seed: int) -> None:
    x, y = rows(classes, 24, seed=seed)
    found = layer(classes, seed)
    before, after = replace_by_liblinear(found, x, y, 10**exponent, classes)
    assert after <= before
    assert objective(found, x, y, 10**exponent, classes) == pytest.approx(after)


def test_a_class_without_a_row_leaves_the_layer_as_it_is() -> None:
    x, y = rows(2)
    found = layer(3)
    kept = {name: each.clone() for name, each in found.state_dict().items()}
    before, after = replace_by_liblinear(found, x, y, 0.01, 3)
    assert before == after
    assert all(torch.equal(kept[name], each) for name, each in found.state_dict().items())


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=1, max_size=5))
def test_probabilities_keep_the_order_of_margins(margins: list[list[float]]) -> None:
    given_margins = np.array(margins)
    found = probabilities(given_margins)
    np.testing.assert_allclose(found.sum(1), 1)
    highest = np.take_along_axis(given_margins, found.argmax(1)[:, None], 1)[:, 0]
    np.testing.assert_allclose(highest, given_margins.max(1), atol=1e-9)


def test_one_margin_becomes_two_probabilities() -> None:
    found = probabilities(np.array([[0.0], [1.0], [-1.0]]))
    np.testing.assert_allclose(found[:, 1], [0.5, 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(2))])
