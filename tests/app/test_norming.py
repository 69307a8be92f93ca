"""Ratings of a study's norming sessions: which sessions count, and what comes into the set."""

from pathlib import Path

import pytest

from app.norming import collect, needs, write_back, write_run
from app.participants import exclude
from app.study import Study
from stimuli.norming import NormingError, NormingRun, Scale
from stimuli.sets import StimulusSet, load_set
from tests.helpers.rating_sessions import Answers, rated_session
from tests.helpers.stimulus_files import pictures_set

POINTS = {"valence": 9, "attractiveness": 7}


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "norms", "Norms", "people")


@pytest.fixture
def stimuli(tmp_path: Path) -> StimulusSet:
    return pictures_set(tmp_path / "norms/stimuli/mine", each=2)


def test_finished_sessions_become_norms(study: Study, stimuli: StimulusSet) -> None:
    rated_session(study, "01", {"calm-00": {"valence": 7, "attractiveness": 3}}, points=POINTS)
    rated_session(
        study,
        "02",
        {"calm-00": {"valence": 9, "attractiveness": None}, "calm-01": {"valence": 2}},
        points=POINTS,
        aborted=("calm-01",),
    )
    done = write_back(study, stimuli)
    item = load_set(stimuli.folder).items["calm-00"]
    assert (item.valence, item.valence_sd, item.n) == (8.0, 1.4142, 2)
    score = item.score("attractiveness")
    assert score is not None and (score.mean, score.sd, score.n) == (3.0, None, 1)
    assert (done.rated, done.collected.raters, done.collected.left_out) == (1, 2, ())
    assert done.old == stimuli.folder / "manifest-v001.csv"


def test_who_is_excluded_does_not_count(study: Study, stimuli: StimulusSet) -> None:
    for code, value in (("01", 3), ("02", 9)):
        rated_session(study, code, {"calm-00": {"valence": value}}, points=POINTS)
    exclude(study, "02", "fell asleep")
    found = collect(study, "norming-mine")
    assert found.ratings == {"calm-00": {"valence": [3.0]}}
    assert [reason.partition(": ")[2] for reason in found.left_out] == ["the participant is excluded"]


def test_only_people_count_in_a_study_of_people(study: Study) -> None:
    rated_session(study, "01", {"calm-00": {"valence": 3}}, points=POINTS, origin="automatic")
    with pytest.raises(
        NormingError, match=r"no finished session of norming-mine that counts .*it is automatic"
    ):
        collect(study, "norming-mine")


def test_a_rater_who_came_twice_counts_once(study: Study) -> None:
    for session, value in ((1, 4), (2, 8)):
        rated_session(study, "01", {"calm-00": {"valence": value}}, points=POINTS, session=session)
    found = collect(study, "norming-mine")
    assert found.ratings == {"calm-00": {"valence": [6.0]}}
    assert (found.raters, found.sessions) == (1, 2)


def test_practice_and_other_protocols_do_not_count(study: Study) -> None:
    answers: Answers = {"calm-00": {"valence": 3}, "calm-01": {"valence": 5, "why": "so"}}
    rated_session(study, "01", answers, points=POINTS, practice=("calm-00",))
    rated_session(study, "02", answers, points=POINTS, protocol="other")
    assert collect(study, "norming-mine").ratings == {"calm-01": {"valence": [5.0]}}


def test_sessions_with_other_points_are_left_out(study: Study) -> None:
    rated_session(study, "01", {"calm-00": {"valence": 3}}, points=POINTS)
    rated_session(study, "02", {"calm-00": {"valence": 3}}, points={"valence": 5})
    found = collect(study, "norming-mine")
    assert found.points == POINTS
    assert [reason.partition(": ")[2] for reason in found.left_out] == [
        "valence has another number of points"
    ]


def test_the_bundled_set_is_never_written_to(study: Study, tmp_path: Path) -> None:
    rated_session(study, "01", {"meadow": {"valence": 3}}, points=POINTS, protocol="norming-open")
    stimuli = load_set("open")
    before = (stimuli.folder / "manifest.csv").read_bytes()
    with pytest.raises(NormingError, match="came with the program and stays as it is"):
        write_back(study, stimuli)
    done = write_back(study, stimuli, out=tmp_path / "rated")
    assert load_set(done.folder).items["meadow"].valence == 3.0
    assert (stimuli.folder / "manifest.csv").read_bytes() == before


def test_a_run_is_written_once(study: Study, stimuli: StimulusSet) -> None:
    run = NormingRun(tuple(stimuli.items), (Scale.parse("valence"),))
    path = write_run(study, stimuli, run)
    assert path == study.folder / "norming-mine.yaml"
    assert 'set: "stimuli/mine"' in path.read_text(encoding="utf-8")
    assert write_run(study, stimuli, run) == path
    with pytest.raises(NormingError, match="is there already"):
        write_run(study, stimuli, NormingRun(run.ids[:2], run.scales))


def test_what_the_studys_protocols_need_is_told(study: Study, stimuli: StimulusSet) -> None:
    text = "name: p\nstimuli:\n  set: stimuli/mine\n  categories:\n    a: {ids: [calm-00, gone]}\n"
    (study.folder / "p.yaml").write_text(text, encoding="utf-8")
    (study.folder / "other.yaml").write_text(text.replace("stimuli/mine", "open"), encoding="utf-8")
    assert [problem.message for problem in needs(study, stimuli)] == ['the set "mine" has no "gone".']
