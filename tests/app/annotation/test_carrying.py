"""Carrying over: what a new version takes, what stays and why, once and 'to confirm'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.labels.records import LogHead
from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier
from analysis.labels.scheme_json import with_checksum
from app.annotation.carrying import carry, offer, older_logs, to_confirm
from app.annotation.log import Log

SCALE = Dimension("valence", 1, 9, step=1)
FEELING = Tier(
    "feeling",
    "trial",
    "Feeling",
    questions=(
        Question("valence", "Pleasant?", "scale", SCALE),
        Question("arousal", "Excited?", "scale", replace(SCALE, name="arousal"), required=False),
    ),
)
MOOD = Tier("mood", "segment", "Mood", labels=(Label("up", "Up"), Label("down", "Down")))
BLINK = Tier("blink", "point", "Blink", labels=(Label("blink", "Blink"),))
TRACE = Tier("trace", "trace1d", "Trace", dimensions=(Dimension("valence", -1, 1),))
OLD = with_checksum(Scheme("mixed", 1, "Mixed", "What?", (FEELING, MOOD, BLINK, TRACE)))
SHORTER = replace(FEELING, questions=(replace(FEELING.questions[0], scale=replace(SCALE, high=5)),))
NEW = with_checksum(
    Scheme(
        "mixed",
        2,
        "Mixed",
        "What?",
        (SHORTER, replace(MOOD, labels=(Label("up", "Raised"), Label("flat", "Flat"))), TRACE),
    )
)


def open_log(folder: Path, scheme: Scheme) -> Log:
    head = LogHead("anna", "human", "sub-01_x", "u", "s", scheme.id, scheme.sha256)
    return Log.open(folder / f"{scheme.id}.sqlite", head, scheme)


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Log]:
    """Return the empty log of the new version, beside one of the old version with all kinds of labels."""
    with open_log(tmp_path, OLD) as log:
        log.add("feeling", trial=0, item="a", value={"valence": 4, "arousal": 2})
        log.add("feeling", trial=1, item="b", value={"valence": 8, "arousal": 2})
        log.add("mood", trial=0, item="a", start_ns=10, end_ns=20, label="up", note="clear", confidence=0.5)
        log.add("mood", trial=0, item="a", start_ns=30, end_ns=40, label="down")
        log.add("blink", trial=0, item="a", start_ns=5, label="blink")
        log.begin_take("trace", 0, "a", "mouse").end("done")
    with open_log(tmp_path, NEW) as log:
        yield log


def test_labels_whose_id_still_exists_are_offered_and_the_others_listed(new: Log) -> None:
    (path,) = older_logs(new)
    offered = offer(path, new)
    told = [(m.tier, m.trial, m.label, dict(m.value), m.start_ns, m.note) for m in offered.marks]
    assert told == [("feeling", 0, "", {"valence": 4}, None, ""), ("mood", 0, "up", {}, 10, "clear")]
    assert sorted((each.mark.tier, each.mark.trial, each.why) for each in offered.left) == [
        ("blink", 0, "the tier blink is not there any more"),
        ("feeling", 0, "the answer to arousal does not fit any more"),
        ("feeling", 1, "the answer to arousal, valence does not fit any more"),
        ("mood", 0, "tier 'mood': there is no label 'down' (there are: up, flat)"),
    ]
    assert (offered.takes, offered.done) == (1, 0)
    assert new.marks() == (), "it is an offer"


def test_what_was_carried_is_to_be_confirmed_and_knows_where_it_came_from(new: Log) -> None:
    offered = offer(older_logs(new)[0], new)
    assert carry(new, offered.marks) == 2
    marks = new.marks()
    assert {mark.derived_from for mark in marks} == {mark.derived_from for mark in offered.marks}
    assert all(mark.to_confirm and mark.input == "carried" and not mark.is_gold for mark in marks)
    assert to_confirm(new, "a") == marks
    new.confirm(marks[0].id)
    new.change(marks[1].id, label="flat")
    assert to_confirm(new) == ()
    assert all(mark.is_gold for mark in new.marks())


def test_it_is_one_step_of_undo(new: Log) -> None:
    carry(new, offer(older_logs(new)[0], new).marks)
    new.undo()
    assert new.marks() == ()


def test_what_was_carried_once_is_not_offered_again_also_where_it_was_deleted(new: Log) -> None:
    offered = offer(older_logs(new)[0], new)
    carry(new, offered.marks)
    new.delete(new.marks()[0].id)
    again = offer(older_logs(new)[0], new)
    assert (again.marks, again.done) == ((), 2)
    assert carry(new, offered.marks) == 0
    assert len(new.marks()) == 1


def test_only_older_versions_of_the_same_scheme_are_looked_at(new: Log, tmp_path: Path) -> None:
    for name in ("mixed@3", "other@1", "mixed@x"):
        (tmp_path / f"{name}.sqlite").write_bytes(b"")
    third = with_checksum(replace(NEW, version=3))
    (tmp_path / "mixed@3.sqlite").unlink()
    with open_log(tmp_path, third) as log:
        assert [path.stem for path in older_logs(log)] == ["mixed@2", "mixed@1"]
