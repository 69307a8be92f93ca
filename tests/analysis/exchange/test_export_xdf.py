"""XDF, read by pyxdf: counts, values and stamps equal to the last bit."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st

from analysis.exchange.export_files import ExportError
from analysis.exchange.export_view import Terms, View
from analysis.exchange.export_xdf import _Writer, write_xdf
from analysis.session_file import Session
from tests.helpers.rich_session import BEATS, CAMERA, EEG, SECRETS, STREAMS, TEXTS, times_of

NUMBERS = [info for info in STREAMS if not info.is_blob]

HEADER = (
    b"<info><name>x</name><channel_count>1</channel_count><nominal_srate>0</nominal_srate>"
    b"<channel_format>string</channel_format></info>"
)

Streams = dict[str, dict[str, Any]]


def read(path: Path, corrected: bool = False) -> Streams:
    # Its removal of jitter runs a line across holes of up to 500 samples, so that stays off.
    streams, _ = pyxdf.load_xdf(path, synchronize_clocks=corrected, dejitter_timestamps=False)
    return {stream["info"]["name"][0]: stream for stream in streams}


@pytest.fixture(scope="module")
def written(rich_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from analysis.session_file import open_session

    path = tmp_path_factory.mktemp("xdf") / "rich.xdf"
    with open_session(rich_file) as session:
        write_xdf(session, path)
    return path


@pytest.fixture(scope="module")
def streams(written: Path) -> Streams:
    return read(written)


@pytest.mark.parametrize("info", STREAMS, ids=lambda info: info.id)
def test_every_stream_has_its_stamps_as_they_were_delivered(
    rich: Session, streams: Streams, info: Any
) -> None:
    stamps = streams[info.id]["time_stamps"]
    assert stamps.dtype == np.float64
    np.testing.assert_array_equal(stamps, rich.streams[info.id].times[:])


@pytest.mark.parametrize("info", NUMBERS, ids=lambda info: info.id)
def test_numbers_keep_type_and_value(rich: Session, streams: Streams, info: Any) -> None:
    values = streams[info.id]["time_series"]
    expected = rich.streams[info.id].data[:]
    assert values.shape == expected.shape
    if len(expected):
        assert values.dtype == expected.dtype
        np.testing.assert_array_equal(values, expected)


def test_texts_keep_their_bytes(streams: Streams, rich: Session) -> None:
    found = [row[0] for row in streams[TEXTS.id]["time_series"]]
    assert found == [text.decode("utf-8", "replace") for text in rich.streams[TEXTS.id].data[:]]


def test_a_camera_is_the_numbers_of_its_pictures(streams: Streams) -> None:
    numbers = streams[CAMERA.id]["time_series"][:, 0]
    np.testing.assert_array_equal(numbers, np.arange(len(times_of(CAMERA))))


def test_channels_have_their_names_and_units(streams: Streams) -> None:
    channels = streams[EEG.id]["info"]["desc"][0]["channels"][0]["channel"]
    assert [channel["label"][0] for channel in channels] == list(EEG.channels)
    assert [channel["unit"][0] for channel in channels] == list(EEG.units)


def test_the_clock_of_the_sender_is_corrected_by_the_reader(written: Path) -> None:
    corrected = read(written, corrected=True)[EEG.id]["time_stamps"]
    np.testing.assert_allclose(corrected, times_of(EEG), atol=1e-4)


def test_the_footer_says_what_there_is(rich: Session, streams: Streams) -> None:
    footer = streams[EEG.id]["footer"]["info"]
    stream = rich.streams[EEG.id]
    assert int(footer["sample_count"][0]) == stream.rows
    assert float(footer["first_timestamp"][0]) == stream.times[0]
    assert float(footer["last_timestamp"][0]) == stream.times[-1]
    assert [gap["cause"][0] for gap in footer["gaps"][0]["gap"]] == ["stream lost"]


def test_events_and_keys_are_all_there(rich: Session, streams: Streams) -> None:
    events = [json.loads(row[0]) for row in streams["evoke-events"]["time_series"]]
    assert events == [event.to_json() for event in rich.events]
    np.testing.assert_array_equal(
        streams["evoke-events"]["time_stamps"], [event.time for event in rich.events]
    )
    keys = [json.loads(row[0]) for row in streams["evoke-keys"]["time_series"]]
    assert [(key["edge"], key["key"]) for key in keys] == list(
        zip(rich.keys["edge"], rich.keys["key"], strict=True)
    )
    assert "stimulus_shown/picture/neutral/s0" in [row[0] for row in streams["evoke-markers"]["time_series"]]


def test_an_anonymous_file_names_no_one(rich: Session, tmp_path: Path) -> None:
    view = View(rich, Terms("signals", True, 100.0, -3e9))
    report = write_xdf(view, tmp_path / "a.xdf")
    content = (tmp_path / "a.xdf").read_bytes()
    for secret in (*SECRETS, "sub-sim01", rich.attributes["uuid"]):
        assert secret.encode() not in content
    found = read(tmp_path / "a.xdf")
    assert not {CAMERA.id, TEXTS.id, "mic", BEATS.id} & set(found)
    np.testing.assert_allclose(found[EEG.id]["time_stamps"], rich.streams[EEG.id].times[:] + 100.0)
    assert "shows the face" in " ".join(left.why for left in report.left_out)


def test_nothing_is_overwritten_and_nothing_half_written_stays(
    rich: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xdf"
    path.write_bytes(b"mine")
    with pytest.raises(ExportError, match="not overwritten"):
        write_xdf(rich, path)
    assert path.read_bytes() == b"mine"

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("analysis.exchange.export_xdf._footer", full)
    with pytest.raises(OSError, match="No space"):
        write_xdf(rich, tmp_path / "b.xdf")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.xdf"]


@given(st.lists(st.binary(max_size=600), max_size=300))
def test_texts_of_any_length_and_number_come_back(texts: list[bytes]) -> None:
    file = io.BytesIO()
    writer = _Writer(file)
    writer.chunk(2, HEADER, 1)
    stamps = [float(number) for number in range(len(texts))]
    writer.texts(1, stamps, texts)
    file.seek(0)
    (stream,), _ = pyxdf.load_xdf(io.BufferedReader(io.BytesIO(file.getvalue())))
    assert [row[0] for row in stream["time_series"]] == [text.decode("utf-8", "replace") for text in texts]
    assert stream["time_stamps"].tolist() == stamps


def test_names_that_no_xml_may_hold_are_written_without_them(rich: Session, tmp_path: Path) -> None:
    stream = rich.streams[EEG.id]
    stream.info = replace(EEG, channels=("a\x00\x1b", "\ud800", "ok ✓ 脳波"), details={"1 <a>": {"": "\x08"}})
    write_xdf(rich, tmp_path / "a.xdf")
    channels = read(tmp_path / "a.xdf")[EEG.id]["info"]["desc"][0]["channels"][0]["channel"]
    assert [channel["label"][0] for channel in channels] == ["a��", "�", "ok ✓ 脳波"]
