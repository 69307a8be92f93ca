"""Curves computed of a recording's streams: which there are, and that gaps and other units are heeded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.overview import open_overview
from analysis.records import StreamInfo
from analysis.views.derived import derivable, derive
from tests.helpers.labelled import BVP, EDA, EEG, VOICE, make_study
from tests.helpers.rich_session import rich_session


@pytest.mark.parametrize(
    ("info", "names"),
    [
        (BVP, ("Heart rate",)),
        (EDA, ("Skin conductance level", "Skin conductance responses")),
        (VOICE, ("Level", "Pitch")),
        (EEG, ()),
        (replace(BVP, rate_hz=4.0), ()),
        (replace(EDA, units=("kOhm",)), ()),
        (
            replace(EEG, kind="ecg", channel_kinds=("ecg",) * 8, rate_hz=250.0),
            tuple(f"Heart rate ({n})" for n in EEG.channels),
        ),
    ],
)
def test_what_can_be_computed_is_known_beforehand(info: StreamInfo, names: tuple[str, ...]) -> None:
    assert derivable(info) == names


@pytest.mark.slow
def test_every_curve_of_a_recording_lies_within_it(tmp_path: Path) -> None:
    study = make_study(tmp_path / "study", 1, 3, streams=(EEG, BVP, EDA, VOICE))
    with open_overview(study.folder / study.sessions()[0].file) as overview:
        for stream_id in overview.infos:
            curves = derive(overview, stream_id)
            assert tuple(curve.name for curve in curves) == derivable(overview.infos[stream_id])
            first_s, last_s = overview.span_s(stream_id)
            for curve in curves:
                assert first_s <= curve.times_s[0] <= curve.times_s[-1] <= last_s
                assert curve.note
        (rate,) = derive(overview, "bvp")
        assert 40 < np.nanmedian(rate.values) < 150
        start_s = overview.span_s("mic")[0]
        part = derive(overview, "mic", start_s + 5, start_s + 8)[0]
        assert start_s + 5 <= part.times_s[0] < part.times_s[-1] <= start_s + 8
        assert derive(overview, "bvp", start_s + 5, start_s + 5) == ()


def test_a_hole_in_a_sound_interrupts_its_curves(tmp_path: Path) -> None:
    with open_overview(rich_session(tmp_path)) as overview:
        sound, _ = derive(overview, "mic")
        (hole,) = overview.gaps("mic")
        inside = (sound.times_s > hole.from_s + 0.03) & (sound.times_s < hole.to_s - 0.03)
        assert not inside.any()
        after = int(np.searchsorted(sound.times_s, hole.to_s - 0.03))
        assert np.isnan(sound.values[after])


def test_a_sound_in_blocks_has_the_curves_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(tmp_path / "study", 1, 2, streams=(VOICE,))
    with open_overview(study.folder / study.sessions()[0].file) as overview:
        whole = derive(overview, "mic")
        monkeypatch.setattr("analysis.views.derived.VOICE_BLOCK_S", 1.0)
        in_blocks = derive(overview, "mic")
    for one, other in zip(whole, in_blocks, strict=True):
        steps = np.diff(other.times_s)
        assert (steps > 0.004).all()
        assert np.isfinite(steps).all() and steps.max() < 0.016
        assert len(other.times_s) == pytest.approx(len(one.times_s), abs=12)
        known = np.isfinite(one.values)
        at = np.interp(
            one.times_s[known], other.times_s, np.nan_to_num(other.values, nan=np.nanmedian(one.values))
        )
        assert np.median(np.abs(at - one.values[known])) < 0.01 * np.ptp(one.values[known])
