"""Rings: readers see rows as they were written, or know that they came too late."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records import StreamInfo
from app.ring import (
    BlobRingReader,
    BlobRingWriter,
    RingError,
    SampleRingReader,
    SampleRingWriter,
)

EEG = StreamInfo("eeg", "eeg", "simulated", ("a", "b"), ("uV", "uV"), ("eeg", "eeg"), 10.0, "float32")
FACE = StreamInfo("camera", "video", "simulated", ("picture",), ("",), ("video",), 30.0, "jpeg")


def rows(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose content is their number."""
    number = np.arange(first, first + count, dtype=np.float64)
    return number / 10, np.column_stack([number, -number]).astype(np.float32)


@given(st.lists(st.integers(0, 150), max_size=12), st.integers(0, 400))
def test_reading_gives_the_newest_rows_and_counts_the_lost(
    tmp_path_factory: pytest.TempPathFactory, counts: list[int], since: int
) -> None:
    path = tmp_path_factory.mktemp("ring") / "eeg.ring"
    writer = SampleRingWriter(path, EEG, 10.0)  # 100 rows
    written = 0
    for count in counts:
        assert writer.append(*rows(written, count)) == written
        written += count
    samples = SampleRingReader(path).read(since)
    first = min(max(since, written - 100), written) if since <= written else written
    times, data = rows(first, written - first)
    assert samples.first_seq == max(first, 0)
    np.testing.assert_array_equal(samples.times, times)
    np.testing.assert_array_equal(samples.data, data)
    assert samples.lost == max(0, first - since)


def test_the_latest_rows_are_no_loss(tmp_path: Path) -> None:
    writer = SampleRingWriter(tmp_path / "eeg.ring", EEG, 10.0)
    reader = SampleRingReader(tmp_path / "eeg.ring")
    assert len(reader.latest(50).times) == 0
    writer.append(*rows(0, 250), received_s=7.5)
    assert reader.latest(50).times[0] == 20.0
    assert (len(reader.latest(500).times), reader.latest(500).lost) == (100, 0)
    assert reader.received_s == 7.5


def test_a_restarted_writer_goes_on_in_the_same_ring(tmp_path: Path) -> None:
    path = tmp_path / "eeg.ring"
    SampleRingWriter(path, EEG, 10.0).append(*rows(0, 30))
    reader = SampleRingReader(path)
    again = SampleRingWriter(path, replace(EEG, serial="learnt later"), 10.0)
    assert again.append(*rows(30, 10)) == 30
    assert reader.generation == 1
    assert len(reader.read(0).times) == 40


@pytest.mark.parametrize(
    "changed",
    [
        replace(EEG, rate_hz=20.0),
        replace(EEG, dtype="int16"),
        replace(EEG, channels=("a", "c")),
        replace(EEG, channels=("a",), units=("uV",), channel_kinds=("eeg",)),
    ],
    ids=["rate", "type", "label", "number of channels"],
)
def test_another_shape_makes_a_new_ring_whose_numbers_go_on(tmp_path: Path, changed: StreamInfo) -> None:
    path = tmp_path / "eeg.ring"
    SampleRingWriter(path, EEG, 10.0).append(*rows(0, 30))
    writer = SampleRingWriter(path, changed, 10.0)
    reader = SampleRingReader(path)
    assert reader.info == changed
    assert reader.generation == 1
    assert len(reader.read(0).times) == 0
    assert writer.append(np.array([1.0]), np.ones((1, len(changed.channels)))) == 30
    samples = reader.read(0)
    assert (samples.first_seq, len(samples.times), samples.lost) == (30, 1, 30)
    assert len(reader.latest(100).times) == 1


def test_a_ring_that_is_missing_may_begin_with_any_number(tmp_path: Path) -> None:
    assert SampleRingWriter(tmp_path / "eeg.ring", EEG, 10.0, first=1000).append(*rows(0, 1)) == 1000


@pytest.mark.parametrize(
    "content", [b"", b"something else", b"EVKRING1", b"EVKRING1" + bytes(70000)], ids=lambda c: str(len(c))
)
def test_foreign_and_damaged_files_are_refused_and_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "eeg.ring"
    path.write_bytes(content)
    with pytest.raises(RingError, match=r"eeg\.ring"):
        SampleRingReader(path)
    assert SampleRingWriter(path, EEG, 10.0).append(*rows(0, 5)) == 0


def test_readers_of_the_wrong_kind_are_refused(tmp_path: Path) -> None:
    SampleRingWriter(tmp_path / "eeg.ring", EEG, 10.0)
    BlobRingWriter(tmp_path / "camera.ring", FACE, 10, 1000)
    with pytest.raises(RingError, match="numbers"):
        BlobRingReader(tmp_path / "eeg.ring")
    with pytest.raises(RingError, match="byte strings"):
        SampleRingReader(tmp_path / "camera.ring")
    with pytest.raises(RingError, match=r"No such file"):
        SampleRingReader(tmp_path / "none.ring")


