"""A recognizer is kept, applied to recordings, and what it says is seen as labels and as curves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.labels.reader import read_log
from analysis.labels.scheme import Label
from analysis.recognizers.recognizer import CancelledError
from analysis.views.applied import AppliedError, AppliedFile, applied_to, names_in, read_applied
from app.analysing.applying import (
    ApplyingError,
    Kept,
    _labels_of,
    applied_path,
    apply_to,
    class_ids,
    fitting,
    kept,
    kept_of,
    load,
    made_scheme,
    segments,
    show_labels,
)
from app.analysing.training import train_run
from app.annotation.annotators import annotators
from app.annotation.schemes import schemes
from app.study import Study
from tests.helpers.labelled import BVP, EDA, Facts, make_study
from tests.helpers.real_runs import real_run

FACTS = Facts(
    stimuli=("beach", "rain", "sunset", "broken-toy"),
    categories=("positive", "negative", "positive", "negative"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a kept recognizer, never changed."""
    study = make_study(tmp_path_factory.mktemp("applying") / "s", 3, 4, FACTS, (BVP, EDA))
    train_run(study, real_run(study))
    return study.folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Study:
    shutil.copytree(made, tmp_path / "s")
    return Study.open(tmp_path / "s")


@pytest.fixture
def model(study: Study) -> Kept:
    (found,) = kept(study)
    return found


def recordings(study: Study) -> list[str]:
    return [Path(each.file).stem for each in study.sessions()]


def test_what_was_trained_anew_is_another_annotator(study: Study, model: Kept) -> None:
    assert model.code.startswith("model-lda-") and len(model.name) <= 16
    path = model.folder / "model.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "about": {**values["about"], "cases": 99}}))
    again = kept_of(model.run)
    assert again is not None and again.code != model.code


def test_it_is_applied_and_told_as_the_recognizer_says_it(study: Study, model: Kept) -> None:
    names = recordings(study)
    told: list[tuple[int, int]] = []
    notes = apply_to(study, model, names[:2], progress=lambda done, of, words: told.append((done, of)))
    assert told == [(0, 2), (1, 2), (2, 2)]
    assert any("was trained on it" in note for note in notes)
    said = read_applied(applied_path(study, model, names[0]))
    assert said.names == ("negative", "positive") and said.is_classes
    assert len(said.start_s) == 4
    assert np.allclose(said.values.sum(axis=1), 1)
    assert said.facts["trained_on"] is True
    again = load(model)
    assert again.classes == said.names
    with pytest.raises(AppliedError):
        read_applied(applied_path(study, model, names[2]))


def test_another_session_of_a_trained_participant_is_told(study: Study, model: Kept) -> None:
    name = recordings(study)[0]
    path = model.folder / "model.json"
    values = json.loads(path.read_text())
    seen = {key: sha256 for key, sha256 in values["about"]["recordings"].items() if key != name}
    path.write_text(json.dumps({**values, "about": {**values["about"], "recordings": seen}}))
    (again,) = kept(study)
    notes = apply_to(study, again, [name])
    assert not any("knows its answers" in note for note in notes)
    assert any("was trained on other sessions of P" in note for note in notes)


def test_what_is_finished_stays_when_it_is_cancelled(study: Study, model: Kept) -> None:
    names = recordings(study)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return applied_path(study, model, names[0]).exists()

    with pytest.raises(CancelledError):
        apply_to(study, model, names, cancelled=cancelled)
    assert applied_path(study, model, names[0]).exists()
    assert not applied_path(study, model, names[1]).exists()


def test_labels_are_a_models_in_a_scheme_of_the_classes(study: Study, model: Kept) -> None:
    name = recordings(study)[0]
    with pytest.raises(ApplyingError, match="not applied to it yet"):
        show_labels(study, model, [name], made_scheme("category", ("negative", "positive")))
    apply_to(study, model, [name])
    (came,) = show_labels(study, model, [name], made_scheme("category", ("negative", "positive")))
    said = read_applied(applied_path(study, model, name))
    assert came.marks == len(segments(said)) > 0
    assert [(each.code, each.kind) for each in annotators(study)] == [(model.code, "model")]
    (scheme,) = schemes(study)
    assert scheme.id == "decided-category@1"
    path = study.folder / "annotations" / name / model.code / f"{scheme.id}.sqlite"
    marks = sorted(read_log(path).marks, key=lambda mark: mark.start_ns or 0)
    wanted = segments(said)
    assert [mark.label for mark in marks] == [said.names[kind] for _, _, kind, _ in wanted]
    for mark, (start, stop, _, sure) in zip(marks, wanted, strict=True):
        assert mark.start_ns is not None and mark.end_ns is not None
        assert (mark.start_ns / 1e9, mark.end_ns / 1e9) == pytest.approx((start, stop), abs=2e-6)
        assert mark.confidence == pytest.approx(sure, abs=1e-4)
    (again,) = show_labels(study, model, [name], scheme)
    assert (again.marks, again.known) == (0, came.marks)


def test_a_scheme_that_has_every_class_is_offered(study: Study) -> None:
    made = made_scheme("category", ("Sad face", "glad"))
    assert [label.id for label in made.tiers[0].labels] == ["sad_face", "glad"]
    assert fitting(study, ("Sad face", "glad")) == ()
    from app.annotation.schemes import add_scheme

    add_scheme(study, made)
    assert [(scheme.id, tier) for scheme, tier in fitting(study, ("glad", "Sad face"))] == [
        ("decided-category@1", "decision")
    ]
    tier = replace(made.tiers[0], labels=(*made.tiers[0].labels, Label("third", "Third")))
    more = add_scheme(study, replace(made, tiers=(tier,)))
    assert more.id == "decided-category@2"


