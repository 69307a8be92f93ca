"""Level and clipping on recorded speech."""

from __future__ import annotations

import wave
from collections import deque
from pathlib import Path

import numpy as np

from app.monitor.quality_sound import loudness, measure
from app.monitor.rules import RULES


def test_recorded_speech_is_heard_and_its_level_is_exact(shared_recordings: Path) -> None:
    levels, clipped = [], 0
    files = sorted((shared_recordings / "emodb").glob("*.wav"))
    for path in files:
        with wave.open(str(path)) as sound:
            data = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
        blocks = deque(measure(data[start : start + 2205, None], 0.0) for start in range(0, len(data), 2205))
        found = loudness(blocks)
        assert found is not None
        power = np.mean((data / 32767.0) ** 2)
        assert abs(found.level_dbfs - 10 * np.log10(power)) < 0.06
        assert found.clipping == np.count_nonzero(np.abs(data.astype(int)) >= 32767) / len(data)
        levels.append(found.level_dbfs)
        clipped += found.clipping > RULES["clipping"].limit
        assert found.loudest_dbfs > RULES["quiet"].limit, path.name
    assert len(files) > 400
    assert -40.0 < np.median(levels) < -10.0
    assert clipped / len(files) < 0.02