def test_no_room_is_told_when_the_ring_is_made_and_not_by_a_crash_later(tmp_path: Path) -> None:
    with pytest.raises(RingError, match="ring of"):
        SampleRingWriter(tmp_path / "eeg.ring", replace(EEG, rate_hz=1e12), 1e4)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.binary(max_size=60), max_size=30), st.integers(0, 30))
def test_byte_strings_come_back_whole_or_count_as_lost(
    tmp_path_factory: pytest.TempPathFactory, blobs: list[bytes], since: int
) -> None:
    path = tmp_path_factory.mktemp("ring") / "camera.ring"
    writer = BlobRingWriter(path, FACE, 8, 100)
    for number, blob in enumerate(blobs):
        assert writer.append(number / 30, blob) == number
    read = BlobRingReader(path).read(since)
    assert read.data == tuple(blobs[read.first_seq :])
    np.testing.assert_array_equal(read.times, np.arange(read.first_seq, len(blobs)) / 30)
    if since <= len(blobs):
        assert read.first_seq == since + read.lost
        if read.lost:
            kept = blobs[read.first_seq - 1 :]
            assert len(kept) > 8 or sum(map(len, kept)) > 100


def test_a_byte_string_longer_than_the_ring_is_refused(tmp_path: Path) -> None:
    writer = BlobRingWriter(tmp_path / "camera.ring", FACE, 8, 100)
    with pytest.raises(RingError, match="101 bytes"):
        writer.append(0.0, bytes(101))


SAMPLE_WRITER = """
import sys
from pathlib import Path
import numpy as np
from analysis.records import StreamInfo
from app.ring import SampleRingWriter
info = StreamInfo("x", "x", "simulated", tuple("abcd"), ("",) * 4, ("x",) * 4, 100.0, "float64")
writer = SampleRingWriter(Path(sys.argv[1]), info, 10.0)
rng = np.random.default_rng(writer.written)
print("ready", flush=True)
while True:
    count = int(rng.integers(1, 400))
    number = np.arange(writer.written, writer.written + count, dtype=np.float64)
    writer.append(number, np.repeat(number[:, None], 4, axis=1))
"""

BLOB_WRITER = """
import sys, random
from pathlib import Path
from analysis.records import StreamInfo
from app.ring import BlobRingWriter
info = StreamInfo("x", "x", "simulated", ("a",), ("",), ("x",), 100.0, "jpeg")
writer = BlobRingWriter(Path(sys.argv[1]), info, 50, 40000)
print("ready", flush=True)
while True:
    seq = writer.written
    writer.append(float(seq), seq.to_bytes(8, "big") * random.randrange(1, 400))
"""


def start(script: str, path: Path) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"ready\n"
    return writer


def kill(writer: subprocess.Popen[bytes]) -> None:
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    assert writer.stdout is not None
    writer.stdout.close()


def test_a_reader_never_sees_a_torn_row_though_the_writer_overruns_it_and_is_killed(tmp_path: Path) -> None:
    path, seen, since = tmp_path / "x.ring", 0, 0
    for life in range(4):
        writer = start(SAMPLE_WRITER, path)
        reader = SampleRingReader(path)
        assert reader.generation == life
        end = time.monotonic() + 0.2 + random.random() / 5
        while time.monotonic() < end:
            samples = reader.read(since)
            check_samples(samples.first_seq, samples.times, samples.data)
            seen += len(samples.times)
            since = samples.first_seq + len(samples.times)
        kill(writer)
        samples = reader.read(0)
        check_samples(samples.first_seq, samples.times, samples.data)
    assert seen > 1000


def check_samples(first: int, times: np.ndarray, data: np.ndarray) -> None:
    number = np.arange(first, first + len(times), dtype=np.float64)
    np.testing.assert_array_equal(times, number)
    np.testing.assert_array_equal(data, np.repeat(number[:, None], 4, axis=1))


def test_a_reader_never_sees_a_torn_byte_string(tmp_path: Path) -> None:
    path, seen, since = tmp_path / "x.ring", 0, 0
    for _ in range(4):
        writer = start(BLOB_WRITER, path)
        reader = BlobRingReader(path)
        end = time.monotonic() + 0.2 + random.random() / 5
        while time.monotonic() < end:
            blobs = reader.read(since)
            check_blobs(blobs.first_seq, blobs.data)
            seen += len(blobs.data)
            since = blobs.first_seq + len(blobs.data)
        kill(writer)
        blobs = reader.read(0)
        check_blobs(blobs.first_seq, blobs.data)
    assert seen > 1000


def check_blobs(first: int, blobs: tuple[bytes, ...]) -> None:
    for seq, blob in enumerate(blobs, first):
        assert blob == seq.to_bytes(8, "big") * (len(blob) // 8)
