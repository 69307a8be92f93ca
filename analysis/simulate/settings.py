"""What is simulated: modalities, effect sizes, differences between participants, what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from typing import Any

MODALITIES = (
    "eeg", "bvp", "eda", "temperature", "respiration", "acceleration", "speech", "face", "keys",
)  # fmt: skip
"""What can be recorded of a simulated participant, by the names of `analysis.corpus.cases.MODALITIES`."""

EFFECT_D = 0.8
ARTEFACT_SHARE = 0.05
MOST_EFFECT_D = 20.0


class SimulationError(Exception):
    """Participants cannot be simulated as asked for; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides the simulated participants of a seed.

    `effects` is Cohen's d between trials felt as positive and as negative, of the quantity that a modality's
    signal follows (`QUANTITIES`), before the signal's own noise; a modality that is not named has
    `EFFECT_D`. `fingerprint` scales how far participants' own levels lie apart (0: all alike). `missing` is
    the share of modalities that a participant lacks, `artefacts` the share of trials that one falls into.
    `within` is the share of a stage in which the effect is there at all (0.2: somewhere in a fifth of it).
    `eeg_channels` is 8 to 32.
    """

    effects: Mapping[str, float] = field(default_factory=dict)
    fingerprint: float = 1.0
    missing: float = 0.0
    artefacts: float = ARTEFACT_SHARE
    modalities: tuple[str, ...] = MODALITIES
    seed: int = 1
    within: float = 1.0
    eeg_channels: int = 14

    def __post_init__(self) -> None:
        """Raise SimulationError for what cannot be simulated."""
        for name in (*self.modalities, *self.effects):
            _known(name)
        if not self.modalities:
            raise SimulationError("no modality is left to record: name at least one.")
        for name, effect in self.effects.items():
            if not abs(effect) <= MOST_EFFECT_D:
                raise SimulationError(
                    f"effect of {name}: {effect:g} is no effect size. Use -{MOST_EFFECT_D:g} to"
                    f" {MOST_EFFECT_D:g}."
                )
        for name in ("missing", "artefacts"):
            if not 0 <= getattr(self, name) <= 1:
                raise SimulationError(f"{name}: {getattr(self, name):g} is no share. Use 0 to 1.")
        if not 0 < self.within <= 1:
            raise SimulationError(
                f"within: {self.within:g} is no share of a stage. Use more than 0, up to 1."
            )
        if not 0 <= self.fingerprint <= 10:
            raise SimulationError(f"fingerprint: {self.fingerprint:g} is out of range. Use 0 to 10.")
        if not 8 <= self.eeg_channels <= 32:
            raise SimulationError(f"eeg_channels: {self.eeg_channels} is out of range. Use 8 to 32.")
        if not 0 <= self.seed < 2**63:
            raise SimulationError(f"seed: {self.seed} is out of range. Use 0 or more.")

    def effect(self, modality: str) -> float:
        """Return Cohen's d of a modality."""
        return self.effects.get(modality, EFFECT_D)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary, every effect said."""
        return asdict(self) | {"effects": {name: self.effect(name) for name in self.modalities}}


def parse_effects(texts: Sequence[str]) -> dict[str, float]:
    """Read E (all modalities) and MODALITY=E, the later ones winning; raises SimulationError."""
    effects: dict[str, float] = {}
    for text in texts:
        name, found, value = text.rpartition("=")
        try:
            size = float(value)
        except ValueError as error:
            raise SimulationError(f"effect {text!r}: write a number, or MODALITY=NUMBER.") from error
        if found:
            _known(name.strip())
            effects[name.strip()] = size
        else:
            effects = dict.fromkeys(MODALITIES, size)
    return effects


def _known(name: str) -> None:
    if name not in MODALITIES:
        close = get_close_matches(name, MODALITIES, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(MODALITIES)}."
        raise SimulationError(f"nothing simulates the modality {name!r}. {hint}")
