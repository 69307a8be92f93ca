"""Places: the queue, what may be seen of an item, other people's lanes, and whole recordings."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import pytest

from analysis.labels.records import LogHead
from analysis.labels.scheme import HIDEABLE, SHOWABLE, Scheme
from analysis.labels.scheme_json import with_checksum
from analysis.session_file import open_session
from app import consent, participants, withdrawal
from app.annotation.dealing import Shares
from app.annotation.log import Log
from app.annotation.pack_place import PackPlace
from app.annotation.places import PackError, Place, StudyPlace
from app.annotation.plans import PlanError, make_plan
from app.annotation.schemes import add_scheme, bundled
from app.annotation.sight import LEAD_S, TAIL_S, kinds_of, muted_s, visible_of
from app.consent import Answers
from app.study import Study, StudyError
from tests.helpers.labelled import PROTOCOL, SHOWN_S, VERSION, onset_s
from tests.helpers.labelling import label

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")


def planned(study: Study, scheme: Scheme = SAM, hide: Sequence[str] = ()) -> StudyPlace:
    make_plan(study, "faces", scheme, ["anna", "ben", "cem"], 3, Shares(1.0, 0.25), hide=hide)
    return StudyPlace(study)


def altered(study: Study, **changes: object) -> Scheme:
    return add_scheme(study, with_checksum(replace(SAM, name="other", **changes)))  # type: ignore[arg-type]


def first_session(study: Study) -> Path:
    return study.folder / study.sessions()[0].file


def test_a_study_and_a_package_are_places(study: Study) -> None:
    place: Place = planned(study)
    assert place.annotators() == ("anna", "ben", "cem")
    assert set(place.schemes()) == {"sam@1"}
    assert place.queue("zoe") == ()


def test_the_queue_heeds_what_has_become_of_participants_since(study: Study) -> None:
    place = planned(study)
    everything = place.queue("anna")
    participants.exclude(study, "P01", "fell asleep")
    assert place.queue("anna") == tuple(item for item in everything if "P02" in item.recording)
    assert {each.why for each in place.left_out("anna")} == {"is excluded: fell asleep"}
    participants.include(study, "P01")
    assert place.queue("anna") == everything
    gone = next(item for item in everything if "P02" in item.recording)
    consent.give(study, Answers(uses=()).consent("P02", PROTOCOL, VERSION))
    with pytest.raises(PlanError, match="has not agreed"):
        place.visible(gone, SAM)


@pytest.mark.parametrize(
    ("fact", "by_plan"), [*((fact, False) for fact in HIDEABLE), ("condition", True), ("order", True)]
)
def test_each_fact_is_hidden_by_the_scheme_or_by_the_plan(study: Study, fact: str, by_plan: bool) -> None:
    scheme = altered(study, hide=frozenset() if by_plan else frozenset({fact}))
    place = planned(study, scheme, [fact] if by_plan else [])
    item = place.queue("anna")[0]
    view = place.visible(item, scheme)
    flags = {
        "condition": view.condition,
        "participant": view.names,
        "file_names": view.names,
        "others": view.others,
        "model": view.model,
        "order": view.order,
        "answers": view.answers,
    }
    assert flags[fact] is False
    assert sum(not flag for flag in flags.values()) == (2 if fact in ("participant", "file_names") else 1)
    assert view.title == item.code
    assert view.window_s == item.window_s
    assert ("stimulus" in view.kinds) == ("stimulus" in scheme.show and fact != "condition")


def test_sound_is_muted_while_a_stimulus_is_on_with_a_little_around_it(study: Study) -> None:
    with open_session(first_session(study)) as session:
        spans = muted_s(session)
        assert len(spans) == 4
        for trial, (from_s, to_s) in enumerate(spans):
            assert from_s == pytest.approx(onset_s(trial) - LEAD_S, abs=1e-3)
            assert to_s == pytest.approx(onset_s(trial) + SHOWN_S + TAIL_S, abs=1e-3)
        window = (spans[1][0] + 0.5, spans[1][1] + 0.1)
        hidden = visible_of(session, SAM, window_s=window)
        assert hidden.muted_s == ((window[0], spans[1][1]),), "of other trials nothing is told"
        heard = replace(SAM, sound_with_stimulus=True)
        assert visible_of(session, heard, window_s=window).muted_s == ()
        open_scheme = replace(SAM, hide=frozenset())
        assert visible_of(session, open_scheme, window_s=window).muted_s == ()
        deaf = replace(SAM, show=frozenset({"camera"}))
        assert visible_of(session, deaf, window_s=window).muted_s == ()


@pytest.mark.parametrize(
    ("kinds", "is_muted"),
    [
        ([], True),
        (["picture", "fixation"], False),
        (["picture", "film"], True),
        (["sound"], True),
        (["sequence", "flash", "mask"], False),
        (["choice"], True),
    ],
)
def test_only_a_schedule_of_pictures_alone_keeps_its_sound(
    study: Study, kinds: list[str], is_muted: bool
) -> None:
    path = first_session(study)
    path.chmod(0o600)
    stages = [{"kind": kind, "stimulus": f"s-{kind}", "name": kind} for kind in kinds]
    stages.append({"kind": "speaking", "stimulus": "", "name": "talk"})
    with h5py.File(path, "r+") as file:
        schedule = json.loads(file["protocol"]["schedule"][()])
        del file["protocol"]["schedule"]
        text = json.dumps(schedule | {"stages": stages})
        file["protocol"].create_dataset("schedule", data=text, dtype=h5py.string_dtype("utf-8"))
    with open_session(path) as session:
        assert bool(muted_s(session)) == is_muted


def test_behind_a_stimulus_whose_end_is_unknown_everything_is_silent(study: Study) -> None:
    path = first_session(study)
    path.chmod(0o600)
    with h5py.File(path, "r+") as file:
        kinds = file["events"]["kind"][:]
        last = [place for place, kind in enumerate(kinds) if kind in (b"stimulus_hidden", b"trial_ended")][
            -2:
        ]
        for place in last:
            kinds[place] = b"note"
        file["events"]["kind"][:] = kinds
    with open_session(path) as session:
        end_s = max(float(s.corrected_times(s.rows - 1)[0]) for s in session)
        assert muted_s(session)[-1][1] >= end_s


@pytest.mark.parametrize(
    ("refused", "hidden"),
    [
        (("camera",), {"camera"}),
        (("voice",), {"sound"}),
        (("typed_text",), {"keys"}),
        (("body",), {"eeg", "wristband", "signals"}),
    ],
)
def test_what_a_participant_has_refused_is_not_shown(
    study: Study, refused: tuple[consent.Modality, ...], hidden: set[str]
) -> None:
    scheme = altered(study, show=frozenset(SHOWABLE), hide=frozenset())
    place = planned(study, scheme)
    consent.give(study, Answers(refused=refused).consent("P01", PROTOCOL, VERSION))
    for item in place.queue("anna"):
        kinds = place.visible(item, scheme).kinds
        assert set(SHOWABLE) - kinds == (hidden if "P01" in item.recording else set())
    assert set(SHOWABLE) - kinds_of(scheme, refused) == hidden


def test_who_takes_back_all_that_the_scheme_shows_leaves_the_queue(study: Study) -> None:
    place = planned(study, altered(study, show=frozenset({"camera", "stimulus"})))
    before = place.queue("anna")
    consent.give(study, Answers(refused=("camera",)).consent("P01", PROTOCOL, VERSION))
    assert place.queue("anna") == tuple(item for item in before if "P01" not in item.recording)
    whys = {each.why for each in place.left_out("anna")}
    assert whys == {"the participant has not agreed to what the scheme shows"}


def test_other_people_are_letters_where_names_are_hidden(study: Study) -> None:
    scheme = altered(study, hide=frozenset({"participant"}))
    place = planned(study, scheme)
    items = {person: place.queue(person)[0] for person in ("ben", "cem")}
    target = next(
        item
        for item in place.queue("anna")
        if (item.uuid, item.trial) == (items["ben"].uuid, items["ben"].trial)
    )
    same = next(item for item in place.queue("cem") if (item.uuid, item.trial) == (target.uuid, target.trial))
    label(place, items["ben"], "ben", 2)
    label(place, same, "cem", 8)
    lanes = place.others(target, "anna")
    assert [lane.name for lane in lanes] == ["A", "B"]
    assert {lane.marks[0].value["valence"] for lane in lanes} == {2, 8}
    assert place.others(target, "anna") == lanes, "the letters stay"
    assert [len(lane.marks) for lane in place.others(items["ben"], "ben")] == [1]


@pytest.mark.parametrize(("hide", "names"), [((), ["ben"]), (("others",), [])])
def test_other_people_have_names_or_are_not_there(
    study: Study, hide: Sequence[str], names: list[str]
) -> None:
    scheme = altered(study, hide=frozenset(hide))
    place = planned(study, scheme)
    theirs = place.queue("ben")[0]
    label(place, theirs, "ben", 2)
    mine = next(
        item for item in place.queue("anna") if (item.uuid, item.trial) == (theirs.uuid, theirs.trial)
    )
    assert [lane.name for lane in place.others(mine, "anna")] == names


def test_models_have_lanes_of_their_own(study: Study) -> None:
    scheme = altered(study, hide=frozenset())
    place = planned(study, scheme)
    item = place.queue("anna")[0]
    path = study.folder / "annotations" / item.recording / "model-net" / f"{scheme.id}.sqlite"
    path.parent.mkdir(parents=True)
    head = LogHead("model-net", "model", item.recording, item.uuid, "", scheme.id, scheme.sha256)
    with Log.open(path, head, scheme) as log:
        log.add(
            "feeling", trial=item.trial, value={"valence": 7, "arousal": 2, "dominance": 3}, confidence=0.6
        )
    (lane,) = place.models(item)
    assert (lane.name, lane.kind, lane.marks[0].confidence) == ("net", "model", 0.6)
    assert place.others(item, "anna") == ()
    assert place.models(replace(item, hide=frozenset({"model"}))) == ()
    elsewhere = next(each for each in place.queue("anna") if each.recording != item.recording)
    assert place.models(elsewhere) == ()


def test_a_whole_recording_needs_no_plan(study: Study) -> None:
    place = StudyPlace(study)
    add_scheme(study, SAM)
    stem = place.recordings()[0]
    item = place.whole(stem, "sam@1")
    assert (item.code, item.trial) == ("", -1)
    view = place.visible(item, SAM)
    assert view.window_s is None
    assert view.title == "Recording", "the file's name holds the participant's code"
    assert place.visible(item, replace(SAM, hide=frozenset())).title == stem
    with place.log(item, "anna") as log:
        log.add("feeling", trial=2, value={"valence": 5, "arousal": 5, "dominance": 5})
    assert place.log_path(item, "anna").parent.parent.name == stem


def test_states_are_told_without_opening_logs_to_write(study: Study) -> None:
    place = planned(study)
    first, second, third = place.queue("anna")[:3]
    label(place, first, "anna", 3)
    label(place, second, "anna", 3, finish=False)
    with place.log(third, "anna") as log:
        log.skip(third.code, "dark")
        states = place.states("anna")
    told = [states[item.code] for item in (first, second, third)]
    assert told == ["finished", "begun", "skipped"]
    assert set(list(states.values())[3:]) == {"untouched"}


def test_after_a_stream_was_taken_back_labels_can_go_on(study: Study) -> None:
    place = planned(study)
    item = next(item for item in place.queue("anna") if "P01" in item.recording)
    label(place, item, "anna", 3)
    withdrawal.carry_out(study, withdrawal.plan(study, "P01", ("camera",)))
    place = StudyPlace(Study.open(study.folder))
    assert "camera" not in place.visible(item, SAM).kinds
    with place.log(item, "anna") as log:
        assert (log.read_only, log.warning) == (False, "")
        assert len(log.marks(item.code)) == 1


def test_a_recording_that_was_altered_by_hand_is_only_read(study: Study) -> None:
    place = planned(study)
    item = place.queue("anna")[0]
    label(place, item, "anna", 3)
    lines = (study.folder / "sessions.jsonl").read_text()
    sha256 = next(s.sha256 for s in study.sessions() if s.uuid == item.uuid)
    (study.folder / "sessions.jsonl").write_text(lines.replace(sha256, "0" * 64))
    with place.log(item, "anna") as log:
        assert log.read_only
        assert "checksum has changed" in log.warning


def test_what_is_not_there_is_told(study: Study, tmp_path: Path) -> None:
    place = planned(study)
    item = place.queue("anna")[0]
    with pytest.raises(PlanError, match="is not in the study any more"):
        place.session_path(replace(item, uuid="other"))
    with pytest.raises(PackError, match="is no package"):
        PackPlace(tmp_path)
    shutil.rmtree(study.folder / item.recording.partition("_")[0])
    with pytest.raises(StudyError, match="its file is gone"):
        place.visible(item, SAM)
