"""A study's viewings, the list, kept recommenders, and what a withdrawal leaves of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.recommendation.viewings import Viewing
from analysis.simulate.settings import Settings
from app import away, recommenders, withdrawal
from app.analysing import recommending, recommending_estimates
from app.analysing.recommending import RecommendingError, keep_recommender, material_of
from app.analysing.simulating import Request, simulate, simulation_study
from app.cli import main
from app.presenter.simulated import live_through
from app.study import Study
from stimuli.sets import load_set

KEYS = Settings(modalities=("keys",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four simulated viewers of films."""
    study = simulation_study(tmp_path_factory.mktemp("films") / "s", "film-ranking")
    simulate(study, Request("film-ranking", 4, KEYS, 1), live_through)
    return study.folder


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Study:
    return Study.open(Path(shutil.copytree(made, tmp_path / "s")))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["recommend", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_ratings_lie_on_minus_one_to_one_with_the_set_s_norms_and_durations(study: Study) -> None:
    material = material_of(study)
    catalogue = material.catalogue
    assert len(catalogue.participants) == 4 and len(catalogue.viewings) == 48
    assert all(set(each.ratings) == {"valence", "arousal", "dominance"} for each in catalogue.viewings)
    assert all(-1 <= value <= 1 for each in catalogue.viewings for value in each.ratings.values())
    assert material.asked_liking and material.notes == ()
    item = load_set("open").items["kites"]
    clip = catalogue.clips["kites"]
    assert item.valence is not None and item.duration_s is not None
    assert clip.norms["valence"] == pytest.approx((item.valence - 5) / 4)
    assert (clip.duration_s, clip.category) == (item.duration_s, item.category)
    # Films were shown: pictures are no candidates, films that nobody saw are.
    assert "puppy" not in catalogue.clips and "breeze" in catalogue.clips


def test_a_list_is_printed_for_a_participant_and_for_a_newcomer(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    known = told(capsys, str(study.folder), "--participant", "sim01", "--count", "3", "--minutes", "1")
    seen = {each.clip for each in material_of(study).catalogue.of("sim01")}
    assert known["known"] == 12 and len(known["clips"]) == 3
    assert not seen & {each["clip"] for each in known["clips"]}
    new = told(capsys, str(study.folder), "--participant", "new", "--ranker", "target", "--target=-0.6,0.5")
    assert new["known"] == 0 and new["clips"][0]["expected"]["valence"] < -0.3
    assert "nothing is known of this person yet" in new["clips"][0]["reason"]


def test_a_kept_recommender_is_listed_names_nobody_and_is_never_overwritten(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = told(
        capsys, str(study.folder), "--ranker", "collaborative", "--target", "0.6,-0.5", "--save", "lab"
    )
    assert kept["kept"]["people"] == 4 and kept["kept"]["target"] == {"valence": 0.6, "arousal": -0.5}
    (listed,) = told(capsys, str(study.folder))["recommenders"]
    assert listed == kept["kept"]
    text = (study.folder / recommenders.FOLDER / "lab.json").read_text(encoding="utf-8")
    assert "sim0" not in text and "sub-" not in text
    assert main(["recommend", str(study.folder), "--save", "lab"]) == 1
    assert "Choose another name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--ranker", "magic", "--participant", "p"), "no ranker 'magic'"),
        (("--save", "No Name"), "is no name for a recommender"),
        (("--participant", "sim01", "--count", "0"), "at least one clip"),
        (("--participant", "sim01", "--minutes", "0.01"), "Allow more minutes"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    study: Study, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
) -> None:
    assert main(["recommend", str(study.folder), *arguments]) == 1
    assert why in capsys.readouterr().err


def test_a_study_without_ratings_says_what_gives_them(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", "Empty", "people", protocol="")
    with pytest.raises(RecommendingError, match="nobody has rated a stimulus yet"):
        material_of(study)


def test_a_withdrawal_takes_away_the_recommenders_that_hold_the_ratings(study: Study) -> None:
    material = material_of(study)
    everybody = keep_recommender(study, material, "everybody", "hybrid")
    folder = study.folder / recommenders.FOLDER
    live = study.folder / "sub-sim02" / "ses-01" / "x.live"
    live.mkdir(parents=True, exist_ok=True)
    rehearsed = study.folder / "rehearsals" / "sub-sim02" / "ses-01" / "y.live"
    rehearsed.mkdir(parents=True)
    copies = [place / recommenders.IN_SESSION for place in (live, rehearsed)]
    for copy in copies:
        shutil.copyfile(folder / "everybody.json", copy)
    withdrawal.carry_out(study, withdrawal.plan(study, "sim01"))
    assert everybody.people == 4 and list(folder.glob("*.json")) == []
    assert not any(copy.exists() for copy in copies)
    live.rmdir()
    rest = material_of(study)
    assert "sim01" not in rest.catalogue.participants
    without = keep_recommender(study, rest, "rest", "hybrid")
    assert without.people == 3
    withdrawal.carry_out(study, withdrawal.plan(study, "sim02"))
    assert list(folder.glob("*.json")) == []


def test_a_withdrawal_reaches_the_copies_of_sessions_that_are_recorded_away(study: Study) -> None:
    unique = study.identity()
    material = material_of(study)
    keep_recommender(study, material, "everybody", "hybrid")
    kept = study.folder / recommenders.FOLDER / "everybody.json"
    live = study.folder / "sub-sim02" / "ses-02" / "sub-sim02_ses-02_task-films_run-01.live"
    live.mkdir(parents=True)
    belongs = away.Belongs(unique, str(study.folder), "sub-sim02/ses-02", live.stem)
    there = away.begin(live, belongs) / live.name / recommenders.IN_SESSION
    shutil.copyfile(kept, there)
    found = withdrawal.plan(study, "sim01")
    assert found.lent == (str(there),) and found.to_json()["lent"] == 1
    assert not any("another" in text for text in found.unreachable)
    withdrawal.carry_out(study, found)
    assert not there.exists() and there.parent.is_dir() and live.is_dir()


def test_a_withdrawal_names_sessions_of_other_computers_that_may_hold_the_ratings(study: Study) -> None:
    keep_recommender(study, material_of(study), "everybody", "hybrid")
    live = study.folder / "sub-sim02" / "ses-02" / "sub-sim02_ses-02_task-films_run-01.live"
    live.mkdir(parents=True)
    (live / away.NOTE).write_text(json.dumps({"host": "lab-2", "owner": "x", "recording": "y"}))
    found = withdrawal.plan(study, "sim01")
    (told,) = [text for text in found.unreachable if live.name in text]
    assert "the computer lab-2" in told and "recommender" in told


def test_a_recommender_without_the_withdrawn_stays(study: Study) -> None:
    material = material_of(study)
    code = material.catalogue.participants[0]
    rest = material.catalogue.without(material.catalogue.of(code))
    others = tuple(name for name in material.recordings if code not in name)
    keep_recommender(study, type(material)(rest, others, 0), "others", "hybrid")
    withdrawal.carry_out(study, withdrawal.plan(study, code))
    assert [path.name for path in (study.folder / recommenders.FOLDER).glob("*")] == ["others.json"]


def test_an_excluded_participant_is_in_no_catalogue(study: Study) -> None:
    from app.participants import exclude

    exclude(study, "sim03", "fell asleep")
    assert "sim03" not in material_of(study).catalogue.participants


RECOMMENDED = "choose: {candidates: library, by: recommended:lab}"


def protocol_file(folder: Path) -> Path:
    from protocols.load import load_protocol

    text = load_protocol("film-ranking").text.replace(
        "choose: {candidates: library, by: hybrid}", RECOMMENDED
    )
    path = folder / "films.yaml"
    path.write_text(text.replace("name: film-ranking", "name: films"), encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_check_names_a_recommender_that_is_missing_and_a_session_uses_one_that_is_there(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    path = protocol_file(study.folder)
    study.with_settings(protocol=path.name)
    assert main(["check", str(study.folder)]) == 1
    assert "the recommender 'lab', and the study keeps none yet" in capsys.readouterr().out
    refused = main(
        ["simulate", "--study", str(study.folder), "--protocol", str(path), "--modalities", "keys"]
    )
    assert refused == 1 and "recommender 'lab'" in capsys.readouterr().err
    kept = keep_recommender(study, material_of(study), "lab", "hybrid")
    assert main(["check", str(study.folder)]) == 0
    simulate(Study.open(study.folder), Request(str(path), 1, KEYS, 1), live_through)
    from analysis.session_file import open_session

    newest = Study.open(study.folder).sessions()[-1]
    with open_session(study.folder / newest.file) as session:
        chosen = [event.payload for event in session.events if event.kind == "chosen"]
    assert len(chosen) == 8
    assert {each["recommender"] for each in chosen} == {f"lab {kept.sha256}"}


def kept_run(
    truth: list[float],
    guessed: list[float],
    output: str = "valence",
    leaks: tuple[str, ...] = (),
    source: str = "rating",
) -> Any:
    """Stand in for a kept recognizer whose held-out predictions are of sim01's first trials, 2 s a window."""
    name = "sub-sim01_ses-01_task-filmranking_run-01"
    start_s = 2.0 * np.arange(len(truth))
    cases = SimpleNamespace(
        recording=np.full(len(truth), name),
        trial=np.arange(len(truth)) // 2,
        start_s=start_s,
        stop_s=start_s + 2.0,
    )

    class Held(SimpleNamespace):
        def __len__(self) -> int:
            return len(truth)

    held = Held(y=np.array(truth), proba=np.array(guessed)[:, None], cases=cases)
    target = {"source": source, "of": [output] if output else ["valence"], "rule": "number"}
    run = SimpleNamespace(
        name="run-1",
        outputs=(output,) if output else (),
        division=SimpleNamespace(leaks=leaks),
        predictions=lambda: held,
        experiment=SimpleNamespace(target=target),
    )
    return SimpleNamespace(run=run)


def test_held_out_predictions_of_kept_recognizers_are_weighed_in_by_their_error(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows a trial are averaged; the error of points of 1 to 9 is a quarter of it on -1..1."""
    run = kept_run([5.0, 5.0, 5.0, 5.0], [7.0, 9.0, 3.0, 5.0])
    monkeypatch.setattr(recommending_estimates, "kept", lambda _: (run,))
    material = material_of(study)
    first, second, third = material.catalogue.of("sim01")[:3]
    rmse = ((4 + 16 + 4 + 0) / 4) ** 0.5 / 4
    for viewing, value in ((first, 0.75), (second, -0.25)):
        (told,) = viewing.estimates["valence"]
        assert (told.value, told.by) == (value, "run-1")
        assert told.rmse == pytest.approx(rmse)
    assert not third.estimates and not material.catalogue.of("sim02")[0].estimates
    assert "Held-out estimates of run-1" in material.notes[0]


@pytest.mark.parametrize(
    "run",
    [
        kept_run([5.0, 5.0], [7.0, 7.0], leaks=("windows of one trial on both sides",)),
        kept_run([5.0, 5.0], [7.0, 7.0], output="tiredness"),
        kept_run([50.0, 5.0], [7.0, 7.0]),
        kept_run([5.0, 5.0], [7.0, 7.0], source="trace"),
        kept_run([5.0, 5.0], [7.0, 7.0], output=""),
    ],
    ids=["leaks", "another quantity", "another scale", "no rating", "classes"],
)
def test_predictions_that_leak_or_mean_something_else_are_not_used(
    study: Study, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.setattr(recommending_estimates, "kept", lambda _: (run,))
    material = material_of(study)
    assert material.estimated == 0 and not any(each.estimates for each in material.catalogue.viewings)


def test_a_recognizer_of_ratings_that_tells_nothing_is_named_as_not_used(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recommending_estimates, "kept", lambda _: (kept_run([5.0], [7.0], output=""),))
    assert material_of(study).notes == ("Not used: run-1. They say nothing of affect on a known scale.",)


@pytest.mark.parametrize(
    ("low", "high", "truth", "said", "value", "rmse"),
    [
        (1.0, 9.0, 5.0, 7.0, 0.5, 0.5),
        (1.0, 5.0, 5.0, 5.0, 1.0, 0.0),
        (1.0, 5.0, 4.0, 2.0, -0.5, 1.0),
        (0.0, 100.0, 25.0, 75.0, 0.5, 1.0),
    ],
)
def test_an_estimate_is_read_on_the_scale_that_its_recording_asked_on(
    low: float, high: float, truth: float, said: float, value: float, rmse: float
) -> None:
    model = kept_run([truth, truth], [said, said])
    ((key, dimension, estimate, _),) = recommending_estimates.of_numbers(
        model.run, {"sub-sim01_ses-01_task-filmranking_run-01": {"valence": ("valence", low, high)}}
    )
    assert (key[1], dimension, estimate.value, estimate.rmse) == (0, "valence", value, rmse)
    assert not list(recommending_estimates.of_numbers(model.run, {}))


def test_held_out_windows_are_the_course_of_a_viewing_once_a_second(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Middles at 1 s and 3 s with 0.5 and 1.0, then at 5 s and 7 s with -0.5 and 0.0."""
    run = kept_run([5.0, 5.0, 5.0, 5.0], [7.0, 9.0, 3.0, 5.0])
    with pytest.raises(RecommendingError, match="compares courses of affect, and the study has none"):
        recommending.fitted(material_of(study), "grey-relational", None)
    monkeypatch.setattr(recommending_estimates, "kept", lambda _: (run,))
    material = material_of(study)
    first, second = material.catalogue.of("sim01")[:2]
    assert first.curves["valence"].tolist() == [0.5, 0.75, 1.0]
    assert second.curves["valence"].tolist() == [-0.5, -0.25, 0.0]
    ranker = recommending.fitted(material, "grey-relational", None)
    liked = (Viewing("new", first.clip, 0, liking=1.0),)
    grades = ranker.score("new", liked, [first.clip, second.clip])
    assert grades[0] == 1.0 > grades[1] > 0.0


def test_points_on_a_grid_are_ratings_by_dimension(monkeypatch: pytest.MonkeyPatch) -> None:
    scales = recommending._apart({"felt": ("valence arousal", 1.0, 9.0), "fun": ("liking", 1.0, 5.0)})
    assert scales == {
        "fun": ("liking", 1.0, 5.0), "valence": ("valence", 1.0, 9.0), "arousal": ("arousal", 1.0, 9.0),
    }  # fmt: skip
    own = recommending._apart({"felt": ("valence arousal", 1.0, 9.0), "valence": ("valence", 1.0, 5.0)})
    assert own["valence"] == ("valence", 1.0, 5.0)


def test_the_newest_is_not_looked_for_behind_a_damaged_one(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    material = material_of(study)
    keep_recommender(study, material, "older", "hybrid")
    keep_recommender(study, material, "newer", "most-liked")
    path = study.folder / recommenders.FOLDER / "newer.json"
    path.write_text(path.read_text(encoding="utf-8").replace("most-liked", "hybrid"), encoding="utf-8")
    with pytest.raises(
        recommenders.RecommenderError, match=r"newer\.json: it was changed .* may be this one"
    ):
        recommenders.find(study.folder, "")
    assert recommenders.find(study.folder, "older").stem == "older"
    listed = told(capsys, str(study.folder))
    assert [each["name"] for each in listed["recommenders"]] == ["older"]
    assert "newer.json" in listed["damaged"][0]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(recommenders.RecommenderError, match=r"newer\.json: is damaged"):
        recommenders.find(study.folder, "")
    path.unlink()
    assert recommenders.find(study.folder, "").stem == "older"


def test_several_recommenders_in_one_protocol_are_refused() -> None:
    with pytest.raises(recommenders.RecommenderError, match="several recommenders"):
        recommenders.wanted_by(["recommended:a", "recommended:b"])
    assert recommenders.wanted_by(["recommended", "hybrid"]) == ""
    assert recommenders.wanted_by(["hybrid"]) is None
