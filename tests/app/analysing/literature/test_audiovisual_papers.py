"""Papers of voice, face and words: their tables are made in the smallest form, on planted participants."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from analysis.corpus.corpus import Corpus
from analysis.literature.paper import paper
from analysis.records import StreamInfo
from analysis.targets.recipe import Recipe, RuleKind, SourceKind, Target
from app.analysing.corpora import study_corpus
from app.analysing.literature import mer_sem_mbt, personality
from app.analysing.literature.filmed import films_speaking
from app.analysing.literature.mer_sem_mbt import (
    HEADS,
    class_rows,
    is_multi_label,
    one_against_rest,
)
from app.analysing.literature.personality import is_of_impressions
from app.analysing.literature.reproducing import LiteratureError, Order, kept, make
from app.analysing.simulated_words import IMPRESSIONS, scores
from app.annotation.incoming import bring_in
from app.annotation.schemes import bundled
from app.study import Study
from tests.helpers.labelled import EDA, FACE, make_study
from tests.helpers.real_runs import real_run


def test_a_constant_answer_reaches_its_floor() -> None:
    true = np.array([True, False, False, False])
    no, yes = (one_against_rest(true, np.full(4, said)) for said in (False, True))
    assert no.accuracy == no.floor[0] == 0.75
    assert yes.f1 == yes.floor[1] == pytest.approx(0.4)
    assert no.weighted == yes.weighted == 0.5


def test_impressions_follow_voice_and_face_as_far_as_they_are_planted() -> None:
    chance = [0.0] * 6
    found = scores({"speech": 1.0, "face": 1.0}, chance, chance, 1.0)
    assert found[2] == pytest.approx(0.5 + 0.12 * 1.1)
    assert scores({"speech": 1.0, "face": 1.0}, chance, chance, 0.0) == [0.5] * 6


def test_printed_averages_are_those_of_their_rows() -> None:
    for table in paper("personality").printed[:4]:
        for row in table.rows:
            numbers = [float(each) for each in row[1:] if isinstance(each, float)]
            assert numbers[5] == pytest.approx(np.mean(numbers[:5]), abs=2e-4), (table.title, row[0])
    for table in paper("mer-sem-mbt").printed[:2]:
        for row in table.rows:
            numbers = [float(each) for each in row[1:] if isinstance(each, float)]
            assert numbers[12] == pytest.approx(np.mean(numbers[0:12:2]), abs=1.5e-3), (table.title, row[0])
            assert numbers[13] == pytest.approx(np.mean(numbers[1:12:2]), abs=1.5e-3), (table.title, row[0])


@pytest.mark.parametrize("made", [mer_sem_mbt, personality])
def test_other_seeds_are_other_participants(
    made: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []

    def simulated(order: Order, name: str, *_: object) -> Study:
        names.append(name)
        raise LiteratureError("enough")

    monkeypatch.setattr(made, "simulated_study", simulated)
    study = Study.create(tmp_path / "study", "S", "simulation")
    for seed, is_quick in ((1, True), (2, True), (1, False)):
        with pytest.raises(LiteratureError, match="enough"):
            made.tables(Order(study, seed=seed, is_quick=is_quick))
    assert len(set(names)) == 3


def of_observers(whose: str, questions: tuple[str, ...], rule: RuleKind = "number") -> Recipe:
    source: SourceKind = "fused" if whose.startswith("fused-") else "annotator"
    return Recipe(f"of-{whose}", source, ("impressions@1", ",".join(questions), whose), rule)


SIX = tuple(f"impression.{name}" for name in IMPRESSIONS)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (of_observers("anna", SIX), True),
        (of_observers("fused-mean", SIX), True),
        (of_observers("anna", SIX[:5]), False),
        (of_observers("anna", SIX[::-1]), False),
        (of_observers("anna", SIX, "threshold"), False),
        (Recipe("self", "rating", IMPRESSIONS, "number"), False),
        (Recipe("felt", "rating", ("valence", "arousal"), "number"), False),
    ],
)
def test_impressions_are_six_answers_of_observers(recipe: Recipe, expected: bool) -> None:
    assert is_of_impressions(recipe) == expected


@pytest.mark.parametrize(
    ("whose", "chosen", "words"),
    [
        (("anna", "ben", "fused-mean"), "fused-mean", "rated by fused-mean"),
        (("ben",), "ben", "rated by ben"),
        (("anna", "ben"), "anna", "rated by anna alone (ben rated too: fuse the ratings to use all)"),
    ],
)
def test_fused_ratings_go_first_and_the_table_says_whose_they_are(
    whose: tuple[str, ...], chosen: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    felt = Recipe("felt", "rating", ("valence", "arousal"), "number")
    offered = (felt, *(of_observers(each, SIX) for each in whose))
    monkeypatch.setattr(personality, "recipes", lambda study, corpus: offered)
    study, corpus = Study.create(tmp_path / "study", "S", "people"), Corpus("S", (), ())
    recipe = personality._recipe(study, corpus)
    assert recipe.of[2] == chosen
    assert personality._rated_by(study, corpus, recipe) == words


@pytest.mark.parametrize(
    ("source", "answers", "expected"),
    [
        ("annotator", ((0, 1), (1, 1)), True),
        ("fused", ((0, 0.5), (1, 0.25)), True),
        ("annotator", ((0, 0.5), (1, 0.25)), False),
        ("rating", ((5, 1), (3, 0)), False),
        ("annotator", ((0,), (1,)), False),
    ],
)
def test_several_emotions_are_answers_of_yes_and_no(
    source: SourceKind, answers: tuple[tuple[float, ...], ...], expected: bool
) -> None:
    names = ("anger", "fear")[: len(answers[0])]
    of = names if source == "rating" else ("x@1", ",".join(f"emotion.{name}" for name in names), "anna")
    target = Target(
        Recipe("x", source, of, "number"),
        (),
        {("r", place): row[0] for place, row in enumerate(answers)},
        further={("r", place): row[1:] for place, row in enumerate(answers) if row[1:]},
    )
    assert is_multi_label(target) == expected


@pytest.mark.slow
def test_a_study_with_several_emotions_gives_the_paper_s_own_task(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 2, 2, streams=(EDA, FACE))
    corpus = study_corpus(study)
    assert mer_sem_mbt._target(study, corpus).recipe.source == "category"
    scheme = next(each for each in bundled() if each.name == "emotions-present")
    asked = [question.id for question in scheme.tiers[0].questions]
    lines = [
        f"{trial.recording},{trial.index},emotion,{name},{int(trial.index in (0, place % 3))}"
        for trial in corpus.trials
        for place, name in enumerate(asked)
    ]
    table = tmp_path / "said.csv"
    table.write_text("recording,trial,tier,question,value\n" + "\n".join(lines) + "\n", encoding="utf-8")
    bring_in(study, table, scheme, "ann")
    target = mer_sem_mbt._target(study, corpus)
    assert target.outputs == ("happiness", "anger", "disgust", "surprise", "sadness", "fear")
    found = class_rows(real_run(study, "majority", target.recipe.name, metric="mae"))
    assert [row[0] for row in found] == [*target.outputs, "average"]
    assert all(len(row) == len(HEADS) for row in found)
    # Happiness is there in the first of two trials: always no is right in half of all cases.
    assert found[0][4] == 0.5
    assert found[0][5] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("streams", "stage", "expected"),
    [((EDA, FACE), "rating", True), ((EDA, FACE), "speaking", False), ((EDA,), "rating", False)],
)
def test_a_camera_is_looked_for_in_the_stage_in_which_people_speak(
    streams: tuple[StreamInfo, ...], stage: str, expected: bool, tmp_path: Path
) -> None:
    study = make_study(tmp_path / "faces", 1, 2, streams=streams)
    assert films_speaking(study_corpus(study), stage) == expected


@pytest.mark.parametrize("made", [mer_sem_mbt, personality])
def test_pictures_are_of_the_stage_in_which_people_speak_where_there_are_any(made: ModuleType) -> None:
    for is_filmed, stage in ((True, "speaking"), (False, "")):
        speech, *pictures = (each for each in made._inputs(True, is_filmed) if each.modality != "text")
        assert speech.stage == "speaking"
        assert {each.stage for each in pictures} == {stage}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mer-sem-mbt", "personality"])
def test_the_smallest_tables_are_made_and_kept(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mer_sem_mbt, "QUICK", ("MER + SEM + MBT",))
    study = Study.create(tmp_path / "study", "S", "simulation")
    made = make(name, Order(study, workers=1, is_quick=True), study)
    assert len(made.tables) == 2
    for table in made.tables:
        assert "simulated participants" in table.data
        assert name != "personality" or "rated by observers" in table.data
        assert any("The camera did not run while people spoke" in each for each in table.notes)
        assert any("Quick form" in note for note in table.notes)
        assert any("permutations" in line for line in table.controls)
        assert table.runs and not table.published
        assert all(len(row) == len(table.columns) for row in table.rows)
    found = kept(study, name)
    assert found is not None
    assert [each.rows for each in found.tables] == [each.rows for each in made.tables]
