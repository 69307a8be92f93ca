"""PDAN: three MMD penalties, finer from layer to layer: whole corpora, valence, emotions.

Source: Zong et al. (2022), "Progressive distribution adapted neural networks"; total loss
L = L_s + l1 L_m + l2 L_rc + l3 L_fc.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from analysis.recognizers.adaptation import AdaptedRecognizer
from analysis.recognizers.adaptation_cards import PDAN_CARD, SOURCE_CARD
from analysis.recognizers.adaptation_loop import Pair, Penalty, Terms
from analysis.recognizers.adaptation_network import Sizes
from analysis.recognizers.adaptation_penalties import Kernel, class_mmd2, mmd2
from analysis.recognizers.recognizer import Card

MARGINAL = "marginal L_m"
ROUGH = "rough L_rc"
FINE = "fine L_fc"


def valence_groups(classes: tuple[str, ...], high: str) -> tuple[int, ...]:
    """Return 1 for each class that is named in `high` (separated by commas, any case), 0 for the others."""
    named = {name.strip().casefold() for name in high.split(",")}
    return tuple(int(each.casefold() in named) for each in classes)


class PDAN(AdaptedRecognizer):
    """The article's recognizer; a weight of 0 takes its penalty away (the article's ablations)."""

    card: ClassVar[Card] = PDAN_CARD

    def _penalty(self, classes: tuple[str, ...], sizes: Sizes) -> tuple[Penalty | None, nn.Module | None]:
        del sizes
        chosen = self.settings
        kernel: Kernel = chosen["kernel"]
        weights = {MARGINAL: chosen["marginal"], ROUGH: chosen["rough"], FINE: chosen["fine"]}
        groups = torch.tensor(valence_groups(classes, str(chosen["high"])))

        def penalty(pair: Pair) -> Terms:
            source, target, y, pseudo = pair.source, pair.target, pair.y, pair.pseudo
            values = {}
            if weights[MARGINAL]:
                values[MARGINAL] = mmd2(source.h1, target.h1, kernel)
            if weights[ROUGH]:
                values[ROUGH] = class_mmd2(source.h2, groups[y], target.h2, groups[pseudo], 2, kernel)
            if weights[FINE]:
                values[FINE] = class_mmd2(source.h3, y, target.h3, pseudo, len(classes), kernel)
            return {name: (pair.strength * float(weights[name]), each) for name, each in values.items()}

        return (penalty if any(weights.values()) else None), None


class PDANSource(AdaptedRecognizer):
    """The same network on the source alone."""

    card: ClassVar[Card] = SOURCE_CARD
