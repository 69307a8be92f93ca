"""Sessions of people: nothing without consent, refused streams left out, versions, rehearsals, going on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.recommendation.planted import planted_viewers
from analysis.recommendation.stored import store
from app import consent, participants, settings, versions
from app.consent import Answers, ConsentError
from app.participants import exclude
from app.plan import SessionPlan
from app.recommenders import IN_SESSION, RecommenderError, keep
from app.recorder.finishing import finish
from app.study import Study, StudyError
from app.supervisor.preparation import Request, prepare
from app.versions import VersionError
from protocols.schedule import Schedule
from stimuli.problems import EvokeError
from tests.helpers.people import lines, live_session, trials_script
from tests.helpers.recordings import Script, samples

DEVICES = """\
- {id: eeg, source: brainflow, params: {board: synthetic}}
- {id: face, source: camera, params: {source: nowhere.mp4}}
- {id: mic, source: microphone, params: {source: generated}}
"""
PROTOCOL = """\
name: own
version: 1
title: Own pictures
languages: [en, de]
stimuli:
  set: open
  categories:
    pleasant: {category: pleasant}
    neutral: {category: neutral}
trials:
  see: [{kind: picture, duration_s: 1}]
blocks:
  - {name: main, trial: see, draw: {pleasant: 2, neutral: 2}}
opening:
  - {kind: instruction, duration_s: 5, text: {en: Welcome, de: Willkommen}}
