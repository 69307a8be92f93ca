"""Decomposes one channel by any of the methods: the one call for features, pages and scripts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from analysis.decomposition.ensembles import complete_ensemble, ensemble
from analysis.decomposition.masking import Mask, dyadic_mask, mask_of, masked_mode, signal_over
from analysis.decomposition.settings import (
    Decomposition,
    DecompositionError,
    Floats,
    ProgressFn,
    Settings,
)
from analysis.decomposition.sifting import Stop, first_mode, has_modes, never

SMALL_RUNNING = 2
OPPOSITE = 2
"""Phases of the earlier masking: one mask, added and subtracted."""
NO_TURNS = "what is left has no waves"
MOST = "as many modes as allowed"


def _silent(done: int, of: int) -> None:
    del done, of


def decompose(
    x: NDArray[np.floating],
    rate_hz: float,
    settings: Settings | None = None,
    *,
    progress: ProgressFn = _silent,
    cancelled: Stop = never,
) -> Decomposition:
    """Return the modes of a signal (n,) at `rate_hz`; the same input gives the same bits.

    Modes and residue add up to the signal, to rounding. Its mean is taken off before and is part of the
    residue: energies are those about it. Raises DecompositionError for a signal with missing samples or fewer
    than two, and for impossible settings; CancelledError.
    """
    chosen = settings or Settings()
    chosen.check()
    signal = np.asarray(x, np.float64).reshape(-1)
    if len(signal) < 2 or rate_hz <= 0:
        raise DecompositionError("A signal of at least two samples at an even rate is needed.")
    if not np.isfinite(signal).all():
        raise DecompositionError(
            "Samples are missing in this stretch. Choose one without a gap, or fill the gap first."
        )
    level = float(signal.mean())
    waves = signal - level
    if chosen.method in ("eemd", "iceemdan"):
        by = ensemble if chosen.method == "eemd" else complete_ensemble
        modes = by(waves, chosen, progress, cancelled)
        ended = MOST if len(modes) == chosen.k_max else NO_TURNS
        found = Decomposition(modes, waves - modes.sum(axis=0), rate_hz, chosen, ended)
    else:
        found = _stepwise(waves, rate_hz, chosen, progress, cancelled)
    return replace(found, residue=found.residue + level)


def _stepwise(
    signal: Floats, rate_hz: float, settings: Settings, progress: ProgressFn, cancelled: Stop
) -> Decomposition:
    """Take mode after mode off the rest (IMEMD-CRNN)."""
    energy, rest = float(np.square(signal).sum()), signal.copy()
    modes: list[Floats] = []
    used: list[Mask] = []
    before, tiny, ended = 0.0, 0, ""
    is_masked, is_dyadic = settings.method in ("imemd", "msemd"), settings.method == "upemd"
    while not ended:
        if not has_modes(rest[None])[0]:
            ended = NO_TURNS
        elif is_masked and signal_over(rest, energy) >= settings.eps1_db:
            ended = f"signal over rest has reached {settings.eps1_db:g} dB"
        elif len(modes) == settings.k_max:
            ended = MOST
        elif is_dyadic and 2 / dyadic_mask(rest, len(modes), settings).frequency > len(rest):
            ended = "the next mask's period is longer than half the signal"
        else:
            if is_masked:
                mask, before = mask_of(rest, settings, before, cancelled)
            elif is_dyadic:
                mask = dyadic_mask(rest, len(modes), settings)
            if is_masked or is_dyadic:
                phases = OPPOSITE if settings.method == "msemd" else settings.n_phases
                mode = masked_mode(rest, mask, phases, settings.sifts, cancelled)
                used.append(mask)
            else:
                mode = first_mode(rest[None], settings.sifts, cancelled)[0]
            modes.append(mode)
            rest = rest - mode
            progress(len(modes), settings.k_max)
            tiny = tiny + 1 if np.square(mode).sum() < settings.small * energy else 0
            if is_masked and tiny >= SMALL_RUNNING:
                ended = f"{SMALL_RUNNING} modes running carry under {settings.small:g} of the energy"
    return Decomposition(
        np.array(modes).reshape(len(modes), len(signal)),
        rest,
        rate_hz,
        settings,
        ended,
        tuple(mask.frequency * rate_hz for mask in used),
        tuple(mask.amplitude for mask in used),
    )
