"""Stress-Predict and EmoDB come in as published: every labelled second, every utterance; real files too."""

from __future__ import annotations

import gzip
import wave
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.corpus.loading import load_recording
from analysis.corpus.signals import modalities_of, signal_of
from analysis.exchange import import_emodb, import_stress_predict
from analysis.exchange.import_session import Imported, ImportFileError, write_session
from analysis.exchange.import_set import Cuts
from tests.helpers.foreign import e4_files, e4_zip

ATTRIBUTES = {"uuid": "u", "name": "x", "study": "S", "participant": "01", "session": 1, "run": 1}
START = 1_645_416_000
"""2022-02-21 04:00 UTC, which the table calls 04:00 whatever half of the day it was."""


# Stress-Predict

TIMES: Mapping[str, tuple[str, str]] = {
    "Baseline/Questionniare": ("04:00:00", "04:01:00"),
    "Stroop Test": ("04:01:00", "04:02:00"),
    "Relax": ("04:02:00", "04:03:00"),
    "Interview": ("04:03:00", "04:04:00"),
    "Relax.1": ("04:04:00", "04:05:00"),
    "Hyperventilation": ("04:05:00", "04:06:00"),
    "Relax.2": ("04:06:00", "04:07:00"),
    "Questionniare": ("04:07:00", "04:08:00"),
    "Relax/Baseline": ("04:08:00", "04:09:00"),
}


