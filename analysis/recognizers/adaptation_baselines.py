"""What PDAN is compared with, on the same network and training: DAN, DSAN, DANN, Deep CORAL."""

from __future__ import annotations

from typing import ClassVar

from torch import nn, softmax

from analysis.recognizers.adaptation import AdaptedRecognizer
from analysis.recognizers.adaptation_cards import CORAL_CARD, DAN_CARD, DANN_CARD, DSAN_CARD
from analysis.recognizers.adaptation_loop import Pair, Penalty, Terms
from analysis.recognizers.adaptation_network import Sizes
from analysis.recognizers.adaptation_penalties import Critic, Kernel, coral, local_mmd2, mmd2
from analysis.recognizers.recognizer import Card

CRITIC_SHARE = 4
LEAST_CRITIC = 8

Penalties = tuple[Penalty | None, nn.Module | None]


class DAN(AdaptedRecognizer):
    """MMD of the whole corpora at all three dense layers."""

    card: ClassVar[Card] = DAN_CARD

    def _penalty(self, classes: tuple[str, ...], sizes: Sizes) -> Penalties:
        del classes, sizes
        kernel: Kernel = self.settings["kernel"]
        weight = float(self.settings["weight"])

        def penalty(pair: Pair) -> Terms:
            parts = [mmd2(a, b, kernel) for a, b in zip(pair.source, pair.target, strict=True)]
            return {"MMD of three layers": (pair.strength * weight, parts[0] + parts[1] + parts[2])}

        return penalty, None


class DSAN(AdaptedRecognizer):
    """Local MMD of classes at the second dense layer."""

    card: ClassVar[Card] = DSAN_CARD

    def _penalty(self, classes: tuple[str, ...], sizes: Sizes) -> Penalties:
        del sizes
        kernel: Kernel = self.settings["kernel"]
        weight = float(self.settings["weight"])

        def penalty(pair: Pair) -> Terms:
            proba = softmax(pair.target.h3.detach(), 1)
            value = local_mmd2(pair.source.h2, pair.y, pair.target.h2, proba, len(classes), kernel)
            return {"local MMD": (pair.strength * weight, value)}

        return penalty, None


class DANN(AdaptedRecognizer):
    """A critic on the second dense layer, and gradients reversed on their way back from it."""

    card: ClassVar[Card] = DANN_CARD

    def _penalty(self, classes: tuple[str, ...], sizes: Sizes) -> Penalties:
        del classes
        weight = float(self.settings["weight"])
        critic = Critic(sizes.dense, max(LEAST_CRITIC, sizes.dense // CRITIC_SHARE))

        def penalty(pair: Pair) -> Terms:
            # The critic learns at full rate from the first step; only what it looks at is ramped.
            return {"critic": (1.0, critic(pair.source.h2, pair.target.h2, pair.strength * weight))}

        return penalty, critic


class DeepCORAL(AdaptedRecognizer):
    """Distance of the covariances of the logits."""

    card: ClassVar[Card] = CORAL_CARD

    def _penalty(self, classes: tuple[str, ...], sizes: Sizes) -> Penalties:
        del classes, sizes
        weight = float(self.settings["weight"])

        def penalty(pair: Pair) -> Terms:
            return {"covariances": (pair.strength * weight, coral(pair.source.h3, pair.target.h3))}

        return penalty, None
