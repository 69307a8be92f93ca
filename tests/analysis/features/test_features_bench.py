"""`evoke bench features`: what counts as the same, and what it does not run."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.features.heart import heart_of
from tests.benchmarks import features


def test_no_response_on_either_side_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same beats, and a skin that does not respond: nothing was compared there."""
    bvp, eda = features.hour()
    still = replace(eda, values=np.full_like(eda.values, 4.0))
    monkeypatch.setattr(features, "hour", lambda: (bvp, still))
    beats = heart_of(bvp).beats.times_s
    chosen = (0, 236)

    def neurokit(name: str, **given: Any) -> dict[str, Any]:
        peaks = [
            (window, each - at * features.HOP_S, 1.0)
            for window, at in enumerate(chosen)
            for each in beats
            if 0 <= each - at * features.HOP_S < features.WINDOW_S
        ]
        nothing = {"responses": np.zeros((0, 3)), "values": np.zeros((2, 3))}
        return {"seconds": 1.0, "peaks": np.array(peaks), **nothing}

    found = features.windows(Namespace(windows=2, turns=1), neurokit)
    assert found.same["same beats"] == 1 and np.isnan(found.same["same responses"])
    assert not found.is_same


def test_an_opponent_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        features.main(["--only", "neurokit,tsfresh"])
    assert "--only tsfresh: choose of torcheeg, neurokit, librosa" in capsys.readouterr().err
