"""Whether two utterances are of one speaker: how well vectors tell, as the equal error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Verification:
    """An equal error rate, 0 to 1, from how many pairs of held-out utterances of how many speakers.

    `plain` is that of mean and spread of the frames themselves: what an extractor must beat. None where there
    are no pairs.
    """

    rate: float | None
    plain: float | None
    same: int
    other: int
    speakers: int
    speakers_apart: bool

    @property
    def words(self) -> str:
        """What it says, in a sentence."""
        if self.rate is None:
            return "No utterance was held out: how well it tells speakers apart was not measured."
        known = (
            "speakers it never met" if self.speakers_apart else "new utterances of speakers it was trained on"
        )
        beside = (
            "" if self.plain is None else f", and {self.plain:.1%} by plain means and spreads of the frames"
        )
        return (
            f"Equal error rate {self.rate:.1%} on {known}{beside}: {self.same} pairs of one speaker, "
            f"{self.other} of two, {self.speakers} speakers."
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def equal_error_rate(same: Floats, other: Floats) -> float:
    """Return the rate at which as many pairs of one speaker are refused as pairs of two are taken.

    `same` (n,) and `other` (m,) are scores, larger for one speaker; between two thresholds the line is
    straight. Raises ValueError where one of them is empty.
    """
    if not len(same) or not len(other):
        raise ValueError("scores of both kinds of pairs are needed")
    scores = np.concatenate([same, other])
    places = np.unique(scores)
    refused = np.concatenate([np.searchsorted(np.sort(same), places, "left") / len(same), [1.0]])
    taken = np.concatenate([1 - np.searchsorted(np.sort(other), places, "left") / len(other), [0.0]])
    crossed = int(np.argmax(refused >= taken))
    if crossed == 0:
        return float((refused[0] + taken[0]) / 2)
    low, high = refused[crossed - 1] - taken[crossed - 1], refused[crossed] - taken[crossed]
    share = 0.0 if high == low else -low / (high - low)
    return float(refused[crossed - 1] + share * (refused[crossed] - refused[crossed - 1]))


def pair_scores(vectors: Floats, speakers: Sequence[str], centre: Floats) -> tuple[Floats, Floats]:
    """Return cosines of all pairs of vectors (n, d) about `centre` (d,): of one speaker, and of two."""
    apart = vectors - centre
    apart = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-12)
    one, two = np.triu_indices(len(vectors), 1)
    cosines = np.einsum("nd,nd->n", apart[one], apart[two])
    names = np.array(speakers, dtype=np.str_)
    is_same = names[one] == names[two]
    return cosines[is_same], cosines[~is_same]


def verified(
    vectors: Floats,
    plain: Floats,
    speakers: Sequence[str],
    centre: Floats,
    plain_centre: Floats,
    *,
    speakers_apart: bool,
) -> Verification:
    """Return the equal error rate of vectors (n, d) of held-out utterances, NaN ones left out."""
    known = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    names = [speakers[int(place)] for place in known]
    if len(set(names)) < 2 or len(names) == len(set(names)):
        return Verification(None, None, 0, 0, len(set(names)), speakers_apart)
    same, other = pair_scores(vectors[known], names, centre)
    beside = equal_error_rate(*pair_scores(plain[known], names, plain_centre))
    rate = equal_error_rate(same, other)
    return Verification(rate, beside, len(same), len(other), len(set(names)), speakers_apart)