@pytest.mark.parametrize(
    ("of", "classes", "offered"),
    [
        (("積極", "消極"), ("積極", "消極"), True),
        (("積極", "消極"), ("高", "低"), False),
        (("ärgerlich", "fröhlich"), ("fröhlich", "ärgerlich"), True),
        (("Low", "High"), ("low", "high"), True),
    ],
)
def test_a_scheme_of_other_classes_is_not_offered_for_its_ids(
    study: Study, of: tuple[str, ...], classes: tuple[str, ...], offered: bool
) -> None:
    from app.annotation.schemes import add_scheme

    made = made_scheme("Ziel", of)
    add_scheme(study, made)
    assert ((made.id, "decision") in [(each.id, tier) for each, tier in fitting(study, classes)]) == offered


def test_classes_that_differ_in_capitals_keep_labels_of_their_own() -> None:
    tier = made_scheme("Ziel", ("a", "A")).tiers[0]
    assert _labels_of(tier, ("a", "A")) == {"a": "a", "A": "a_2"}
    assert _labels_of(replace(tier, labels=tier.labels[:1]), ("a", "A")) is None


@pytest.mark.parametrize(
    ("classes", "ids"),
    [
        (("a", "A"), ["a", "a_2"]),
        (("1", "2"), ["class_1", "class_2"]),
        (("Ä!", ""), ["class", "class_2"]),
        (("high valence",), ["high_valence"]),
    ],
)
def test_classes_get_ids_of_their_own(classes: tuple[str, ...], ids: list[str]) -> None:
    assert list(class_ids(classes).values()) == ids


def said(spans: Sequence[tuple[float, float, int, float]], trials: list[int] | None = None) -> AppliedFile:
    """Return the output of a model: (start, stop, class, probability) of two classes."""
    start, stop, kinds, sure = (np.array(each) for each in zip(*spans, strict=True))
    values = np.column_stack([np.where(kinds == 0, sure, 1 - sure), np.where(kinds == 1, sure, 1 - sure)])
    trial = np.zeros(len(start), np.int64) if trials is None else np.array(trials)
    return AppliedFile(
        "model-x", start.astype(float), stop.astype(float), trial, values, ("a", "b"), True, {}
    )


SEGMENTS = [
    (
        "neighbours are one",
        [(0, 2, 0, 0.6), (2, 4, 0, 0.8), (4, 6, 1, 0.9)],
        None,
        [(0, 4, 0, 0.7), (4, 6, 1, 0.9)],
    ),
    ("a hole parts them", [(0, 2, 0, 0.6), (3, 4, 0, 0.8)], None, [(0, 2, 0, 0.6), (3, 4, 0, 0.8)]),
    ("trials part them", [(0, 2, 0, 0.6), (2, 4, 0, 0.8)], [0, 1], [(0, 2, 0, 0.6), (2, 4, 0, 0.8)]),
    (
        "windows that overlap meet halfway",
        [(0, 4, 0, 0.6), (2, 6, 1, 0.8)],
        None,
        [(0, 3, 0, 0.6), (3, 6, 1, 0.8)],
    ),
    ("in order of time", [(2, 4, 1, 0.9), (0, 2, 0, 0.6)], None, [(0, 2, 0, 0.6), (2, 4, 1, 0.9)]),
]


@pytest.mark.parametrize(("name", "spans", "trials", "wanted"), SEGMENTS)
def test_decisions_become_segments(
    name: str,
    spans: list[tuple[float, float, int, float]],
    trials: list[int] | None,
    wanted: list[tuple[float, float, int, float]],
) -> None:
    assert segments(said(spans, trials)) == [pytest.approx(each) for each in wanted]


def test_a_curve_is_level_over_its_case_and_broken_between() -> None:
    curve = said([(0, 2, 1, 0.75), (5, 6, 0, 0.5)]).curves()[1]
    assert (curve.name, curve.unit) == ("b", "probability")
    assert curve.times_s.tolist() == [0, 2, 2, 5, 6, 6]
    assert curve.values[[0, 1, 3, 4]].tolist() == [0.75, 0.75, 0.5, 0.5]
    assert np.isnan(curve.values[[2, 5]]).all()


def test_overlapping_windows_make_a_line_that_breaks_at_trials() -> None:
    spans = [(0, 4, 1, 0.6), (2, 6, 1, 0.8), (10, 14, 1, 0.9), (12, 16, 1, 0.7)]
    curve = said(spans, [0, 0, 1, 1]).curves()[1]
    assert curve.times_s.tolist() == [2, 4, 12, 12, 14]
    assert np.flatnonzero(np.isnan(curve.values)).tolist() == [2]


def test_files_of_a_recording_are_found_from_it(study: Study, model: Kept) -> None:
    name = recordings(study)[1]
    path = study.folder / study.sessions()[1].file
    assert applied_to(path) == {}
    apply_to(study, model, [name])
    found = applied_to(path)
    assert list(found) == [model.code]
    assert names_in(found[model.code]) == ("negative", "positive")


@pytest.mark.parametrize(
    "damage", ["{", '{"format": "other"}', '{"format": "evoke-applied", "names": ["a"]}', "[]"]
)
def test_a_damaged_file_is_refused_in_one_sentence(study: Study, model: Kept, damage: str) -> None:
    name = recordings(study)[0]
    apply_to(study, model, [name])
    path = applied_path(study, model, name)
    path.write_text(damage)
    with pytest.raises(AppliedError, match="cannot be read"):
        read_applied(path)


def test_an_unknown_recording_is_named(study: Study, model: Kept) -> None:
    with pytest.raises(ApplyingError, match="sub-X: cannot be used"):
        apply_to(study, model, ["sub-X"])
