"""What a run says went in, and how it is told when that is not so any more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis.corpus.building import build
from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.corpus import Corpus
from analysis.corpus.texts import TRANSCRIPTS
from analysis.features.store import Store
from analysis.targets.recipe import Recipe, Target
from app.analysing.corpora import study_corpus
from app.analysing.evaluating import changes, facts_of
from app.study import Study
from tests.helpers.labelled import EDA, make_study

VALUES = InputSpec("eda", "eda", "values")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study with two recordings."""
    return make_study(tmp_path / "s", 2, 2, streams=(EDA,))


def facts(study: Study, corpus: Corpus, unit: Any, has_texts: bool = False) -> dict[str, Any]:
    target = Target(
        Recipe("t", "participant", ("group",)), ("a", "b"), {trial.key: 1.0 for trial in corpus.trials}
    )
    built = build(corpus, target, CaseSpec(unit), (VALUES,), Store(study.folder / "features"))
    return facts_of(study, corpus, target, built.batch, (), (), None, built.files, has_texts)


def test_a_visit_of_several_recordings_names_them_all(study: Study) -> None:
    known = study_corpus(study)
    corpus = replace(
        known,
        recordings=tuple(replace(each, participant="P01", session="1") for each in known.recordings),
        trials=tuple(replace(each, participant="P01", session="1") for each in known.trials),
    )
    told = facts(study, corpus, "session")
    assert sorted(told["recordings"]) == sorted(recording.id for recording in corpus.recordings)


def test_a_transcript_that_was_changed_or_came_later_is_told(study: Study) -> None:
    first, second = study_corpus(study).recordings
    place = study.folder / TRANSCRIPTS
    place.mkdir(parents=True)
    (place / f"{first.id}.csv").write_text("trial,text\n0,it was fine\n", encoding="utf-8")
    corpus = study_corpus(study)
    run: Any = SimpleNamespace(facts=facts(study, corpus, "trial", has_texts=True))
    assert [each for each in changes(study, run, None) if "transcript" in each] == []
    (place / f"{first.id}.csv").write_text("trial,text\n0,it was not\n", encoding="utf-8")
    (place / f"{second.id}.csv").write_text("trial,text\n0,it was\n", encoding="utf-8")
    assert [each for each in changes(study, run, None) if "transcript" in each] == [
        f"the transcript of {each.id} ({each.participant}) has changed" for each in (first, second)
    ]


def test_a_run_without_texts_says_nothing_of_transcripts(study: Study) -> None:
    told = facts(study, study_corpus(study), "trial")
    assert all("transcript" not in each for each in told["recordings"].values())
