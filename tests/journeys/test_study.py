"""One study from its first click to its last number."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from pytestqt.qtbot import QtBot

from analysis.evaluation.run_folder import Run, open_run, runs_of
from app.analysing.corpora import study_corpus
from app.annotation.study_place import StudyPlace
from app.console.window import MainWindow
from app.plan import Lock
from app.study import Study
from app.withdrawal_marks import Marks, traces
from tests.helpers.journey import Journey

SESSION_MS = 60_000
PEOPLE, BROKEN, TRUE = "Participants and sessions", "sim06", "sim07"
FINISH = "Finish (Ctrl+Enter)"
STEPS, WITHIN = "Steps of the analysis", "Trials, within a person"
FUSED = "sam-1.feeling.valence.fused-mean-high (fused labels)"
GONE = "2 recordings and 2 label files of a withdrawn participant are erased"
OTHERWISE = "the target gives other answers"
RATERS = {"rater-a": ("3", "7"), "rater-b": ("2", "8")}
"""By pseudonym: what is pressed for an unpleasant and for a pleasant trial."""
PROTOCOL = """
name: small
version: 1
title: Four pictures
summary: Four pictures, two pleasant and two unpleasant, one question after each.
stimuli:
  set: open
  categories:
    pleasant: {category: pleasant}
    unpleasant: {ids: [storm, spider, dead-tree, broken-toy]}
trials:
  look:
    - {kind: picture, duration_s: 3, size: fit, background: "#808080"}
    - kind: questionnaire
      name: felt
      title: How do you feel now?
      duration_s: {min_s: 0.1, typical_s: 0.4, max_s: 30}
      items:
        - {id: valence, text: Pleasure, scale: sam, points: 9, dimension: valence, low: bad, high: good}
blocks:
  - name: main
    trial: look
    draw: {pleasant: 2, unpleasant: 2}
    order: {shuffle: true, max_run: 2}
"""
DEVICES = """
- id: wristband
  source: wristband
  params: {seed: 1}
"""


@pytest.fixture
def journey(window: MainWindow, qtbot: QtBot) -> Journey:
    window.resize(1280, 780)
    return Journey(window, qtbot)


def new_study(journey: Journey, place: Path) -> Path:
    """Four questions; a devices file of one's own."""
    (place / "small.yaml").write_text(PROTOCOL, encoding="utf-8")
    (place / "devices.yaml").write_text(DEVICES, encoding="utf-8")
    journey.menu("Study", "New study…")
    journey.titled("New study")
    journey.type_into("Name of the study", "Four pictures")
    journey.type_into("Folder for the study", str(place))
    journey.press("Nobody: a simulation (codes begin with sim)")
    journey.choose("Devices", "Choose a devices file…", file=str(place / "devices.yaml"))
    journey.press("Make the study")
    journey.gone("New study")
    return place / "Four-pictures"


def first_session_breaks(journey: Journey, place: Path, study: Path) -> None:
    """The power fails in the second trial; the window says so, and what was recorded becomes a file."""
    journey.press_and_choose_file("Choose a protocol file", str(place / "small.yaml"))
    journey.type_into("Participant code", BROKEN)
    journey.press("Connect devices")
    journey.sees("Ready to start", SESSION_MS)
    journey.press("Start (F5)")
    journey.sees("Trial 2", 25_000)
    cut_power(study)
    journey.sees("Finish now", SESSION_MS)
    journey.press("Study")
    journey.press("Finish now")
    journey.sees("6 participants", SESSION_MS)


def continues(journey: Journey) -> None:
    """What is left of the session is recorded as its second run."""
    journey.click_row(PEOPLE, "session 1, run 1", under=BROKEN)
    journey.press("Continue")
    journey.sees("3 trials left")
    journey.press("Connect and continue")
    journey.sees("Ready to start", SESSION_MS)
    journey.press("Start (F5)")
    journey.sees(f"Session of {BROKEN}", SESSION_MS)


def is_corrected(journey: Journey) -> None:
    """The fifth was somebody else: the recording stays, every reader knows."""
    journey.press("Study")
    journey.click_row(PEOPLE, "sim05")
    journey.menu("Study", "Correct what was recorded…")
    journey.titled("Correct what was recorded of sim05")
    journey.type_into("The true code", TRUE)
    journey.type_into("Reason", "the code of somebody else was typed")
    journey.press("Keep the correction")
    journey.gone("Correct what was recorded")
    journey.sees(TRUE)


