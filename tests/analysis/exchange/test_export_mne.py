"""`session.to_mne()`: a Raw of MNE in its own units, holes and events annotated."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.exchange.export_files import ExportError
from analysis.exchange.export_view import View
from analysis.session_file import Session
from tests.helpers.recordings import START_S


def test_the_eeg_is_in_volts_with_every_row_at_its_place(rich: Session) -> None:
    raw = rich.to_mne()
    data = rich.streams["eeg"].data[:].T.astype(np.float64)
    assert raw.info["sfreq"] == 100.0
    assert raw.ch_names == list(rich.streams["eeg"].info.channels)
    assert raw.get_channel_types() == ["eeg"] * 3
    found = raw.get_data()
    assert found.shape == (3, 2500)
    np.testing.assert_array_equal(found[:, :1000], data[:, :1000] * 1e-6)
    np.testing.assert_array_equal(found[:, 1250:], data[:, 1000:] * 1e-6)
    assert not found[:, 1000:1250].any()


def test_a_hole_is_annotated_so_that_filters_stop_at_it(rich: Session) -> None:
    notes = rich.to_mne().annotations
    holes = {note["description"]: (note["onset"], note["duration"]) for note in notes if note["duration"]}
    assert holes == {"BAD_gap": (10.0, 2.5), "BAD_ACQ_SKIP": (10.0, 2.5)}


def test_events_lie_at_corrected_time(rich: Session) -> None:
    raw = rich.to_mne()
    notes = [note for note in raw.annotations if not note["duration"]]
    expected = View(rich).markers
    assert [note["description"] for note in notes] == [text for _, text in expected]
    onsets = [time_s - START_S for time_s, _ in expected]
    np.testing.assert_allclose([note["onset"] for note in notes], onsets, atol=2e-5)
    assert raw.info["meas_date"].isoformat() == "2023-11-14T22:30:00+00:00"


def test_units_that_are_not_known_make_no_volts(rich: Session) -> None:
    raw = rich.to_mne("heart")
    assert raw.get_channel_types() == ["ecg", "misc"]
    assert raw.get_data()[0, 0] == rich.streams["heart"].data[0][0] * 1e-3


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        ("nothing", "has no stream 'nothing'"),
        ("camera", "MNE holds no pictures"),
        ("empty", "MNE holds no stream without samples"),
    ],
)
def test_what_cannot_be_given_is_said(rich: Session, stream: str, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        rich.to_mne(stream)


def test_without_mne_there_is_one_message(rich: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mne", None)
    with pytest.raises(ExportError, match="MNE is not installed"):
        rich.to_mne()
