"""EDF, EDF+ and BDF come in as pyedflib reads them; EDF+D, which it refuses, with its gaps told."""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyedflib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.exchange.import_edf import read_edf
from analysis.exchange.import_session import ImportedStream, ImportFileError, write_session
from analysis.session_file import open_session, summary
from tests.helpers.foreign import edf_annotations, edf_header

ATTRIBUTES = {"uuid": "u", "name": "x", "study": "S", "participant": "01", "session": 1, "run": 1}
START = datetime(2024, 3, 1, 10, 0, 0)
START_UTC_S = 1_709_287_200.0
ZONE = "The start is local time"


def rows_of(stream: ImportedStream) -> tuple[np.ndarray, np.ndarray]:
    pieces = list(stream.blocks())
    return np.concatenate([t for t, _ in pieces]), np.concatenate([v for _, v in pieces])


def by_pyedflib(path: Path, is_bdf: bool) -> None:
    kind = pyedflib.FILETYPE_BDFPLUS if is_bdf else pyedflib.FILETYPE_EDFPLUS
    writer = pyedflib.EdfWriter(str(path), 4, file_type=kind)
    labels = [("EEG Fp1", 256, "uV"), ("EEG Cz", 256, "uV"), ("GSR", 8, "uS"), ("Temp skin", 1, "degC")]
    for number, (label, rate, unit) in enumerate(labels):
        top = 8388607 if is_bdf else 32767
        writer.setSignalHeader(
            number,
            {
                "label": label,
                "dimension": unit,
                "sample_frequency": rate,
                "physical_min": -187.5,
                "physical_max": 187.5,
                "digital_min": -top - 1,
                "digital_max": top,
                "transducer": "AgCl",
                "prefilter": "HP 0.1 Hz",
            },
        )
    writer.setPatientName("Anna_Muster")
    writer.setStartdatetime(START)
    random = np.random.default_rng(1)
    writer.writeSamples([random.normal(0, 40, rate * 7) for _, rate, _ in labels])
    writer.writeAnnotation(1.5, 0.25, "stimulus")
    writer.writeAnnotation(3.0, -1, "größer")
    writer.close()


@pytest.mark.parametrize("is_bdf", [False, True], ids=["EDF+", "BDF+"])
def test_values_rates_and_annotations_are_those_of_pyedflib(tmp_path: Path, is_bdf: bool) -> None:
    path = tmp_path / "x.edf"
    by_pyedflib(path, is_bdf)
    imported = read_edf(path)
    assert imported.program == ("BDF+" if is_bdf else "EDF+")
    assert [(s.info.id, s.info.rate_hz, s.rows) for s in imported.streams] == [
        ("eeg-256hz", 256.0, 7 * 256),
        ("eda-8hz", 8.0, 56),
        ("temperature-1hz", 1.0, 7),
    ]
    assert imported.streams[0].info.channels == ("EEG Fp1", "EEG Cz")
    assert imported.streams[0].info.units == ("uV", "uV")
    with pyedflib.EdfReader(str(path)) as reader:
        place = 0
        for stream in imported.streams:
            times, values = rows_of(stream)
            np.testing.assert_allclose(times, np.arange(stream.rows) / stream.info.rate_hz, atol=1e-12)
            for column in values.T:
                np.testing.assert_array_equal(column, reader.readSignal(place))
                place += 1
        onsets, durations, texts = reader.readAnnotations()
    assert [(t, p["text"], p.get("duration_s", -1)) for t, _, p in imported.events] == list(
        zip(onsets, texts, durations, strict=True)
    )
    assert imported.start_utc_s == START_UTC_S


def test_the_session_file_holds_no_name_of_the_patient(tmp_path: Path) -> None:
    by_pyedflib(tmp_path / "x.edf", False)
    assert b"Muster" in (tmp_path / "x.edf").read_bytes()
    target = tmp_path / "x.h5"
    write_session(target, read_edf(tmp_path / "x.edf"), ATTRIBUTES)
    assert b"Muster" not in target.read_bytes()
    known = summary(target)
    assert known["started_utc"] == "2024-03-01T10:00:00.000Z"
    assert [(s["samples"], len(s["gaps"])) for s in known["streams"]] == [(56, 0), (1792, 0), (7, 0)]
    with open_session(target) as session:
        kinds = [event.kind for event in session.events]
    assert sorted(kinds) == [
        "annotation",
        "annotation",
        "clock_anchor",
        "import_statement",
        "session_started",
    ]


