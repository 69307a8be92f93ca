"""What leaves the journal: codes and timing, nothing that a person said, wrote or chose."""

from __future__ import annotations

import json
import uuid

import pytest
from pylsl import StreamInlet, resolve_byprop

from analysis.records import Event
from app.plan import SessionPlan
from app.presenter.conductor import copy_message
from app.presenter.copies import LslCopies, event_sample, key_sample, reduced
from tests.helpers.presenting import SENTENCE, Plot, Rehearsal, likert, paced, typing_content


def canary(characters: bool) -> Rehearsal:
    """Run a session in which a sentence is typed and a question answered."""
    plot = Plot().trial(
        "sun", ("typing", paced(5.0), typing_content()), ("questionnaire", paced(2.0), likert("positive"))
    )
    rehearsal = Rehearsal(plot.schedule(), characters=characters)
    rehearsal.say("start")
    rehearsal.run_to_end()
    return rehearsal


def everything_copied(rehearsal: Rehearsal) -> str:
    copies = []
    for event in rehearsal.log.events:
        copies.append(json.dumps(copy_message(event)))
        copies.append(key_sample(event) if event.kind == "key" else event_sample(event))
    copies += [json.dumps(message) for message in rehearsal.line.sent]
    return "\n".join(copies)


def assert_unknown(text: str) -> None:
    """Neither the sentence, nor one of its longer words, nor its letters one by one can be found."""
    assert SENTENCE not in text
    for word in SENTENCE.split():
        assert len(word) < 4 or word not in text
    assert '"char"' not in text and '"text"' not in text and "sim01" not in text


@pytest.mark.parametrize("characters", [False, True])
def test_no_copy_holds_answers_or_what_was_typed(characters: bool) -> None:
    copied = everything_copied(canary(characters))
    assert_unknown(copied)
    assert '"value"' not in copied


def test_without_characters_not_even_the_journal_knows() -> None:
    rehearsal = canary(characters=False)
    journal = "\n".join(json.dumps(event.to_json()) for event in rehearsal.log.events)
    assert_unknown(journal)
    keys = rehearsal.log.of("key")
    assert len(keys) >= 2 * len(SENTENCE)
    named = {event.payload["key"] for event in keys}
    assert named <= {"", "Backspace"}


def test_with_characters_the_journal_holds_them() -> None:
    rehearsal = canary(characters=True)
    (result,) = rehearsal.log.of("typing_result")
    assert result.payload["text"] == SENTENCE


def test_a_copy_keeps_its_name_and_its_timing() -> None:
    payload = {"item": "positive", "value": 6, "reaction_s": 1.5}
    event = Event(12.0, "presenter", 7, "response", 3, "likert", payload)
    copy = reduced(event)
    assert (copy.source, copy.seq, copy.time, copy.trial) == ("presenter", 7, 12.0, 3)
    assert copy.payload == {"item": "positive", "reaction_s": 1.5}


def test_unknown_kinds_lose_their_whole_payload() -> None:
    assert reduced(Event(1.0, "presenter", 0, "something_new", payload={"secret": 1})).payload == {}


def test_consumers_learn_of_the_stimulus_and_its_ratings() -> None:
    payload = {"stimulus": "sun", "category": "pleasant", "valence": 7.9, "arousal": 5.0, "actual_s": 1.0}
    sample = json.loads(event_sample(Event(1.0, "presenter", 4, "stimulus_shown", 0, "picture", payload)))
    assert sample == {
        "source": "presenter",
        "seq": 4,
        "kind": "stimulus_shown",
        "trial": 0,
        "stage": "picture",
        "time": 1.0,
        "stimulus": "sun",
        "category": "pleasant",
        "valence": 7.9,
        "arousal": 5.0,
    }


def test_copies_arrive_on_lsl_with_the_events_own_times() -> None:
    plan = SessionPlan(uuid=str(uuid.uuid4()), name="s", origin="simulated")
    copies = LslCopies(plan)
    inlets = {}
    for name in ("events", "keys"):
        (found,) = resolve_byprop("source_id", plan.source_id(name), timeout=10.0)
        inlets[name] = StreamInlet(found)
        inlets[name].open_stream(timeout=10.0)
    # Its kind alone would say what was answered.
    copies.push(Event(123.0, "presenter", 0, "attention", 0, "phq-9", {"code": "phq9-item9"}))
    copies.push(Event(123.25, "presenter", 1, "stage_started", 0, "picture", {"kind": "picture"}))
    stroke = {"edge": "down", "class": "letter", "key": "Q", "char": "q", "received_s": 1.0, "press": 1}
    copies.push(Event(124.5, "presenter", 2, "key", 0, "typing", stroke))
    (event,), event_time = inlets["events"].pull_sample(timeout=10.0)
    (key,), key_time = inlets["keys"].pull_sample(timeout=10.0)
    assert (json.loads(event)["kind"], event_time) == ("stage_started", 123.25)
    expected = {"source": "presenter", "seq": 2, "edge": "down", "class": "letter", "time": 124.5}
    assert (json.loads(key), key_time) == (expected, 124.5)
