"""A linear support vector machine as a network's last layer: loss, probabilities, liblinear's answer.

Source: Tang, Liu, Zheng, Lu, "Multimodal Emotion Recognition Using Deep Neural Networks", sections 2 and 3.2,
after Tang, "Deep learning using linear support vector machines" (2013): L2-regularised squared hinge loss.
Three and more classes are one machine each against the rest.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

ITERATIONS = 1000


def machines(classes: int) -> int:
    """Return how many machines there are: one for two classes, else one a class."""
    return 1 if classes == 2 else classes


def signs(y: Tensor, classes: int) -> Tensor:
    """Return (n, machines): 1 for the rows of a machine's class, -1 for the rest."""
    if classes == 2:
        return (2.0 * y - 1.0)[:, None]
    return 2.0 * nn.functional.one_hot(y, classes) - 1.0


def squared_hinge(margins: Tensor, sides: Tensor) -> Tensor:
    """Return (n,): max(0, 1 - side * margin) squared, summed over machines."""
    return torch.clamp(1 - sides * margins, min=0).square().sum(1)


def penalty(layer: nn.Linear, strength: float) -> Tensor:
    """Return strength * (|w|^2 + b^2): to liblinear the bias is one more weight, and so it is to us."""
    return strength * (layer.weight.square().sum() + layer.bias.square().sum())


def objective(layer: nn.Linear, features: Tensor, y: Tensor, strength: float, classes: int) -> float:
    """Return what is made small: mean squared hinge of all rows plus the penalty."""
    with torch.no_grad():
        hinges = squared_hinge(layer(features), signs(y, classes))
        return float(hinges.mean() + penalty(layer, strength))


def replace_by_liblinear(
    layer: nn.Linear, features: Tensor, y: Tensor, strength: float, classes: int
) -> tuple[float, float]:
    """Put liblinear's weights (its solver 2) into `layer` where they make the objective smaller.

    Returns the objective before and after. liblinear makes |w|^2 / 2 + C * sum of squared hinges small; with
    C = 1 / (2 * strength * n) that is our objective, whose hinges are a mean over n rows, over 2 * strength.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    before = objective(layer, features, y, strength, classes)
    if strength <= 0:
        return before, before
    machine = LinearSVC(
        penalty="l2",
        loss="squared_hinge",
        dual=False,
        C=1 / (2 * strength * len(y)),
        intercept_scaling=1.0,
        tol=1e-6,
        max_iter=ITERATIONS,
        random_state=0,
    )
    with warnings.catch_warnings():
        # Where it did not come to its end, the comparison below decides.
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(features.double().numpy(), y.numpy())
    kept = {name: each.clone() for name, each in layer.state_dict().items()}
    found = {"weight": machine.coef_, "bias": np.broadcast_to(machine.intercept_, (machines(classes),))}
    if found["weight"].shape != tuple(layer.weight.shape):
        return before, before
    layer.load_state_dict({name: torch.from_numpy(each.astype(np.float32)) for name, each in found.items()})
    after = objective(layer, features, y, strength, classes)
    if after > before:
        layer.load_state_dict(kept)
        return before, before
    return before, after


def probabilities(margins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., classes) from margins (..., machines): their softmax; two classes have margins -m and m.

    A margin is no probability; the softmax keeps its order, and the most probable class is the decision.
    """
    both = np.concatenate([-margins, margins], -1) if margins.shape[-1] == 1 else margins
    raised = np.exp(both - both.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))
