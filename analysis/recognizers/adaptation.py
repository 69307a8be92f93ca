"""A recognizer that learns from a labelled source and the unlabelled cases it will be tested on."""

from __future__ import annotations

import math
from abc import ABC
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.corpus.cases import Batch
from analysis.recognizers.adaptation_loop import AdaptSpec, Penalty, Source, train_adapted
from analysis.recognizers.adaptation_network import AdaptationNetwork, Sizes, Taps, resized
from analysis.recognizers.recognizer import Card, Context, Explanation, RecognizerError
from analysis.recognizers.torch_loop import in_chunks, reproducible
from analysis.recognizers.weights import load_arrays, load_module, save_arrays, save_module

LAYERS = ("h1", "h2", "h3")
_EVEN = 1e-9


class AdaptedRecognizer(ABC):
    """PDAN's network with some penalty or none; a subclass names its card and says its penalty."""

    card: ClassVar[Card]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: AdaptationNetwork | None = None
        self._classes: tuple[str, ...] = ()
        self._planes: dict[str, NDArray[np.float64]] = {}
        self.is_adapted = False
        """Whether there was a tested side to learn from."""

    def _penalty(self, classes: tuple[str, ...], sizes: Sizes) -> tuple[Penalty | None, nn.Module | None]:
        """Return the penalty, and what of it is learnt; called once a fit, its weights are drawn then."""
        del classes, sizes
        return None, None

    def fit(self, train: Batch, validation: Batch | None, context: Context) -> None:
        """Train on labelled cases and, where the context has them, the tested ones without their answers."""
        del validation
        if train.y is None or not train.classes:
            raise RecognizerError(f"{self.card.name} tells classes apart, and these cases have none.")
        self._classes = train.classes
        pictures = self._pictures(train)
        given = context.unlabelled
        target = None if given is None or not self.card.transductive else self._pictures(given)
        chosen = self.settings
        sizes = Sizes(
            pictures.shape[1],
            len(train.classes),
            float(chosen["width"]),
            int(chosen["stride"]),
            float(chosen["dropout"]),
        )
        spec = AdaptSpec(
            rate=float(chosen["rate"]),
            weight_decay=float(chosen["weight_decay"]),
            batch=int(chosen["batch"]),
            epochs=int(chosen["epochs"]),
            is_ramped=bool(chosen.get("ramp", False)),
            is_balanced=bool(chosen["balanced"]),
        )
        with reproducible(context.seed):
            network = self._network = AdaptationNetwork(sizes)
            penalty, extra = self._penalty(train.classes, sizes)
            y = torch.from_numpy(np.asarray(train.y, np.int64))
            source = Source(train.cases.id, pictures, y)
            self.is_adapted = target is not None and len(target) > 1 and penalty is not None
            train_adapted(network, penalty, source, target, train.classes, spec, context, extra)
            self._learn_planes(pictures if target is None else torch.cat([pictures, target]))

    def predict_proba(self, batch: Batch) -> NDArray[np.float64]:
        """Return (n, classes)."""
        proba = torch.softmax(self._taps(self._pictures(batch)).h3.double(), 1).numpy()
        return np.asarray(proba / proba.sum(1, keepdims=True), np.float64)

    def explain(self, batch: Batch) -> Explanation:
        """Return nothing: the network cannot say what in a picture it rests on. See `planes`."""
        del batch
        return Explanation()

    def planes(self, batch: Batch) -> dict[str, NDArray[np.float64]]:
        """Return where cases lie on a plane, (n, 2) by layer h1, h2, h3.

        The plane is that of the first two principal components of all cases that were trained on, source and
        target together.
        """
        found = self._taps(self._pictures(batch))
        return {
            name: (values.double().numpy() - self._planes[f"{name}.mean"]) @ self._planes[f"{name}.axes"].T
            for name, values in zip(LAYERS, found, strict=True)
        }

    def save(self, folder: Path) -> None:
        """Write weights, planes and what is needed to build the network again."""
        network = self._trained()
        facts = {
            "sizes": network.sizes.to_json(),
            "classes": list(self._classes),
            "settings": dict(self.settings),
            "is_adapted": self.is_adapted,
        }
        save_module(folder, network, facts)
        save_arrays(folder, "planes", self._planes)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing in it is run."""
        _, facts = load_arrays(folder, "weights")
        made = cls(**facts["settings"])
        made._network = AdaptationNetwork(Sizes(**facts["sizes"]))
        load_module(folder, made._network)
        made._classes = tuple(facts["classes"])
        made.is_adapted = bool(facts["is_adapted"])
        made._planes = load_arrays(folder, "planes")[0]
        return made

    def _trained(self) -> AdaptationNetwork:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} is not trained yet.")
        return self._network

    def _taps(self, pictures: Tensor) -> Taps:
        network = self._trained()
        return network.split(in_chunks(network, network.taps, {"x": pictures}))

    def _pictures(self, batch: Batch) -> Tensor:
        """Return the one picture of each case, (n, side, side)."""
        if len(batch.inputs) != 1:
            raise RecognizerError(f"{self.card.name} takes one input, and here are {len(batch.inputs)}.")
        name, each = next(iter(batch.inputs.items()))
        pixels = each.values[:, 0].reshape(len(batch), -1)
        side = math.isqrt(pixels.shape[1])
        if side * side != pixels.shape[1] or each.values.shape[1] != 1:
            raise RecognizerError(
                f"{self.card.name}: {name} holds {each.values.shape[1]} steps of {pixels.shape[1]} "
                "numbers, and"
                " one square picture a case is needed (feature speech.spectrogram)."
            )
        made = torch.from_numpy(np.ascontiguousarray(pixels, np.float32)).reshape(-1, side, side)
        return resized(made, int(self.settings["side"]))

    def _learn_planes(self, pictures: Tensor) -> None:
        for name, values in zip(LAYERS, self._taps(pictures), strict=True):
            rows = values.double().numpy()
            mean = rows.mean(0)
            _, sizes, axes = np.linalg.svd(rows - mean, full_matrices=False)
            first = np.zeros((2, rows.shape[1]))
            known = min(2, int((sizes > _EVEN).sum()))
            first[:known] = axes[:known]
            # The sign of a component is arbitrary: the largest part points upwards.
            turn = np.sign(first[np.arange(2), np.abs(first).argmax(1)])
            self._planes |= {
                f"{name}.mean": mean,
                f"{name}.axes": first * np.where(turn == 0, 1, turn)[:, None],
            }