def stress_predict(folder: Path, start: int = START, times: Mapping[str, tuple[str, str]] = TIMES) -> Path:
    """Write the set with S01 (no labels) and S02, whose labels run 20 s behind the table."""
    e4_zip(folder / "S01.zip", e4_files(560, start - 86_400.0))
    e4_zip(folder / "S02.zip", e4_files(560, float(start)))
    labels = [(start + second, int((second - 20) // 60 in (1, 3, 5))) for second in range(9, 560)]
    rows = ["participant,unix_s,stress", *(f"S02,{second},{value}" for second, value in labels)]
    (folder / "labels.csv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    head = ["S. ID.", "Start Time"]
    cells = ["S02", "04:00:00"]
    for place, (column, (first, last)) in enumerate(times.items()):
        head += [column, f"Unnamed: {place}"]
        cells += [first, last]
    table = [[*head, "Date"], ["", *["Start", "End"] * 9], [*cells, "2022-02-21"]]
    (folder / "task_times.csv").write_text("\n".join(",".join(row) for row in table) + "\n")
    return folder


def read_stress_predict(folder: Path) -> dict[str, Imported]:
    return {member.participant: member.read() for member in import_stress_predict.members(folder)}


def test_runs_of_a_label_are_trials_with_the_names_of_their_tasks(tmp_path: Path) -> None:
    trials = read_stress_predict(stress_predict(tmp_path))["S02"].trials
    assert [(trial.stimulus, trial.category, trial.start_s, trial.stop_s) for trial in trials] == [
        ("baseline", "rest", 9, 80),
        ("stroop", "stress", 80, 140),
        ("relax-1", "rest", 140, 200),
        ("interview", "stress", 200, 260),
        ("relax-2", "rest", 260, 320),
        ("hyperventilation", "stress", 320, 380),
        # One run of rest: its tasks part it at the table's times.
        ("relax-3", "rest", 380, 420),
        ("questionnaire", "rest", 420, 480),
        ("relax-4", "rest", 480, 560),
    ]


@pytest.mark.parametrize("hours", [0, 12])
def test_the_table_does_not_know_the_half_of_the_day(hours: int, tmp_path: Path) -> None:
    stress_predict(tmp_path, START + hours * 3600)
    trials = read_stress_predict(tmp_path)["S02"].trials
    assert [trial.stimulus for trial in trials][:3] == ["baseline", "stroop", "relax-1"]
    assert trials[0].start_s == 9


def test_the_clock_of_twelve_hours_may_strike_one(tmp_path: Path) -> None:
    def clock(text: str) -> str:
        minute = int(text[3:5])
        return f"12:{57 + minute}:00" if minute < 3 else f"01:{minute - 3:02d}:00"

    times = {column: (clock(first), clock(last)) for column, (first, last) in TIMES.items()}
    stress_predict(tmp_path, START + 8 * 3600 + 57 * 60, times)
    trials = read_stress_predict(tmp_path)["S02"].trials
    assert [trial.stimulus for trial in trials] == list(import_stress_predict.COLUMNS.values())


def test_who_has_no_labels_comes_in_without_trials_and_that_is_said(tmp_path: Path) -> None:
    imported = read_stress_predict(stress_predict(tmp_path))["S01"]
    assert imported.trials == ()
    assert imported.statements[-1] == "labels.csv.gz says nothing of S01: the recording has no trials."
    assert len(imported.streams) == 6


def test_the_tables_are_named_but_do_not_make_another_recording(tmp_path: Path) -> None:
    imported = read_stress_predict(stress_predict(tmp_path))["S02"]
    assert [source.name for source in imported.sources] == ["S02.zip"]
    assert [source.name for source in imported.tables] == ["labels.csv.gz", "task_times.csv"]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("labels.csv.gz", None, "labels.csv.gz is missing"),
        ("task_times.csv", None, "task_times.csv is missing"),
        ("labels.csv.gz", b"no gzip", "cannot be unpacked"),
        (
            "labels.csv.gz",
            gzip.compress(b"a,b,c\nS02,now,1\n", mtime=0),
            r"labels\.csv\.gz:2: is not participant",
        ),
        ("task_times.csv", b"S. ID.,Date\n", r"task_times\.csv:1: has no column Baseline"),
    ],
)
def test_a_broken_table_is_named(file: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    stress_predict(tmp_path)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(ImportFileError, match=message):
        import_stress_predict.members(tmp_path)


def test_a_time_that_is_none_is_named_by_its_line(tmp_path: Path) -> None:
    stress_predict(tmp_path, times={**TIMES, "Interview": ("soon", "04:04:00")})
    with pytest.raises(ImportFileError, match=r"task_times\.csv:3: .*soon.* is no time"):
        import_stress_predict.members(tmp_path)


def test_a_line_that_ends_too_early_is_named(tmp_path: Path) -> None:
    table = stress_predict(tmp_path) / "task_times.csv"
    head, ends, times = table.read_text().splitlines()
    table.write_text("\n".join((head, ends, times.rpartition(",")[0])))
    with pytest.raises(ImportFileError, match=r"task_times\.csv:3: .* is no time"):
        import_stress_predict.members(tmp_path)


def test_the_real_second_participant(shared_recordings: Path, tmp_path: Path) -> None:
    (member,) = import_stress_predict.members(shared_recordings / "stress-predict" / "S02.zip")
    imported = member.read()
    write_session(tmp_path / "x.h5", imported, ATTRIBUTES)
    recording, trials, left = load_recording(tmp_path / "x.h5")
    assert modalities_of(recording) == ("bvp", "eda", "temperature", "acceleration")
    assert left == ()
    assert [(trial.stimulus, round(trial.stop_s - trial.start_s)) for trial in trials] == [
        ("baseline", 613),
        ("stroop", 376),
        ("relax-1", 272),
        ("interview", 655),
        ("relax-2", 302),
        ("hyperventilation", 130),
        ("relax-3", 229),
        ("questionnaire", 300),
        ("relax-4", 680),
    ]
    assert [trial.category for trial in trials[:3]] == ["rest", "stress", "rest"]
    pulse = signal_of(recording, "bvp")
    assert pulse is not None
    assert pulse.values.shape == (228_173, 1)


# EmoDB


def sound(seed: int, count: int = 4000) -> NDArray[np.int16]:
    return np.random.default_rng(seed).integers(-30_000, 30_000, count).astype(np.int16)


def wav(path: Path, samples: NDArray[np.int16], rate_hz: int = 16_000, channels: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())


@pytest.fixture
def emodb(tmp_path: Path) -> Path:
    folder = tmp_path / "wav"
    folder.mkdir()
    for place, name in enumerate(("03a01Wa", "03a01Nc", "03b10Tb", "16a05Lb")):
        wav(folder / f"{name}.wav", sound(place, 4000 + 100 * place))
    return folder


def test_a_speaker_is_a_session_and_an_utterance_a_trial(emodb: Path, tmp_path: Path) -> None:
    first, second = import_emodb.members(emodb)
    assert (first.participant, second.participant) == ("03", "16")
    imported = first.read()
    assert [(trial.stimulus, trial.category, trial.about["version"]) for trial in imported.trials] == [
        ("a01", "neutral", "c"),
        ("a01", "anger", "a"),
        ("b10", "sadness", "b"),
    ]
    write_session(tmp_path / "x.h5", imported, ATTRIBUTES)
    recording, trials, _ = load_recording(tmp_path / "x.h5")
    heard = signal_of(recording, "speech")
    assert heard is not None and heard.rate_hz == 16_000
    for trial, seed in zip(trials, (1, 0, 2), strict=True):
        rows = slice(*(round((each - heard.start_s) * 16_000) for each in trial.shown))
        assert np.array_equal(heard.values[rows, 0] * 32768, sound(seed, 4000 + 100 * seed))
    between = slice(round(trials[0].stop_s * 16_000), round(trials[1].start_s * 16_000))
    assert np.isnan(heard.values[between]).all()
    assert between.stop - between.start == 16_000


@pytest.mark.parametrize(
    ("letter", "emotion"),
    list(
        zip(
            "WLEAFTN", ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral"), strict=True
        )
    ),
)
def test_the_letter_is_of_the_german_word(letter: str, emotion: str, tmp_path: Path) -> None:
    wav(tmp_path / f"08a02{letter}a.wav", sound(1))
    (member,) = import_emodb.members(tmp_path)
    assert member.read().trials[0].category == emotion


def test_what_is_no_utterance_is_said(emodb: Path) -> None:
    wav(emodb / "holiday.wav", sound(9))
    with pytest.raises(ImportFileError, match=r"holiday\.wav: is no name of EmoDB"):
        import_emodb.members(emodb)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"RIFF", "is not a sound wav file"), (b"", "is not a sound wav file")],
)
def test_a_broken_wav_is_said(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "03a01Wa.wav").write_bytes(content)
    (member,) = import_emodb.members(tmp_path)
    with pytest.raises(ImportFileError, match=message):
        member.read()


