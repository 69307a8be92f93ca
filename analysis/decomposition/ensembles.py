"""Decomposition with noise: ensembles of noisy copies (EEMD), and modes of noise (ICEEMDAN).

Wu & Huang, Advances in Adaptive Data Analysis 1:1 (2009); Colominas, Schlotthauer & Torres, Biomedical Signal
Processing and Control 14:19 (2014). The noise is drawn from a seed: the same seed, the same modes.
"""

from __future__ import annotations

import numpy as np

from analysis.decomposition.settings import Floats, ProgressFn, Settings
from analysis.decomposition.sifting import Stop, first_mode, has_modes


def noise_of(settings: Settings, n: int) -> Floats:
    """Return white noise of SD 1, (trials, n)."""
    return np.random.default_rng(settings.seed).standard_normal((settings.trials, n))


def ensemble(x: Floats, settings: Settings, progress: ProgressFn, cancelled: Stop) -> Floats:
    """Return modes (k, n): the means over trials of the plain modes of the signal with noise.

    What the trials' noise leaves behind goes into the residue, as that is what the modes lack of the signal.
    """
    rows = x[None] + settings.noise * float(x.std()) * noise_of(settings, len(x))
    made: list[Floats] = []
    while len(made) < settings.k_max and has_modes(rows).any():
        mode = first_mode(rows, settings.sifts, cancelled)
        rows -= mode
        made.append(mode.mean(axis=0))
        progress(len(made), settings.k_max)
    return np.array(made).reshape(len(made), len(x))


def complete_ensemble(x: Floats, settings: Settings, progress: ProgressFn, cancelled: Stop) -> Floats:
    """Return modes (k, n) of the improved complete ensemble: r_k = mean of M(r_{k-1} + beta_k E_k(w)).

    M(y) is what is left of y without its first mode, E_k(w) the k-th mode of the noise w; beta_1 = noise *
    SD(x) / SD(E_1(w)), beta_k = noise * SD(r_{k-1}). The first copies need modes of noise only as far as the
    signal has modes, so that both are taken in step.
    """
    left, rest = noise_of(settings, len(x)), x.copy()
    made: list[Floats] = []
    while len(made) < settings.k_max and has_modes(rest[None])[0]:
        noise = first_mode(left, settings.sifts, cancelled)
        left -= noise
        size = settings.noise * float(rest.std())
        if not made:
            spread = noise.std(axis=1, keepdims=True)
            noise = np.divide(noise, spread, out=np.zeros_like(noise), where=spread > 0)
        rows = rest[None] + size * noise
        local = (rows - first_mode(rows, settings.sifts, cancelled)).mean(axis=0)
        made.append(rest - local)
        rest = local
        progress(len(made), settings.k_max)
    return np.array(made).reshape(len(made), len(x))
