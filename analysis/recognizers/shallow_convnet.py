"""ShallowConvNet on chosen channels (the article on EEG channel selection)."""

from __future__ import annotations

from typing import ClassVar

from torch import nn

from analysis.recognizers.channel_cards import SHALLOW_CARD
from analysis.recognizers.channel_net import ChannelNet
from analysis.recognizers.convnet_layers import ShallowConvNet, ShallowShape
from analysis.recognizers.recognizer import Card


class ShallowConvNetRecognizer(ChannelNet):
    """Log band power of learnt mixtures of the chosen channels."""

    card: ClassVar[Card] = SHALLOW_CARD

    def build(self, channels: int, samples: int, classes: int) -> nn.Module:
        """Return the network for its sizes."""
        chosen = self.settings
        maps, kernel, pool, stride = (int(chosen[name]) for name in ("maps", "kernel", "pool", "stride"))
        shape = ShallowShape(maps, kernel, pool, stride, float(chosen["dropout"]))
        return ShallowConvNet(channels, samples, classes, shape)
