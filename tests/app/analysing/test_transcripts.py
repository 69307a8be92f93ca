"""Transcripts of a study: typed and imported, given to recognizers, silent in logs, erased with a person."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from analysis.corpus.building import make_batch
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.signals import modalities_of
from analysis.corpus.texts import TRANSCRIPTS, Utterance
from analysis.features.text import hashed
from analysis.targets.recipe import Recipe
from app import cli
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import store_of
from app.analysing.targets import make_target, recipes
from app.analysing.transcripts import (
    TranscriptsError,
    bring_in,
    counts,
    store_transcript,
    transcript_of,
    with_text,
)
from app.annotation.incoming import bring_in as bring_labels_in
from app.annotation.schemes import bundled
from app.study import Study
from tests.helpers.labelled import EDA, VOICE, make_study

SECRET = "Marmalade"
TEXT = InputSpec("text", "text", "text.hashed", {"size": 32})


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("said") / "faces", 2, 3, streams=(EDA, VOICE)).folder


@pytest.fixture
def study(recorded: Path, tmp_path: Path) -> Study:
    shutil.copytree(recorded, tmp_path / "faces")
    return Study.open(tmp_path / "faces")


def first(study: Study) -> str:
    return study_corpus(study).recordings[0].id


def test_a_typed_text_is_kept_and_given_to_recognizers(study: Study) -> None:
    corpus, name = study_corpus(study), first(study)
    assert "text" not in modalities_of(corpus.by_id[name])
    store_transcript(study, corpus, name, with_text((), 1, f"  {SECRET}\n again "))
    assert transcript_of(study, name) == (Utterance(1, f"{SECRET} again"),)
    corpus = study_corpus(study)
    assert "text" in modalities_of(corpus.by_id[name])
    trials = [trial for trial in corpus.trials if trial.recording == name]
    made = make_batch(corpus, trials, CaseSpec(), (TEXT,), store_of(study)).batch
    assert made.cases.trial.tolist() == [1]
    before = made.inputs["text"].values
    store_transcript(study, corpus, name, with_text(transcript_of(study, name), 1, "else"))
    again = make_batch(study_corpus(study), trials, CaseSpec(), (TEXT,), store_of(study)).batch
    assert not np.array_equal(before, again.inputs["text"].values)
    assert not any(
        SECRET.lower() in path.read_text(encoding="utf-8").lower()
        for path in (study.folder / "derivatives" / "features").rglob("*.json")
    )


def test_what_is_said_after_the_stimulus_reaches_the_recognizer(study: Study) -> None:
    corpus, name = study_corpus(study), first(study)
    # The stimulus is gone 2.5 s after the trial began; nothing of what was said lies on it.
    store_transcript(study, corpus, name, [Utterance(1, SECRET, 2.7, 3.6)])
    corpus = study_corpus(study)
    (spoken,) = [each for each in corpus.trials if each.key == (name, 1)]
    assert spoken.start_s + 2.7 > spoken.shown[1]
    made = make_batch(corpus, [spoken], CaseSpec(), (TEXT,), store_of(study)).batch
    assert made.inputs["text"].lengths.tolist() == [1]
    np.testing.assert_array_equal(made.inputs["text"].values[0, 0], hashed(SECRET, 32))


def test_an_empty_text_leaves_no_file(study: Study) -> None:
    corpus, name = study_corpus(study), first(study)
    path = store_transcript(study, corpus, name, with_text((), 0, "Yes"))
    assert path.exists()
    store_transcript(study, corpus, name, with_text(transcript_of(study, name), 0, " \n"))
    assert not path.exists()


def test_the_command_brings_a_table_in_and_prints_no_word_of_it(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (each.id for each in study_corpus(study).recordings)
    table = tmp_path / "said.csv"
    table.write_text(
        f"recording,trial,start_s,end_s,text\n{one}.h5,0,,,{SECRET}\n{other},2,0.5,1.5,Never\n{other},99,,,No\n",
        encoding="utf-8",
    )
    assert cli.main(["transcripts", str(study.folder), str(table)]) == 0
    said = capsys.readouterr()
    assert f"{one}: 1 text brought in" in said.out
    assert "left out: trial 99" in said.out
    assert SECRET not in said.out + said.err
    assert counts(study, study_corpus(study)) == {one: (1, 3), other: (1, 3)}
    assert transcript_of(study, other) == (Utterance(2, "Never", 0.5, 1.5),)
    assert cli.main(["transcripts", str(study.folder)]) == 0
    assert f"{one}: 1 of 3 trials have a text" in capsys.readouterr().out


def test_rows_of_one_trial_are_one_text_and_replace_what_was_there(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, name = study_corpus(study), first(study)
    store_transcript(study, corpus, name, [Utterance(0, "before"), Utterance(1, "other")])
    table = tmp_path / "said.csv"
    table.write_text(
        "trial,start_s,end_s,text\n"
        "0,,,First\n0,,,second\n"
        "2,0.50001,1.5,Third\n2,0.5,1.5,fourth\n2,1.6,1.6001,fifth\n0,,,third\n",
        encoding="utf-8",
    )
    for _ in range(2):
        assert cli.main(["transcripts", str(study.folder), str(table), "--recording", name]) == 0
        assert f"{name}: 3 texts brought in" in capsys.readouterr().out
        assert transcript_of(study, name) == (
            Utterance(0, "First second third"),
            Utterance(1, "other"),
            Utterance(2, "Third fourth", 0.5, 1.5),
            Utterance(2, "fifth", 1.6, 1.601),
        )


def test_what_could_not_be_read_again_is_not_stored(study: Study, tmp_path: Path) -> None:
    corpus, name = study_corpus(study), first(study)
    with pytest.raises(TranscriptsError, match="more than 20000 characters"):
        store_transcript(study, corpus, name, [Utterance(0, "a" * 20_001)])
    table = tmp_path / "said.csv"
    table.write_text("trial,text\n" + f"0,{'a' * 12_000}\n" * 2, encoding="utf-8")
    with pytest.raises(TranscriptsError, match=r"trial 0 \(counted from 0\).*together"):
        bring_in(study, corpus, table, name)
    assert not (study.folder / TRANSCRIPTS).exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("trial,text\n0,Yes\n", "has no column 'recording'"),
        ("recording,trial,text\nnobody,0,Yes\n", "nobody: is no recording of this study"),
        ("recording,trial,text\n,0,Yes\n", "line 2: the recording is missing"),
        ("recording,trial,text\nnobody,x,Yes\n", "the trial is no whole number"),
    ],
)
def test_a_table_that_does_not_fit_changes_nothing(
    study: Study, tmp_path: Path, content: str, why: str
) -> None:
    table = tmp_path / "said.csv"
    table.write_text(content, encoding="utf-8")
    with pytest.raises(TranscriptsError, match=why):
        bring_in(study, study_corpus(study), table)
    assert not (study.folder / TRANSCRIPTS).exists()


@pytest.mark.parametrize("more", [(), ("--only", "voice")])
def test_a_withdrawal_erases_what_was_said(study: Study, more: tuple[str, ...]) -> None:
    corpus = study_corpus(study)
    one, other = (each.id for each in corpus.recordings)
    for name in (one, other):
        store_transcript(study, corpus, name, [Utterance(0, SECRET)])
    code = corpus.by_id[one].participant
    assert cli.main(["withdraw", str(study.folder), "--participant", code, *more, "--yes"]) == 0
    left = [path.stem for path in (study.folder / TRANSCRIPTS).glob("*")]
    assert left == [other]


@pytest.mark.parametrize("more", [(), ("--only", "voice")])
def test_nothing_is_kept_of_somebody_who_withdrew_while_it_was_typed(
    study: Study, more: tuple[str, ...]
) -> None:
    corpus, name = study_corpus(study), first(study)
    code = corpus.by_id[name].participant
    assert cli.main(["withdraw", str(study.folder), "--participant", code, *more, "--yes"]) == 0
    with pytest.raises(TranscriptsError, match="no transcript is kept"):
        store_transcript(study, corpus, name, [Utterance(0, SECRET)])
    assert not list((study.folder / TRANSCRIPTS).glob("*"))


def test_observers_answer_several_questions_at_once(study: Study, tmp_path: Path) -> None:
    name = first(study)
    scheme = next(each for each in bundled() if each.name == "impressions")
    asked = [question.id for question in scheme.tiers[0].questions]
    rows = [(trial, each, 0.1 * place) for trial in (0, 1) for place, each in enumerate(asked)]
    rows += [(2, "openness", 0.5)]
    table = tmp_path / "impressions.csv"
    lines = (f"{name},{trial},impression,{each},{value}" for trial, each, value in rows)
    table.write_text("recording,trial,tier,question,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    bring_labels_in(study, table, scheme, "ann")
    corpus = study_corpus(study)
    (recipe,) = [each for each in recipes(study, corpus) if len(each.numbers) == 6]
    assert recipe.numbers == tuple(asked)
    target = make_target(study, corpus, recipe)
    assert target.outputs == tuple(asked)
    assert target.values[name, 0] == pytest.approx(0.0)
    assert target.further[name, 1] == pytest.approx((0.1, 0.2, 0.3, 0.4, 0.5))
    assert (name, 2) not in target.values
    assert isinstance(recipe, Recipe)