"""
REQUEST = Request(protocol="own.yaml", participant="01", window="null", seed=7)
AGREED = replace(REQUEST, consent=Answers(("camera",)))


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "s", "Fear", "people", devices="devices.yaml", characters=True)
    (study.folder / "devices.yaml").write_text(DEVICES)
    (study.folder / "own.yaml").write_text(PROTOCOL)
    return study


def test_without_consent_nobody_is_entered_and_nothing_begins(study: Study) -> None:
    with pytest.raises(ConsentError, match="participant 01: has not agreed to own, version 1"):
        prepare(study, REQUEST)
    assert study.participants() == ()
    assert not list(study.folder.glob("sub-*"))


def test_a_consent_that_comes_along_is_noted_and_holds_from_then_on(study: Study) -> None:
    plan, _ = prepare(study, AGREED).begin()
    (kept,) = consent.consents(study)
    assert plan.consent == kept.to_json()
    assert (kept.participant, kept.protocol, kept.version, kept.language) == ("01", "own", 1, "en")
    again, _ = prepare(study, REQUEST).begin()
    assert again.consent == plan.consent
    assert len(consent.consents(study)) == 1


def test_a_failed_check_notes_nothing(study: Study) -> None:
    with pytest.raises(EvokeError, match=r"nowhere\.mp4"):
        prepare(study, replace(REQUEST, consent=Answers()))
    assert consent.consents(study) == ()


def test_consent_without_this_study_is_none(study: Study) -> None:
    with pytest.raises(ConsentError, match="without consent to the use for this study"):
        prepare(study, replace(REQUEST, consent=Answers(uses=("lab",))))
    assert consent.consents(study) == ()


@pytest.mark.parametrize(
    ("refused", "left"),
    [
        (("camera",), ["eeg", "mic"]),
        (("camera", "voice"), ["eeg"]),
        (("camera", "body"), ["mic"]),
        (("camera", "voice", "body"), []),
    ],
)
def test_what_was_refused_is_neither_opened_nor_required(
    study: Study, refused: tuple[consent.Modality, ...], left: list[str]
) -> None:
    # The camera is not even there: nobody asks for it.
    plan, paths = prepare(study, replace(REQUEST, consent=Answers(refused))).begin()
    assert [device["id"] for device in plan.devices] == left
    assert [name for name in consent.STREAMS if SessionPlan.load(paths.plan).refuses(name)] == list(refused)


def test_refused_texts_are_not_kept_whatever_the_study_says(study: Study) -> None:
    assert prepare(study, AGREED).plan.characters
    assert not prepare(study, replace(REQUEST, consent=Answers(("camera", "typed_text")))).plan.characters


def test_a_changed_protocol_needs_a_version_and_a_new_consent(study: Study) -> None:
    prepare(study, AGREED).begin()
    (study.folder / "own.yaml").write_text(
        PROTOCOL.replace("picture, duration_s: 1", "picture, duration_s: 2")
    )
    with pytest.raises(VersionError, match="duration_s: 1 became 2"):
        prepare(study, AGREED)
    versions.raise_version(study, "own.yaml", "too short")
    with pytest.raises(ConsentError, match=r"version 2 \(there is consent for version 1\)"):
        prepare(study, REQUEST)
    plan, _ = prepare(study, AGREED).begin()
    assert [(v.version, bool(v.locked)) for v in versions.versions(study, "own")] == [(1, True), (2, True)]
    assert Schedule.from_json(plan.schedule or {}).version == 2


def test_a_rehearsal_asks_for_nothing_and_locks_nothing(study: Study) -> None:
    rehearsal = replace(REQUEST, participant="rehearsal", rehearsal=True, accept="no camera here")
    plan, paths = prepare(study, rehearsal).begin()
    assert (plan.rehearsal, plan.consent) == (True, {})
    assert paths.folder.is_relative_to(study.folder / "rehearsals")
    assert study.participants() == ()
    assert not (study.folder / versions.FILE).exists()
    assert not (study.folder / consent.FILE).exists()


def test_each_participant_reads_their_own_language(study: Study) -> None:
    participants.add(study, "01", language="de", group="control")
    plan = prepare(study, AGREED).plan
    assert (plan.language, plan.group) == ("de", "control")
    assert "Willkommen" in str(plan.schedule)
    assert prepare(study, replace(AGREED, language="en")).plan.language == "en"
    assert prepare(study, replace(AGREED, participant="02")).plan.language == "en"
    with pytest.raises(StudyError, match="is to read fr, and own has en, de"):
        prepare(study, replace(AGREED, language="fr"))


def test_the_screen_is_set_up_as_the_study_says_else_as_the_workstation_is(study: Study) -> None:
    settings.save({"participant_palette": "dark", "participant_screen": "HDMI-1", "alarm_output": "x"})
    assert prepare(study, AGREED).plan.look == {"palette": "dark", "screen": "HDMI-1"}
    own = study.with_settings(look={"palette": "light", "text_scale": 1.5})
    assert prepare(own, AGREED).plan.look == {"palette": "light", "screen": "HDMI-1", "text_scale": 1.5}


def test_an_order_that_another_session_took_meanwhile_is_not_used_twice(study: Study) -> None:
    first = prepare(study, AGREED)
    table = study.folder / "participants.tsv"
    table.write_text(table.read_text().replace("sub-01\t0", "sub-01\t3"))
    with pytest.raises(StudyError, match="took the counter-balancing place"):
        first.begin()
    assert not list(study.folder.glob("**/*.live"))


def broken(study: Study, **changes: object) -> SessionPlan:
    """Record a session of four trials that broke off in the second, and finish it."""
    plan, paths = prepare(study, replace(AGREED, **changes)).begin()  # type: ignore[arg-type]
    finished = finish(live_session(paths, plan, trials_script(1, 1, "aborted"), "aborted", (samples("eeg"),)))
    study.enter(finished.path, finished.sha256)
    return plan


@pytest.mark.parametrize("named", ["last", "file"])
def test_a_session_that_broke_off_goes_on_in_the_same_order(study: Study, named: str) -> None:
    before = broken(study, language="de", session=3)
    name = "last" if named == "last" else study.sessions()[0].file
    request = Request(
        protocol="", participant="", window="null", continues=name, consent=Answers(("camera",))
    )
    prepared = prepare(study, replace(request, protocol="own.yaml"))
    plan, paths = prepared.begin()
    assert plan.schedule == before.schedule
    assert (plan.continues, plan.done, plan.exposed) == (before.uuid, (0,), (1,))
    assert (plan.participant, plan.session, plan.run, plan.language) == ("01", 3, 2, "de")
    assert paths.name == "sub-01_ses-03_task-own_run-02"
    assert [row.slot for row in study.participants()] == [0]


def test_going_on_counts_what_both_runs_did(study: Study) -> None:
    broken(study)
    request = replace(REQUEST, participant="", continues="last")
    plan, paths = prepare(study, request).begin()
    second = trials_script(0)
    second.add(1001.0, "trial_started", 1, stimulus="s1", order=1)
    second.add(1001.4, "trial_ended", 1, reason="completed")
    finished = finish(live_session(paths, plan, second, "aborted", (samples("eeg"),)))
    entry = study.enter(finished.path, finished.sha256)
    assert (entry.trials, entry.ended, entry.done, entry.continues) == (4, 1, 2, plan.continues)
    third, _ = prepare(study, request).begin()
    assert (third.done, third.exposed, third.run) == ((0, 1), (), 3)


def test_with_another_protocol_it_cannot_go_on(study: Study) -> None:
    broken(study)
    (study.folder / "own.yaml").write_text(
        PROTOCOL.replace("picture, duration_s: 1", "picture, duration_s: 2")
    )
    with pytest.raises(VersionError):
        prepare(study, replace(REQUEST, participant="", continues="last"))
    with pytest.raises(StudyError, match="A rehearsal cannot continue"):
        prepare(study, replace(REQUEST, rehearsal=True, continues="last"))


CHOOSING = PROTOCOL.replace(
    "  see: [{kind: picture, duration_s: 1}]",
    "  see:\n    choose: {candidates: pleasant, by: hybrid}\n"
    "    stages: [{kind: picture, duration_s: 1}, {kind: questionnaire, instrument: sam, duration_s: 5}]",
).replace("draw: {pleasant: 2, neutral: 2}", "draw: {pleasant: 4}")


def chosen_in(first: int, shown: int, begun: int = 0) -> Script:
    """Trials from `first` on: `shown` whole ones and `begun` that broke off, each chosen and rated."""
    script = trials_script(0)
    for trial in range(first, first + shown + begun):
        t = 1001.0 + trial
        script.add(t, "trial_started", trial, stimulus=f"c{trial}", order=trial)
        script.add(t, "chosen", trial, stimulus=f"c{trial}", scores={}, reason="")
        script.add(t + 0.1, "stimulus_shown", trial, stimulus=f"c{trial}", intended_s=t, actual_s=t)
        for item, value in (("valence", 3 + trial), ("why", "because of mum"), ("tired", 2)):
            script.add(t + 0.2, "response", trial, item=item, value=value)
        ended = "completed" if trial < first + shown else "aborted"
        script.add(t + 0.4, "trial_ended", trial, reason=ended)
    return script


def test_going_on_takes_along_what_was_chosen_and_the_ratings_that_choosing_goes_by(study: Study) -> None:
    (study.folder / "own.yaml").write_text(CHOOSING)
    plan, paths = prepare(study, AGREED).begin()
    assert (plan.chosen, plan.answers) == ((), ())
    finished = finish(live_session(paths, plan, chosen_in(0, 1, 1), "aborted", (samples("eeg"),)))
    study.enter(finished.path, finished.sha256)
    request = replace(REQUEST, participant="", continues="last")
    second, paths = prepare(study, request).begin()
    rated = ((0, "c0", "valence", 3), (1, "c1", "valence", 4))
    assert (second.done, second.exposed) == ((0,), (1,))
    assert (second.chosen, second.answers) == (((0, "c0"), (1, "c1")), rated)
    assert SessionPlan.load(paths.plan) == second
    finished = finish(live_session(paths, second, chosen_in(1, 1), "aborted", (samples("eeg"),)))
    study.enter(finished.path, finished.sha256)
    third, _ = prepare(study, request).begin()
    assert (third.done, third.exposed) == ((0, 1), ())
    assert third.chosen == ((0, "c0"), (1, "c1"))
    assert third.answers == (*rated, (1, "c1", "valence", 4))


def test_going_on_without_choosing_takes_no_answers_along(study: Study) -> None:
    broken(study)
    plan = prepare(study, replace(REQUEST, participant="", continues="last")).plan
    assert (plan.done, plan.chosen, plan.answers) == ((0,), (), ())


def test_whoever_was_corrected_or_excluded_keeps_the_history(study: Study) -> None:
    broken(study)
    exclude(study, "01", "left early")
    assert lines(study.folder / "amendments.jsonl")[0]["reason"] == "left early"
    assert prepare(study, replace(REQUEST, participant="", continues="last")).plan.participant == "01"


def test_a_session_takes_the_recommender_it_chooses_by_along_and_is_refused_without(study: Study) -> None:
    catalogue = planted_viewers(2, 6, 6)
    chosen = PROTOCOL.replace(
        "  see: [{kind: picture, duration_s: 1}]",
        "  see:\n    choose: {candidates: pleasant, by: recommended}\n"
        "    stages: [{kind: picture, duration_s: 1}]",
    ).replace("draw: {pleasant: 2, neutral: 2}", "draw: {pleasant: 2}")
    (study.folder / "own.yaml").write_text(chosen)
    with pytest.raises(RecommenderError, match="by a recommender, and the study keeps none yet"):
        prepare(study, AGREED)
    made = keep(study.folder, store("lab", "hybrid", catalogue, ["r"], "2026-01-01T00:00:00Z"))
    _, paths = prepare(study, AGREED).begin()
    assert (paths.live / IN_SESSION).read_bytes() == made.read_bytes()
