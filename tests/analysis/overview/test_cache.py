"""The cache beside a recording: whose it is, when it is made again, and that it may always be thrown away."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from analysis.overview import OverviewCancelledError, OverviewError, erase_overview, open_overview
from analysis.overview.levels import levels_of
from analysis.overview.row_times import row_times
from analysis.records import Gap
from analysis.session_file import file_sha256, open_session
from tests.helpers.recordings import samples
from tests.helpers.rich_session import rich_session
from tests.helpers.signals_file import Signal, even_times, write_signals

ROWS = 40_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def written(path: Path, seed: int = 0) -> Path:
    values = np.random.default_rng(seed).normal(0, 10, (ROWS, 3))
    return write_signals(path, [Signal(samples("eeg", 3, 500.0), even_times(500.0, ROWS), values)])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return written(tmp_path / "rec.h5")


def lows(path: Path) -> np.ndarray:
    with open_overview(path) as overview:
        return overview.columns("eeg", 1000.0, 1080.0, 200)[0]


def builds(path: Path) -> int:
    """Open an overview; return how often progress was told, which is 0 where the cache was used."""
    told: list[float] = []
    open_overview(path, told.append).close()
    assert told == sorted(told) and all(0 <= share <= 1 for share in told)
    return len(told)


def test_the_first_opening_makes_it_beside_the_recording_and_later_ones_use_it(recording: Path) -> None:
    before = file_sha256(recording)
    assert builds(recording) > 0
    assert recording.with_suffix(".overview").is_file()
    assert builds(recording) == 0
    assert file_sha256(recording) == before
    assert sorted(path.name for path in recording.parent.iterdir()) == ["rec.h5", "rec.overview"]


def test_a_deleted_cache_is_made_again(recording: Path) -> None:
    first = lows(recording)
    recording.with_suffix(".overview").unlink()
    assert np.array_equal(lows(recording), first)


def truncated(cache: Path) -> None:
    cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])


def emptied(cache: Path) -> None:
    cache.write_bytes(b"")


def scribbled(cache: Path) -> None:
    cache.write_bytes(b"no HDF5 at all" * 1000)


def of_another_version(cache: Path) -> None:
    with h5py.File(cache, "r+") as file:
        file.attrs["version"] = 0


def without_a_stream(cache: Path) -> None:
    with h5py.File(cache, "r+") as file:
        del file["eeg"]


def of_another_state(cache: Path) -> None:
    with h5py.File(cache, "r+") as file:
        file.attrs["state"] = "recording"


@pytest.mark.parametrize(
    "harm", [truncated, emptied, scribbled, of_another_version, without_a_stream, of_another_state]
)
def test_a_damaged_or_foreign_cache_is_made_again(recording: Path, harm: Callable[[Path], None]) -> None:
    first = lows(recording)
    harm(recording.with_suffix(".overview"))
    assert builds(recording) > 0
    assert np.array_equal(lows(recording), first)
    assert builds(recording) == 0


def test_a_flipped_bit_in_the_bins_is_noticed_when_they_are_read(recording: Path) -> None:
    first = lows(recording)
    cache = recording.with_suffix(".overview")
    with h5py.File(cache, "r") as file:
        place = file["eeg/128"].id.get_chunk_info(0).byte_offset + 100
    content = bytearray(cache.read_bytes())
    content[place] ^= 0x40
    cache.write_bytes(content)
    assert np.array_equal(lows(recording), first)
    assert builds(recording) == 0, "it was made again on the way"


def test_a_changed_recording_gets_another_one(recording: Path) -> None:
    first = lows(recording)
    written(recording, seed=1)
    assert builds(recording) > 0
    assert not np.array_equal(lows(recording), first)


def test_a_cache_of_another_recording_under_the_name_is_not_used(recording: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.h5", seed=1)
    first = lows(recording)
    lows(other)
    other.with_suffix(".overview").replace(recording.with_suffix(".overview"))
    assert np.array_equal(lows(recording), first)


def test_where_the_folder_cannot_be_written_it_lies_among_the_users_caches(
    recording: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.overview import cache

    write = cache._write

    def refuse(path: Path, *rest: object) -> None:
        if path.parent == recording.parent:
            raise PermissionError(13, "Permission denied")
        write(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "_write", refuse)
    with open_overview(recording) as overview:
        assert home in overview.cache.parents
    assert builds(recording) == 0
    assert not recording.with_suffix(".overview").exists()
    assert len(erase_overview(recording)) == 1
    assert builds(recording) > 0


def test_where_nothing_can_be_written_one_sentence_says_so(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.overview import cache

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_write", refuse)
    with pytest.raises(OverviewError, match=r"rec\.h5: no overview could be written .*No space left"):
        open_overview(recording)


def test_it_can_be_cancelled_and_leaves_nothing(recording: Path) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return True

    with pytest.raises(OverviewCancelledError):
        open_overview(recording, cancelled=cancelled)
    assert asked
    assert [path.name for path in recording.parent.iterdir()] == ["rec.h5"]


def test_a_builder_that_was_killed_leaves_nothing_that_is_taken_for_a_cache(recording: Path) -> None:
    left = recording.with_name("rec.overview.4711.new")
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    lows(recording)
    assert not left.exists(), "what is that old nobody writes any more"
    left.write_bytes(b"half")
    assert left in erase_overview(recording)
    assert sorted(path.name for path in recording.parent.iterdir()) == ["rec.h5"]


def test_everything_a_session_holds_has_an_overview_in_corrected_times(tmp_path: Path) -> None:
    path = rich_session(tmp_path)
    with open_session(path) as session, open_overview(path) as overview:
        numeric = {stream.info.id for stream in session if not stream.info.is_blob}
        assert set(overview.infos) == numeric and "camera" not in numeric
        for name in numeric:
            stream = session.streams[name]
            if not stream.rows:
                assert np.isnan(overview.columns(name, *overview.extent_s, 50)[0]).all()
                assert overview.gaps(name) == ()
                continue
            corrected = stream.corrected_times()
            kept = overview.row_times(name)
            assert kept.times(np.arange(stream.rows)) == pytest.approx(corrected, abs=1e-9)
            low, high = overview.columns(name, corrected[0] - 0.1, corrected[-1] + 0.1, 60)
            values = stream.data[:].astype(np.float32)
            assert np.nanmin(low, axis=1) == pytest.approx(np.nanmin(values, axis=0))
            assert np.nanmax(high, axis=1) == pytest.approx(np.nanmax(values, axis=0))
        assert overview.gaps("eeg")


def test_a_stretch_begins_anew_in_every_level(tmp_path: Path) -> None:
    times = even_times(100.0, 5000)
    times[1001:] += 3.0
    signal = Signal(samples("x", 1, 100.0), times, np.zeros((5000, 1)), (Gap(1000, 1001, 300, "lost"),))
    with open_session(write_signals(tmp_path / "x.h5", [signal])) as session:
        found = row_times(session.streams["x"])
    assert found.starts.tolist() == [0, 1001]
    assert found.is_hole.tolist() == [False, True]
    for level in levels_of(found.rows, found.starts):
        bins = np.arange(level.bins)
        first, last = level.first_rows(bins), level.last_rows(bins)
        assert first[0] == 0 and last[-1] == 4999 and 1001 in first
        assert (first[1:] == last[:-1] + 1).all()
        assert [level.bin_of(int(row)) for row in first] == bins.tolist()


def test_a_stream_that_never_came_back_has_its_gap_to_the_end(tmp_path: Path) -> None:
    long = Signal(samples("long", 1, 100.0), even_times(100.0, 3000), np.zeros((3000, 1)))
    lost = (Gap(999, -1, 0, "lost"),)
    short = Signal(samples("short", 1, 100.0), even_times(100.0, 1000), np.zeros((1000, 1)), lost)
    with open_overview(write_signals(tmp_path / "x.h5", [long, short])) as overview:
        (gap,) = overview.gaps("short")
        assert (gap.from_s, gap.to_s, gap.cause) == pytest.approx((1009.99, 1029.99, "lost"), abs=0.02)


@pytest.mark.slow
def test_building_takes_little_memory(tmp_path: Path) -> None:
    rows = 1_500_000
    values = np.random.default_rng(0).normal(0, 10, (rows, 16)).astype("f4")
    info = replace(samples("eeg", 16, 500.0))
    path = write_signals(tmp_path / "large.h5", [Signal(info, even_times(500.0, rows), values)])
    code = (
        "import resource, sys; from analysis.overview import open_overview\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "open_overview(sys.argv[1]).close()\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < values.nbytes, resource.getrusage(resource.RUSAGE_SELF)
