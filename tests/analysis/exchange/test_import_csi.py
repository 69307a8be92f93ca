"""Logs of ESP32 nodes: every column order, broken lines, clocks that wrap, gaps, labels, and the session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exchange.csi_log import ESP_CSI, SUBCARRIERS, TOOL, amplitudes_of, read_log, unwrapped
from analysis.exchange.import_csi import members, read_csi, resampled_log
from analysis.exchange.import_session import ImportFileError
from analysis.simulate.channel import KINDS, passages, write_events, write_log
from app.cli import main
from app.study import Study

PAIRS = " ".join(f"{place} {-place}" for place in range(64))


def line(stamp: int = 1000, rssi: int = -50, array: str = f"[{PAIRS} ]") -> str:
    values = {"type": "CSI_DATA", "mac": "24:0A:C4:00:00:01", "rssi": rssi, "local_timestamp": stamp}
    return ",".join(str(values.get(name, 0)) for name in TOOL) + "," + array


def log(folder: Path, lines: list[str], name: str = "road_1.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_amplitudes_are_those_of_the_52_subcarriers_from_minus_26_to_26() -> None:
    numbers = np.zeros((64, 2), int)
    for number in SUBCARRIERS:
        numbers[number % 64] = (3 * number, 4 * number)
    text = " ".join(map(str, numbers.reshape(-1)))
    np.testing.assert_allclose(amplitudes_of(text), 5.0 * np.abs(SUBCARRIERS))
    wide = amplitudes_of(text + " 99" * 256)
    np.testing.assert_allclose(wide, 5.0 * np.abs(SUBCARRIERS))
    invalid = amplitudes_of(text, first_word_invalid=True)
    assert invalid[SUBCARRIERS.index(1)] == 10.0


def test_both_tools_and_named_columns_are_read(tmp_path: Path) -> None:
    of_tool = log(tmp_path, [line(0), line(20_000)], "a.csv")
    values = {"type": "CSI_DATA", "rssi": "-61"}
    other = [
        ",".join(values.get(name, "5" if name == "local_timestamp" else "0") for name in ESP_CSI)
        + f',"[{PAIRS.replace(" ", ",")}]"',
        ",".join(values.get(name, "20005" if name == "local_timestamp" else "0") for name in ESP_CSI)
        + f',"[{PAIRS.replace(" ", ",")}]"',
    ]
    of_espressif = log(tmp_path, other, "b.csv")
    named = log(
        tmp_path,
        ["type,local_timestamp,rssi,data", f"CSI_DATA,7,-70,[{PAIRS}]", f"CSI_DATA,20007,-70,[{PAIRS}]"],
        "c.csv",
    )
    found = [read_log(path) for path in (of_tool, of_espressif, named)]
    for each, rssi in zip(found, (-50, -61, -70), strict=True):
        assert each.rssi_dbm.tolist() == [rssi, rssi] and not each.bad
        np.testing.assert_allclose(each.times_s, [0, 0.02])
        np.testing.assert_array_equal(each.amplitudes, found[0].amplitudes)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("I (345) wifi: hello", "does not begin with CSI_DATA"),
        (line()[:40], "has no array"),
        (line()[:120], "numbers, not 104, nor 128 or more"),
        ("CSI_DATA,1,2,[" + PAIRS + "]", "has 3 columns before its array"),
        (line(array="[1 2 3]"), "its array has 3 numbers"),
        (line(array="[" + PAIRS.replace("63", "x") + "]"), "has no array"),
        (line(array="[" + PAIRS.replace("63", "1e9") + "]"), "numbers that no node gives"),
        (line(stamp=-4), "is no count of 32 bits"),
    ],
)
def test_a_broken_line_is_left_out_counted_and_named(tmp_path: Path, broken: str, why: str) -> None:
    found = read_log(log(tmp_path, [line(0), broken, line(20_000)]))
    assert len(found.times_s) == 2
    ((number, words),) = found.bad
    assert number == 2 and why in words
    told = read_csi(log(tmp_path, [line(0), broken, line(20_000)])).statements
    assert told[0].startswith("1 lines are no readings and were left out: line 2 ")


@given(st.text(st.characters(codec="ascii", exclude_characters="\n\r"), max_size=200))
def test_no_line_stops_the_reading_of_the_others(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        if text.strip().startswith("type,"):
            return
        found = read_log(log(Path(folder), [line(0), text, line(20_000)]))
    assert len(found.times_s) + len(found.bad) <= 4 and len(found.times_s) >= 2


def test_a_clock_that_wraps_goes_on_and_one_that_began_anew_is_said() -> None:
    times, restarts = unwrapped(np.array([2**32 - 30_000, 2**32 - 10_000, 10_000, 30_000], float))
    np.testing.assert_allclose(times, [0, 0.02, 0.04, 0.06])
    assert restarts == 0
    times, restarts = unwrapped(np.array([500_000, 520_000, 100, 20_100], float))
    np.testing.assert_allclose(times, [0, 0.02, 1.02, 1.04])
    assert restarts == 1


def test_short_holes_are_bridged_and_long_ones_are_gaps(tmp_path: Path) -> None:
    stamps = [0, 20_000, 40_000, 120_000, 140_000, 640_000, 660_000]
    path = log(tmp_path, [line(stamp) for stamp in stamps])
    even = resampled_log(read_log(path))
    assert even.bridged == 3 and int(np.isnan(even.rssi_dbm).sum()) == 24
    imported = read_csi(path)
    csi = imported.streams[0]
    assert [gap.missing for gap in csi.gaps] == [24] and csi.rows == 34 - 24
    assert any("0.5 s without a reading" in text for text in imported.statements)


def test_jittered_readings_come_back_at_their_times(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    stamps = np.arange(300) * 20_000 + random.integers(-6000, 6000, 300).clip(-6000, 6000)
    stamps[0] = 0
    wave = np.sin(2 * np.pi * stamps / 1e6)
    arrays = ["[" + " ".join([f"{50 + 20 * value:.4f} 0"] * 64) + "]" for value in wave]
    lines = [line(int(at), array=array) for at, array in zip(stamps, arrays, strict=True)]
    found = resampled_log(read_log(log(tmp_path, lines)))
    expected = 50 + 20 * np.sin(2 * np.pi * np.arange(len(found.rssi_dbm)) / 50)
    assert np.abs(found.amplitudes[:, 0] - expected).max() < 0.5


def test_a_folder_comes_in_with_its_labels_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    made = {f"north_{day}.csv": passages(tuple(KINDS), day) for day in (1, 2)}
    for name, recording in made.items():
        write_log(folder / name, recording)
    write_events(folder / "events.csv", made)
    with (folder / "events.csv").open("a") as file:
        file.write("north_2.csv,1,1.5,ghost\n")
    study = Study.create(tmp_path / "study", "road", "people", protocol="")
    assert main(["import", "csi", str(folder), "--study", str(study.folder)]) == 0
    told = capsys.readouterr()
    assert "No passage was detected where events.csv has ghost at 1 s" in told.err
    from analysis.corpus.signals import modalities_of, signal_of
    from app.analysing.corpora import study_corpus

    corpus = study_corpus(study)
    assert [(each.participant, each.session) for each in corpus.recordings] == [
        ("north", "1"),
        ("north", "2"),
    ]
    assert [trial.category for trial in corpus.trials] == [*KINDS, *KINDS]
    assert modalities_of(corpus.recordings[0]) == ("csi",)
    signal = signal_of(corpus.recordings[0], "csi")
    assert signal is not None and signal.values.shape[1] == 52 and signal.rate_hz == 50
    assert np.abs(signal.values - made["north_1.csv"].amplitudes).max() < 1.0
    assert main(["import", "csi", str(folder), "--study", str(study.folder)]) == 0
    assert "0 imported, 2 there already" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["north_2.csv", "north_2", "north_ses-02.CSV", "sub-north_ses-02_task-csi"])
def test_a_line_of_events_belongs_to_the_log_of_that_place_and_visit(tmp_path: Path, name: str) -> None:
    for day in (1, 2):
        write_log(tmp_path / f"north_{day}.csv", passages(("car",), day))
    (passage,) = passages(("car",), 2).passages
    (tmp_path / "events.csv").write_text(f"file,time_s,label\n{name},{passage.start_s + 1},tram\n")
    first, second = (member.read() for member in members(tmp_path))
    assert [each.category for each in first.trials] == [""]
    assert [each.category for each in second.trials] == ["tram"]


def test_lines_that_belong_to_no_log_are_said(tmp_path: Path) -> None:
    for day in (1, 2):
        log(tmp_path, [line(0), line(20_000)], f"north_{day}.csv")
    (tmp_path / "events.csv").write_text("file,time_s,label\n,1,car\nsouth_1,2,car\nsouth_1,3,bus\n")
    first, second = (member.read().statements for member in members(tmp_path))
    assert first[-2:] == (
        "events.csv: 1 lines name no file, and there are several logs: they were left out.",
        "events.csv: 2 lines are of files that are not here and were left out: south_1.",
    )
    assert not any("events.csv" in text for text in second)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("events.csv", "a,b\n1,2\n", "needs the columns label and time_s"),
        ("events.csv", "time_s,label\nsoon,car\n", ":2: 'soon' to 'soon' is no time"),
        ("events.csv", "time_s,label\n3,\n", "needs a label"),
        ("road_2.csv", "nothing\n", "0 lines are readings of the channel, 1 are not"),
        ("road_01.csv", "", "is visit 1 of road, as road_0?1.csv is"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    log(tmp_path, [line(0), line(20_000)])
    (tmp_path / name).write_text(content)
    with pytest.raises(ImportFileError, match=words):
        for member in members(tmp_path):
            member.read()
