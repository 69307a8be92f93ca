"""Withdrawal: what was said about a participant goes with her, and stays where she takes back a stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.labels.reader import read_log
from analysis.labels.scheme import Scheme
from app import withdrawal
from app.annotation.curating import matters, resolve
from app.annotation.dealing import Shares
from app.annotation.handing_on import hand_on
from app.annotation.pack_place import PackPlace
from app.annotation.packing import pack
from app.annotation.plans import grow, make_plan, plan_of
from app.annotation.schemes import bundled
from app.annotation.study_place import StudyPlace
from app.annotation.training import add_example, examples
from app.annotation.trials import trials_of
from app.study import Study
from tests.helpers.labelling import answered, label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")


@pytest.fixture
def worked(study: Study) -> Study:
    """Return a study in which everything that there is about labels speaks of both participants."""
    trials, _ = trials_of(study, SAM)
    for trial in (trials[0], trials[-1]):
        example = add_example(study, SAM, trial, [answered(trial.trial, 4)])
        label(StudyPlace(study), example, "anna", 5)
    plan = make_plan(study, "faces", SAM, ["anna", "ben"], 3, Shares(0.5, 0.3)).plan
    place = StudyPlace(study)
    for valence, person in ((1, "anna"), (9, "ben")):
        for item in place.queue(person)[:-2]:
            label(place, item, person, valence)
    for matter in matters(study, SAM):
        resolve(study, matter, {"valence": 5})
    hand_on(study, plan, None, "ben", "cem")
    return study


def names_in(folder: Path, *texts: str) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        if any(text in str(path.relative_to(folder)) or text.encode() in content for text in texts):
            found.append(path.relative_to(folder).as_posix())
    return found


def test_everything_about_her_goes_and_the_rest_works_on(worked: Study) -> None:
    (gone, kept) = worked.sessions()
    top = worked.folder / "annotations"
    assert len(names_in(top, "sub-P01", gone.uuid)) >= 6
    theirs = {name for name in names_in(top, "sub-P02") if name.endswith(".sqlite")}
    before = plan_of(worked, "faces")
    withdrawal.carry_out(worked, withdrawal.plan(worked, "P01"))
    assert names_in(worked.folder, "sub-P01", gone.uuid) == []
    assert {name for name in names_in(top, "sub-P02") if name.endswith(".sqlite")} == theirs
    plan = plan_of(worked, "faces")
    assert plan.dealt == tuple(dealt for dealt in before.dealt if dealt.trial.uuid == kept.uuid)
    assert all(each.code in plan.by_code for each in plan.handed)
    assert len(examples(worked)) == 1
    assert all(matter.is_resolved for matter in matters(worked, SAM))
    assert grow(worked, plan, SAM).plan.dealt[: len(plan.dealt)] == plan.dealt


def said(study: Study) -> dict[str, object]:
    """Return everything that was said, and every table, by file."""
    found: dict[str, object] = {}
    for path in sorted((study.folder / "annotations").rglob("*")):
        if path.suffix == ".sqlite":
            found[str(path)] = read_log(path).ops
        elif path.is_file():
            found[str(path)] = path.read_bytes()
    return found


@pytest.mark.slow
def test_of_a_stream_taken_back_labels_stay_as_they_are_and_go_on(worked: Study, tmp_path: Path) -> None:
    before = said(worked)
    pack(worked, "anna", tmp_path / "pack")
    found = withdrawal.plan(worked, "P01", ("camera",))
    assert any("Annotations stay" in text for text in found.kept)
    assert any(text.startswith("export pack (pack,") for text in found.unreachable)
    withdrawal.carry_out(worked, found)
    assert said(worked) == before
    place = StudyPlace(Study.open(worked.folder))
    for item in (*place.queue("anna"), *place.training("anna")):
        with place.log(item, "anna") as log:
            assert (log.read_only, log.warning) == (False, "")
    again = pack(place.study, "anna", tmp_path / "pack")
    assert again.new == ()
    away = PackPlace(tmp_path / "pack")
    cameras = {item.code: "camera" in away.visible(item, SAM).kinds for item in away.queue("anna")}
    hers = {item.code: "P01" not in item.recording for item in place.queue("anna")}
    assert cameras == hers, "packed again, her pictures are gone"
