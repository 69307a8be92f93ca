"""BIDS: passes the validator, holds every sample and answer, and says nothing of who it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.exchange.export_dataset import DatasetReport, Recording, write_dataset
from analysis.exchange.export_view import LEVELS, Level, Terms
from analysis.records import StreamInfo
from analysis.session_file import Session
from tests.helpers.bids import every_byte, physio, problems, table
from tests.helpers.recordings import PLAN, START_S
from tests.helpers.rich_session import BEATS, EEG, HEART, SECRETS, SMALL, STREAMS, rich_session, times_of

SHIFT = Terms("full", True, 12345.0, -3.0e9)
STEM = "sub-sim01_ses-01_task-small"


@pytest.fixture(scope="module")
def full(rich_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DatasetReport]:
    root = tmp_path_factory.mktemp("bids")
    return root, write_dataset(root, "Mood study", [Recording(rich_file, SHIFT)])


@pytest.fixture
def eeg(full: tuple[Path, DatasetReport]) -> Path:
    return full[0] / "sub-sim01" / "ses-01" / "eeg"


@pytest.fixture
def beh(full: tuple[Path, DatasetReport]) -> Path:
    return full[0] / "sub-sim01" / "ses-01" / "beh"


@pytest.mark.parametrize("level", ["full", *(pytest.param(n, marks=pytest.mark.slow) for n in LEVELS[1:])])
def test_the_validator_finds_no_error(rich_file: Path, tmp_path: Path, level: Level) -> None:
    write_dataset(tmp_path, "Mood study", [Recording(rich_file, Terms(level, True, 1.0, -3e9))])
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param(tuple(info for info in STREAMS if info is not EEG), id="without EEG"),
        pytest.param((HEART, EEG), id="EEG and heart", marks=pytest.mark.slow),
        pytest.param((EEG, replace(EEG, id="eeg 2")), id="two EEG", marks=pytest.mark.slow),
    ],
)
def test_the_validator_finds_no_error_whatever_was_recorded(
    tmp_path: Path, streams: tuple[StreamInfo, ...]
) -> None:
    path = rich_session(tmp_path / "s", streams=streams)
    root = tmp_path / "out"
    root.mkdir()
    write_dataset(root, "Mood study", [Recording(path, SHIFT)])
    assert problems(root) == []
    kind = "eeg" if EEG in streams else "beh"
    (file, *_) = sorted((root / "sub-sim01" / "ses-01" / kind).glob("*_events.tsv"))
    events = table(file)
    assert len([row for row in events if row["trial_type"] == "stimulus/neutral"]) == 2


def test_the_eeg_says_its_channels_and_its_holes(eeg: Path) -> None:
    described = json.loads((eeg / f"{STEM}_run-01_eeg.json").read_text(encoding="utf-8"))
    assert described["SamplingFrequency"] == 100.0
    assert described["EEGChannelCount"] == 3
    assert described["FilledSamples"] == 250
    assert described["Alignment"] == "not verified"
    channels = table(eeg / f"{STEM}_run-01_channels.tsv")
    assert [(row["name"], row["type"], row["units"]) for row in channels] == [
        ("Fz", "EEG", "uV"),
        ("Cz", "EEG", "uV"),
        ("Oz u<e>&", "EEG", "uV"),
    ]


def test_the_eeg_file_holds_every_sample(rich: Session, eeg: Path) -> None:
    import pyedflib

    with pyedflib.EdfReader(str(eeg / f"{STEM}_run-01_eeg.bdf")) as file:
        values = np.array([file.readSignal(n) for n in range(3)])
    rows = np.delete(values, np.s_[1000:1250], axis=1)
    np.testing.assert_allclose(rows, rich.streams["eeg"].data[:].T, atol=2e-5)


@pytest.mark.parametrize("info", [HEART, SMALL], ids=lambda info: info.id)
def test_other_signals_hold_every_sample_at_its_time(rich: Session, eeg: Path, info: StreamInfo) -> None:
    name = info.id
    sidecar, lines = physio(eeg / f"{STEM}_run-01_recording-{name}_physio.tsv.gz")
    stream = rich.streams[name]
    columns = [0] if name == "heart" else [0, 1]
    assert sidecar["Alignment"] == {"heart": "verified 3.2 ms +/- 0.4"}.get(name, "not verified")
    assert sidecar["Columns"] == [stream.info.channels[column] for column in columns]
    values = np.array([[np.nan if text == "n/a" else float(text) for text in line] for line in lines])
    expected = stream.data[:][:, columns].astype(np.float64)
    expected[~np.isfinite(expected)] = np.nan
    np.testing.assert_array_equal(values, expected)
    times = sidecar["StartTime"] + np.arange(len(lines)) / sidecar["SamplingFrequency"]
    np.testing.assert_allclose(times, times_of(info) - START_S, atol=1e-4)


def test_irregular_signals_have_an_onset_a_line(rich: Session, beh: Path) -> None:
    rows = table(beh / f"{STEM}_acq-ibi1_run-01_beh.tsv")
    np.testing.assert_array_equal(
        np.array([float(row["c0"]) for row in rows], np.float32), rich.streams[BEATS.id].data[:][:, 0]
    )
    onsets = [float(row["onset"]) for row in rows]
    np.testing.assert_allclose(onsets, times_of(BEATS) - START_S, atol=1e-4)


def test_events_say_onset_duration_and_what_it_was(eeg: Path) -> None:
    rows = table(eeg / f"{STEM}_run-01_events.tsv")
    shown = [row for row in rows if row["trial_type"] == "stimulus/neutral"]
    assert [row["stimulus"] for row in shown] == ["s0", "s1"]
    onsets = [float(row["onset"]) for row in shown]
    np.testing.assert_allclose(onsets, [2.2004, 3.2004], atol=1e-4)
    np.testing.assert_allclose([float(row["duration"]) for row in shown], 0.3001, atol=1e-4)
    trials = [row for row in rows if row["trial_type"] == "trial"]
    np.testing.assert_allclose([float(row["duration"]) for row in trials], 0.8, atol=1e-4)
    answers = {(row["trial"], row["item"]): row["value"] for row in rows if row["item"] != "n/a"}
    assert answers == {("0", "valence"): "5", ("1", "valence"): "6", ("0", "why"): "n/a", ("1", "why"): "n/a"}
    (hole,) = [row for row in rows if row["trial_type"] == "BAD_gap"]
    assert (float(hole["onset"]), float(hole["duration"])) == (10.0, 2.5)
    assert [float(row["onset"]) for row in rows] == sorted(float(row["onset"]) for row in rows)


def test_answers_and_keys_have_tables(rich: Session, beh: Path) -> None:
    trials = table(beh / f"{STEM}_run-01_beh.tsv")
    assert [row["rating_valence"] for row in trials] == ["5", "6"]
    assert "rating_why" not in trials[0]
    keys = table(beh / f"{STEM}_acq-keys_run-01_beh.tsv")
    assert [row["edge"] for row in keys] == list(rich.keys["edge"])
    assert "key" not in keys[0]


def test_pictures_and_sound_are_beside_the_data_set(full: tuple[Path, DatasetReport]) -> None:
    film = full[0] / "sourcedata" / "sub-sim01" / "ses-01" / f"{STEM}_run-01_camera.mp4"
    assert film.stat().st_size > 100_000
    start = json.loads(film.with_suffix(".json").read_text(encoding="utf-8"))["StartTime"]
    assert start == pytest.approx(0.0, abs=1e-4)


def test_no_byte_tells_who_where_or_when(rich: Session, full: tuple[Path, DatasetReport]) -> None:
    content = every_byte(full[0])
    secrets = [*SECRETS, str(rich.attributes["uuid"]), "2023-11-14", "2023-10", "1700001000", "3F2A", "15:30"]
    assert [secret for secret in secrets if secret.encode() in content] == []


def test_times_are_shifted_by_what_the_terms_say(full: tuple[Path, DatasetReport]) -> None:
    (row,) = table(full[0] / "sub-sim01" / "ses-01" / "sub-sim01_ses-01_scans.tsv")
    assert row["filename"] == f"eeg/{STEM}_run-01_eeg.bdf"
    assert row["acq_time"].startswith("1928-10-21T17:10:00")


@pytest.mark.parametrize(
    ("level", "still"),
    [
        ("full", {"face", "voice", "rhythm", "EEG", "heart", "movement"}),
        ("no-face-voice", {"rhythm", "EEG", "heart", "movement"}),
        ("signals", {"EEG", "heart", "movement"}),
    ],
)
def test_the_report_says_what_went_and_what_still_identifies(
    rich_file: Path, tmp_path: Path, level: Level, still: set[str]
) -> None:
    report = write_dataset(tmp_path, "Mood study", [Recording(rich_file, Terms(level, True, 1.0, -3e9))])
    words = ("face", "voice", "rhythm", "EEG", "heart", "movement")
    told = " ".join(report.still_identifies)
    assert {word for word in words if word in told} == still
    known = json.loads((tmp_path / "export_report.json").read_text(encoding="utf-8"))
    assert known == report.to_json()
    files = {wrote["file"] for session in known["sessions"].values() for wrote in session["wrote"]}
    assert all((tmp_path / file).is_file() for file in files)
    assert any("mp4" in file for file in files) == (level == "full")
    assert any("acq-keys" in file for file in files) == (level != "signals")
    assert "What can still identify" in (tmp_path / "export_report.md").read_text(encoding="utf-8")


def test_a_study_is_one_data_set(rich_file: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path, "Mood study", [Recording(rich_file, SHIFT)])
    described = json.loads((tmp_path / "dataset_description.json").read_text(encoding="utf-8"))
    assert described["Name"] == "Mood study"
    assert table(tmp_path / "participants.tsv") == [{"participant_id": "sub-sim01", "origin": "simulated"}]


def test_two_runs_of_a_session_share_their_list_of_scans(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    paths = [
        rich_session(tmp_path / "s", replace(PLAN, run=run, name=f"{STEM}_run-{run:02d}"), (EEG,))
        for run in (1, 2)
    ]
    write_dataset(root, "Mood study", [Recording(path, SHIFT) for path in paths])
    scans = table(root / "sub-sim01" / "ses-01" / "sub-sim01_ses-01_scans.tsv")
    assert [row["filename"] for row in scans] == [f"eeg/{STEM}_run-{run:02d}_eeg.bdf" for run in (1, 2)]
    assert problems(root) == []
