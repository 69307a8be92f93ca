"""Labels of passages: of any language, kept when classes change, and trained on as they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.corpus.corpus import Corpus
from analysis.exchange.import_csi import members
from analysis.simulate import channel
from analysis.simulate.channel import KINDS, passages, write_log
from app.analysing.corpora import study_corpus
from app.analysing.literature.csi_study import made_up
from app.analysing.literature.open_data import enter
from app.analysing.passages import (
    PassageError,
    known_classes,
    label,
    labelled_recordings,
    labels_of,
    passages_of,
    scheme_for,
    split_for,
    target_of_labels,
    write_events,
)
from app.analysing.targets import make_target, recipe_named
from app.study import Study

WHO = "rater-1"


def study_of(folder: Path, roads: int = 1, each: int = 1) -> Study:
    study = Study.create(folder, "roads", "people", protocol="")
    for member in made_up(roads, each, 5):
        enter(study, member, "csi")
    return study


def give(study: Study, corpus: Corpus, classes: tuple[str, ...], trial: int, name: str) -> None:
    scheme = scheme_for(study, classes)
    ids = {one.name: one.id for one in scheme.tier("passage").questions[0].labels}
    label(study, scheme, corpus.recordings[0].id, trial, ids[name], WHO)


def test_names_of_any_language_are_classes_and_doubles_are_one(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "roads", "roads", "people", protocol="")
    labels = scheme_for(study, ("Fußgänger", "自動車", "Fußgänger")).tier("passage").questions[0].labels
    assert [(one.id, one.name, one.key) for one in labels] == [
        ("class-1", "Fußgänger", "1"), ("class-2", "自動車", "2"),
    ]  # fmt: skip
    with pytest.raises(PassageError, match="nearly the same name"):
        scheme_for(study, ("Car", "car"))


def test_labels_stay_when_classes_are_added_or_put_in_another_order(tmp_path: Path) -> None:
    study = study_of(tmp_path / "roads")
    corpus = study_corpus(study)
    (recording,) = corpus.recordings
    assert known_classes(study, corpus) == tuple(sorted(KINDS))
    give(study, corpus, ("car", "pedestrian"), 0, "car")
    give(study, corpus, ("pedestrian", "bus", "car"), 1, "bus")
    assert labels_of(study, recording.id, WHO) == {0: "car", 1: "bus"}
    assert known_classes(study, corpus) == ("pedestrian", "bus", "car")
    give(study, corpus, ("bus", "car"), 0, "bus")
    assert labels_of(study, recording.id, WHO) == {0: "bus", 1: "bus"}


def test_the_target_says_of_every_passage_what_is_shown(tmp_path: Path) -> None:
    study = study_of(tmp_path / "roads")
    corpus = study_corpus(study)
    (recording,) = corpus.recordings
    assert target_of_labels(study, corpus, ("car", "bus"), WHO) == "category"
    classes = (*KINDS, "bus")
    give(study, corpus, ("car", "bus"), 0, "bus")
    give(study, corpus, classes, 1, "bus")
    shown = [one.label for one in passages_of(study, corpus, recording, WHO)]
    name = target_of_labels(study, corpus, classes, WHO)
    target = make_target(study, corpus, recipe_named(study, corpus, name))
    assert [target.classes[int(target.values[one.key])] for one in corpus.trials] == shown
    assert shown[:2] == ["bus", "bus"]
    # Asked again nothing is written anew, and what was given since holds.
    give(study, corpus, classes, 2, "bus")
    target = make_target(
        study, corpus, recipe_named(study, corpus, target_of_labels(study, corpus, classes, WHO))
    )
    assert [target.classes[int(value)] for value in target.values.values()][:3] == ["bus"] * 3


def test_a_label_that_is_no_class_is_said_and_not_left_out(tmp_path: Path) -> None:
    study = study_of(tmp_path / "roads")
    corpus = study_corpus(study)
    give(study, corpus, ("car", "bus"), 0, "bus")
    with pytest.raises(PassageError, match=r"none of the classes: bicycle \(1\), motorcycle"):
        target_of_labels(study, corpus, ("car", "bus"), WHO)


def test_places_are_left_out_else_visits_else_trials_that_share_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two, one = study_of(tmp_path / "two", 2), study_of(tmp_path / "one")
    assert split_for(two, study_corpus(two), WHO) == "loso"
    assert split_for(one, study_corpus(one), WHO) == "trials"
    monkeypatch.setattr(channel, "QUIET_S", 3.0)
    near = study_of(tmp_path / "near")
    with pytest.raises(PassageError, match=r"passages 1 and 2 are \d\.\d s apart"):
        split_for(near, study_corpus(near), WHO)


def test_saved_labels_are_read_back_by_the_import(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for day in (1, 2):
        write_log(logs / f"north_{day}.csv", passages(("car", "bicycle"), day))
    studies = [Study.create(tmp_path / name, name, "people", protocol="") for name in ("first", "again")]
    for member in members(logs):
        enter(studies[0], member, "csi")
    corpus = study_corpus(studies[0])
    assert [trial.category for trial in corpus.trials] == [""] * 4
    scheme = scheme_for(studies[0], ("car", "bicycle"))
    for trial in corpus.trials:
        label(studies[0], scheme, trial.recording, trial.index, f"class-{trial.index + 1}", WHO)
    write_events(logs / "events.csv", labelled_recordings(studies[0], corpus, WHO))
    for member in members(logs):
        enter(studies[1], member, "csi")
    assert [trial.category for trial in study_corpus(studies[1]).trials] == ["car", "bicycle"] * 2
