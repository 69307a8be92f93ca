"""What a decomposition is asked for, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Method = Literal["emd", "msemd", "imemd", "eemd", "upemd", "iceemdan"]
MaskRule = Literal["scaled", "adjacent-sum", "literal"]

METHODS: Mapping[Method, str] = MappingProxyType(
    {
        "emd": "EMD, plain",
        "msemd": "MSEMD, a mask and its opposite",
        "imemd": "IMEMD, masks in even phases",
        "eemd": "EEMD, noisy copies",
        "upemd": "UPEMD, dyadic masks",
        "iceemdan": "ICEEMDAN, modes of noise",
    }
)
RULES: Mapping[MaskRule, str] = MappingProxyType(
    {
        "scaled": "1.5 times the mode's mean frequency",
        "adjacent-sum": "sum of the first two modes' mean frequencies",
        "literal": "as printed: twice the first, then this and the one before",
    }
)
ProgressFn = Callable[[int, int], None]
"""Told how many modes are made, and how many there will be at most."""


class DecompositionError(Exception):
    """A signal cannot be decomposed; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to decompose. Not every method uses every field: `FIELDS` says which.

    `n_phases` masks of even phases; `xi0` times the mean instantaneous amplitude is the mask's amplitude;
    `eps1_db` ends where signal over rest has reached it; `sifts` siftings a mode; `k_max` modes at most;
    `small` ends where two modes running carry less than that share of the energy (0: never). `noise` is the
    SD of added noise as a share of the signal's (of UPEMD: the mask's amplitude as a share of the rest's SD),
    `trials` how many noises, by `seed`.
    """

    method: Method = "imemd"
    n_phases: int = 8
    xi0: float = 1.5
    eps1_db: float = 30.0
    sifts: int = 10
    mask_rule: MaskRule = "scaled"
    k_max: int = 20
    small: float = 1e-5
    noise: float = 0.2
    trials: int = 50
    seed: int = 1

    def check(self) -> None:
        """Raise DecompositionError for what is impossible."""
        wrong = [
            (self.method not in METHODS, f"method '{self.method}' is unknown: choose {', '.join(METHODS)}"),
            (
                self.mask_rule not in RULES,
                f"mask rule '{self.mask_rule}' is unknown: choose {', '.join(RULES)}",
            ),
            (self.n_phases < 2, "at least 2 phases are needed, so that masks cancel"),
            (self.xi0 <= 0, "the mask's amplitude (xi0) must be over 0"),
            (self.sifts < 1, "at least 1 sifting is needed"),
            (self.k_max < 1, "at least 1 mode must be allowed"),
            (self.small < 0, "the least share of energy must be 0 or more"),
            (self.noise <= 0, "noise must be over 0"),
            (self.trials < 1, "at least 1 trial is needed"),
        ]
        for is_wrong, words in wrong:
            if is_wrong:
                raise DecompositionError(f"{words}.")


FIELDS: Mapping[Method, tuple[str, ...]] = MappingProxyType(
    {
        "emd": ("sifts", "k_max"),
        "msemd": ("xi0", "eps1_db", "sifts", "mask_rule", "k_max"),
        "imemd": ("n_phases", "xi0", "eps1_db", "sifts", "mask_rule", "k_max"),
        "eemd": ("noise", "trials", "seed", "sifts", "k_max"),
        "upemd": ("n_phases", "noise", "sifts", "k_max"),
        "iceemdan": ("noise", "trials", "seed", "sifts", "k_max"),
    }
)
"""The fields that each method uses."""


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Modes (k, n), the fastest first, and the residue (n,): together the signal.

    `mask_hz` and `mask_amplitude` (k,) are those of the masks, () where there were none; `ended` says in
    words why no further mode was taken.
    """

    modes: Floats
    residue: Floats
    rate_hz: float
    settings: Settings
    ended: str
    mask_hz: tuple[float, ...] = ()
    mask_amplitude: tuple[float, ...] = ()

    @property
    def signal(self) -> Floats:
        """Modes and residue added up, (n,)."""
        return np.asarray(self.modes.sum(axis=0) + self.residue, np.float64)
