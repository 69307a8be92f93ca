"""Persons as cases from a study's spoken answers: targets, visits, figures, reports, the paper's tables."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.corpus.building import build
from analysis.corpus.cases import Batch, CaseSpec, InputSpec
from analysis.corpus.corpus import CorpusError
from analysis.evaluation.experiment import Experiment
from analysis.evaluation.splits import SplitError
from analysis.evaluation.workers import close_workers
from analysis.features.embedding import named_file
from analysis.features.store import Store
from analysis.literature.depression import PAPER
from analysis.records import Event
from analysis.targets.recipe import Recipe, Target, TargetError
from app import cli
from app.analysing import speech_confounds, speech_testing
from app.analysing.corpora import study_corpus
from app.analysing.literature.depression import positive_in, to_fuse
from app.analysing.speech_outcome import Wanted, outcome_of
from app.analysing.speech_report import person_page, study_page, write
from app.analysing.speech_tasks import (
    Answer,
    Embedding,
    SpeechTasksError,
    embeddings_of,
    persons,
    positive_of,
    spoken_tasks,
    with_positive,
)
from app.analysing.speech_testing import Plan, calibration, chance, figures
from app.analysing.target_people import scores_of
from app.analysing.targets import make_target, recipe_named, recipes
from app.study import Study
from tests.helpers.corpus_files import Happenings, corpus_of, info, numbers
from tests.helpers.corpus_files import write as write_session
from tests.helpers.engine import start_trackers
from tests.helpers.sample_speech_tasks import persons as planted
from tests.helpers.spoken_study import PEOPLE, spoken_study, write_vectors


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return spoken_study(tmp_path_factory.mktemp("spoken") / "study")


@pytest.fixture
def study(spoken: Study, tmp_path: Path) -> Study:
    shutil.copytree(spoken.folder, tmp_path / "study")
    return Study.open(tmp_path / "study")


def group(study: Study) -> Target:
    corpus = study_corpus(study)
    return make_target(study, corpus, recipe_named(study, corpus, "group"))


def test_a_visit_is_one_case_with_an_input_a_task(study: Study, tmp_path: Path) -> None:
    corpus = study_corpus(study)
    specs = [
        InputSpec(f"task-{n}", "speech", "speech.answer", {}, 0, 0, "speaking", f"task-{n}") for n in (1, 9)
    ]
    gone = replace(
        corpus, trials=tuple(each for each in corpus.trials if each.key[1] or each.participant != "sim002")
    )
    batch = build(gone, group(study), CaseSpec("session"), specs, Store(tmp_path / "store")).batch
    assert len(batch) == PEOPLE == len(set(batch.cases.participant))
    assert batch.classes == ("depressed", "healthy")
    assert batch.y is not None and batch.y.tolist() == [1, 0] * (PEOPLE // 2)
    # The one whose first task is gone lacks that input, and nothing else.
    assert np.flatnonzero(~batch.inputs["task-1"].present).tolist() == [1]
    assert batch.inputs["task-9"].present.all()
    assert batch.inputs["task-9"].values[:, 0, 0] == pytest.approx([0.4] * PEOPLE)
    assert (batch.cases.stop_s - batch.cases.start_s)[0] == pytest.approx(9 * 0.4 + 8 * 0.5, abs=0.01)


def test_a_visit_needs_one_answer(study: Study, tmp_path: Path) -> None:
    corpus = study_corpus(study)
    category = make_target(study, corpus, recipe_named(study, corpus, "category"))
    spec = InputSpec("task", "speech", "speech.answer", {}, 0, 0, "speaking", "")
    with pytest.raises(
        CorpusError, match="different answers of the target 'category', and one case is a whole"
    ):
        build(corpus, category, CaseSpec("session"), [spec], Store(tmp_path / "store"))


def test_a_visit_of_two_recordings_is_one_case(tmp_path: Path) -> None:
    paths = []
    for run in (1, 2):
        happened = Happenings()
        happened.trial(0, 1.0, stimulus=f"task-{run}")
        sound = numbers(
            info("mic", "audio", 100.0, kinds=("audio",)), np.arange(0, 8, 0.01), np.full(800, 0.1 * run)
        )
        name = f"sub-P01_ses-01_run-0{run}"
        identity = f"00000000-0000-4000-8000-00000000000{run}"
        paths.append(write_session(tmp_path / f"{name}.h5", [sound], happened.events, run=run, uuid=identity))
    corpus = corpus_of(paths, "two")
    target = Target(Recipe("t", "category"), ("no", "yes"), {trial.key: 1.0 for trial in corpus.trials})
    specs = [
        InputSpec(f"task-{n}", "speech", "samples", {"rate_hz": 0}, 0.1, 0, trial=f"task-{n}") for n in (1, 2)
    ]
    batch = build(corpus, target, CaseSpec("session"), specs, Store(tmp_path / "store")).batch
    assert len(batch) == 1
    assert [float(batch.inputs[f"task-{n}"].values[0, 0, 0]) for n in (1, 2)] == pytest.approx([0.1, 0.2])


def test_ready_vectors_come_by_recording_and_trial(study: Study, tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "mine.csv", study, without=3)
    embeddings = embeddings_of((), (str(path),))
    corpus = study_corpus(study)
    tasks = spoken_tasks(corpus)
    assert [(task.name, task.kind, task.valence) for task in tasks][3:7:3] == [
        ("task-4", "interview", "neutral"),
        ("task-7", "picture", "positive"),
    ]
    built = persons(study, corpus, group(study), tasks, embeddings)
    assert "task-4@mine" not in built.batch.inputs and len(built.batch.inputs) == 8
    line = path.read_text(encoding="utf-8").splitlines()[1].split(",")
    row = int(np.flatnonzero(built.batch.cases.recording == line[0])[0])
    held = built.batch.inputs["task-1@mine"]
    assert held.values[row, 0].tolist() == pytest.approx([float(each) for each in line[2:]])


def test_targets_of_participants_and_questionnaires(study: Study, tmp_path: Path) -> None:
    corpus = study_corpus(study)
    offered = {recipe.name: recipe for recipe in recipes(study, corpus)}
    assert offered["group"].source == "participant" and offered["age"].rule == "number"
    known = make_target(
        study, corpus, Recipe("old", "participant", ("age",), "threshold", at=36.0, tie="high")
    )
    assert len(known.values) == 9 * PEOPLE and set(known.values.values()) == {0.0, 1.0}
    with pytest.raises(TargetError, match="no participant has a value of 'height'"):
        make_target(study, corpus, Recipe("x", "participant", ("height",)))
    with pytest.raises(TargetError, match="nobody has the score total of phq-9"):
        make_target(study, corpus, Recipe("x", "questionnaire", ("phq-9", "total"), "number"))
    happened = Happenings()
    happened.trial(0, 1.0)
    scored = {"instrument": "phq-9", "total": 10, "subscales": {"mood": 3, "none": None}}
    events = [*happened.events, Event(0.5, "presenter", 90, "scored", -1, "phq-9", scored)]
    mic = numbers(info("mic", "audio", 100.0, kinds=("audio",)), np.arange(0, 8, 0.01), np.zeros(800))
    asked = corpus_of([write_session(tmp_path / "sub-P01_ses-01.h5", [mic], events)], "asked")
    assert scores_of(asked.recordings[0]) == {("phq-9", "total"): (10.0,), ("phq-9", "mood"): (3.0,)}
    cut = next(each for each in recipes(study, asked) if each.name == "phq-9-from-10")
    made = make_target(study, asked, cut)
    assert (list(made.values.values()), made.warnings) == ([1.0], ())


def test_a_questionnaire_that_came_to_two_scores_in_a_visit_says_which_one_counts(
    study: Study, tmp_path: Path
) -> None:
    happened = Happenings()
    happened.trial(0, 1.0)
    scored = [
        Event(time_s, "presenter", seq, "scored", -1, "phq-9", {"instrument": "phq-9", "total": total})
        for seq, time_s, total in ((90, 0.5, 12), (91, 6.0, 4))
    ]
    mic = numbers(info("mic", "audio", 100.0, kinds=("audio",)), np.arange(0, 8, 0.01), np.zeros(800))
    path = write_session(tmp_path / "sub-P01_ses-01.h5", [mic], [*happened.events, *scored])
    made = make_target(
        study, corpus_of([path], "asked"), Recipe("x", "questionnaire", ("phq-9", "total"), "number")
    )
    assert list(made.values.values()) == [4.0]
    (told,) = made.warnings
    assert "came to different scores (total) within 1 visit, of which the last counts" in told


def test_experiments_of_visits_are_read_back_and_older_ones_keep_their_hash() -> None:
    plain = Experiment("svm", {}, "", inputs=(InputSpec("a", "eda", "values"),), cases=CaseSpec())
    assert "trial" not in plain.to_json()["inputs"][0]
    spoken = replace(
        plain, cases=CaseSpec("session"), inputs=(InputSpec("a", "speech", "values", trial="task-1"),)
    )
    for each in (plain, spoken):
        assert Experiment.from_json(json.loads(json.dumps(each.to_json()))) == each


def people(count: int, visits: int = 1) -> NDArray[np.str_]:
    return np.repeat([f"P{place:03d}" for place in range(count)], visits)


def test_visits_of_a_person_stay_together_in_intervals_and_permutations() -> None:
    """Every visit three times over tells nothing more: intervals and p are those of the persons."""
    random = np.random.default_rng(4)
    y = np.arange(24) % 2
    shares = np.clip(0.5 + 0.1 * (y - 0.5) + 0.2 * random.standard_normal((1, 24)), 0, 1)
    once = figures(y, shares, people(24))["balanced accuracy"]
    y3, shares3 = np.repeat(y, 3), np.repeat(shares, 3, axis=1)
    thrice = figures(y3, shares3, people(24, 3))["balanced accuracy"]
    assert (thrice.value, thrice.low, thrice.high) == pytest.approx((once.value, once.low, once.high))
    alone = figures(y3, shares3, people(72))["balanced accuracy"]
    assert (alone.high or 1) - (alone.low or 0) < 0.75 * ((once.high or 1) - (once.low or 0))
    assert chance(y3, shares3, people(24, 3)).p == chance(y, shares, people(24)).p


def test_where_a_person_has_two_answers_there_is_no_p_and_it_says_why() -> None:
    y = np.array([0, 1] * 10)
    said = chance(y, y[None].astype(float), people(10, 2))
    assert said.p is None
    assert "No p value: 10 of 10 persons have visits with different answers" in said.words


def test_figures_are_those_of_the_paper_by_their_formulas() -> None:
    y = np.array([1] * 310 + [0] * 226)
    decided = np.concatenate([np.arange(310) < 226, np.arange(226) < 51]).astype(float)
    found = figures(y, np.where(decided > 0, 0.9, 0.1)[None], people(536), draws=0)
    tp, tn, fp, fn = 226, 175, 51, 84
    assert found["accuracy"].value == pytest.approx((tp + tn) / 536)
    assert found["F1-D"].value == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert found["F1-H"].value == pytest.approx(2 * tn / (2 * tn + fp + fn))
    assert found["AUC"].value == pytest.approx((tp / 310 + tn / 226) / 2)
    assert found["specificity at 0.8 sensitivity"].value == 0.0
    stacked = next(each for each in PAPER.printed if each.title.startswith("Fusion"))
    best = dict(zip(stacked.columns, stacked.rows[0], strict=True))
    for name in ("accuracy", "F1-D", "F1-H"):
        assert 100 * (found[name].value or 0) == pytest.approx(best[name], abs=0.2)


def test_controls_and_calibration() -> None:
    y = np.array([0, 1] * 20)
    assert chance(y, y[None].astype(float), people(40), permutations=99).p == 0.01
    assert chance(y, np.full((1, 40), 0.2), people(40), permutations=99).p == 1.0
    assert calibration(y, np.full((2, 40), 0.25)) == [(0.25, 0.5, 80)]


def test_the_printed_groups_are_the_means_of_the_printed_tasks() -> None:
    tables = {table.title: table for table in PAPER.printed}
    tasks = {row[0]: row[1:] for row in tables["Single tasks, SVM: accuracy, %"].rows}
    for row in tables["Tasks by kind and valence, SVM: accuracy, %"].rows[:2]:
        members = ("1", "2") if row[0] == "interview positive" else ("3", "4", "5")
        means = np.mean([[float(str(each)) for each in tasks[name]] for name in members], axis=0)
        np.testing.assert_allclose([float(str(each)) for each in row[1:]], means, atol=0.011)
    for kind in ("SVM", "random forest"):
        values = [v for row in tables[f"Single tasks, {kind}: accuracy, %"].rows for v in row[1:]]
        of_506 = [abs(round(float(str(v)) * 5.06) / 5.06 - float(str(v))) < 0.00501 for v in values]
        assert len(values) == 81 and sum(of_506) >= 79


@pytest.mark.slow
def test_people_are_told_apart_with_reasons_for_doubt_and_reported(study: Study, tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "mine.csv", study, 6.0, without=8)
    wanted = Wanted("group", "depressed", (), (str(path),), Plan(3, 2), grid="none")
    done = outcome_of(study, wanted)
    assert done.classes == ("healthy", "depressed")
    assert (done.figures["balanced accuracy"].value or 0) > 0.75
    assert done.chance.p is not None and done.chance.p < 0.1
    assert any("length of answers (s)" in line for line in done.shifts)
    assert len(done.people) == PEOPLE
    one = done.people[0]
    assert one.low is not None and one.high is not None and one.low <= one.share <= one.high
    assert one.tasks["task-9"] is None and one.tasks["task-1"] is not None
    assert [flag.partition(":")[0] for flag in one.flags] == ["missing task", "short answer"]
    assert all(line.state != "stopped" for line in done.whole.guards)
    for page, words in ((study_page(done), "Tasks"), (person_page(done, one), "Reasons for doubt")):
        text = write(page, tmp_path / words).read_text(encoding="utf-8")
        assert "research aid, no diagnosis" in text and words in text and one.participant in text
    with pytest.raises(SpeechTasksError, match="two of these embeddings"):
        embeddings_of((), (str(path), str(path)))
    with pytest.raises(SpeechTasksError, match="neither on this computer's shelf"):
        embeddings_of(("nothing",))


def fielded(rows: list[tuple[str, dict[str, str]]]) -> tuple[Batch, Study]:
    """Return a batch with a visit of each participant, and what a study says of their fields."""
    batch = replace(planted(2 * ((len(rows) + 1) // 2), 1), classes=("healthy", "depressed"))
    batch = batch.rows(np.arange(len(rows), dtype=np.intp))
    codes = np.array([f"P{place + 1:02d}" for place in range(len(rows))])
    y = np.array([int(kind == "depressed") for kind, _ in rows])
    said = SimpleNamespace(
        rows={code: fields for code, (_, fields) in zip(codes.tolist(), rows, strict=True)}
    )
    return replace(batch, y=y, cases=replace(batch.cases, participant=codes)), cast("Study", said)


@pytest.fixture
def roster_of_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Participants as the batch's helper says them."""
    monkeypatch.setattr(
        speech_confounds,
        "roster",
        lambda study: [
            SimpleNamespace(code=code, group="g", language="", fields=fields)
            for code, fields in study.rows.items()
        ],
    )


