"""Training of a speaker network: chunks of equal length drawn from utterances, each speaker a class."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.features.speaker_frames import SIZE
from analysis.recognizers.torch_loop import batches, reproducible
from analysis.speakers.network_model import NetworkModel
from analysis.speakers.networks import Network, made_network, margin_loss
from analysis.speakers.optimising import Schedule, optimizer_of
from analysis.speakers.settings import Making, SpeakersError


def train_speaker_network(
    frames: Sequence[NDArray[np.float32]],
    speakers: NDArray[np.int64],
    count: int,
    making: Making,
    told: Callable[[int, int, str], None],
) -> NetworkModel:
    """Train on utterances (n, 60) of speakers 0 to `count` - 1.

    An epoch draws as many chunks of an utterance as fit into it. Raises SpeakersError where the loss is no
    number any more.
    """
    random = np.random.default_rng(making.seed)
    owners = np.repeat(np.arange(len(frames)), [len(each) // making.chunk for each in frames])
    schedule = Schedule(making.rate, making.period, making.factor)
    with reproducible(making.seed):
        network = made_network(making.kind, count, {**making.to_json(), "features": SIZE})
        optimizer = optimizer_of(making.kind, network, making.rate, making.weight_decay)
        step = 0
        for epoch in range(making.epochs):
            network.train()
            order = torch.from_numpy(random.permutation(len(owners)))
            parts = batches(order, making.batch)
            total = 0.0
            for rows in parts:
                told(epoch, making.epochs, f"epoch {epoch + 1}")
                for group in optimizer.param_groups:
                    group["lr"] = schedule.at(step, len(parts))
                chosen = owners[rows.numpy()]
                values = _chunks(frames, chosen, making.chunk, random)
                loss = _loss(network, values, torch.from_numpy(speakers[chosen]), making)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                total += float(loss.detach()) * len(rows)
                step += 1
            mean = total / len(owners)
            if not math.isfinite(mean):
                raise SpeakersError(
                    f"the loss was no number any more in epoch {epoch + 1}. Use a rate below {making.rate:g}."
                )
            told(epoch + 1, making.epochs, f"epoch {epoch + 1}, loss {mean:.3f}")
    network.eval()
    return NetworkModel(making.kind, network)


def _chunks(
    frames: Sequence[NDArray[np.float32]], chosen: NDArray[np.intp], chunk: int, random: np.random.Generator
) -> Tensor:
    made = np.empty((len(chosen), SIZE, chunk), np.float32)
    for place, owner in enumerate(chosen):
        first = int(random.integers(0, len(frames[owner]) - chunk + 1))
        made[place] = frames[owner][first : first + chunk].T
    return torch.from_numpy(made)


def _loss(network: Network, values: Tensor, y: Tensor, making: Making) -> Tensor:
    decided = network.decide(network.embed(values))
    if making.loss == "am":
        return margin_loss(network.last.cosines(decided), y)
    return nn.functional.cross_entropy(network.last(decided), y)
