"""Blocks of imagery that another program's texts tell of: emotions, presses, and where a block ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.exchange.import_trials import imagery_words, imagined, trial_events

Texts = Sequence[tuple[float, str]]


def events(texts: Texts, kind: str = "annotation") -> list[tuple[float, str, Mapping[str, Any]]]:
    return [(time_s, kind, {"text": text}) for time_s, text in texts]


@pytest.mark.parametrize(
    ("texts", "blocks"),
    [
        ([], []),
        ([(1.0, "feeling_it"), (2.0, "joy")], []),
        (
            [(1.0, "imagery: joy"), (4.0, "feeling_it"), (9.0, "imagery: end"), (9.5, "feeling_it")],
            [("joy", 1.0, 9.0, (4.0,))],
        ),
        (
            [(1.0, "Imagery:Joy "), (3.0, "feeling_it"), (5.0, "imagery: awe"), (7.0, "feeling_it"),
             (8.0, "FEELING_IT")],
            [("joy", 1.0, 5.0, (3.0,)), ("awe", 5.0, 10.0, (7.0, 8.0))],
        ),
        ([(1.0, "imagery: joy"), (5.0, "imagery: end")], [("joy", 1.0, 5.0, ())]),
        ([(1.0, "imagery: joy")], []),
        ([(1.0, "imagery:"), (2.0, "feeling_it")], []),
        (
            [(5.0, "feeling_it"), (9.0, "imagery: end"), (1.0, "imagery: grief")],
            [("grief", 1.0, 9.0, (5.0,))],
        ),
    ],
)  # fmt: skip
def test_blocks_and_their_presses(
    texts: Texts, blocks: list[tuple[str, float, float, tuple[float, ...]]]
) -> None:
    for kind in ("annotation", "marker"):
        found = imagined(events(texts, kind))
        assert [(each.item, each.start_s, each.stop_s, each.presses) for each in found] == blocks


def test_triggers_without_a_text_tell_nothing() -> None:
    triggers = [(1.0, "trigger", {"code": 7})]
    assert imagined(triggers) == ()
    assert imagery_words(triggers, ()) == ()


def test_presses_in_no_block_are_counted_and_told() -> None:
    given = events([(0.0, "feeling_it"), (1.0, "imagery: joy"), (4.0, "feeling_it"), (9.0, "imagery: end")])
    assert imagery_words(given, imagined(given)) == (
        "Blocks of imagery named in its events: 1, presses in them: 1. Presses in no block, which were left"
        " out: 1.",
    )


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6),
            st.sampled_from(["imagery: joy", "imagery: end", "imagery: awe", "feeling_it", "other"]),
        )
    )
)
def test_blocks_never_overlap_and_hold_their_presses(texts: Texts) -> None:
    found = imagined(events(texts))
    for each in found:
        assert each.start_s < each.stop_s
        assert all(each.start_s <= press_s <= each.stop_s for press_s in each.presses)
    for before, after in pairwise(found):
        assert before.stop_s <= after.start_s


def test_a_press_is_told_as_our_own_protocol_tells_it() -> None:
    told = list(trial_events(imagined(events([(1.0, "imagery: joy"), (4.0, "feeling_it")]))))
    assert told[0][1:2] == ("trial_started",) and told[0][4]["item"] == {"id": "joy"}
    presses = [each for each in told if each[1] == "feeling_it"]
    assert presses == [(4.0, "feeling_it", 0, "imagery", {"press": 1, "since_onset_s": 3.0})]
