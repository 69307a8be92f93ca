"""What channels are, by the many names that devices give them."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.records import StreamInfo
from app.devices.brainflow import board_streams
from app.devices.entries import BrainflowParams
from app.monitor.kinds import MICROSIEMENS, MICROVOLTS, G, device_of, groups_of, package_counter, rail_uv
from tests.helpers.planted import stream


@pytest.mark.parametrize(
    ("stream_id", "device"),
    [
        ("wrist", "wrist"),
        ("wrist-eda", "wrist"),
        ("wrist-left-eda", "wrist-left"),
        ("wristband-eda", "wristband-eda"),
        ("other", "other"),
    ],
)
def test_a_stream_belongs_to_the_device_whose_name_it_begins_with(stream_id: str, device: str) -> None:
    assert device_of(stream_id, ("wrist", "wrist-left")) == device


@pytest.mark.parametrize(
    ("unit", "units", "factor"),
    [
        ("uV", MICROVOLTS, 1.0),
        ("µV", MICROVOLTS, 1.0),
        ("microvolts", MICROVOLTS, 1.0),
        ("mV", MICROVOLTS, 1e3),
        ("V", MICROVOLTS, 1e6),
        ("", MICROVOLTS, None),
        ("uS", MICROSIEMENS, 1.0),
        ("m/s^2", G, pytest.approx(0.10197, abs=1e-5)),
        ("furlong", G, None),
    ],
)
def test_units_are_known_by_their_names(unit: str, units: dict[str, float], factor: Any) -> None:
    (group,) = groups_of(stream("eeg", unit=unit))
    assert group.factor(units) == factor


def test_channels_are_sorted_by_kind_and_unit() -> None:
    info = StreamInfo(
        "s",
        "eeg",
        "recorded",
        ("Fp1", "gsr", "Fp2", "ppg", "n"),
        ("uV", "uS", "uV", "", ""),
        ("eeg", "gsr", "eeg", "ppg", "counter"),
        250.0,
        "float32",
    )
    assert [(group.kind, group.labels) for group in groups_of(info)] == [
        ("eeg", ("Fp1", "Fp2")),
        ("eda", ("gsr",)),
        ("bvp", ("ppg",)),
        ("counter", ("n",)),
    ]


@pytest.mark.parametrize(
    ("board", "rail", "counts"),
    [
        ("cyton", 187_500.0, True),
        ("ganglion", 15_686.3, True),
        ("muse-2", 1_000.0, True),
        ("synthetic", None, True),
        ("emotibit", None, False),
    ],
)
def test_boards_say_their_rails_and_how_they_count(board: str, rail: float | None, counts: bool) -> None:
    info = board_streams(BrainflowParams(board=board), "board", str)[0]
    assert rail_uv(info) == rail
    assert (package_counter(info) is not None) is counts
    found = package_counter(info)
    assert found is None or info.channels[found[0]] == "package"


def test_a_stream_without_a_counter_has_none() -> None:
    assert package_counter(stream("eeg")) is None