def test_two_channels_and_two_rates_are_refused(tmp_path: Path) -> None:
    wav(tmp_path / "03a01Wa.wav", sound(1), channels=2)
    (member,) = import_emodb.members(tmp_path)
    with pytest.raises(ImportFileError, match="is not one channel of 16 bits"):
        member.read()
    wav(tmp_path / "03a01Wa.wav", sound(1))
    wav(tmp_path / "03a01Wb.wav", sound(1), rate_hz=22_050)
    (member,) = import_emodb.members(tmp_path)
    with pytest.raises(ImportFileError, match="different rates"):
        member.read()


def test_real_utterances(shared_recordings: Path) -> None:
    members = import_emodb.members(shared_recordings / "emodb")
    assert [member.participant for member in members] == ["03", "08", "09", "10", "11", "12", "13", "14"]
    imported = members[0].read()
    assert len(imported.trials) == 49
    (stream,) = imported.streams
    assert (stream.rows, stream.info.rate_hz) == (49 * 44_100, 22_050)


# Trials that were cut out


def test_cut_trials_lie_a_second_apart_on_the_samples_grid() -> None:
    cuts = Cuts.of([5, 3, 4], 2.0)
    assert cuts.first_rows == (0, 7, 12)
    assert [(cuts.start_s(place), cuts.stop_s(place)) for place in range(3)] == [(0, 2.5), (3.5, 5), (6, 8)]
    assert Cuts.of([5, 3], 0.25).first_rows == (0, 6)
    assert Cuts.of([5], 0.25).first_rows == (0,)