def simulate(place: Path, study: Path) -> None:
    """Five participants whose sessions are lived through in no time."""
    line = ["simulate", "--study", str(study), "--protocol", str(place / "small.yaml"), "--participants", "5"]
    line += ["--effect", "2", "--modalities", "eda,bvp,temperature", "--workers", "1", "--json"]
    command(*line)


def command(*arguments: str) -> tuple[int, str]:
    """Run a command as a person does in a terminal; return its status and what it printed."""
    line = [sys.executable, "-P", "-m", "app", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout


def is_planned_for_annotators(journey: Journey) -> None:
    """Both annotators get every trial of everybody."""
    journey.menu("Labels", "Plan the annotation…")
    journey.titled("Plan the annotation")
    journey.choose("Scheme", "(sam@1, bundled)")
    journey.type_into("Name of the plan", "first")
    for rater in RATERS:
        journey.type_into("New annotator", rater)
        journey.press("Add")
    journey.type_into("Overlap", "100")
    journey.type_into("Repeats", "0")
    journey.press("Make the plan")
    journey.gone("Plan the annotation")


def annotates(journey: Journey, study: Path, rater: str) -> None:
    """A queue from its first item to its last, by digits and Ctrl+Enter.

    What is felt in a trial is looked up for the rater, who sees neither participant nor condition.
    """
    opened = Study.open(study)
    seen = {trial.key: trial.category for trial in study_corpus(opened).trials}
    items = {item.code: (item.recording, item.trial) for item in StudyPlace(opened).queue(rater, "first")}
    journey.press("Annotate")
    if journey.can_press("Other queue…"):
        journey.press("Other queue…")
    journey.choose("Who annotates", rater)
    journey.click_row("What to annotate", "first")
    journey.press("Begin")
    for count in range(len(items)):
        journey.sees(f"{count} of {len(items)} done")
        journey.wait(lambda: journey.can_press(FINISH), "the item to be open")
        code = journey.chosen("Items").partition(" ")[0]
        category = seen.get(items[code], "")
        journey.keys(RATERS[rater][category == "pleasant"], "5", "5", "Ctrl+Return")
    journey.sees(f"All {len(items)} done")


def cut_power(study: Path) -> None:
    """End every process of the session that runs, at once."""
    (paths,) = Study.open(study).live_sessions()
    lock = Lock.read(paths.lock)
    assert lock is not None
    supervisor = psutil.Process(lock.pid)
    for process in (supervisor, *supervisor.children(recursive=True)):
        process.kill()


def agrees(journey: Journey) -> None:
    """Coefficients are there, and both annotators become one."""
    journey.keys("Ctrl+8")
    journey.wait(lambda: len(journey.rows("Coefficients")) > 1, "coefficients", 30_000)
    assert any(
        "alpha" in row[0].lower() and row[1] not in ("", "undefined") for row in journey.rows("Coefficients")
    )
    journey.press("Fuse…")
    journey.titled("Fuse labels")
    journey.press("Fuse")
    journey.gone("Fuse labels")


def is_evaluated(journey: Journey, split: str, plan: str) -> None:
    """The fused labels are the target; the experiment is frozen as a plan and run."""
    journey.press("Analyse")
    journey.click_row(STEPS, "Experiment")
    journey.choose("Target", FUSED)
    journey.choose("Split", split)
    if split == WITHIN:
        journey.type_into("Folds a person", "2")
    journey.type_into("Label permutations", "99")
    journey.keys("Tab")
    journey.press("Freeze as plan…")
    journey.titled("Freeze as plan")
    journey.type_into("Name of the plan", plan)
    journey.press("Freeze")
    journey.gone("Freeze as plan")
    journey.press("Start the run")
    journey.wait(lambda: is_finished(journey, plan), f"the run of the plan {plan}", 60_000)


def is_finished(journey: Journey, plan: str) -> bool:
    return any(f"planned ({plan})" in row[6] and row[4] == "finished" for row in journey.rows("Runs"))


def is_reported(journey: Journey) -> None:
    journey.click_row(STEPS, "Report")
    journey.press("Write report")
    journey.sees("Written:", 30_000)


def is_withdrawn(journey: Journey) -> None:
    """Everything of one participant is erased, once the code was typed."""
    journey.press("Study")
    journey.click_row(PEOPLE, BROKEN)
    journey.menu("Study", "Withdraw a participant…")
    journey.titled(f"Withdraw participant {BROKEN}")
    journey.sees("2 sessions")
    journey.type_into("The participant's code once more", BROKEN)
    journey.press("Erase")
    journey.gone("Withdraw participant", 30_000)
    journey.sees("was withdrawn")


def is_labelled(journey: Journey, study: Path) -> None:
    is_planned_for_annotators(journey)
    for rater in RATERS:
        annotates(journey, study, rater)
    agrees(journey)
    is_evaluated(journey, WITHIN, "within")
    is_evaluated(journey, "Leave one participant out", "others")
    is_reported(journey)


Seen = dict[str, dict[tuple[str, int], bytes]]


def seen_of(run: Run) -> Seen:
    """Return each case's answer and prediction, bit for bit, by participant, recording and trial."""
    found: Seen = {}
    predictions = run.predictions()
    cases = predictions.cases
    for row in range(len(cases)):
        key = str(cases.recording[row]), int(cases.trial[row])
        bits = np.atleast_1d(predictions.y[row]).tobytes() + predictions.proba[row].tobytes()
        found.setdefault(str(cases.participant[row]), {})[key] = bits
    return found


def nothing_is_left(study: Path) -> None:
    """No file of the study names the participant any more, and runs kept everybody else's cases."""
    marks = Marks((BROKEN,), names=(f"sub-{BROKEN}_ses-01",))
    found = traces(study, marks)
    assert (found.whole, found.partly, found.by_hand) == ((), (), ())
    for entry in (study / "derivatives" / "features").glob("??/*.json"):
        assert BROKEN not in entry.read_text(encoding="utf-8")


def only_what_was_touched_differs(run: Run, before: Seen) -> None:
    """What "only what that participant touched" means, number by number.

    Said to be gone are just two recordings and two files of fused labels, the withdrawn participant's. Every
    other case is there with the same answer. Trained within participants, everybody else's predictions
    are the same bits and every number of theirs is equal: what differs are the figures over all. Trained on
    the others, predictions may differ, since the withdrawn participant had trained for them; answers may not.
    """
    status, out = command("rerun", str(run.folder), "--workers", "2", "--json")
    told = json.loads(out)
    others = {code: cases for code, cases in before.items() if code != BROKEN}
    assert status == 1
    # Somebody may be working on the code while this runs.
    assert [each for each in told["changed"] if "code" not in each] == [GONE, OTHERWISE]
    old, new = seen_of(open_run(run.folder)), seen_of(open_run(Path(told["rerun"])))
    assert old == others
    assert {code: set(cases) for code, cases in new.items()} == {
        code: set(cases) for code, cases in others.items()
    }
    if run.experiment.split.kind == "trials":
        assert new == others
        assert set(told["folds"].values()) == {"the same bits"}
        theirs = [each for each in told["numbers"] if each["place"].startswith("participants[")]
        assert len(theirs) >= len(others)
        assert [each["place"] for each in theirs if each["differs"]] == []
    else:
        answers = {code: {key: bits[:8] for key, bits in cases.items()} for code, cases in others.items()}
        assert answers == {code: {k: bits[:8] for k, bits in cases.items()} for code, cases in new.items()}
        assert set(told["folds"]) == set(others)


@pytest.mark.slow
def test_one_study_by_clicks_and_keys(journey: Journey, tmp_path: Path) -> None:
    """From "New study" to a rerun without one participant.

    By clicks and keys, controls found by their words: everything but the five simulated participants
    (`evoke simulate`, since their sessions would take minutes of waiting), the failing power, and the reruns
    (`evoke rerun`; there is no window for it). The sixth participant is recorded: real processes, a simulated
    wristband, the automatic participant.
    """
    study = new_study(journey, tmp_path)
    simulate(tmp_path, study)
    first_session_breaks(journey, tmp_path, study)
    continues(journey)
    is_corrected(journey)
    is_labelled(journey, study)
    before = {run.name: seen_of(run) for run in runs_of(study)}
    is_withdrawn(journey)
    nothing_is_left(study)
    for run in runs_of(study):
        only_what_was_touched_differs(run, before[run.name])
