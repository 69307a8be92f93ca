"""Trials come into a corpus with the spans and answers that the session file tells, or it says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.amendments import FILE
from analysis.corpus.corpus import CorpusError, Left
from analysis.corpus.loading import load_recording
from analysis.session_file import file_sha256
from tests.helpers.corpus_files import Happenings, corpus_of, info, numbers, write
from tests.helpers.recordings import PLAN, START_S, record


@pytest.fixture
def happened() -> Happenings:
    return Happenings()


def test_a_trial_has_its_stages_by_name_and_by_kind(happened: Happenings, tmp_path: Path) -> None:
    happened.trial(0, 10.0, ratings={"valence": 7, "why": "nice", "sure": True, "arousal": 2.5})
    recording, (trial,), left = load_recording(write(tmp_path / "one.h5", (), happened.events))
    assert (recording.id, recording.participant, recording.session) == ("one", "P01", "2")
    assert recording.sha256 == file_sha256(tmp_path / "one.h5")
    assert (trial.key, trial.stimulus, trial.category) == (("one", 0), "s0", "pleasant")
    assert (trial.start_s, trial.stop_s, trial.end_reason) == (10.0, 14.0, "completed")
    assert trial.stages == {
        "fixation": ((10.0, 11.0),),
        "induction": ((11.0, 13.0),),
        "picture": ((11.0, 13.0),),
        "rating": ((13.0, 14.0),),
        "questionnaire": ((13.0, 14.0),),
    }
    assert trial.ratings == {"valence": 7.0, "arousal": 2.5}
    assert left == ()


def test_a_point_on_a_grid_is_a_rating_by_each_dimension(happened: Happenings, tmp_path: Path) -> None:
    grid = {"id": "felt", "scale": "grid", "x": {"dimension": "valence"}, "y": {"dimension": "arousal"}}
    schedule = {"trials": [], "stages": [{"name": "rating", "content": {"items": [grid, {"id": "fun"}]}}]}
    happened.trial(0, 10.0, ratings={"felt": [7, 2.5], "fun": 4})
    happened.trial(1, 20.0, ratings={"felt": [7, 2], "arousal": 9})
    happened.trial(2, 30.0, ratings={"felt": [7], "why": ["a", "b"]})
    happened.trial(3, 40.0, ratings={"felt": None})
    path = write(tmp_path / "one.h5", (), happened.events, schedule)
    _, trials, _ = load_recording(path)
    assert [trial.ratings for trial in trials] == [
        {"fun": 4.0, "valence": 7.0, "arousal": 2.5},
        {"arousal": 9.0, "valence": 7.0},
        {},
        {},
    ]


@pytest.mark.parametrize(("actual", "shown"), [(True, (11.01, 13.01)), (False, (11.0, 13.0))])
def test_what_was_shown_is_measured_and_else_intended(
    actual: bool, shown: tuple[float, float], happened: Happenings, tmp_path: Path
) -> None:
    happened.trial(0, 10.0, actual=actual)
    _, (trial,), _ = load_recording(write(tmp_path / "one.h5", (), happened.events))
    assert trial.shown == pytest.approx(shown)


def test_without_a_stimulus_the_whole_trial_is_shown(happened: Happenings, tmp_path: Path) -> None:
    happened.add(5.0, "trial_started", 0)
    happened.add(5.0, "stage_started", 0, "rest")
    happened.add(9.0, "trial_ended", 0, reason="completed")
    schedule = {"trials": [], "stages": [{"name": "rest", "kind": "rest"}, {"name": "other", "kind": "film"}]}
    _, (trial,), _ = load_recording(write(tmp_path / "one.h5", (), happened.events, schedule))
    assert trial.shown == (5.0, 9.0)
    assert trial.stages == {"rest": ((5.0, 9.0),)}


def test_a_stage_that_says_no_kind_has_that_of_the_schedule(happened: Happenings, tmp_path: Path) -> None:
    happened.add(5.0, "trial_started", 0)
    happened.add(5.0, "stage_started", 0, "induction")
    happened.add(7.0, "stage_started", 0, "pause")
    happened.add(9.0, "trial_ended", 0, reason="completed")
    schedule = {"trials": [], "stages": [{"name": "induction", "kind": "film"}]}
    _, (trial,), _ = load_recording(write(tmp_path / "one.h5", (), happened.events, schedule))
    assert trial.stages == {
        "induction": ((5.0, 7.0),),
        "film": ((5.0, 7.0),),
        "pause": ((7.0, 9.0),),
    }


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("aborted", "was aborted"),
        ("skipped", "was skipped"),
        ("declined", "was declined by the participant"),
        ("interrupted", "was interrupted"),
        ("screened out", "did not come to its end (screened out)"),
    ],
)
def test_a_trial_that_did_not_come_to_its_end_is_left(
    reason: str, why: str, happened: Happenings, tmp_path: Path
) -> None:
    happened.trial(0, 10.0)
    happened.trial(1, 20.0, reason=reason)
    _, trials, left = load_recording(write(tmp_path / "one.h5", (), happened.events))
    assert [trial.index for trial in trials] == [0]
    assert left == (Left("one", 1, why),)


def test_practice_and_what_the_crash_cut_are_left(happened: Happenings, tmp_path: Path) -> None:
    happened.trial(0, 10.0, practice=True)
    happened.add(20.0, "trial_started", 1)
    _, trials, left = load_recording(write(tmp_path / "one.h5", (), happened.events))
    assert trials == ()
    assert [each.why for each in left] == ["is practice", "broke off before its end"]


def test_of_a_repeated_trial_the_last_attempt_counts(happened: Happenings, tmp_path: Path) -> None:
    happened.trial(0, 10.0, reason="aborted", ratings={"valence": 1})
    happened.trial(0, 14.0, ratings={"arousal": 9})
    _, (trial,), left = load_recording(write(tmp_path / "one.h5", (), happened.events))
    assert (trial.start_s, trial.stop_s) == (14.0, 18.0)
    assert trial.shown == pytest.approx((15.01, 17.01))
    assert trial.stages["induction"] == ((15.0, 17.0),)
    assert trial.ratings == {"arousal": 9.0}
    assert left == ()


def test_a_stage_that_was_shown_anew_counts_once(happened: Happenings, tmp_path: Path) -> None:
    happened.add(10.0, "trial_started", 0, stimulus="s0")
    happened.picture(0, 11.0, 0.5, reason="interrupted")
    happened.picture(0, 20.0)
    happened.add(22.0, "trial_ended", 0, reason="completed")
    _, (trial,), _ = load_recording(write(tmp_path / "one.h5", (), happened.events))
    assert trial.stages["picture"] == ((20.0, 22.0),)
    assert trial.shown == pytest.approx((20.01, 22.01))


def test_corrections_of_the_study_are_applied(happened: Happenings, tmp_path: Path) -> None:
    happened.trial(0, 10.0)
    stream = numbers(info("eeg", "eeg", 4.0, ("a", "b")), _times(4), _values(4, 2))
    path = write(tmp_path / "sub-P01" / "one.h5", (stream,), happened.events)
    (tmp_path / "study.yaml").write_text("format: evoke-study\n")
    (tmp_path / FILE).write_text(
        '{"kind": "code", "participant": "P01", "value": "P09"}\n'
        '{"kind": "channels", "participant": "P01", "stream": "eeg", "value": {"a": "b", "b": "a"}}\n'
    )
    recording, (trial,), _ = load_recording(path)
    assert (recording.participant, trial.participant) == ("P09", "P09")
    assert recording.streams[0].channels == ("b", "a")


def test_refused_streams_are_in_no_recording(happened: Happenings, tmp_path: Path) -> None:
    streams = [
        numbers(info("mic", "audio", 100.0, dtype="int16"), _times(4), _values(4)),
        numbers(info("eda", "eda", 4.0), _times(4), _values(4)),
    ]
    path = write(tmp_path / "one.h5", streams, happened.events)
    recording, _, _ = load_recording(path, refused=("voice", "typed_text"))
    assert [stream.id for stream in recording.streams] == ["eda"]
    assert recording.refused == ("keys", "speech", "text")


def test_a_corpus_is_in_the_order_of_names_and_says_what_it_cannot_read(
    happened: Happenings, tmp_path: Path
) -> None:
    happened.trial(0, 10.0)
    second = write(tmp_path / "b.h5", (), happened.events, participant="P02")
    first = write(tmp_path / "a.h5", (), happened.events)
    broken = tmp_path / "c.h5"
    broken.write_bytes(b"nothing of ours")
    corpus = corpus_of([second, first, broken], "mine")
    assert [recording.id for recording in corpus.recordings] == ["a", "b"]
    assert [trial.recording for trial in corpus.trials] == ["a", "b"]
    assert corpus.participants == ("P01", "P02")
    assert [(each.recording, each.trial) for each in corpus.left_out] == [("c", -1)]
    assert "is not a session file" in corpus.left_out[0].why


def test_two_recordings_of_one_name_are_refused(happened: Happenings, tmp_path: Path) -> None:
    paths = [write(tmp_path / folder / "a.h5", (), happened.events) for folder in ("x", "y")]
    with pytest.raises(CorpusError, match="two recordings have this name"):
        corpus_of(paths, "mine")


def test_a_part_is_no_recording_yet(tmp_path: Path) -> None:
    path = tmp_path / "x_part-001.h5"
    record(path, START_S, START_S + 0.5, PLAN)
    with pytest.raises(CorpusError, match="is not finished"):
        load_recording(path)


def _times(count: int) -> NDArray[np.float64]:
    return np.arange(count) / 4


def _values(count: int, width: int = 1) -> NDArray[np.int64]:
    return np.arange(count * width).reshape(count, width)
