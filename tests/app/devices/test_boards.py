"""BrainFlow boards without a board: descriptions, clocks and counters."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from app import clock
from app.devices import boards
from app.devices.brainflow import board_streams
from app.devices.entries import BrainflowParams
from app.devices.source import DeviceError
from app.devices.unix_clock import UnixClock


def name_source(stream_id: str) -> str:
    return f"evoke:test:{stream_id}"


@pytest.mark.parametrize("name", sorted(set(boards.names()) - {"playback-file", "streaming"}))
def test_every_board_can_be_described(name: str) -> None:
    infos = board_streams(BrainflowParams(board=name), "dev", name_source)
    assert [info.id for info in infos] == ["dev", "dev-auxiliary", "dev-ancillary"][: len(infos)]
    for info in infos:
        assert info.rate_hz > 0
        assert info.dtype == "float64"
        assert info.channels[-3:] == ("board_time_unix_s", "package", "marker")
        assert len(set(info.channels)) == len(info.channels)
        assert info.origin == ("simulated" if name == "synthetic" else "recorded")


def test_channels_say_what_they_measure_and_in_which_unit() -> None:
    (info, _) = board_streams(BrainflowParams(board="synthetic"), "eeg", name_source)
    meaning = dict(zip(info.channels, zip(info.channel_kinds, info.units, strict=True), strict=True))
    assert meaning["Fz"] == ("eeg", "uV")
    assert meaning["eda"] == ("eda", "uS")
    assert meaning["temperature"] == ("temperature", "degC")
    assert meaning["acceleration-x"] == ("acceleration", "g")
    assert meaning["ppg-2"][0] == "ppg"
    assert meaning["battery"] == ("battery", "%")
    assert meaning["board_time_unix_s"] == ("time", "s")
    assert info.kind == "eeg"


def test_electrodes_can_be_named_as_they_are_worn() -> None:
    params = BrainflowParams(board="cyton", labels=("Fp1", "Fp2", "T7"))
    (info,) = board_streams(params, "eeg", name_source)
    assert info.channels[:3] == ("Fp1", "Fp2", "T7")
    assert len(info.channels[3]) > 0


def test_a_replayed_board_has_the_channels_of_its_master_and_only_recorded_presets() -> None:
    params = BrainflowParams(board="playback", master_board="muse-2", file="a.csv", file_anc="c.csv")
    infos = board_streams(params, "eeg", name_source)
    assert [(info.id, info.kind, info.origin) for info in infos] == [
        ("eeg", "eeg", "imported"),
        ("eeg-ancillary", "ppg", "imported"),
    ]


def test_presets_can_be_chosen_and_must_exist() -> None:
    chosen = BrainflowParams(board="muse-2", presets=("auxiliary",))
    assert [info.id for info in board_streams(chosen, "m", name_source)] == ["m-auxiliary"]
    with pytest.raises(DeviceError, match="none of the presets auxiliary"):
        board_streams(BrainflowParams(board="cyton", presets=("auxiliary",)), "c", name_source)


# What BrainFlow 5.23 describes of boards that studies of emotion use: stream -> (rate, channels of a kind).
Streams = dict[str, tuple[float, dict[str, int]]]
MOTION = {"acceleration": 3, "gyroscope": 3}
MUSE: Streams = {
    "d": (256, {"eeg": 4, "other": 1}),
    "d-auxiliary": (52, MOTION),
    "d-ancillary": (64, {"ppg": 3}),
}
CYTON = {"acceleration": 3, "analog": 3, "other": 7}
GANGLION: Streams = {"d": (200, {"eeg": 4, "acceleration": 3, "resistance": 5})}
WORN = {"temperature": 1, "battery": 1, "magnetometer": 3} | MOTION
KNOWN_BOARDS: dict[str, Streams] = {
    "emotibit": {
        "d": (25, MOTION | {"magnetometer": 3}),
        "d-auxiliary": (25, {"ppg": 3}),
        "d-ancillary": (15, {"eda": 1, "temperature": 2, "battery": 1, "other": 1}),
    },
    "muse-2": MUSE,
    "muse-2-bled": MUSE,
    "muse-s": MUSE,
    "muse-2016": {"d": (256, {"eeg": 4}), "d-auxiliary": (52, MOTION)},
    "muse-s-athena": {
        "d": (256, {"eeg": 4, "other": 4}),
        "d-auxiliary": (52, MOTION),
        "d-ancillary": (64, {"optical": 16, "battery": 1}),
    },
    "cyton": {"d": (250, {"eeg": 8} | CYTON)},
    "cyton-daisy": {"d": (125, {"eeg": 16} | CYTON)},
    "ganglion": GANGLION,
    "ganglion-native": GANGLION,
    "unicorn": {"d": (250, {"eeg": 8, "battery": 1, "other": 1} | MOTION)},
    "brainbit": {"d": (250, {"eeg": 4, "resistance": 4, "battery": 1})},
    "crown": {"d": (256, {"eeg": 8, "other": 1})},
    "galea": {
        "d": (250, {"eeg": 16, "emg": 6, "eog": 2, "other": 2}),
        "d-auxiliary": (50, {"eda": 2, "ppg": 2, "other": 2} | WORN),
    },
    "shimmer3": {"d": (512, {"ecg": 4, "eda": 1, "other": 1} | WORN)},
    "callibri-ecg": {"d": (125, {"ecg": 1})},
    "callibri-emg": {"d": (1000, {"emg": 1})},
    "ant-neuro-ee-211": {"d": (2000, {"eeg": 64, "resistance": 2, "other": 1})},
}


@pytest.mark.parametrize("name", KNOWN_BOARDS)
def test_the_kinds_and_rates_of_a_board(name: str) -> None:
    found = {}
    for info in board_streams(BrainflowParams(board=name), "d", name_source):
        kinds = Counter(info.channel_kinds[:-3])
        # Rows that a driver leaves empty have no meaning of their own.
        kinds["other"] -= sum(label.startswith("row-") for label in info.channels)
        found[info.id] = (info.rate_hz, {kind: count for kind, count in kinds.items() if count})
        assert info.channel_kinds[-3:] == ("time", "counter", "marker")
    assert found == KNOWN_BOARDS[name]


UNITS = {
    "eeg": {"uV"},
    "emg": {"uV"},
    "ecg": {"uV"},
    "eog": {"uV"},
    "eda": {"uS"},
    "temperature": {"degC"},
    "acceleration": {"g"},
    "gyroscope": {"deg/s"},
    "magnetometer": {"", "uT"},
    "battery": {"", "%"},
    "resistance": {"", "ohm"},
}


@pytest.mark.parametrize("name", sorted(set(boards.names()) - {"playback-file", "streaming"}))
def test_no_row_of_any_board_is_left_out_or_has_a_foreign_unit(name: str) -> None:
    number = boards.find(name)
    assert number is not None
    streams = board_streams(BrainflowParams(board=name), "d", name_source)
    for preset, info in zip(boards.presets(number), streams, strict=True):
        described = boards.description(number, preset)
        own = {described.get(key) for key in ("timestamp_channel", "package_num_channel", "marker_channel")}
        assert len(info.channels) - 3 == described["num_rows"] - len(own - {None})
        for kind, unit in zip(info.channel_kinds[:-3], info.units[:-3], strict=True):
            assert unit in UNITS.get(kind, {"", "uV"})
        assert info.details["board"] == name


@pytest.mark.parametrize(
    ("name", "config", "rail_uv"),
    [
        ("cyton", (), 187500.0),
        ("cyton", ("x1040110X",), None),
        ("cyton-daisy", (), 187500.0),
        ("ganglion-native", (), 15686.3),
        ("muse-2", (), 1000.0),
        ("muse-s-bled", (), 1000.0),
        ("muse-s-athena", (), None),
        ("unicorn", (), 750000.1),
        ("brainbit", (), None),
    ],
)
def test_full_scale_is_told_where_it_is_known(
    name: str, config: tuple[str, ...], rail_uv: float | None
) -> None:
    info = board_streams(BrainflowParams(board=name, config=config), "d", name_source)[0]
    assert info.details.get("rail_uV") == (None if rail_uv is None else pytest.approx(rail_uv, abs=0.2))


def test_full_scale_belongs_to_potentials_only() -> None:
    streams = board_streams(BrainflowParams(board="muse-2"), "d", name_source)
    assert ["rail_uV" in info.details for info in streams] == [True, False, False]


def test_an_input_can_be_something_else_than_the_board_is_made_for() -> None:
    params = BrainflowParams(board="cyton", labels=("F3", "F4", "heart"), kinds=("eeg", "eeg", "ecg"))
    (info,) = board_streams(params, "eeg", name_source)
    assert info.channels[:4] == ("F3", "F4", "heart", "C4")
    assert info.channel_kinds[:4] == ("eeg", "eeg", "ecg", "eeg")


def pair(monotonic_s: float, utc_s: float) -> clock.Anchor:
    return clock.Anchor(monotonic_s, utc_s, 1e-6)


def test_unix_stamps_are_mapped_by_the_pair_of_their_poll() -> None:
    mapping = UnixClock()
    times = mapping.map(np.array([1000.00, 1000.01]), pair(50.02, 1000.02))
    assert times == pytest.approx([50.00, 50.01])


@pytest.mark.parametrize("step_s", [-3600.0, -0.05, 0.05, 3600.0])
def test_a_step_of_the_wall_clock_moves_no_sample(step_s: float) -> None:
    """Rows of one poll, stamped before and after the step, stay where they were taken."""
    mapping = UnixClock()
    mapping.map(np.array([1000.00]), pair(50.00, 1000.00))
    stamps = np.array([1000.01, 1000.02, 1000.03 + step_s, 1000.04 + step_s])
    times = mapping.map(stamps, pair(50.04, 1000.04 + step_s))
    assert times == pytest.approx([50.01, 50.02, 50.03, 50.04], abs=1e-6)


def test_noise_of_the_pairs_does_not_swap_samples_of_one_instant() -> None:
    mapping = UnixClock()
    first = mapping.map(np.array([1000.0, 1000.0]), pair(50.0, 1000.0))
    second = mapping.map(np.array([1000.0]), pair(50.04 - 2e-5, 1000.04))
    assert second[0] >= first[-1]
