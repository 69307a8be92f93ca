"""Collecting: her labels come home at their true times, twice and late without harm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app import consent, participants, withdrawal
from app.annotation.carrying import carry, offer, older_logs
from app.annotation.collecting import collect
from app.annotation.dealing import Shares
from app.annotation.handing_on import hand_on
from app.annotation.pack_place import PackPlace
from app.annotation.packing import pack
from app.annotation.places import Item, PackError, Place, StudyPlace
from app.annotation.plans import grow, make_plan, move_on, plan_of
from app.annotation.schemes import add_scheme, bundled
from app.annotation.training import add_example
from app.annotation.trials import trials_of
from app.consent import Answers
from app.study import Study
from tests.helpers.labelled import EEG, PROTOCOL, VERSION, add_session, make_study
from tests.helpers.labelling import answered, label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")
TRACE: Scheme = next(scheme for scheme in bundled() if scheme.tiers[0].kind == "trace1d")
SPANS: Scheme = next(s for s in bundled() if s.tiers[0].kind == "segment" and s.tiers[0].labels)


@dataclass(frozen=True)
class Case:
    """A study, the package of its annotator anna, and its plan."""

    study: Study
    away: PackPlace

    @property
    def place(self) -> StudyPlace:
        return StudyPlace(Study.open(self.study.folder))

    def items(self, scheme: Scheme = SAM) -> tuple[Item, ...]:
        return tuple(item for item in self.away.queue("anna") if item.scheme == scheme.id)

    def at_home(self, item: Item) -> tuple[Mark, ...]:
        (known,) = [each for each in self.place.queue("anna") if each.code == item.code]
        with self.place.log(known, "anna", write=False) as log:
            return log.marks(item.code)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a study of two people with a trial each, planned by three schemes, and the package of anna."""
    folder = tmp_path_factory.mktemp("made")
    study = make_study(folder / "study", 2, 2, streams=(EEG,))
    trials, _ = trials_of(study, SAM)
    add_example(study, SAM, trials[0], [answered(0, 4)])
    for scheme in (SAM, TRACE, SPANS):
        make_plan(study, scheme.name, scheme, ["anna"], 3, Shares(0, 0))
    pack(study, "anna", folder / "pack")
    return folder