@pytest.mark.usefixtures("roster_of_fields")
@pytest.mark.parametrize(
    ("healthy", "depressed", "words"),
    [
        (["30", "31", "32"], ["50", "52", "54"], "age differs: healthy 31, depressed 52"),
        (
            ["30", "31", "32"],
            ["", "", ""],
            "age is known of 3 of 3 healthy and 0 of 3 depressed: not compared",
        ),
        (
            ["30", "31", "32"],
            ["nan", "nan", "30"],
            "known of 3 of 3 healthy and 1 of 3 depressed: not compared",
        ),
        (["30", "34 y", "32"], ["50", "52", "54"], "('34 y' is no number): only these are compared"),
        (["30", "34 y", "32"], ["50", "52", "54"], "age differs: healthy 31, depressed 52"),
        (
            ["1", "1", "1"],
            ["2", "2", "2"],
            "age differs: healthy 1, depressed 2 (the same in all of each)",
        ),
        (["a", "b", "a"], ["b", "b", "b"], "age differs: b are 33% of healthy and 100% of depressed"),
        (
            [f"h{n}" for n in range(7)],
            [f"d{n}" for n in range(7)],
            "age has 14 different entries: not compared",
        ),
        (["30", "31", "32"], ["32", "31", "30"], "no difference above d 0.3 or 15%: age."),
    ],
)
def test_what_the_groups_differ_in_is_said_and_what_was_not_compared_too(
    healthy: list[str], depressed: list[str], words: str
) -> None:
    rows = [("healthy", {"age": each} if each else {}) for each in healthy]
    rows += [("depressed", {"age": each} if each else {}) for each in depressed]
    batch, study = fielded(rows)
    said = speech_confounds.shift_notes(study, batch, {})
    assert words in " ".join(said)
    assert "sex, site of the participants are not entered" in " ".join(said)


