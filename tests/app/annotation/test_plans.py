"""Plans: what is planned and what is left out, files that only grow, leavers, and damaged lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import pytest

from analysis.labels.scheme import Scheme
from analysis.session_file import open_session
from app import consent, participants
from app.annotation.annotators import annotators
from app.annotation.dealing import Shares
from app.annotation.handing_on import hand_on
from app.annotation.plans import FOLDER, Plan, PlanError, grow, make_plan, move_on, plan_of, plans, read_plan
from app.annotation.schemes import add_scheme, bundled, schemes
from app.annotation.study_place import StudyPlace
from app.annotation.training import add_example
from app.annotation.trials import Margins, trials_of, windows
from app.consent import Answers
from app.study import Study
from app.study_files import StudyError
from tests.helpers.labelled import (
    LEAD_S,
    PROTOCOL,
    SHOWN_S,
    TRIAL_S,
    VERSION,
    add_session,
    onset_s,
)
from tests.helpers.labelling import answered
from tests.helpers.recordings import START_S

SAM: Scheme = next(scheme for scheme in bundled() if scheme.name == "sam")
EVERYBODY = Shares(1.0, 0.0)


def made(study: Study, *people: str, shares: Shares = EVERYBODY, name: str = "faces", seed: int = 3) -> Plan:
    return make_plan(study, name, SAM, people or ("anna", "ben"), seed, shares).plan


def path_of(study: Study) -> Path:
    return study.folder / FOLDER / "faces.jsonl"


def test_a_plan_is_kept_in_the_study_and_read_again(study: Study) -> None:
    plan = made(study)
    assert plan_of(study, "faces") == plan == plans(study)[0]
    assert len(plan.dealt) == 16
    assert plan.annotators == ("anna", "ben")
    assert [each.code for each in annotators(study)] == ["anna", "ben"]
    assert [scheme.id for scheme in schemes(study)] == ["sam@1"], "the study keeps the scheme it labels by"
    with pytest.raises(PlanError, match="is there already"):
        made(study)


def test_windows_go_from_the_measured_onset_with_margins_and_stay_in_the_trial(study: Study) -> None:
    (session, *_) = study.sessions()
    with open_session(study.folder / session.file) as opened:
        wide = {index: window for index, window, _ in windows(opened, Margins(60, 60))}
        narrow = {index: window for index, window, _ in windows(opened, Margins(0.25, 0.5))}
    for trial in range(4):
        onset = onset_s(trial) + 0.0004
        assert narrow[trial] == pytest.approx(
            ((onset - 0.25) * 1e9, (onset + SHOWN_S + 0.5001) * 1e9), abs=1e3
        )
        begun = START_S + LEAD_S + trial * TRIAL_S
        assert wide[trial] == pytest.approx((begun * 1e9, (begun + TRIAL_S - 0.2) * 1e9), abs=1e3)
    lengths = {window[1] - window[0] for window in wide.values() if window is not None}
    assert max(lengths) - min(lengths) <= 1, "the first and the last look like all others"


@pytest.mark.slow
def test_what_must_not_be_labelled_is_left_out_and_said(study: Study) -> None:
    add_session(study, 2)
    add_session(study, 3)
    participants.exclude(study, "P01", "fell asleep")
    consent.give(study, Answers(uses=()).consent("P03", PROTOCOL, VERSION))
    gone = next(s for s in study.sessions() if s.participant == "P04")
    (study.folder / gone.file).unlink()
    trials, left_out = trials_of(study, SAM)
    assert {trial.recording[:7] for trial in trials} == {"sub-P02"}
    told = {each.what[8:15]: each.why for each in left_out}
    assert told == {
        "sub-P01": "is excluded: fell asleep",
        "sub-P03": "the participant has not agreed to this study",
        "sub-P04": "its file is gone (withdrawn or moved)",
    }


def test_rehearsals_are_left_out(study: Study) -> None:
    lines = [json.loads(line) for line in (study.folder / "sessions.jsonl").read_text().splitlines()]
    lines[0]["rehearsal"] = True
    (study.folder / "sessions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    trials, left_out = trials_of(study, SAM)
    assert {trial.recording[:7] for trial in trials} == {"sub-P02"}
    assert [each.why for each in left_out] == ["is a rehearsal"]


@pytest.mark.parametrize(
    ("refused", "show", "count"),
    [
        (("camera",), {"camera"}, 4),
        (("camera",), {"camera", "sound"}, 8),
        (("camera", "voice"), {"camera", "sound", "events"}, 4),
        (("typed_text",), {"keys"}, 4),
        (("body",), {"eeg", "wristband", "signals"}, 4),
        ((), {"stimulus"}, 8),
    ],
)
def test_who_has_refused_all_that_the_scheme_shows_is_left_out(
    study: Study, refused: tuple[consent.Modality, ...], show: set[str], count: int
) -> None:
    consent.give(study, Answers(refused=refused).consent("P01", PROTOCOL, VERSION))
    trials, left_out = trials_of(study, replace(SAM, show=frozenset(show)))
    assert len(trials) == count
    assert [each.why for each in left_out] == ["holds nothing of what the scheme shows"] * (count == 4)


def test_practice_and_broken_off_trials_are_left_out(study: Study) -> None:
    (session, _) = study.sessions()
    path = study.folder / session.file
    path.chmod(0o600)
    with h5py.File(path, "r+") as file:
        for name, row, value in (
            ("practice", 0, True),
            ("offset_s", 1, float("nan")),
            ("ended_s", 1, float("nan")),
            ("actual_onset_s", 2, float("nan")),
        ):
            file["trials"][name][row] = value
    trials, left_out = trials_of(study, SAM)
    assert [trial.trial for trial in trials if trial.uuid == session.uuid] == [2, 3]
    stem = path.stem
    assert [(each.what, each.why) for each in left_out] == [
        (f"trial 1 of session {stem}", "is practice"),
        (f"trial 2 of session {stem}", "broke off before its end"),
    ]
    without_screen = next(trial for trial in trials if (trial.uuid, trial.trial) == (session.uuid, 2))
    assert without_screen.start_ns == round((onset_s(2) - 0.5) * 1e9), "the intended onset stands in"


def test_what_annotators_were_shown_the_answer_of_is_not_planned(study: Study) -> None:
    trials, _ = trials_of(study, SAM)
    item = add_example(study, SAM, trials[2], [answered(trials[2].trial, 5)])
    plan = make_plan(study, "faces", SAM, ["anna"], 1, EVERYBODY)
    assert len(plan.new) == 7
    assert [each.why for each in plan.left_out] == ["is a training example"]
    assert StudyPlace(study).training("anna") == (item,)


def test_a_plan_grows_behind_what_was_planned(study: Study) -> None:
    before = made(study, "anna", "ben", shares=Shares(0.5, 0.2))
    text = path_of(study).read_bytes()
    queue = StudyPlace(study).queue("anna")
    add_session(study, 2)
    grown = grow(study, before, SAM, ["cem"])
    assert path_of(study).read_bytes().startswith(text)
    assert StudyPlace(study).queue("anna")[: len(queue)] == queue
    assert {d.trial.recording[:7] for d in grown.new if d.annotator != "cem"} == {"sub-P03"}
    shared = {d.trial.key for d in grown.plan.dealt if d.shared}
    assert shared <= {d.trial.key for d in grown.plan.of("cem")}
    again = grow(study, grown.plan, SAM)
    assert again.new == ()
    assert again.plan == grown.plan, "nothing new, nothing written"


def test_two_plans_of_a_study_share_no_code(study: Study) -> None:
    one, other = made(study), made(study, name="again")
    assert not set(one.by_code) & set(other.by_code)
    queue = StudyPlace(study).queue("anna")
    assert [item.plan for item in queue] == ["faces"] * 8 + ["again"] * 8
    assert {item.plan for item in StudyPlace(study).queue("anna", "again")} == {"again"}


def test_a_line_that_was_torn_never_was_one(study: Study) -> None:
    plan = made(study)
    with path_of(study).open("ab") as file:
        file.write(b'{"type": "item", "co')
    assert plan_of(study, "faces") == plan
    handed = hand_on(study, plan, None, "anna", "cem").plan
    assert plan_of(study, "faces") == handed, "the next writer leaves it out"


@pytest.mark.parametrize("line", [0, 1, 5])
def test_a_damaged_line_is_named(study: Study, line: int) -> None:
    made(study)
    lines = path_of(study).read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace('"', "'", 1) if line else lines[line].replace("faces", "fakes")
    path_of(study).write_text("".join(lines))
    with pytest.raises(PlanError, match=rf"faces\.jsonl:{line + 1}: is damaged"):
        read_plan(path_of(study))


def test_a_leavers_unfinished_trials_are_handed_on_with_their_codes(study: Study) -> None:
    plan = made(study, "anna", "ben", shares=Shares(0.0, 0.25))
    place = StudyPlace(study)
    queue = place.queue("anna")
    first, second = [item for item in queue if item.purpose == "label"][:2]
    with place.log(first, "anna") as log:
        log.finish(first.code)
    with place.log(second, "anna") as log:
        log.skip(second.code, "no picture")
    done = hand_on(study, plan, None, "anna", "cem", leaves=True)
    stayed = {each.what: each.why for each in done.stayed}
    assert stayed[f"item {first.code}"] == "is finished"
    assert stayed[f"item {second.code}"] == "is skipped"
    assert {item.code for item in place.queue("cem")} == set(done.codes)
    assert not set(done.codes) & {item.code for item in place.queue("anna")}
    taken = [item.purpose for item in place.queue("cem")]
    assert taken == sorted(taken), "repeats come behind the first times"
    add_session(study, 2)
    grown = grow(study, plan, SAM)
    assert not any(dealt.annotator == "anna" for dealt in grown.new), "she has left"
    assert {dealt.annotator for dealt in grown.new} == {"ben", "cem"}


def test_what_the_other_has_anyway_is_not_handed_on(study: Study) -> None:
    plan = made(study)
    done = hand_on(study, plan, None, "anna", "ben")
    assert done.codes == ()
    assert {each.why for each in done.stayed} == {"ben has this trial already"}


def test_an_item_can_be_handed_on_twice_and_back(study: Study) -> None:
    plan = made(study, "anna", "ben", shares=Shares(0.0, 0.0))
    code = plan.of("anna")[0].code
    for giver, taker in (("anna", "ben"), ("ben", "cem"), ("cem", "anna")):
        plan = hand_on(study, plan, [code], giver, taker).plan
        assert code in [dealt.code for dealt in plan.of(taker)]
        assert code not in [dealt.code for dealt in plan.of(giver)]
    assert len([dealt for dealt in plan.of("anna") if dealt.code == code]) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda study: made(study, "Anna Smith"), "pseudonym"),
        (lambda study: made(study, "model-x"), "taken for a model"),
        (lambda study: made(study, shares=Shares(0.2, 0.9)), "repeats are at most 50%"),
        (lambda study: made(study, name="../x"), "a name has small letters"),
        (lambda study: make_plan(study, "x", SAM, []), "nobody is to annotate"),
        (lambda study: make_plan(study, "x", SAM, ["anna"], hide=["weather"]), "'weather' cannot be hidden"),
        (lambda study: plan_of(study, "other"), "has no plan 'other'"),
        (lambda study: hand_on(study, made(study), None, "zoe", "ben"), "zoe has no queue in it"),
        (lambda study: hand_on(study, made(study), None, "anna", "anna"), "has these items already"),
        (lambda study: hand_on(study, made(study), ["xxxxxx"], "anna", "cem"), "anna has no item xxxxxx"),
    ],
)
def test_what_cannot_be_planned_is_told_in_one_sentence(
    study: Study, change: Callable[[Study], object], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        change(study)


def test_without_any_trial_nothing_is_planned(study: Study) -> None:
    for code in ("P01", "P02"):
        participants.exclude(study, code, "x")
    with pytest.raises(PlanError, match=r"there is no trial to label .*is excluded"):
        made(study)
    assert not path_of(study).exists()
    assert not (study.folder / "annotations" / "annotators.jsonl").exists()


def test_a_plan_goes_on_by_a_newer_version_with_its_codes_and_order(study: Study) -> None:
    plan = made(study)
    queue = StudyPlace(study).queue("anna")
    newer = add_scheme(study, replace(SAM, title="Self-assessment, again"))
    assert newer.id == "sam@2"
    moved = move_on(study, plan, newer)
    assert (moved.scheme, moved.schemes, moved.edition) == ("sam@2", ("sam@1", "sam@2"), plan.edition + 1)
    assert StudyPlace(study).queue("anna") == tuple(replace(item, scheme="sam@2") for item in queue)
    assert move_on(study, moved, newer) == moved, "once is enough"
    with pytest.raises(PlanError, match="is no newer version of it"):
        move_on(study, moved, SAM)
    other = next(scheme for scheme in bundled() if scheme.name != "sam")
    with pytest.raises(PlanError, match="Make another plan for another scheme"):
        move_on(study, moved, other)


def test_a_plan_names_its_recordings_so_that_a_withdrawal_finds_its_lines(study: Study) -> None:
    plan = made(study, "anna", "ben", shares=Shares(0.0, 0.0))
    hand_on(study, plan, None, "anna", "cem")
    kinds: dict[str, set[bool]] = {}
    for line in map(json.loads, path_of(study).read_text().splitlines()):
        kinds.setdefault(line["type"], set()).add("sub-P0" in json.dumps(line))
    assert kinds == {"plan": {False}, "round": {False}, "item": {True}, "handing": {False}, "handed": {True}}