@pytest.fixture
def case(made: Path, tmp_path: Path) -> Case:
    """Return copies of both."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Case(Study.open(tmp_path / "study"), PackPlace(tmp_path / "pack"))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_answers_come_to_the_trial_that_their_code_stands_for(case: Case) -> None:
    for place, item in enumerate(case.items()):
        label(case.away, item, "anna", place + 2)
    collected = collect(case.away.folder, case.study)
    assert collected.new == {item.code: 2 for item in case.items()}
    assert (collected.refused, collected.notes) == ((), ())
    true = {item.code: item.trial for item in case.place.queue("anna", "sam")}
    for place, item in enumerate(case.items()):
        (mark,) = case.at_home(item)
        assert (mark.trial, mark.item, mark.value["valence"]) == (true[item.code], item.code, place + 2)
    assert {*case.place.states("anna", "sam").values()} == {"finished"}


def test_marks_and_traces_come_at_the_recordings_own_time(case: Case) -> None:
    span, trace = case.items(SPANS)[0], case.items(TRACE)[0]
    with case.away.log(span, "anna") as log:
        tier = SPANS.tiers[0]
        log.add(tier.name, trial=0, item=span.code, start_ns=10**9, end_ns=2 * 10**9, label=tier.labels[0].id)
    with case.away.log(trace, "anna") as log:
        take = log.begin_take(TRACE.tiers[0].name, 0, trace.code, "mouse")
        take.append(5 * 10**8, 7, (0.25,))
        take.append(6 * 10**8, 8, (0.5,))
        take.end("done")
    collect(case.away.folder, case.study)
    known = {item.code: item for item in case.place.queue("anna")}
    (mark,) = case.at_home(span)
    start_ns = known[span.code].start_ns
    assert (mark.start_ns, mark.end_ns) == (start_ns + 10**9, start_ns + 2 * 10**9)
    assert mark.trial == known[span.code].trial
    with case.place.log(known[trace.code], "anna", write=False) as log:
        (found,) = log.takes(trace.code)
    assert list(found.t_ns - known[trace.code].start_ns) == [5 * 10**8, 6 * 10**8]
    assert found.values[:, 0] == pytest.approx([0.25, 0.5])
    assert found.trial == known[trace.code].trial


def test_an_answer_can_be_changed_at_home_afterwards(case: Case) -> None:
    item = case.items()[0]
    label(case.away, item, "anna", 3)
    collect(case.away.folder, case.study)
    (known,) = [each for each in case.place.queue("anna", "sam") if each.code == item.code]
    label(case.place, known, "anna", 8)
    (mark,) = case.at_home(item)
    assert mark.value["valence"] == 8, "it is the same answer, not a second one"


def test_twice_changes_nothing_and_late_brings_the_rest(case: Case) -> None:
    first, second = case.items()[:2]
    label(case.away, first, "anna", 3)
    assert sum(collect(case.away.folder, case.study).new.values()) == 2
    before = case.at_home(first)
    assert sum(collect(case.away.folder, case.study).new.values()) == 0
    assert case.at_home(first) == before
    label(case.away, second, "anna", 4)
    with case.away.log(first, "anna") as log:
        log.undo(first.code)
        log.undo(first.code)
    assert collect(case.away.folder, case.study).new == {first.code: 2, second.code: 2}
    assert case.at_home(first) == ()
    assert len(case.at_home(second)) == 1


def test_a_zip_of_her_folder_does_as_well(case: Case, tmp_path: Path) -> None:
    label(case.away, case.items()[0], "anna", 3)
    for base in ("pack", "."):
        archive = shutil.make_archive(
            str(tmp_path / f"back-{len(base)}"), "zip", case.away.folder.parent, base
        )
        if base == "pack":
            assert sum(collect(Path(archive), case.study).new.values()) == 2
    inside = shutil.make_archive(str(tmp_path / "inside"), "zip", case.away.folder)
    assert sum(collect(Path(inside), case.study).new.values()) == 0


def test_after_the_plan_has_grown_and_the_trial_was_handed_on(case: Case) -> None:
    item = case.items()[0]
    label(case.away, item, "anna", 3)
    add_session(case.study, 2, 2, streams=(EEG,))
    plan = grow(case.study, plan_of(case.study, "sam"), SAM).plan
    hand_on(case.study, plan, [item.code], "anna", "ben")
    collected = collect(case.away.folder, case.study)
    assert collected.new == {item.code: 2}
    assert collected.notes == (
        f"item {item.code}: was handed on to ben meanwhile. What anna labelled is kept too.",
    )
    (known,) = [each for each in case.place.queue("ben") if each.code == item.code]
    with case.place.log(known, "anna", write=False) as log:
        assert len(log.marks(item.code)) == 1


@pytest.mark.slow
def test_what_was_labelled_by_an_older_version_comes_home_and_is_carried_over(case: Case) -> None:
    first = case.items()[0]
    label(case.away, first, "anna", 3)
    newer = add_scheme(case.study, replace(SAM, title="Again"))
    move_on(case.study, plan_of(case.study, "sam"), newer)
    collect(case.away.folder, case.study)
    pack(case.study, "anna", case.away.folder)
    away = PackPlace(case.away.folder)
    places: tuple[Place, ...] = (away, case.place)
    for place in places:
        known = next(each for each in place.queue("anna") if each.code == first.code)
        assert known.scheme == "sam@2"
        with place.log(known, "anna") as log:
            (older,) = older_logs(log)
            assert carry(log, offer(older, log).marks) == 1
            (mark,) = log.marks(first.code)
            assert (mark.value["valence"], mark.to_confirm) == (3, True)


def test_what_belongs_to_somebody_withdrawn_is_refused_and_the_rest_taken(case: Case) -> None:
    for item in case.items():
        label(case.away, item, "anna", 3)
    hers = {each.code for each in case.place.queue("anna", "sam") if "P01" in each.recording}
    withdrawal.carry_out(case.study, withdrawal.plan(case.study, "P01"))
    collected = collect(case.away.folder, case.study)
    assert {each.what for each in collected.refused} == {f"item {code}" for code in hers}
    assert {each.why for each in collected.refused} == {
        "is not in the study any more (its participant was withdrawn)"
    }
    assert set(collected.new) == {item.code for item in case.items()} - hers
    assert not list(case.study.folder.rglob("*P01*"))


def test_consent_taken_back_is_heeded_and_an_exclusion_is_none_of_hers(case: Case) -> None:
    for item in case.items():
        label(case.away, item, "anna", 3)
    consent.give(case.study, Answers(uses=("teaching",)).consent("P01", PROTOCOL, VERSION))
    participants.exclude(case.study, "P02", "fell asleep")
    collected = collect(case.away.folder, case.study)
    assert {each.why for each in collected.refused} == {"the participant has not agreed to this study"}
    assert collected.new, "an exclusion can be taken back, her work stays"


def test_practice_is_collected_apart_from_labels(case: Case) -> None:
    (item,) = case.away.training("anna")
    label(case.away, item, "anna", 3)
    assert collect(case.away.folder, case.study).new == {item.code: 2}
    (known,) = case.place.training("anna")
    path = case.place.log_path(known, "anna")
    assert path.is_relative_to(case.study.folder / "annotations" / "training")
    assert not list((case.study.folder / "annotations").glob("sub-*"))


def other_study(case: Case, tmp_path: Path) -> Path:
    Study.create(tmp_path / "another", "Another", "people")
    return case.away.folder


def damaged_log(case: Case, tmp_path: Path) -> Path:
    path = case.away.log_path(case.items()[-1], "anna")
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)
    return case.away.folder


def no_log(case: Case, tmp_path: Path) -> Path:
    case.away.log_path(case.items()[-1], "anna").write_bytes(b"no database")
    return case.away.folder


def torn_zip(case: Case, tmp_path: Path) -> Path:
    path = Path(shutil.make_archive(str(tmp_path / "back"), "zip", tmp_path, "pack"))
    content = bytearray(path.read_bytes())
    middle = content.index(b".sqlite") + 200
    content[middle : middle + 400] = bytes(400)
    path.write_bytes(content)
    return path


def cut_zip(case: Case, tmp_path: Path) -> Path:
    path = torn_zip(case, tmp_path)
    path.write_bytes(path.read_bytes()[:-500])
    return path


def altered_head(case: Case, tmp_path: Path) -> Path:
    path = case.away.folder / "pack.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"annotator": "ben"}))
    return case.away.folder


def moved_log(case: Case, tmp_path: Path) -> Path:
    one, other = (case.away.log_path(item, "anna") for item in case.items()[:2])
    other.write_bytes(one.read_bytes())
    return case.away.folder


def nothing(case: Case, tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (other_study, "is a package of another study. Nothing was changed"),
        (damaged_log, "is damaged"),
        (no_log, "is no log of labels"),
        (torn_zip, "is damaged"),
        (cut_zip, "is damaged or no zip"),
        (altered_head, "is damaged"),
        (moved_log, "does not lie where it was made"),
        (nothing, "is no package"),
        (lambda case, tmp_path: tmp_path / "nowhere", "there is no such package"),
    ],
)
def test_a_package_that_is_damaged_or_foreign_changes_nothing(
    case: Case, tmp_path: Path, damage: Callable[[Case, Path], Path], words: str
) -> None:
    for item in case.items():
        label(case.away, item, "anna", 3)
    source = damage(case, tmp_path)
    study = Study.open(tmp_path / "another") if damage is other_study else case.study
    before = tree(study.folder)
    with pytest.raises(PackError, match=words):
        collect(source, study)
    assert tree(study.folder) == before


def test_what_another_labelled_in_her_package_is_not_taken_for_hers(case: Case) -> None:
    item = case.items()[0]
    label(case.away, item, "anna", 3)
    path = case.away.log_path(item, "anna")
    shutil.copytree(path.parent, path.parents[1] / "eve")
    collected = collect(case.away.folder, case.study)
    assert [each.why for each in collected.refused] == ["was labelled by eve, whose package this is not"]


def test_while_her_labels_are_open_here_nothing_is_united(case: Case) -> None:
    item = case.items()[0]
    label(case.away, item, "anna", 3)
    (known,) = [each for each in case.place.queue("anna", "sam") if each.code == item.code]
    other = case.away.queue("anna")[-1]
    with case.away.log(other, "anna") as log:
        log.skip(other.code, "dark")
    words = r"cannot be written: .*open .*Nothing was changed"
    with case.place.log(known, "anna"), pytest.raises(PackError, match=words):
        collect(case.away.folder, case.study)
    assert case.at_home(item) == ()
    assert [path.stem for path in case.study.folder.rglob("*.sqlite")] == ["sam@1"]
    assert collect(case.away.folder, case.study).new == {item.code: 2, other.code: 1}


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["answer", "undo", "redo", "finish", "reopen", "collect"]), max_size=12))
def test_whatever_is_done_and_whenever_it_is_collected_both_sides_say_the_same(
    case: Case, tmp_path_factory: pytest.TempPathFactory, steps: Sequence[str]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    shutil.copytree(case.away.folder, folder / "pack")
    shutil.copytree(case.study.folder, folder / "study")
    run = Case(Study.open(folder / "study"), PackPlace(folder / "pack"))
    item = run.items()[0]
    for count, step in enumerate([*steps, "collect"]):
        if step == "collect":
            collect(run.away.folder, run.study)
            continue
        with run.away.log(item, "anna") as log:
            match step:
                case "answer":
                    value = {"valence": 1 + count % 9, "arousal": 5, "dominance": 5}
                    log.add("feeling", trial=0, item=item.code, value=value)
                case "undo" | "redo":
                    getattr(log, step)(item.code)
                case _:
                    getattr(log, step)(item.code)
    with run.away.log(item, "anna", write=False) as log:
        there = [(mark.id, dict(mark.value), mark.revision) for mark in log.marks(item.code)]
        state = log.item_state(item.code)
    assert [(mark.id, dict(mark.value), mark.revision) for mark in run.at_home(item)] == there
    assert run.place.states("anna", "sam")[item.code] == state
