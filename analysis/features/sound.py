"""Sound as the speech features take it: one channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.features.feature import FeatureError, Signal


def speech_of(signal: Signal) -> Signal:
    """Return a sound as one channel (n, 1) float32 of full scale 1, the mean of its channels; NaN stays NaN.

    Raises FeatureError for what is no sound.
    """
    if signal.rate_hz <= 0 or signal.values.ndim != 2 or not signal.values.shape[1]:
        raise FeatureError(f"'{signal.modality}' holds no sound: one channel at an even rate is needed.")
    if signal.values.shape[1] == 1:
        return signal
    values = signal.values.mean(axis=1, keepdims=True, dtype=np.float32)
    return replace(signal, values=values, channels=signal.channels[:1], units=signal.units[:1])
