"""BrainFlow boards without a board: descriptions, clocks and counters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.devices import boards
from app.devices.brainflow import UnixClock, board_streams
from app.devices.entries import BrainflowParams
from app.devices.packages import PackageCounter
from app.devices.source import DeviceError


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


@given(
    step=st.sampled_from([1, 2]),
    repeat=st.sampled_from([1, 12]),
    period=st.sampled_from([101, 201, 256, 65536]),
    chunk=st.integers(1, 60),
    start=st.integers(0, 300),
)
def test_a_whole_count_never_counts_as_lost(
    step: int, repeat: int, period: int, chunk: int, start: int
) -> None:
    packages = np.repeat((step * (start + np.arange(900))) % (period // step * step), repeat).astype(float)
    counter = PackageCounter()
    for first in range(0, len(packages), chunk):
        counter.update(packages[first : first + chunk])
    assert counter.lost == 0


@given(
    holes=st.lists(st.tuples(st.integers(300, 1900), st.integers(1, 20)), max_size=5),
    chunk=st.integers(1, 50),
)
def test_missing_packages_are_counted_exactly(holes: list[tuple[int, int]], chunk: int) -> None:
    missing = {first + offset for first, count in holes for offset in range(count)}
    packages = np.array([n % 256 for n in range(2000) if n not in missing], dtype=float)
    counter = PackageCounter()
    for first in range(0, len(packages), chunk):
        counter.update(packages[first : first + chunk])
    assert counter.lost == len(missing)


def test_a_restarted_board_has_lost_nothing_by_counting_anew() -> None:
    counter = PackageCounter()
    counter.update(np.arange(100.0))
    counter.restart()
    counter.update(np.arange(7.0, 20.0))
    assert counter.lost == 0
