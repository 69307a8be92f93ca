"""A network as an extractor's model; its own module, since torch takes a second to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from analysis.recognizers.torch_loop import reproducible
from analysis.recognizers.weights import Arrays
from analysis.speakers.networks import LEAST_FRAMES, Network, made_network
from analysis.speakers.settings import SpeakersError


@dataclass(frozen=True, slots=True)
class NetworkModel:
    """An x-vector's network."""

    kind: str
    network: Network

    @property
    def least(self) -> int:
        """Fewest frames that its layers can take."""
        return LEAST_FRAMES[self.kind]

    def vector(self, frames: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the inner layer of all frames at once."""
        self.network.eval()
        given = torch.from_numpy(np.ascontiguousarray(frames.T, np.float32))[None]
        with reproducible(0), torch.no_grad():
            return np.asarray(self.network.embed(given)[0].numpy(), np.float64)

    def arrays(self) -> Arrays:
        """Return the network's parameters and buffers."""
        return {key: each.detach().cpu().numpy() for key, each in self.network.state_dict().items()}

    @classmethod
    def of(cls, kind: str, settings: Mapping[str, Any], speakers: int, arrays: Arrays) -> NetworkModel:
        """Rebuild it; raises SpeakersError where the arrays are of another network."""
        with reproducible(0):
            network = made_network(kind, speakers, settings)
        wanted = network.state_dict()
        shapes = {key: tuple(each.shape) for key, each in arrays.items()}
        if shapes != {key: tuple(each.shape) for key, each in wanted.items()}:
            raise SpeakersError("its weights are of another network than its settings say.")
        network.load_state_dict({key: torch.from_numpy(np.array(each)) for key, each in arrays.items()})
        network.eval()
        return cls(kind, network)
