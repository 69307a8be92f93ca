"""What BDDAE and Bimodal-LSTM share beside their networks: settings, what they were fitted on, saving."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from torch import nn

from analysis.recognizers.paired_steps import Sides
from analysis.recognizers.recognizer import Card, RecognizerError
from analysis.recognizers.weights import load_arrays, load_module, save_module

Network = TypeVar("Network", bound=nn.Module)


class PairedRecognizer(Generic[Network]):
    """A recognizer with a network over two sides of inputs."""

    card: ClassVar[Card]

    def __init__(self, **settings: Any) -> None:
        self.settings: Mapping[str, Any] = {**self.card.defaults(), **settings}
        self._network: Network | None = None
        self._classes: tuple[str, ...] = ()
        self._sides = Sides({}, {})

    @abstractmethod
    def _built(self) -> Network:
        """Return the network for its classes and sides, as it starts."""

    def _trained(self) -> Network:
        if self._network is None:
            raise RecognizerError(f"{self.card.name} was not trained yet.")
        return self._network

    def _facts(self) -> dict[str, Any]:
        """Return what is saved beside the weights."""
        return {
            "settings": dict(self.settings),
            "classes": self._classes,
            "first": dict(self._sides.first),
            "other": dict(self._sides.other),
        }

    def _restore(self, facts: Mapping[str, Any]) -> None:
        """Take up what `_facts` gave."""
        self._classes, self._sides = tuple(facts["classes"]), Sides(facts["first"], facts["other"])

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a new folder."""
        save_module(folder, self._trained(), self._facts())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        _, facts = load_arrays(folder, "weights")
        made = cls(**facts["settings"])
        made._restore(facts)
        made._network = made._built()
        load_module(folder, made._network)
        return made
