"""E4 exports come in as they are: every sample, every beat, every tag; what is broken is named."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.exchange.import_e4 import read_e4
from analysis.exchange.import_session import Imported, ImportedStream, ImportFileError, write_session
from analysis.session_file import open_session, summary, verify
from tests.helpers.foreign import E4_START, e4_files, e4_zip

ATTRIBUTES = {"uuid": "u", "name": "x", "study": "S", "participant": "01", "session": 1, "run": 1}
IDS = ("e4-acceleration", "e4-bvp", "e4-eda", "e4-temperature", "e4-heart-rate", "e4-ibi")


def rows_of(stream: ImportedStream) -> tuple[np.ndarray, np.ndarray]:
    times, values = zip(*stream.blocks(), strict=True)
    return np.concatenate(times), np.concatenate(values)


def by_id(imported: Imported) -> dict[str, ImportedStream]:
    return {stream.info.id: stream for stream in imported.streams}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return e4_zip(tmp_path / "export.zip", e4_files())


def test_every_signal_has_its_rate_start_and_values(export: Path) -> None:
    streams = by_id(read_e4(export))
    assert tuple(streams) == IDS
    assert [s.info.rate_hz for s in streams.values()] == [32, 64, 4, 4, 1, 0]
    assert [s.rows for s in streams.values()] == [640, 1280, 80, 80, 10, 2]
    times, values = rows_of(streams["e4-acceleration"])
    assert times[[0, 1, -1]].tolist() == [0.0, 1 / 32, 639 / 32]
    assert (values[65] * 64).tolist() == [1, -2, 0]
    assert streams["e4-acceleration"].info.units == ("g", "g", "g")
    assert rows_of(streams["e4-heart-rate"])[0][0] == 10.0
    times, values = rows_of(streams["e4-ibi"])
    assert times.tolist() == [1.5, 2.3125]
    assert values.tolist() == [[0.8125], [0.796875]]


def test_the_time_axis_begins_with_the_first_signal_and_knows_utc(export: Path) -> None:
    imported = read_e4(export)
    assert (imported.start_s, imported.start_utc_s) == (0.0, E4_START)
    assert [(time, kind) for time, kind, _ in imported.events] == [(5.0, "tag"), (12.0, "tag")]
    assert imported.statements == ()


def test_the_session_file_is_a_true_one(export: Path, tmp_path: Path) -> None:
    target = tmp_path / "made" / "x.h5"
    target.parent.mkdir()
    sha256 = write_session(target, read_e4(export), ATTRIBUTES)
    verify(target, sha256)
    assert [path.name for path in target.parent.iterdir()] == ["x.h5"]
    known = summary(target)
    assert (known["origin"], known["ended"], known["participant"]) == ("imported", True, "01")
    assert known["started_utc"] == "2022-02-07T09:27:41.000Z"
    assert {s["id"]: s["samples"] for s in known["streams"]} == dict(
        zip(IDS, [640, 1280, 80, 80, 10, 2], strict=True)
    )
    with open_session(target) as session:
        kinds = [event.kind for event in session.events]
        assert kinds == ["session_started", "clock_anchor", "tag", "tag"]
        assert session.events[1].payload == {"monotonic_s": 0.0, "utc_s": E4_START}
        (source,) = session.attributes["imported_from"]["files"]
        assert source["name"] == "export.zip"
        assert len(source["sha256"]) == 64
    assert str(tmp_path).encode() not in target.read_bytes()


@pytest.mark.parametrize("nested", ["", "S01/"])
def test_a_folder_and_a_zip_of_a_folder_are_the_same(export: Path, tmp_path: Path, nested: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, text in e4_files().items():
        (folder / name).write_text(text)
    packed = e4_zip(tmp_path / "n.zip", {f"{nested}{name}": text for name, text in e4_files().items()})
    for other in (folder, packed):
        for mine, theirs in zip(read_e4(export).streams, read_e4(other).streams, strict=True):
            assert mine.info == theirs.info
            np.testing.assert_array_equal(rows_of(mine)[1], rows_of(theirs)[1])


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    plain = read_e4(e4_zip(tmp_path / "a.zip", e4_files()))
    files = {name: "\ufeff" + text for name, text in e4_files(line="\r\n").items()}
    for mine, theirs in zip(plain.streams, read_e4(e4_zip(tmp_path / "b.zip", files)).streams, strict=True):
        np.testing.assert_array_equal(rows_of(mine)[0], rows_of(theirs)[0])
        np.testing.assert_array_equal(rows_of(mine)[1], rows_of(theirs)[1])


@pytest.mark.parametrize(
    ("changes", "missing", "statement"),
    [
        ({"EDA.csv": None}, "e4-eda", "EDA.csv is missing."),
        ({"EDA.csv": ""}, "e4-eda", "EDA.csv holds no samples."),
        ({"EDA.csv": "1644226061.0\n4.0\n"}, "e4-eda", "EDA.csv holds no samples."),
        ({"EDA.csv": "1644226061.0"}, "e4-eda", "EDA.csv holds no samples."),
        ({"IBI.csv": None}, "e4-ibi", "IBI.csv is missing."),
        ({"IBI.csv": "1644226061.0, IBI\r\n"}, "e4-ibi", "IBI.csv holds no beats"),
        ({"IBI.csv": ""}, "e4-ibi", "IBI.csv holds no beats"),
    ],
)
def test_what_is_missing_or_empty_is_said_and_the_rest_is_read(
    tmp_path: Path, changes: dict[str, str | None], missing: str, statement: str
) -> None:
    files = {n: t for n, t in (e4_files() | changes).items() if t is not None}
    imported = read_e4(e4_zip(tmp_path / "x.zip", files))
    assert set(by_id(imported)) == set(IDS) - {missing}
    assert any(text.startswith(statement) for text in imported.statements)


def test_a_file_without_tags_has_none(tmp_path: Path) -> None:
    files = e4_files()
    del files["tags.csv"]
    imported = read_e4(e4_zip(tmp_path / "x.zip", files))
    assert (imported.events, imported.statements) == ((), ())


def test_unequal_starts_keep_their_places_and_are_said(tmp_path: Path) -> None:
    files = e4_files() | {"TEMP.csv": e4_files(start=E4_START + 2.5)["TEMP.csv"]}
    imported = read_e4(e4_zip(tmp_path / "x.zip", files))
    assert rows_of(by_id(imported)["e4-temperature"])[0][0] == 2.5
    assert imported.statements == ("TEMP.csv starts 2.5 s later than the recording.",)


def test_a_tag_outside_the_recording_is_kept_and_said(tmp_path: Path) -> None:
    files = e4_files() | {"tags.csv": f"{E4_START - 100}\n"}
    imported = read_e4(e4_zip(tmp_path / "x.zip", files))
    assert imported.events == ((-100.0, "tag", {"utc_s": E4_START - 100}),)
    assert "outside the recording" in imported.statements[0]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("EDA.csv", "1644226061\n4\n0.1\nabc\n0.2\n", r"EDA\.csv:4: 'abc'"),
        ("EDA.csv", "1644226061\n4\n0.1\n\n0.2\n", r"EDA\.csv:4: ''"),
        ("EDA.csv", "1644226061\n4\n0.1\nnan\n", r"EDA\.csv:4: 'nan'"),
        ("EDA.csv", "1644226061\n4\n1_0\n", r"EDA\.csv:3: '1_0'"),
        ("EDA.csv", "1644226061\n4\n0.1,0.2\n", r"EDA\.csv:3: 2 values where 1 belong"),
        ("ACC.csv", "1644226061\n32\n1,2,3\n1,2\n", r"ACC\.csv:4: 2 values where 3 belong"),
        ("BVP.csv", "1644226061\n0\n1\n", r"BVP\.csv:2: '0' is no rate"),
        ("BVP.csv", "1644226061\n-64\n1\n", r"BVP\.csv:2"),
        ("BVP.csv", "yesterday\n64\n1\n", r"BVP\.csv:1: 'yesterday'"),
        ("BVP.csv", "1644226061000\n64\n1\n", r"BVP\.csv:1"),
        ("IBI.csv", "1644226061, IBI\n1.5\n", r"IBI\.csv:2: 1 values where 2 belong"),
        ("tags.csv", "1644226066\nlater\n", r"tags\.csv:2: 'later'"),
        ("TEMP.csv", "1644326061\n4\n20\n", "more than a day apart"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ImportFileError, match=message):
        read_e4(e4_zip(tmp_path / "x.zip", e4_files() | {name: text}))


def test_a_binary_member_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"EDA\.csv is not a text file"):
        read_e4(e4_zip(tmp_path / "x.zip", e4_files() | {"EDA.csv": b"\xff\xfe\x00\x01"}))


@pytest.mark.parametrize(
    "name", ["../EDA.csv", "/etc/EDA.csv", "a/../../EDA.csv", "C:/EDA.csv", "..\\EDA.csv"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportFileError, match="Do not trust it"):
        read_e4(e4_zip(tmp_path / "x.zip", e4_files() | {name: "1\n1\n1\n"}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["x.zip"]


def test_two_recordings_in_one_zip_are_refused(tmp_path: Path) -> None:
    files = {f"{top}/{name}": text for top in ("a", "b") for name, text in e4_files().items()}
    with pytest.raises(ImportFileError, match="twice"):
        read_e4(e4_zip(tmp_path / "x.zip", files))


def test_what_macos_adds_to_a_zip_is_passed_over(tmp_path: Path) -> None:
    files = e4_files() | {"__MACOSX/._EDA.csv": "x", "__MACOSX/EDA.csv": "x"}
    assert len(read_e4(e4_zip(tmp_path / "x.zip", files)).streams) == 6


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = e4_zip(tmp_path / "x.zip", {"EDA.csv": "0" * (64 * 1024 * 1024)})
    assert path.stat().st_size < 200_000
    with pytest.raises(ImportFileError, match="would unpack to"):
        read_e4(path)


def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = e4_zip(tmp_path / "x.zip", {"EDA.csv": "0" * (64 * 1024 * 1024)})
    lying = path.read_bytes().replace(struct.pack("<I", 64 * 1024 * 1024), struct.pack("<I", 1000))
    path.write_bytes(lying)
    with pytest.raises(ImportFileError, match="cannot be read as a zip"):
        read_e4(path)


def test_an_encrypted_zip_is_refused(export: Path) -> None:
    content = bytearray(export.read_bytes())
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        content[place + 8] |= 1
        place = content.find(b"PK\x01\x02", place + 4)
    export.write_bytes(content)
    with pytest.raises(ImportFileError, match="cannot be read as a zip"):
        read_e4(export)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_export_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(ImportFileError, match=r"cannot be read as a zip|holds none of an E4's signals"):
        read_e4(tmp_path / "x.zip")


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_zip_is_read_right_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("zip")
    whole = e4_zip(folder / "whole.zip", e4_files(seconds=11))
    truth = {name: rows_of(stream)[1] for name, stream in by_id(read_e4(whole)).items()}
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    broken = folder / "broken.zip"
    broken.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        found = by_id(read_e4(broken))
    except ImportFileError:
        return
    for name, stream in found.items():
        np.testing.assert_array_equal(rows_of(stream)[1], truth[name])


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    rate=st.sampled_from([1.0, 4.0, 32.0, 64.0, 3.7]),
    start=st.floats(1e9, 2e9),
)
def test_numbers_are_read_as_they_are_written(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], rate: float, start: float
) -> None:
    folder = tmp_path_factory.mktemp("e4")
    text = "\n".join([repr(start), repr(rate), *map(repr, values)])
    (folder / "EDA.csv").write_text(text)
    imported = read_e4(folder)
    times, found = rows_of(imported.streams[0])
    assert found[:, 0].tolist() == values
    assert imported.start_utc_s == start
    np.testing.assert_allclose(np.diff(times), 1 / rate, rtol=1e-9)


@settings(max_examples=80)
@given(text=st.text(alphabet="0123456789.,-eE+ \n\r\tinfa_#\"'", max_size=60))
def test_any_text_is_read_or_refused_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("e4")
    (folder / "EDA.csv").write_text(text)
    try:
        imported = read_e4(folder)
    except ImportFileError as error:
        assert "EDA" in str(error)
    else:
        assert np.isfinite(rows_of(imported.streams[0])[1]).all()


def reference(archive: zipfile.ZipFile, name: str) -> tuple[float, np.ndarray]:
    """Read a member by other means: start and rows (n, columns)."""
    lines = archive.read(name).decode().split()
    if name == "IBI.csv":
        return float(lines[0].strip(",")), np.array([line.split(",") for line in lines[2:]], np.float64)
    if name == "ACC.csv":
        return float(lines[0].strip(",")), np.array([line.split(",") for line in lines[6:]], np.float64)
    return float(lines[0]), np.array(lines[2:], np.float64)[:, None]


FILES = dict(zip(("ACC.csv", "BVP.csv", "EDA.csv", "TEMP.csv", "HR.csv", "IBI.csv"), IDS, strict=True))


def compare(path: Path, imported: Imported) -> None:
    streams = by_id(imported)
    with zipfile.ZipFile(path) as archive:
        zero = min(reference(archive, name)[0] for name in FILES)
        for name, own in FILES.items():
            start, rows = reference(archive, name)
            times, values = rows_of(streams[own])
            assert len(values) == len(rows) == streams[own].rows
            if name == "IBI.csv":
                np.testing.assert_array_equal(times, start - zero + rows[:, 0])
                np.testing.assert_array_equal(values[:, 0], rows[:, 1])
                continue
            assert times[0] == start - zero
            scale = 64 if name == "ACC.csv" else 1
            np.testing.assert_array_equal(values * scale, rows)
        tags = [float(line) for line in archive.read("tags.csv").split()]
    assert [payload["utc_s"] for _, _, payload in imported.events] == tags


def test_a_real_export_is_read_to_the_last_value(shared_recordings: Path) -> None:
    path = shared_recordings / "stress-predict" / "S18.zip"
    imported = read_e4(path)
    compare(path, imported)
    assert imported.statements == ("tags.csv: 1645415164.00 lies outside the recording.",)


@pytest.mark.slow
def test_real_exports_are_read_and_stored_to_the_last_value(shared_recordings: Path, tmp_path: Path) -> None:
    paths = sorted((shared_recordings / "stress-predict").glob("S*.zip"))
    assert len(paths) == 28
    for number, path in enumerate(paths):
        imported = read_e4(path)
        compare(path, imported)
        if number % 4:
            # Reading differs from file to file; storing does not, and takes most of the time.
            continue
        target = tmp_path / f"{path.stem}.h5"
        write_session(target, imported, ATTRIBUTES)
        with open_session(target) as session:
            for stream in imported.streams:
                times, values = rows_of(stream)
                stored = session.streams[stream.info.id]
                np.testing.assert_array_equal(stored.data[:], values)
                np.testing.assert_array_equal(stored.times[:], times)
                assert stored.time_model.measured_rate_hz == pytest.approx(
                    stream.info.rate_hz or 1, rel=1e-9
                ) or (not stream.info.rate_hz)
        target.unlink()
