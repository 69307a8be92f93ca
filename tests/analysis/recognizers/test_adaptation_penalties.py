"""MMD, CORAL and the critic against their formulas written out, and what must hold of any of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from analysis.recognizers.adaptation_penalties import (
    SIGMAS,
    Critic,
    Kernel,
    class_mmd2,
    coral,
    kernel_sums,
    local_mmd2,
    mmd2,
    ramp,
    reversed_gradient,
)

KERNELS: tuple[Kernel, ...] = ("literal", "auto")


def drawn(n: int, m: int, width: int = 3, shift: float = 0.0, seed: int = 0) -> tuple[Tensor, Tensor]:
    random = np.random.default_rng(seed)
    return (
        torch.from_numpy(random.normal(0, 1, (n, width))),
        torch.from_numpy(random.normal(shift, 1, (m, width))),
    )


def gauss(u: Tensor, v: Tensor, widths: list[float]) -> float:
    """The kernel of two vectors, a loop over everything; `widths` are what squares are divided by."""
    square = sum((float(a) - float(b)) ** 2 for a, b in zip(u, v, strict=True))
    return sum(math.exp(-square / width) for width in widths)


def brute(source: Tensor, target: Tensor, widths: list[float]) -> float:
    n, m = len(source), len(target)
    first = sum(gauss(source[i], source[j], widths) for i in range(n) for j in range(n) if i != j)
    other = sum(gauss(target[i], target[j], widths) for i in range(m) for j in range(m) if i != j)
    between = sum(gauss(u, v, widths) for u in source for v in target)
    return first / (n * (n - 1)) + other / (m * (m - 1)) - 2 * between / (n * m)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (5, 3), (4, 7)])
def test_mmd_is_the_unbiased_estimate_of_the_article(n: int, m: int) -> None:
    source, target = drawn(n, m, shift=1.0)
    literal = [2 * sigma**2 for sigma in SIGMAS]
    assert float(mmd2(source, target)) == pytest.approx(brute(source, target, literal), abs=1e-10)
    every = torch.cat([source, target])
    pairs = [(i, j) for i in range(n + m) for j in range(n + m) if i != j]
    mean = sum(float(((every[i] - every[j]) ** 2).sum()) for i, j in pairs) / len(pairs)
    auto = [mean * factor for factor in (0.25, 0.5, 1, 2, 4)]
    assert float(mmd2(source, target, "auto")) == pytest.approx(brute(source, target, auto), abs=1e-9)


@given(n=st.integers(2, 12), m=st.integers(2, 12), seed=st.integers(0, 999), kernel=st.sampled_from(KERNELS))
@settings(max_examples=60, deadline=None)
def test_mmd_does_not_care_for_order_or_sides(n: int, m: int, seed: int, kernel: Kernel) -> None:
    source, target = drawn(n, m, seed=seed)
    value = float(mmd2(source, target, kernel))
    assert float(mmd2(target, source, kernel)) == pytest.approx(value, abs=1e-9)
    assert float(mmd2(source.flip(0), target, kernel)) == pytest.approx(value, abs=1e-9)
    moved = source + 5.0, target + 5.0
    assert float(mmd2(*moved, kernel)) == pytest.approx(value, abs=1e-7)
    assert -10.0 <= value <= 10.0


def test_mmd_is_nought_on_average_without_a_difference_and_grows_with_one() -> None:
    # Unbiased: below nought about as often as above it.
    same = [float(mmd2(*drawn(8, 8, seed=seed))) for seed in range(300)]
    assert abs(np.mean(same)) < 4 * np.std(same) / math.sqrt(len(same))
    assert 0.2 < np.mean(np.array(same) < 0) < 0.9
    apart = [float(mmd2(*drawn(60, 60, shift=shift))) for shift in (0.5, 1.0, 2.0, 4.0)]
    assert apart == sorted(apart)
    assert apart[0] > 0.01


def test_one_vector_has_no_estimate() -> None:
    with pytest.raises(ValueError, match="two of each"):
        mmd2(*drawn(1, 5))


def test_a_kernel_of_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="kernel Literal: there are literal and auto"):
        kernel_sums(torch.zeros(2, 3), torch.ones(2, 3), "Literal")  # type: ignore[arg-type]


def test_classes_with_one_vector_are_left_out_of_the_mean() -> None:
    source, target = drawn(7, 7)
    of_source, of_target = torch.tensor([0, 0, 0, 1, 1, 1, 2]), torch.tensor([0, 0, 1, 1, 1, 2, 2])
    found = class_mmd2(source, of_source, target, of_target, 3, "literal")
    parts = [mmd2(source[of_source == k], target[of_target == k]) for k in (0, 1)]
    assert float(found) == pytest.approx(float(sum(parts)) / 2)
    source.requires_grad_(True)
    none = class_mmd2(source, of_source, target, torch.full((7,), 5), 3, "literal")
    assert float(none.detach()) == 0.0
    none.backward()  # type: ignore[no-untyped-call]


def test_local_mmd_with_certain_labels_is_the_biased_mmd_of_classes() -> None:
    source, target = drawn(6, 6, shift=1.0)
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    certain = torch.nn.functional.one_hot(labels, 3).double()
    widths = [2 * sigma**2 for sigma in SIGMAS]
    expected = []
    for kind in (0, 1):
        own, other = source[labels == kind], target[labels == kind]
        expected.append(
            sum(gauss(u, v, widths) for u in own for v in own) / 9
            + sum(gauss(u, v, widths) for u in other for v in other) / 9
            - 2 * sum(gauss(u, v, widths) for u in own for v in other) / 9
        )
    found = float(local_mmd2(source, labels, target, certain, 3, "literal"))
    assert found == pytest.approx(sum(expected) / 2, abs=1e-9)


def test_coral_is_the_distance_of_covariances() -> None:
    source, target = drawn(9, 12, width=4, shift=3.0)
    expected = ((np.cov(source.numpy().T) - np.cov(target.numpy().T)) ** 2).sum() / (4 * 4**2)
    assert float(coral(source, target)) == pytest.approx(expected)
    assert float(coral(source, source + 7.0)) == pytest.approx(0.0, abs=1e-12)


@given(weight=st.floats(0.0, 5.0), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_a_reversed_gradient_comes_back_with_the_other_sign(weight: float, seed: int) -> None:
    x = torch.randn(3, 2, generator=torch.Generator().manual_seed(seed), requires_grad=True)
    (x**2).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    plain = x.grad.clone()
    x.grad = None
    made = reversed_gradient(x, weight)
    torch.testing.assert_close(made, x)
    (made**2).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(x.grad, -weight * plain)


def test_the_critic_learns_to_tell_apart_while_what_it_sees_learns_to_deceive_it() -> None:
    torch.manual_seed(0)
    critic = Critic(2, 8)
    source, target = (each.float().requires_grad_(True) for each in drawn(20, 20, 2, 2.0))
    loss = critic(source, target, 1.0)
    loss.backward()
    assert source.grad is not None
    assert target.grad is not None
    with torch.no_grad():
        moved = critic(source - 0.5 * source.grad, target - 0.5 * target.grad, 1.0)
        for each in critic.parameters():
            assert each.grad is not None
            each.sub_(0.1 * each.grad)
        taught = critic(source, target, 1.0)
    assert float(moved) > float(loss.detach()) > float(taught)


def test_the_ramp_rises_from_nought_towards_one() -> None:
    values = [ramp(step / 20) for step in range(21)]
    assert values[0] == 0.0
    assert values == sorted(values)
    assert values[-1] == pytest.approx(2 / (1 + math.exp(-10)) - 1)
