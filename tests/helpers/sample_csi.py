"""Segments of made-up passages: people are places, each with channels of its own; two road users to tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.corpus.cases import Batch
from analysis.csi.chain import HALF, ChainSpec, centres, follow, segments
from analysis.simulate.channel import passages
from tests.helpers.batches import make_cases, make_input
from tests.helpers.recognizer_samples import Sample

CLASSES = ("car", "pedestrian")


def csi_batch(participants: int, trials: int, effect: bool) -> Batch:
    """Return the segments of passages (n, 1, 201), cars and pedestrians by turns in an order of their own."""
    parts, answers = [], []
    for place in range(participants):
        random = np.random.default_rng(place)
        y = random.permutation(np.arange(trials) % 2)
        made = passages(tuple(CLASSES[each] for each in y), 100 + place, gain_sd=0.05, effect=effect)
        found = follow(made.amplitudes, ChainSpec())
        rows = tuple((round(each.start_s * 50), round(each.stop_s * 50)) for each in made.passages)
        parts.append(segments(found.curve, centres(found.curve, rows), HALF))
        answers.append(y)
    cases = replace(make_cases(participants, trials), category=np.full(participants * trials, "passage"))
    values = np.concatenate(parts)[:, None, :].astype(np.float32)
    return Batch(cases, {"csi": make_input(values)}, np.concatenate(answers).astype(np.int64), CLASSES)


_QUICK = {"rate": 0.01, "epochs": 20, "width": 0.25}
SAMPLE = Sample(csi_batch, _QUICK, {"epochs": 40}, found=0.9)
LARGE = Sample(csi_batch, {"rate": 0.005, "epochs": 8, "width": 0.1}, {"epochs": 30}, found=0.8)
