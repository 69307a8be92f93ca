"""XDF comes in as pyxdf reads it, with its clock offsets; what was cut off is said and never guessed."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.exchange.export_xdf import write_xdf
from analysis.exchange.import_session import Imported, ImportedStream, ImportFileError, write_session
from analysis.exchange.import_xdf import read_xdf
from analysis.session_file import open_session, summary
from tests.helpers.foreign import (
    MARK,
    xdf_chunk,
    xdf_file,
    xdf_footer,
    xdf_header,
    xdf_numbers,
    xdf_offset,
    xdf_texts,
)
from tests.helpers.recordings import START_S, UTC_OFFSET_S, small_session

ATTRIBUTES = {"uuid": "u", "name": "x", "study": "S", "participant": "01", "session": 1, "run": 1}
RATE = 100.0
THEIRS, OURS = 5000.0, 90.0
"""Where the sender's clock stands when the recorder's stands at `OURS`."""


def eeg(first: int, count: int, only_first: bool = False) -> bytes:
    stamps = [THEIRS + (first + i) / RATE if not (only_first and i) else None for i in range(count)]
    return xdf_numbers(1, stamps, [[i, -i, i / 2] for i in range(first, first + count)], "f")


def chunks(count: int = 400) -> list[bytes]:
    return [
        xdf_header(1, "Amp", "EEG", "float32", RATE, ["Fp1", "Fp2", "Cz"]),
        xdf_header(2, "Marks", "Markers", "string", 0, ["code"]),
        xdf_header(3, "Counter", "Misc", "int64", 0, ["n"], ""),
        xdf_chunk(5, MARK),
        eeg(0, count // 2),
        xdf_offset(1, THEIRS, OURS - THEIRS),
        xdf_texts(2, [OURS + 0.5, OURS + 1.25], [["start"], ["größer"]]),
        xdf_numbers(3, [OURS + 1, OURS + 2], [[7], [2**60 + 1]], "q"),
        xdf_offset(1, THEIRS + 3, OURS - THEIRS + 3e-5),
        eeg(count // 2, count - count // 2, only_first=True),
        xdf_footer(1, count),
        xdf_footer(2, 2),
        xdf_footer(3, 2),
    ]


def write(path: Path, pieces: Sequence[bytes]) -> Path:
    path.write_bytes(xdf_file(*pieces))
    return path


def rows_of(stream: ImportedStream) -> tuple[np.ndarray, np.ndarray]:
    pieces = list(stream.blocks())
    return np.concatenate([t for t, _ in pieces]), np.concatenate([v for _, v in pieces])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "lab.xdf", chunks())


def compare(imported: Imported, path: Path) -> None:
    """Hold what was read against pyxdf on the same file: counts, stamps and values."""
    streams, _ = pyxdf.load_xdf(path, synchronize_clocks=False, dejitter_timestamps=False)
    numeric = [s for s in streams if s["info"]["channel_format"][0] != "string"]
    assert len(imported.streams) == len(numeric)
    for mine, theirs in zip(imported.streams, numeric, strict=True):
        times, values = rows_of(mine)
        np.testing.assert_array_equal(times, theirs["time_stamps"])
        np.testing.assert_array_equal(values, theirs["time_series"])
        assert values.dtype == theirs["time_series"].dtype
    texts = [row for s in streams if s["info"]["channel_format"][0] == "string" for row in s["time_series"]]
    assert [payload["text"] for _, _, payload in imported.events] == [row[0] for row in texts]


def test_streams_have_their_values_stamps_and_descriptions(recording: Path) -> None:
    imported = read_xdf(recording)
    compare(imported, recording)
    amp, counter = imported.streams
    assert (amp.info.id, amp.info.kind, amp.info.rate_hz) == ("amp", "eeg", 100.0)
    assert (amp.info.channels, amp.info.units) == (("Fp1", "Fp2", "Cz"), ("uV",) * 3)
    assert (amp.info.dtype, counter.info.dtype) == ("float32", "int64")
    assert rows_of(counter)[1][:, 0].tolist() == [7, 2**60 + 1]
    assert amp.info.details["footer"] == {"sample_count": "400"}
    assert imported.statements == ()
    assert imported.start_utc_s == 1_709_283_600.0
    assert imported.start_s == pytest.approx(OURS, abs=1e-4)


def test_clock_offsets_become_our_table_and_correct_the_times(recording: Path, tmp_path: Path) -> None:
    imported = read_xdf(recording)
    assert imported.streams[0].offsets[0] == (OURS, OURS - THEIRS)
    target = tmp_path / "x.h5"
    write_session(target, imported, ATTRIBUTES)
    with open_session(target) as session:
        stream = session.streams["amp"]
        np.testing.assert_array_equal(stream.times[:], rows_of(imported.streams[0])[0])
        streams, _ = pyxdf.load_xdf(recording, dejitter_timestamps=False)
        corrected = stream.corrected_times()
        assert abs(corrected - streams[0]["time_stamps"]).max() < 1e-4
        marker = [event for event in session.events if event.kind == "marker"]
        assert [(event.time, event.payload["text"]) for event in marker] == [
            (OURS + 0.5, "start"),
            (OURS + 1.25, "größer"),
        ]


def test_our_own_export_comes_back_whole(tmp_path: Path) -> None:
    path = small_session(tmp_path)
    with open_session(path) as session:
        write_xdf(session, tmp_path / "x.xdf")
        imported = read_xdf(tmp_path / "x.xdf")
        compare(imported, tmp_path / "x.xdf")
        for stream in imported.streams:
            if (own := session.streams[stream.info.id]).info.dtype == "jpeg":
                continue
            times, values = rows_of(stream)
            np.testing.assert_array_equal(values, own.data[:])
            np.testing.assert_array_equal(times, own.times[:])
            assert [offset for _, offset in stream.offsets] == own.offsets["offset"].tolist()
        assert imported.start_utc_s == pytest.approx(START_S + UTC_OFFSET_S)


def test_strings_become_events_on_our_clock(tmp_path: Path) -> None:
    pieces = [
        xdf_header(1, "Keys", "Markers", "string", 0, ["key", "edge"]),
        xdf_texts(1, [THEIRS + 1], [["a", "down"]]),
        xdf_offset(1, THEIRS, OURS - THEIRS),
        xdf_footer(1, 1),
    ]
    ((time_s, kind, payload),) = read_xdf(write(tmp_path / "x.xdf", pieces)).events
    assert time_s == pytest.approx(OURS + 1)
    assert kind == "marker"
    assert payload == {"stream": "Keys", "text": '["a", "down"]', "stamp_s": THEIRS + 1}


def test_segments_are_told_by_gap_rows(tmp_path: Path) -> None:
    pieces = [xdf_header(1, "Amp", "EEG", "float32", RATE, ["a", "b", "c"])]
    pieces += [eeg(0, 100), eeg(350, 100), eeg(600, 50), xdf_footer(1, 250)]
    target = tmp_path / "x.h5"
    write_session(target, read_xdf(write(tmp_path / "x.xdf", pieces)), ATTRIBUTES)
    gaps = summary(target)["streams"][0]["gaps"]
    assert [(gap["samples"], gap["cause"]) for gap in gaps] == [
        (250, "break in the XDF file"),
        (150, "break in the XDF file"),
    ]


def test_streams_of_one_name_are_told_apart(tmp_path: Path) -> None:
    pieces = [xdf_header(n, "Amp", "EEG", "int16", RATE, ["a", "a"]) for n in (1, 2)]
    pieces += [xdf_numbers(n, [1.0], [[n, n]], "h") for n in (1, 2)]
    imported = read_xdf(write(tmp_path / "x.xdf", pieces))
    assert [stream.info.id for stream in imported.streams] == ["amp", "amp-2"]
    assert imported.streams[0].info.channels == ("a", "a-2")
    assert any("has no footer" in text for text in imported.statements)


def test_a_count_that_differs_is_said(tmp_path: Path) -> None:
    pieces = [*chunks()[:-3], xdf_footer(1, 500), xdf_footer(2, 2), xdf_footer(3, 2)]
    statements = read_xdf(write(tmp_path / "x.xdf", pieces)).statements
    assert statements == ("Amp: 400 samples are there, and its recorder counted 500.",)


def test_a_packed_file_is_the_same(recording: Path, tmp_path: Path) -> None:
    for name in ("x.xdfz", "x.xdf.gz"):
        packed = tmp_path / name
        packed.write_bytes(gzip.compress(recording.read_bytes()))
        compare(read_xdf(packed), recording)
        packed.write_bytes(packed.read_bytes()[:-50])
        with pytest.raises(ImportFileError, match="cannot be unpacked"):
            read_xdf(packed)


def test_a_file_cut_in_the_last_sample_holds_no_guessed_value(tmp_path: Path) -> None:
    whole = chunks()[:-3]
    path = write(tmp_path / "x.xdf", whole)
    path.write_bytes(path.read_bytes()[:-6])
    imported = read_xdf(path)
    _, values = rows_of(imported.streams[0])
    assert len(values) == 200, "the chunk that was cut is left out whole"
    np.testing.assert_array_equal(values[:, 0], np.arange(200))
    assert any("cut off" in text for text in imported.statements)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an XDF file"),
        (b"XDF", "is not an XDF file"),
        (b"PK\x03\x04 something", "is not an XDF file"),
        (b"XDF:" + xdf_chunk(2, b"<info><name>x</name></info>", 1), "header is damaged"),
        (b"XDF:" + xdf_chunk(2, b"no xml", 1), "header is damaged"),
        (xdf_file(xdf_header(1, "a", "EEG", "pickle", 1, ["a"])), "cannot be"),
        (xdf_file(xdf_header(1, "a", "EEG", "float32", -1, ["a"])), "cannot be"),
        (xdf_file(eeg(0, 2)), "belongs to no stream"),
        (xdf_file()[:-9], "cut off before any stream"),
        (
            xdf_file(header='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>'),
            "Do not trust it",
        ),
    ],
)
def test_what_is_no_sound_xdf_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.xdf").write_bytes(content)
    with pytest.raises(ImportFileError, match=message):
        read_xdf(tmp_path / "x.xdf")


def test_a_length_beyond_the_file_reserves_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.xdf"
    huge = b"\x08" + (2**62).to_bytes(8, "little") + b"\x03\x00\x01\x00\x00\x00"
    path.write_bytes(
        xdf_file(xdf_header(1, "Amp", "EEG", "float32", RATE, ["a", "b", "c"]), eeg(0, 5)) + huge
    )
    imported = read_xdf(path)
    assert imported.streams[0].rows == 5
    assert any("cut off" in text for text in imported.statements)


@settings(max_examples=60)
@given(data=st.data())
def test_cut_anywhere_every_row_that_is_read_is_right(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("xdf")
    whole = write(folder / "whole.xdf", chunks(40))
    truth = {stream.info.id: rows_of(stream) for stream in read_xdf(whole).streams}
    cut = folder / "cut.xdf"
    content = whole.read_bytes()
    cut.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        imported = read_xdf(cut)
    except ImportFileError as error:
        assert str(cut) in str(error)
        return
    for stream in imported.streams:
        if stream.rows:
            times, values = rows_of(stream)
            np.testing.assert_array_equal(times, truth[stream.info.id][0][: len(times)])
            np.testing.assert_array_equal(values, truth[stream.info.id][1][: len(values)])


@settings(max_examples=60)
@given(data=st.data())
def test_bytes_changed_anywhere_give_a_reading_or_one_message(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("xdf")
    content = bytearray(xdf_file(*chunks(20)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / "x.xdf").write_bytes(content)
    handlers = list(logging.getLogger("pyxdf.pyxdf").handlers)
    try:
        for stream in read_xdf(folder / "x.xdf").streams:
            assert sum(len(times) for times, _ in stream.blocks()) == stream.rows
    except ImportFileError as error:
        assert "x.xdf" in str(error)
    assert logging.getLogger("pyxdf.pyxdf").handlers == handlers


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), min_size=1, max_size=20),
    texts=st.lists(st.text(max_size=300), max_size=5),
)
def test_any_values_and_texts_come_through(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]], texts: list[str]
) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    pieces = [
        xdf_header(1, "A", "EEG", "float32", 10, ["a", "b"]),
        xdf_header(2, "T", "Markers", "string", 0, ["t"]),
        xdf_numbers(1, [float(i) for i in range(len(rows))], rows, "f"),
        xdf_texts(2, [float(i) for i in range(len(texts))], [[text] for text in texts]),
    ]
    imported = read_xdf(write(tmp_path_factory.mktemp("xdf") / "x.xdf", pieces))
    np.testing.assert_array_equal(rows_of(imported.streams[0])[1], np.array(rows, np.float32))
    assert [payload["text"] for _, _, payload in imported.events] == texts
