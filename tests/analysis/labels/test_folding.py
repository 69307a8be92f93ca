"""From operations to marks: the order in which they come to hand does not matter, only what they say."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.labels.folding import LogState, mark_of
from analysis.labels.format import LabelFileError, Op, OpKind, op_row, row_op


def op(sid: str, seq: int, kind: OpKind, mark: str = "m", *, lamport: int = 0, **values: Any) -> Op:
    """Return an operation that is a step of its own."""
    step = 0 if kind in ("undo", "redo", "take") else seq
    return Op(
        sid, seq, lamport or seq, step, kind, kind, mark=mark, tier="mood", start_ns=0, end_ns=9, **values
    )


def labels(*ops: Op) -> dict[str, str]:
    return {mark.id: mark.label for mark in LogState("anna", "human", ops).marks.values()}


ADD = op("a", 1, "add", label="happy")
EDIT = op("a", 2, "edit", label="sad", revision=2)


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ((ADD,), {"m": "happy"}),
        ((ADD, EDIT), {"m": "sad"}),
        ((ADD, EDIT, op("a", 3, "delete")), {}),
        ((ADD, EDIT, op("a", 3, "undo", target_sid="a", target_step=2)), {"m": "happy"}),
        ((ADD, op("a", 2, "undo", target_sid="a", target_step=1)), {}),
        (
            (
                ADD,
                EDIT,
                op("a", 3, "undo", target_sid="a", target_step=2),
                op("a", 4, "redo", target_sid="a", target_step=2),
            ),
            {"m": "sad"},
        ),
        # Two computers edited at the same time: the later by (lamport, sid) holds, on both.
        ((ADD, EDIT, op("b", 1, "edit", lamport=2, label="cannot_tell")), {"m": "cannot_tell"}),
        ((ADD, EDIT, op("b", 1, "delete", lamport=2)), {}),
        # What one computer deleted another may have edited later.
        ((ADD, op("b", 1, "delete", lamport=2), op("a", 3, "edit", lamport=3, label="sad")), {"m": "sad"}),
        # Undone on both: once is enough.
        (
            (
                ADD,
                EDIT,
                op("a", 3, "undo", target_sid="a", target_step=2),
                op("b", 1, "undo", lamport=3, target_sid="a", target_step=2),
            ),
            {"m": "happy"},
        ),
        # The step that is to be undone never came.
        ((ADD, op("a", 3, "undo", target_sid="x", target_step=9)), {"m": "happy"}),
    ],
)
def test_what_operations_come_to(ops: tuple[Op, ...], expected: dict[str, str]) -> None:
    assert labels(*ops) == expected
    assert labels(*reversed(ops)) == expected


@given(seed=st.integers(0, 2**32), count=st.integers(1, 30))
def test_the_order_of_arrival_does_not_matter(seed: int, count: int) -> None:
    chance = random.Random(seed)
    kinds: tuple[OpKind, ...] = ("add", "edit", "delete", "undo", "redo", "finish", "ask", "reject")
    ops = [
        op(
            chance.choice("ab"),
            number,
            chance.choice(kinds),
            chance.choice("mn"),
            lamport=chance.randint(1, 9),
            item=chance.choice(("", "k7")),
            label=str(number),
            note="?",
            derived_from="x",
            target_sid=chance.choice("ab"),
            target_step=chance.randint(1, count),
        )
        for number in range(1, count + 1)
    ]
    first = LogState("anna", "human", ops)
    chance.shuffle(ops)
    second = LogState("anna", "human", ops)
    assert first.marks == second.marks
    assert (first.undoable(), first.redoable()) == (second.undoable(), second.redoable())
    assert [first.item_state(item) for item in ("", "k7")] == [second.item_state(item) for item in ("", "k7")]
    assert (first.questions(), first.rejected()) == (second.questions(), second.rejected())


def test_marks_are_found_by_stretch_after_any_change() -> None:
    state = LogState("anna", "human", [ADD])
    assert [mark.id for mark in state.touching("mood", "", 8, 20)] == ["m"]
    assert list(state.touching("mood", "", 9, 20)) == []
    state.apply(op("a", 2, "edit", label="happy")._replace(start_ns=50, end_ns=60))
    assert list(state.touching("mood", "", 0, 49)) == []
    assert [mark.id for mark in state.touching("mood", "", 55, 56)] == ["m"]
    state.apply(op("a", 3, "undo", target_sid="a", target_step=2))
    assert [mark.id for mark in state.touching("mood", "", 0, 1)] == ["m"]


def test_an_operation_comes_back_from_its_row() -> None:
    full = Op(
        *("a", 1, 2, 1, "add", "accept", "k7", "m", 1, "mood", 3, 5, 9, "happy", {"intensity": None}, 0.5),
        *(("Fp1", "Cz"), "note", "mouse", "x", True, True, "why?", "mouse", 4, 0.5, 12.5, 77, "2026", "b", 3),
    )
    assert row_op(op_row(full)) == full
    assert mark_of(full, "anna", "human").channels == ("Fp1", "Cz")
    with pytest.raises(LabelFileError, match="operation a/1 cannot be read"):
        row_op((*op_row(full)[:14], "{", *op_row(full)[15:]))