@pytest.mark.usefixtures("roster_of_fields")
def test_the_length_of_answers_is_compared_like_a_field() -> None:
    batch, study = fielded([("healthy", {}), ("depressed", {})] * 4)
    heard = {
        (code, "1"): (Answer("task-1", (15.5, 20.7)[n % 2] + 0.1 * n, 10 + 0.1 * (n // 2), 40, 0),)
        for n, code in enumerate(batch.cases.participant.tolist())
    }
    said = " ".join(speech_confounds.shift_notes(study, batch, heard))
    assert "length of answers (s) differs: healthy 15.8, depressed 21.1" in said
    assert "no difference above d 0.3 or 15%: voice in answers (s)." in said


def test_sites_can_be_held_out_whole_and_everybody_needs_one() -> None:
    batch = planted(24, 2, 3.0, seed=2)
    sites = {code: "AB"[n % 4 // 2] for n, code in enumerate(batch.cases.participant.tolist())}
    asked = Plan(10, 5, hold_out="site")
    settings = {"grid": "none", "inner_folds": 2, "stack_grid": "none"}
    found = speech_testing.tested(
        batch, tuple(batch.inputs), "speech-tasks-stack", settings, asked, sites=sites
    )
    assert found.shares.shape == (1, 24) and np.isfinite(found.shares).all()
    assert asked.words == "each site tested by recognizers of the others, once"
    assert (figures(found.y, found.shares, found.persons)["AUC"].value or 0) > 0.8
    assert "passed" in found.guard_words and "stopped" not in found.guard_words
    with pytest.raises(SplitError, match="Everybody needs a site"):
        speech_testing.tested(batch, tuple(batch.inputs), "speech-tasks-vote", {}, asked, sites={"P01": "A"})


def test_a_stored_target_says_which_class_is_positive() -> None:
    named = Recipe("depression", "participant", ("group",), classes=("depressed", "control"))
    assert positive_in(Target(named, named.classes, {})) == "control"
    assert positive_in(Target(replace(named, classes=()), named.classes, {})) == "depressed"


def test_what_is_fused_is_chosen_by_kind_before_any_result() -> None:
    def named(*shorts: str) -> tuple[str, ...]:
        known = [Embedding(each, each, kind=each[0] if each[1:2] == "_" else "") for each in shorts]
        return to_fuse(known)

    assert named("I_m", "T_m", "R_m", "R_p", "R_f") == ("R_m", "R_p", "R_f")
    assert named("I_m", "T_m", "R_m", "Rest") == ("R_m", "T_m", "I_m")
    assert named("Rest", "mine") == ("Rest", "mine")
    assert named("I_m") == ("I_m",)


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (Answer("t", 20, 15, 40, 0), []),
        (Answer("t", 20, 4.9, 40, 0), ["short answer"]),
        (Answer("t", 20, 15, 14, 0), ["noise"]),
        (Answer("t", 20, float("nan"), float("nan"), 0.01), ["short answer", "overdriven"]),
    ],
)
def test_an_answer_is_flagged(answer: Answer, reasons: list[str]) -> None:
    assert [reason for reason, _ in answer.flags] == reasons


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (("depressed", "healthy"), "depressed"),
        (("low", "high"), "high"),
        (("depressed", "non-depressed"), "depressed"),
        (("clinical", "non-clinical"), "clinical"),
        (("Depressed", "Not depressed"), "Depressed"),
        (("no_depression", "depression"), "depression"),
        (("case", "noncase"), "case"),
        (("clinical", "subclinical"), "clinical"),
        (("depression", "depression-free"), "depression"),
        (("never depressed", "remitted"), "remitted"),
        (("a", "b"), "b"),
        (("m", "f"), "f"),
    ],
)
def test_the_positive_class_is_guessed_by_its_name(classes: tuple[str, str], positive: str) -> None:
    assert positive_of(classes) == positive
    batch = replace(planted(6, 1), classes=classes)
    turned = with_positive(batch, classes[0])
    assert turned.classes == classes[::-1] and batch.y is not None and turned.y is not None
    assert (turned.y == 1 - batch.y).all()


def test_named_files_have_their_checksum(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("recording,trial,v\nr,0,1\n")
    assert len(named_file(str(path))["sha256"]) == 64


@pytest.fixture(scope="module")
def trackers() -> None:
    """What joblib starts once and keeps."""
    start_trackers()


@pytest.fixture
def engine(trackers: None) -> Iterator[None]:
    """Worker processes of the engine, gone again afterwards."""
    yield
    close_workers()


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_the_papers_tables_are_made_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["reproduce", "depression", "--quick", "--json", "--out", str(tmp_path / "kept")]) == 0
    tables = json.loads(capsys.readouterr().out)
    assert [table["title"] for table in tables] == [
        "Extractors",
        "Single tasks, SVM: accuracy, %",
        "Tasks by kind and valence, SVM: accuracy, %",
        "Ensembles over the tasks, %",
        "Single embeddings and fusion, stacked: mean over repeats [95 % interval over persons]",
    ]
    assert all("simulated speakers" in table["data"] and "QUICK" in table["notes"][0] for table in tables)
    assert len(tables[1]["rows"]) == 9 and tables[-1]["runs"]
    assert "uards" in tables[-1]["controls"][-1]
    assert all("Guards: " in line for line in tables[-1]["controls"][:-1])
    told = " ".join(tables[-1]["notes"])
    assert "fixed before any result" in told and "length of answers (s)" in told
