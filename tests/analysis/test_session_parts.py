"""Parts: whatever is appended comes back, in any type and any rhythm, and damage is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from analysis.records import SAMPLE_DTYPES, Gap, StreamInfo
from analysis.session_file import PartWriter, SessionFileError, WriteFailedError, open_session, was_closed
from tests.helpers.recordings import abandon, camera, markers, samples

HEAD = {"uuid": "u", "origin": "simulated", "part": 1}


@st.composite
def recordings(draw: st.DrawFn) -> tuple[StreamInfo, list[list[tuple[Any, ...]]]]:
    """A stream, and for each flush the appends before it: times, values, number of the first row."""
    if draw(st.booleans()):
        info = draw(st.sampled_from([camera(), markers()]))
        values: Any = st.lists(st.binary(max_size=40), max_size=6)
    else:
        channels = draw(st.integers(1, 4))
        info = samples("x", channels, draw(st.sampled_from([0.0, 4.0, 2000.0])))
        info = replace(info, dtype=draw(st.sampled_from(SAMPLE_DTYPES)))
        shapes = st.tuples(st.integers(0, 30), st.just(channels))
        values = shapes.flatmap(lambda shape: arrays.arrays(info.dtype, shape))
    append = values.flatmap(
        lambda v: st.tuples(
            st.lists(st.floats(-1e9, 1e9), min_size=len(v), max_size=len(v)).map(np.array),
            st.just(v),
            st.integers(-1, 1000),
        )
    )
    flushes = draw(st.lists(st.lists(append, max_size=3), max_size=5))
    return info, flushes


@given(recordings(), st.booleans())
@settings(max_examples=60)
def test_what_is_appended_comes_back(
    tmp_path_factory: pytest.TempPathFactory, recording: Any, is_killed: bool
) -> None:
    info, flushes = recording
    path = tmp_path_factory.mktemp("part") / "x_part-001.h5"
    writer = PartWriter.create(path, HEAD, [info])
    times: list[NDArray[np.float64]] = [np.zeros(0)]
    values: list[Any] = []
    for flush in flushes:
        for when, what, seq in flush:
            if info.is_blob:
                writer.append_blobs(info.id, when, what, 1.0, seq)
            else:
                writer.append(info.id, when, what, 1.0, seq)
            times.append(when)
            values.extend(what)
        writer.flush()
    if is_killed:
        abandon(writer)
    else:
        writer.close("stopped")
    assert was_closed(path) is not is_killed
    with open_session(path) as session:
        stream = session.streams[info.id]
        assert stream.info == info
        assert stream.rows == len(values)
        assert np.array_equal(stream.times[:], np.concatenate(times))
        if info.is_blob:
            assert stream.data[:] == values
        else:
            assert stream.data[:].dtype == np.dtype(info.dtype)
            assert np.array_equal(stream.data[:], np.array(values).reshape(-1, len(info.channels)), True)
        assert stream.chunks["count"].sum() == len(values)
        assert stream.sound_chunks().all()


def test_a_flush_makes_one_chunk_unless_row_numbers_break(tmp_path: Path) -> None:
    info = samples("x", 1)
    writer = PartWriter.create(tmp_path / "p.h5", HEAD, [info])
    rows = np.zeros((5, 1))
    for seq in (0, 5, 10, 90, 95):
        writer.append("x", np.arange(5.0), rows, seq / 10, seq)
    writer.flush()
    writer.flush()
    writer.append("x", np.arange(5.0), rows, 10.0)
    writer.append("x", np.arange(5.0), rows, 11.0)
    writer.close("stopped")
    with open_session(tmp_path / "p.h5") as session:
        chunks = session.streams["x"].chunks
    assert chunks["seq"].tolist() == [0, 90, -1]
    assert chunks["first"].tolist() == [0, 15, 25]
    assert chunks["count"].tolist() == [15, 10, 10]
    assert chunks["received"].tolist() == [1.0, 9.5, 11.0]


def test_nothing_is_seen_before_the_flush_and_everything_after(tmp_path: Path) -> None:
    info = samples("x", 1)
    writer = PartWriter.create(tmp_path / "p.h5", HEAD, [info])
    writer.append("x", np.arange(3.0), np.ones((3, 1)), 1.0, 0)
    with open_session(tmp_path / "p.h5") as session:
        assert session.streams["x"].rows == 0
    writer.flush()
    with open_session(tmp_path / "p.h5") as session:
        assert session.streams["x"].rows == 3
        assert not session.is_finished
        assert session.end.reason == ""
    writer.close("streams changed")
    with open_session(tmp_path / "p.h5") as session:
        assert session.end.reason == "streams changed"


def test_gaps_and_offsets_come_back(tmp_path: Path) -> None:
    writer = PartWriter.create(tmp_path / "p.h5", HEAD, [samples("x", 1)])
    gaps = [Gap(-1, 0, 3, "recorder restarted"), Gap(4, 5, 0, "ä" * 40)]
    for gap in gaps:
        writer.add_gap("x", gap)
    writer.add_offset("x", 10.0, -0.25, 1e-4, True)
    writer.add_offset("x", 15.0, -0.25, 1e-4, False)
    writer.close("stopped")
    with open_session(tmp_path / "p.h5") as session:
        stream = session.streams["x"]
        # Causes end after 64 bytes, between two letters.
        assert stream.gaps == (gaps[0], Gap(4, 5, 0, "ä" * 32))
        assert stream.offsets["t"].tolist() == [10.0, 15.0]
        assert stream.offsets["fresh"].tolist() == [1, 0]


@given(st.data())
@settings(max_examples=40)
def test_no_damaged_row_is_ever_given_out(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One byte anywhere behind the file's head is changed: rows are right, or missing, never wrong."""
    folder = tmp_path_factory.mktemp("damage")
    path = folder / "x_part-001.h5"
    infos = [samples("x", 2), camera()]
    writer = PartWriter.create(path, HEAD, infos)
    for flush in range(6):
        rows = np.arange(flush * 50, flush * 50 + 50)
        writer.append("x", rows / 100, np.stack([rows, -rows], 1), rows[-1] / 100, int(rows[0]))
        writer.append_blobs("camera", rows / 100, [b"frame %d" % row for row in rows], 1.0, int(rows[0]))
        writer.flush()
    abandon(writer)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(48, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        with open_session(path) as session:
            for name, stream in session.streams.items():
                rows = np.arange(stream.rows)
                assert np.array_equal(stream.times[:], rows / 100)
                if name == "x":
                    assert np.array_equal(stream.data[:], np.stack([rows, -rows], 1))
                else:
                    assert stream.data[:] == [b"frame %d" % row for row in rows]
    except (SessionFileError, OSError, RuntimeError, KeyError, ValueError):
        # HDF5 itself refuses damaged structure; recovery does without that stream.
        pass


def test_a_part_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "p.h5"
    path.write_text("precious")
    with pytest.raises(WriteFailedError):
        PartWriter.create(path, HEAD, [samples("x")])
    assert path.read_text() == "precious"


def test_a_part_in_a_missing_folder_is_a_failed_write(tmp_path: Path) -> None:
    with pytest.raises(WriteFailedError) as caught:
        PartWriter.create(tmp_path / "none" / "p.h5", HEAD, [samples("x")])
    assert caught.value.errno == 2


def test_a_closed_part_opens_in_any_hdf5_reader(tmp_path: Path) -> None:
    writer = PartWriter.create(tmp_path / "p.h5", HEAD, [samples("x", 2), markers()])
    writer.append("x", np.arange(4.0), np.ones((4, 2)), 1.0, 0)
    writer.append_blobs("markers", np.arange(2.0), [b"one", "zwölf".encode()], 1.0)
    writer.close("stopped")
    with h5py.File(tmp_path / "p.h5", "r") as file:
        assert file.attrs["format"] == "evoke-session"
        assert file["streams/x/data"].shape == (4, 2)
        assert bytes(file["streams/markers/text"][:]) == "onezwölf".encode()
        assert file["streams/markers/index"]["length"].tolist() == [3, 6]


def test_many_channels_with_long_names_fit(tmp_path: Path) -> None:
    info = samples("x", 1024)
    info = replace(info, channels=tuple(f"{name}-{'y' * 100}" for name in info.channels))
    writer = PartWriter.create(tmp_path / "p.h5", HEAD, [info])
    writer.append("x", np.zeros(1), np.ones((1, 1024)), 1.0)
    writer.flush()
    abandon(writer)
    with open_session(tmp_path / "p.h5") as session:
        assert session.streams["x"].info == info
        assert session.streams["x"].rows == 1
