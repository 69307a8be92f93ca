"""EEG segments about presses of a real session file: cut, labelled by an edited table, ranked, listed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyedflib
import pytest

from analysis.evaluation.experiment import SplitSpec
from analysis.targets.emotions import DIMENSIONS, EMOTIONS, recipe_of
from app import cli
from app.analysing import channels
from app.analysing.channel_figures import ranking_figure
from app.analysing.channels import Cutting, Segments, channel_rows, ranking, segments
from app.analysing.corpora import study_corpus
from app.analysing.emotion_labels import label_table, write_label_table
from app.analysing.evaluating import EvaluatingError, Prepared, prepare
from app.analysing.targets import TargetFileError, make_target, recipe_named, recipes
from app.study import Study
from tests.helpers.imagery_study import imagery_study
from tests.helpers.labelled import make_study


@pytest.fixture(scope="module")
def imagined(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return imagery_study(tmp_path_factory.mktemp("imagery"))


def test_every_press_that_has_room_is_a_segment_of_its_emotion(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    assert {trial.item for trial in corpus.trials} <= EMOTIONS.keys()
    assert all(len(trial.presses) >= 2 for trial in corpus.trials)
    made = segments(imagined, Cutting())
    (each,) = made.batch.inputs.values()
    assert each.values.shape[1:] == (256, 8)
    assert made.channels[:2] == ("AF3", "AF4")
    assert any(note.startswith("Valence: ") for note in made.notes)
    assert made.batch.y is not None
    by_trial = {trial.key: EMOTIONS[trial.item][0] for trial in corpus.trials}
    cases = made.batch.cases
    for row in range(len(made.batch)):
        key = (str(cases.recording[row]), int(cases.trial[row]))
        assert by_trial[key] == made.batch.classes[made.batch.y[row]]
        press_s = (cases.start_s[row] + cases.stop_s[row]) / 2
        presses = next(trial.presses for trial in corpus.trials if trial.key == key)
        assert min(abs(press_s - each) for each in presses) < 1e-6


def test_a_window_may_end_at_the_press(imagined: Study) -> None:
    centred, before = segments(imagined, Cutting()), segments(imagined, Cutting(ends_at_press=True))
    both = set(np.round(before.batch.cases.stop_s, 6)) & set(np.round(centred.batch.cases.stop_s - 1, 6))
    assert len(both) >= 0.8 * len(centred.batch)


def test_the_study_offers_both_recipes_and_an_edited_table_changes_the_labels(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    target = make_target(imagined, corpus, recipe_named(imagined, corpus, "emotion-arousal"))
    assert target.classes == ("low", "high")
    assert len(target.values) == len(corpus.trials)
    before = segments(imagined, Cutting()).batch
    turned = {name: (levels[1], levels[0]) for name, levels in EMOTIONS.items()}
    path = write_label_table(imagined, turned)
    try:
        assert label_table(imagined) == turned
        after = segments(imagined, Cutting(dimension="arousal")).batch
        assert before.y is not None and after.y is not None
        np.testing.assert_array_equal(after.y, before.y)
    finally:
        path.unlink()


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_is_evaluated_goes_by_the_edited_table_too(imagined: Study, dimension: str) -> None:
    corpus = study_corpus(imagined)
    name = f"emotion-{dimension}"
    before = make_target(imagined, corpus, recipe_named(imagined, corpus, name))
    turned = {
        emotion: (_turned(valence), _turned(arousal)) for emotion, (valence, arousal) in EMOTIONS.items()
    }
    path = write_label_table(imagined, turned)
    try:
        after = make_target(imagined, corpus, recipe_named(imagined, corpus, name))
        assert {key: 1.0 - value for key, value in before.values.items()} == dict(after.values)
        assert after.recipe == recipe_of(turned, dimension)
        assert after.sha256 != before.sha256
        swept = segments(imagined, Cutting(dimension=dimension)).batch
        assert swept.y is not None
        of = {key: int(value) for key, value in after.values.items()}
        keys = zip(swept.cases.recording, swept.cases.trial, strict=True)
        assert [of[str(recording), int(trial)] for recording, trial in keys] == swept.y.tolist()
    finally:
        path.unlink()


def _turned(level: str) -> str:
    return "low" if level == "high" else "high"


def test_an_emotion_that_only_the_edited_table_has_is_a_target(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    own = {trial.item: (("low", "high")[place % 2], "low") for place, trial in enumerate(corpus.trials)}
    path = write_label_table(imagined, own)
    try:
        assert recipe_named(imagined, corpus, "emotion-valence").of == recipe_of(own, "valence").of
        path.write_text("emotion,valence\n", encoding="utf-8")
        with pytest.raises(TargetFileError, match=r"emotions\.csv, line 1: the columns must be"):
            recipes(imagined, corpus)
    finally:
        path.unlink()


def with_gap(made: Segments, rows: list[int]) -> Segments:
    """Return segments of which some have a gap in every channel, as a loss of packets leaves it."""
    each = made.batch.inputs["eeg"]
    values = each.values.copy()
    values[rows, 30:60] = np.nan
    return replace(made, batch=replace(made.batch, inputs={"eeg": replace(each, values=values)}))


def test_a_gap_in_one_segment_spoils_nobodys_ranking(imagined: Study) -> None:
    made = segments(imagined, Cutting())
    first = int(np.flatnonzero(made.batch.cases.participant == "sim01")[0])
    spoiled = with_gap(made, [first])
    without = replace(made, batch=made.batch.rows(np.delete(np.arange(len(made.batch)), first)))
    for who in ("", "sim01"):
        for statistic in ("kurtosis", "variance"):
            found, expected = (ranking(each, who, statistic) for each in (spoiled, without))
            assert np.isfinite(found.scores).all()
            np.testing.assert_allclose(found.scores, expected.scores)
            assert found.order.tolist() == expected.order.tolist()


def test_who_has_a_gap_in_every_segment_has_no_channel_marked_as_chosen(imagined: Study) -> None:
    made = segments(imagined, Cutting())
    rows = np.flatnonzero(made.batch.cases.participant == "sim01").tolist()
    spoiled = with_gap(made, rows)
    listed = channel_rows(spoiled, "kurtosis", 3)
    chosen = {
        code: sum(int(row["chosen"]) for row in listed if row["participant"] == code)
        for code in ("sim01", "sim02")
    }
    assert chosen == {"sim01": 0, "sim02": 3}
    assert {row["score"] for row in listed if row["participant"] == "sim01"} == {""}
    drawn = ranking_figure(ranking(spoiled, "sim01", "kurtosis"), "kurtosis", 3, "sim01")
    assert [row[3] for row in drawn.table.rows] == [False] * 8
    assert drawn.figure().svg().count("does not move, or has gaps") == 8


def test_gaps_and_emotions_in_several_blocks_are_told_with_the_segments(
    imagined: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = " ".join(segments(imagined, Cutting()).notes)
    assert "gap" not in plain and "several blocks" not in plain
    corpus = study_corpus(imagined)
    own = [trial for trial in corpus.trials if trial.participant == "sim02"]
    again = replace(own[0], item=own[1].item)
    twice = replace(corpus, trials=tuple(again if each is own[0] else each for each in corpus.trials))
    made = segments(imagined, Cutting(), corpus=twice)
    rows = np.flatnonzero(made.batch.cases.participant == "sim01")

    def spoilt(*given: Any, **more: Any) -> Prepared:
        found = prepare(*given, **more)
        spoiled = with_gap(Segments(Cutting(), found.batch, ()), rows.tolist())
        return replace(found, batch=spoiled.batch)

    monkeypatch.setattr(channels, "prepare", spoilt)
    told = " ".join(segments(imagined, Cutting(), corpus=twice).notes)
    assert f"{len(rows)} of {len(made.batch)} segments have a gap in the signal" in told
    assert "not among everybody: sim01" in told
    assert "The same emotion in several blocks: sim02. By block, it may then be trained on and tested" in told


def test_recordings_of_different_rates_are_told(imagined: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(*given: Any, **more: Any) -> Prepared:
        found = prepare(*given, **more)
        each = found.batch.inputs["eeg"]
        lengths = np.where(found.batch.cases.participant == "sim01", 128, 256).astype(np.intp)
        return replace(found, batch=replace(found.batch, inputs={"eeg": replace(each, lengths=lengths)}))

    assert "different rates" not in " ".join(segments(imagined, Cutting()).notes)
    monkeypatch.setattr(channels, "prepare", mixed)
    assert "Recordings have different rates" in " ".join(segments(imagined, Cutting()).notes)


def test_guards_stop_nothing_by_block_and_show_the_leak_by_segment(imagined: Study) -> None:
    corpus = study_corpus(imagined)
    target = make_target(imagined, corpus, recipe_named(imagined, corpus, "emotion-valence"))
    states = {}
    for kind in ("trials", "segments-own"):
        experiment = Cutting().experiment(split=SplitSpec(kind, 3))
        states[kind] = {
            line.guard: line.state for line in prepare(imagined, corpus, target, experiment).guards.lines
        }
    assert states["trials"]["shared-trial"] == "passed"
    assert states["segments-own"]["shared-trial"] == "shown"
    assert states["segments-own"]["shared-windows"] in ("passed", "told")
    assert "stopped" not in {*states["trials"].values(), *states["segments-own"].values()}


def test_channels_are_ranked_by_person_and_listed_with_their_rank(imagined: Study) -> None:
    made = segments(imagined, Cutting())
    rows = channel_rows(made, "variance", 3)
    assert len(rows) == 2 * 8
    assert sum(int(row["chosen"]) for row in rows) == 2 * 3
    first = [row for row in rows if row["participant"] == "sim01"]
    assert [row["rank"] for row in first] == list(range(1, 9))
    assert [row["score"] for row in first] == sorted((row["score"] for row in first), reverse=True)
    everybody = ranking(made, "", "variance")
    own = [ranking(made, code, "variance").scores for code in made.participants]
    np.testing.assert_allclose(everybody.scores, np.mean(own, axis=0))


def recording_of_another_program(path: Path) -> None:
    """Write two minutes of EEG with four named blocks, a press every five seconds."""
    writer = pyedflib.EdfWriter(str(path), 4, file_type=pyedflib.FILETYPE_EDFPLUS)
    for number, label in enumerate(("EEG C3", "EEG C4", "EEG T7", "EEG T8")):
        known: dict[str, Any] = {"label": label, "dimension": "uV", "sample_frequency": 128}
        limits = {"physical_min": -300.0, "physical_max": 300.0, "digital_min": -32768, "digital_max": 32767}
        writer.setSignalHeader(number, {**known, **limits})
    random = np.random.default_rng(3)
    writer.writeSamples([random.normal(0, 20, 128 * 120) for _ in range(4)])
    for block, emotion in enumerate(("joy", "grief", "awe", "anger")):
        writer.writeAnnotation(30.0 * block, -1, f"imagery: {emotion}")
        for press in range(1, 5):
            writer.writeAnnotation(30.0 * block + 5 * press, -1, "feeling_it")
        writer.writeAnnotation(30.0 * block + 28, -1, "imagery: end")
    writer.close()


def test_presses_that_another_program_named_are_segments_of_their_emotion(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "foreign", "Foreign", "people", protocol="")
    recording_of_another_program(tmp_path / "x.edf")
    given = ["import", "edf", str(tmp_path / "x.edf"), "--study", str(study.folder), "--participant", "01"]
    assert cli.main(given) == 0
    made = segments(study, Cutting())
    assert made.participants == ("01",)
    assert len(made.batch) == 16
    assert made.batch.y is not None
    assert [int((made.batch.y == number).sum()) for number in (0, 1)] == [8, 8]
    assert made.channels == ("EEG C3", "EEG C4", "EEG T7", "EEG T8")
    assert [len(trial.presses) for trial in study_corpus(study).trials] == [4, 4, 4, 4]


def test_a_study_without_presses_is_told_what_is_missing(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 1, 2)
    with pytest.raises(EvaluatingError, match="nobody pressed a button while imagining"):
        segments(study, Cutting())
