"""A study's viewings, the list, kept recommenders, and what a withdrawal leaves of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.simulate.settings import Settings
from app import recommenders, withdrawal
from app.analysing import recommending
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
    copy = live / recommenders.IN_SESSION
    shutil.copyfile(folder / "everybody.json", copy)
    withdrawal.carry_out(study, withdrawal.plan(study, "sim01"))
    assert everybody.people == 4 and list(folder.glob("*.json")) == [] and not copy.exists()
    live.rmdir()
    rest = material_of(study)
    assert "sim01" not in rest.catalogue.participants
    without = keep_recommender(study, rest, "rest", "hybrid")
    assert without.people == 3
    withdrawal.carry_out(study, withdrawal.plan(study, "sim02"))
    assert list(folder.glob("*.json")) == []


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
    truth: list[float], guessed: list[float], output: str = "valence", leaks: tuple[str, ...] = ()
) -> Any:
    """Stand in for a kept recognizer whose held-out predictions are of sim01's first trials."""
    name = "sub-sim01_ses-01_task-filmranking_run-01"
    cases = SimpleNamespace(recording=np.full(len(truth), name), trial=np.arange(len(truth)) // 2)

    class Held(SimpleNamespace):
        def __len__(self) -> int:
            return len(truth)

    held = Held(y=np.array(truth), proba=np.array(guessed)[:, None], cases=cases)
    run = SimpleNamespace(
        name="run-1", outputs=(output,), division=SimpleNamespace(leaks=leaks), predictions=lambda: held
    )
    return SimpleNamespace(run=run)


def test_held_out_predictions_of_kept_recognizers_are_weighed_in_by_their_error(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows a trial are averaged; the error of points of 1 to 9 is a quarter of it on -1..1."""
    run = kept_run([5.0, 5.0, 5.0, 5.0], [7.0, 9.0, 3.0, 5.0])
    monkeypatch.setattr(recommending, "kept", lambda _: (run,))
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
    ],
    ids=["leaks", "another quantity", "another scale"],
)
def test_predictions_that_leak_or_mean_something_else_are_not_used(
    study: Study, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    monkeypatch.setattr(recommending, "kept", lambda _: (run,))
    material = material_of(study)
    assert material.estimated == 0 and not any(each.estimates for each in material.catalogue.viewings)


def test_several_recommenders_in_one_protocol_are_refused() -> None:
    with pytest.raises(recommenders.RecommenderError, match="several recommenders"):
        recommenders.wanted_by(["recommended:a", "recommended:b"])
    assert recommenders.wanted_by(["recommended", "hybrid"]) == ""
    assert recommenders.wanted_by(["hybrid"]) is None