def discontinuous(path: Path, starts: list[float], reserved: str = "EDF+D") -> list[list[int]]:
    """Write an EDF+D file with records of 1 s at these times: one signal at 4 Hz, one at 2 Hz."""
    signals: list[dict[str, Any]] = [
        {"label": "EEG Fp1", "count": 4},
        {"label": "EDF Annotations", "count": 30, "unit": "", "low": -1, "high": 1},
        {"label": "ECG", "count": 2, "unit": "mV", "low": -5, "high": 5},
    ]
    body, rows = b"", []
    for number, start in enumerate(starts):
        samples = [number * 10 + i for i in range(6)]
        rows.append(samples)
        texts = [(start + 0.25, f"at {number}")] if number % 2 else []
        body += struct.pack("<4h", *samples[:4])
        body += edf_annotations(start, texts, 60)
        body += struct.pack("<2h", *samples[4:])
    path.write_bytes(edf_header(signals, len(starts), 1, reserved) + body)
    return rows


def test_gaps_of_edf_plus_d_are_gap_rows(tmp_path: Path) -> None:
    path = tmp_path / "x.edf"
    rows = discontinuous(path, [0.0, 1.0, 5.5, 6.5, 100.0])
    with pytest.raises(OSError, match="discontinuous"):
        pyedflib.EdfReader(str(path))
    imported = read_edf(path)
    times, values = rows_of(imported.streams[0])
    assert times.tolist() == [s + i / 4 for s in (0.0, 1.0, 5.5, 6.5, 100.0) for i in range(4)]
    step = 200 / 65535
    np.testing.assert_allclose(
        values[:, 0], [(v + 32768) * step - 100 for r in rows for v in r[:4]], atol=1e-9
    )
    assert [(t, p["text"]) for t, _, p in imported.events] == [(1.25, "at 1"), (6.75, "at 3")]
    assert [(g.last, g.first, g.missing) for g in imported.streams[0].gaps] == [(7, 8, 14), (15, 16, 370)]
    assert [(g.last, g.first, g.missing) for g in imported.streams[1].gaps] == [(3, 4, 7), (7, 8, 185)]
    target = tmp_path / "x.h5"
    write_session(target, imported, ATTRIBUTES)
    eeg = next(s for s in summary(target)["streams"] if s["id"] == "eeg-4hz")
    assert [(gap["from_s"], gap["to_s"], gap["samples"]) for gap in eeg["gaps"]] == [
        (1.75, 5.5, 14),
        (7.25, 100.0, 370),
    ]


def test_a_start_between_two_seconds_is_kept(tmp_path: Path) -> None:
    discontinuous(tmp_path / "x.edf", [0.125, 1.125], "EDF+C")
    imported = read_edf(tmp_path / "x.edf")
    assert rows_of(imported.streams[0])[0][0] == 0.125
    assert imported.streams[0].gaps == ()


def test_biosemi_triggers_are_events(tmp_path: Path) -> None:
    signals = [{"label": "Fp1", "count": 8}, {"label": "Status", "count": 8, "unit": "Boolean"}]
    codes = [0, 0, 5, 5, 0, 7, 7, 9, 9, 9, 0, 0, 0x10001, 0, 0, 0]
    body = b""
    for record in (0, 8):
        for value in (range(record, record + 8), codes[record : record + 8]):
            body += b"".join(int(v).to_bytes(3, "little") for v in value)
    (tmp_path / "x.bdf").write_bytes(edf_header(signals, 2, 0.5, "24BIT", is_bdf=True) + body)
    imported = read_edf(tmp_path / "x.bdf")
    assert imported.streams[0].info.rate_hz == 16.0
    assert [(t, kind, p["code"]) for t, kind, p in imported.events] == [
        (2 / 16, "trigger", 5),
        (5 / 16, "trigger", 7),
        (7 / 16, "trigger", 9),
        (12 / 16, "trigger", 1),
    ]


def plain(path: Path, records: int, said: int | None = None, cut: int = 0) -> None:
    signals = [{"label": "EEG Fp1", "count": 4}]
    body = struct.pack(f"<{4 * records}h", *range(4 * records))
    content = edf_header(signals, records if said is None else said, 1) + body
    path.write_bytes(content[: len(content) - cut])


