"""DeepConvNet on chosen channels (the article on EEG channel selection)."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from analysis.recognizers.channel_cards import DEEP_CARD
from analysis.recognizers.channel_net import ChannelNet
from analysis.recognizers.convnet_layers import DeepConvNet
from analysis.recognizers.recognizer import Card

MAPS = (25, 50, 100, 200)


class DeepConvNetRecognizer(ChannelNet):
    """Four blocks of convolution, ELU and pooling on the chosen channels."""

    card: ClassVar[Card] = DEEP_CARD

    def build(self, channels: int, samples: int, classes: int) -> nn.Module:
        """Return the network for its sizes."""
        chosen = self.settings
        maps = tuple(max(1, round(each * float(chosen["width"]))) for each in MAPS)
        return DeepConvNet(channels, samples, classes, maps, int(chosen["kernel"]), float(chosen["dropout"]))
