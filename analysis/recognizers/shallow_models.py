"""What fitted baselines compute, from their arrays alone: the numbers of the library that fitted them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats64 = NDArray[np.float64]
Arrays = Mapping[str, NDArray[Any]]


def softmax(scores: Floats64) -> Floats64:
    """Return probabilities (n, k) of scores (n, k)."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats64 = raised / raised.sum(axis=1, keepdims=True)
    return shares


def linear_scores(arrays: Arrays, x: Floats64) -> Floats64:
    """Return decision values (n,) of two classes, (n, k) of more: `coef` (1 or k, d), `intercept`."""
    scores: Floats64 = x @ arrays["coef"].T + arrays["intercept"]
    return scores[:, 0] if scores.shape[1] == 1 else scores


def kernel_scores(arrays: Arrays, x: Floats64) -> Floats64:
    """Return a support vector machine's decision values, kernel exp(-gamma |x - v|^2).

    Two classes: (n,). More: (n, k), votes of the machines of all pairs plus a confidence under 1/3 that
    breaks ties, as scikit-learn does ("ovr" of `SVC.decision_function`).
    """
    vectors = arrays["vectors"]
    gamma = float(arrays["gamma"])
    apart = (x**2).sum(axis=1)[:, None] - 2 * x @ vectors.T + (vectors**2).sum(axis=1)
    kernel = np.exp(-gamma * np.maximum(apart, 0.0))
    dual, intercept, count = arrays["dual"], arrays["intercept"], arrays["count"]
    classes = len(count)
    if classes == 2:
        two: Floats64 = kernel @ dual[0] + intercept[0]
        return two
    ends = np.concatenate([[0], np.cumsum(count)])
    votes, sure = np.zeros((len(x), classes)), np.zeros((len(x), classes))
    pair = 0
    for i in range(classes):
        of_i = slice(ends[i], ends[i + 1])
        for j in range(i + 1, classes):
            of_j = slice(ends[j], ends[j + 1])
            score = kernel[:, of_i] @ dual[j - 1, of_i] + kernel[:, of_j] @ dual[i, of_j] + intercept[pair]
            sure[:, i] += score
            sure[:, j] -= score
            votes[:, i] += score >= 0
            votes[:, j] += score < 0
            pair += 1
    more: Floats64 = votes + sure / (3 * (np.abs(sure) + 1))
    return more


def forest_shares(arrays: Arrays, x: Floats64) -> Floats64:
    """Return (n, k): mean over the trees of the class shares in the leaf that a case falls into.

    `root` (trees,) are the nodes to begin with, `left` and `right` (nodes,) the next ones (-1: a leaf),
    `feature` and `threshold` what is asked, `shares` (nodes, k) the answer. Compared in single precision,
    as the trees were grown.
    """
    x = x.astype(np.float32)
    left, right = arrays["left"], arrays["right"]
    feature, threshold, shares = arrays["feature"], arrays["threshold"], arrays["shares"]
    total = np.zeros((len(x), shares.shape[1]))
    rows = np.arange(len(x))
    for root in arrays["root"]:
        at = np.full(len(x), root)
        while (moving := left[at] >= 0).any():
            here = at[moving]
            is_left = x[rows[moving], feature[here]] <= threshold[here]
            at[moving] = np.where(is_left, left[here], right[here])
        total += shares[at]
    mean: Floats64 = total / len(arrays["root"])
    return mean


def two_or_more(scores: Floats64) -> Floats64:
    """Return scores (n, k) whose softmax is the logistic function for two classes: (-s/2, s/2)."""
    return np.column_stack([-scores / 2, scores / 2]) if scores.ndim == 1 else scores


def fit_temperature(scores: Floats64, y: NDArray[np.int64]) -> float:
    """Return the factor of the scores (n, k) at which their softmax is likeliest given the answers."""
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(y))

    def surprise(log_factor: float) -> float:
        proba = softmax(np.exp(log_factor) * scores)[rows, y]
        return -float(np.log(np.maximum(proba, 1e-300)).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-4.0, 4.0), method="bounded").x))