@pytest.mark.parametrize(
    ("records", "said", "cut", "read", "statement"),
    [
        (5, None, 0, 5, None),
        (5, None, 1, 4, "The file is cut off: 4 of 5 records are there."),
        (5, None, 9, 3, "The file is cut off: 3 of 5 records are there."),
        (5, -1, 3, 4, "did not come to the end"),
        (5, 3, 0, 3, "2 records behind the end"),
    ],
)
def test_of_a_cut_file_whole_records_are_read_and_the_rest_is_said(
    tmp_path: Path, records: int, said: int | None, cut: int, read: int, statement: str | None
) -> None:
    plain(tmp_path / "x.edf", records, said, cut)
    imported = read_edf(tmp_path / "x.edf")
    assert imported.streams[0].rows == 4 * read
    others = [text for text in imported.statements if not text.startswith(ZONE)]
    assert len(others) == (statement is not None)
    assert statement is None or statement in others[0]


@pytest.mark.parametrize(
    ("place", "text", "message"),
    [
        (0, b"1       ", "neither EDF nor BDF"),
        (184, b"700     ", "its header has 700 bytes for 1 signals"),
        (236, b"many    ", "'many' for the number of records"),
        (244, b"-1      ", "'-1' for the length of a record"),
        (252, b"9999", "its header has 512 bytes for 9999 signals"),
        (252, b"1_0 ", "'1_0' for the number of signals"),
        (256 + 16 + 80 + 8, b"100     ", "minimum and maximum of the signal 'EEG Fp1' are equal"),
        (256 + 216, b"0       ", "number of samples"),
    ],
)
def test_a_damaged_header_is_refused_in_one_sentence(
    tmp_path: Path, place: int, text: bytes, message: str
) -> None:
    plain(tmp_path / "x.edf", 2)
    content = bytearray((tmp_path / "x.edf").read_bytes())
    content[place : place + len(text)] = text
    (tmp_path / "x.edf").write_bytes(content)
    with pytest.raises(ImportFileError, match=message):
        read_edf(tmp_path / "x.edf")


@pytest.mark.parametrize("content", [b"", b"0", b"0" + b" " * 255, b"RIFF" * 100])
def test_what_is_no_edf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.edf").write_bytes(content)
    with pytest.raises(ImportFileError, match=r"x\.edf"):
        read_edf(tmp_path / "x.edf")


def test_a_file_of_annotations_alone_has_events_and_no_stream(tmp_path: Path) -> None:
    signals = [{"label": "EDF Annotations", "count": 40, "low": -1, "high": 1}]
    body = edf_annotations(0.0, [(0.5, "sleep"), (30.5, "wake")], 80)
    (tmp_path / "x.edf").write_bytes(edf_header(signals, 1, 0, "EDF+C") + body)
    imported = read_edf(tmp_path / "x.edf")
    assert imported.streams == ()
    assert [(t, p["text"]) for t, _, p in imported.events] == [(0.5, "sleep"), (30.5, "wake")]
    write_session(tmp_path / "x.h5", imported, ATTRIBUTES)
    with open_session(tmp_path / "x.h5") as session:
        assert not session.streams


@settings(max_examples=80)
@given(data=st.data())
def test_any_damage_gives_a_reading_or_one_message(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("edf") / "x.edf"
    discontinuous(path, [0.0, 1.0, 4.0])
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(256, len(content)))])
    try:
        for stream in read_edf(path).streams:
            assert sum(len(times) for times, _ in stream.blocks()) == stream.rows
    except ImportFileError as error:
        assert "x.edf" in str(error)


@settings(max_examples=30)
@given(data=st.data(), is_bdf=st.booleans())
def test_every_digital_value_has_its_physical_one(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, is_bdf: bool
) -> None:
    path = tmp_path_factory.mktemp("edf") / "x.edf"
    size, top = (3, 8388607) if is_bdf else (2, 32767)
    values = data.draw(st.lists(st.integers(-top - 1, top), min_size=4, max_size=4))
    low, high = data.draw(st.sampled_from([(-100, 100), (0, 5), (187.5, -187.5), (-1e-3, 1e3)]))
    signals = [{"label": "EEG Fp1", "count": 4, "low": low, "high": high}]
    head = edf_header(signals, 1, 1, is_bdf=is_bdf)
    path.write_bytes(head + b"".join(v.to_bytes(size, "little", signed=True) for v in values))
    found = rows_of(read_edf(path).streams[0])[1][:, 0]
    with pyedflib.EdfReader(str(path)) as reader:
        np.testing.assert_array_equal(found, reader.readSignal(0))
    exact = [low + (v + top + 1) * (high - low) / (2 * top + 1) for v in values]
    np.testing.assert_allclose(found, exact, rtol=1e-9, atol=abs(high - low) * 1e-9)
