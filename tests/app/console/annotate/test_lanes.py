"""Lanes: what is drawn where, what lies under the pointer, and that ten thousand marks stay one picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS, Mark, Take
from analysis.labels.scheme import Dimension, Label, Tier
from app.annotation.queue import Lane
from app.console import theme
from app.console.annotate.lane_colours import LEAST_CONTRAST, label_colours, pattern
from app.console.annotate.lane_model import make_rows, mean_and_spread
from app.console.annotate.lanes import LaneView
from app.console.review.axis import TimeAxis
from tests.helpers.annotate_page import drag, spot

HAPPY, SAD = Label("happy", "Happy", key="1"), Label("sad", "Sad", key="2")
MOOD = Tier("mood", "segment", "Mood", labels=(HAPPY, SAD))
NOTES = Tier("notes", "segment", "Notes", overlap="allow", labels=(HAPPY, SAD))
BLINK = Tier("blink", "point", "Blink", labels=(HAPPY,))
VALENCE = Tier("valence", "trace1d", "Valence", dimensions=(Dimension("valence", -1, 1),))
WHOLE = Tier("whole", "trial", "Whole trial")
CTRL = Qt.KeyboardModifier.ControlModifier


def mark(name: str, start_s: float, end_s: float, label: str = "happy", **more: object) -> Mark:
    values = {"tier": "mood", "annotator": "anna", "label": label} | more
    return Mark(name, start_ns=round(start_s * NS), end_ns=round(end_s * NS), **values)  # type: ignore[arg-type]


def take(values: list[float], who: str = "anna", state: str = "done", **more: object) -> Take:
    times = np.arange(len(values)) * NS
    table = np.array(values, np.float32)[:, None]
    return Take(f"t-{who}-{state}", "valence", who, 0, "", state, times, times, table, **more)  # type: ignore[arg-type]


@pytest.fixture
def lanes(qapp: QApplication, qtbot: QtBot) -> Iterator[LaneView]:
    """An empty view of ten seconds, 1012 pixels from 0 to 10 s."""
    theme.apply(qapp, "light", 1.0)
    axis = TimeAxis()
    axis.set_extent(0.0, 10.0)
    made = LaneView(axis)
    made.resize(1000 + axis.left_px + axis.right_px, 60)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.deleteLater()


@pytest.mark.parametrize(
    ("start_s", "stop_s", "seen"),
    [
        (0.0, 10.0, ["long", "a", "b"]),
        (4.5, 5.5, ["long"]),
        (8.5, 9.5, ["b"]),
        (9.6, 10.0, []),
        (2.0, 2.0, ["long", "a"]),
    ],
)
def test_a_long_mark_is_seen_from_its_start_to_its_end(
    start_s: float, stop_s: float, seen: list[str]
) -> None:
    row = make_rows([MOOD], [mark("b", 9, 9.5), mark("long", 1, 8), mark("a", 2, 3)])[0]
    part = row.visible(start_s, stop_s)
    touched = [m.id for m in row.marks[part] if (m.end_ns or 0) / NS >= start_s]
    assert touched == seen
    assert {m.id for m in row.at(start_s, stop_s)} == set(seen)


def test_lanes_stand_fused_own_others_models_and_whole_trials_only_where_their_time_is_known() -> None:
    others = [
        Lane("net", "model", (mark("m", 0, 1, confidence=0.4), mark("n", 2, 3, confidence=0.9))),
        Lane("bert", "human", (mark("o", 0, 1),)),
        Lane("mean", "fused", (mark("f", 0, 1),)),
        Lane("idle", "human", ()),
    ]
    rows = make_rows([MOOD, WHOLE], [mark("a", 0, 1)], others=others)
    assert [(row.kind, row.own, row.who) for row in rows] == [
        ("fused", False, "mean"),
        ("human", True, ""),
        ("human", False, "bert"),
        ("model", False, "net"),
    ]
    assert rows[3].unsure.tolist() == [True, False]
    kept = make_rows([MOOD], [], others=others, threshold=0.5)
    assert [m.id for m in kept[-1].marks] == ["n"]
    answer = Mark("w", "whole", "anna", trial=3, value={"valence": 7})
    assert make_rows([WHOLE], [answer], times={3: (2.0, 5.0)})[0].starts.tolist() == [2.0]


def test_overlapping_marks_lie_below_one_another() -> None:
    row = make_rows([NOTES], [mark(n, s, s + 2, tier="notes") for n, s in (("a", 0), ("b", 1), ("c", 3))])[0]
    assert row.level.tolist() == [0, 1, 0] and row.levels == 2


def test_traces_of_several_people_become_a_mean_with_its_spread_and_gaps_stay_gaps() -> None:
    rows = make_rows(
        [VALENCE],
        [],
        [take([0, 0, 0, 0], state="interrupted"), take([0.0, 0.5, float("nan"), 0.5])],
        [Lane("bert", "human", (), (take([1.0, 0.5, 0.5], "bert"),))],
    )
    assert [row.name for row in rows] == ["Valence", "mean of 2"]
    assert len(rows[0].traces) == 1, "the pass that was ended stands for the annotator"
    mean, spread, count = mean_and_spread(rows[1].traces, np.array([0.0, 1.0, 2.0, 3.0, 9.0]), 0)
    np.testing.assert_allclose(mean, [0.5, 0.5, 0.5, 0.5, np.nan])
    np.testing.assert_allclose(spread[:4], [0.5, 0.0, 0.0, 0.0])
    assert count.tolist() == [2, 2, 1, 1, 0]


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffff00", "#3b6fb5", "no colour", ""])
def test_every_colour_of_a_scheme_can_be_seen_on_both_grounds(colours: theme.Colours, colour: str) -> None:
    ink = label_colours([Label("a", "A", colour)], colours)[0]
    assert theme.contrast(ink.name(), colours.base) >= LEAST_CONTRAST


def test_labels_differ_in_pattern_too() -> None:
    assert len({pattern(place) for place in range(9)}) == 9


def test_a_mark_is_drawn_where_its_time_is_and_hover_tells_all_of_it(lanes: LaneView) -> None:
    one = mark("a", 2, 4, note="smiles", confidence=0.8)
    lanes.show([MOOD], [one])
    picture = lanes.grab().toImage()
    ground = QColor(theme.LIGHT.base)
    inside, outside = spot(lanes, 0, 0.3), spot(lanes, 0, 0.6)
    assert picture.pixelColor(inside) != ground
    assert picture.pixelColor(outside) == ground
    words = lanes.words_at(QPointF(inside))
    assert words.splitlines() == [
        "Happy",
        "0:00:02.000 to 0:00:04.000 (2.00 s)",
        "confidence 0.80",
        "note: smiles",
    ]
    assert lanes.words_at(QPointF(outside)) == ""
    assert lanes.words_at(QPointF(5, inside.y())) == "Mood"


def test_ten_thousand_marks_merge_into_a_strip_that_says_how_many_and_zooming_parts_them(
    lanes: LaneView,
) -> None:
    lanes.axis.set_extent(0.0, 10_000.0)
    lanes.show([MOOD], [mark(str(n), n, n + 0.9, "happy" if n % 4 else "sad") for n in range(10_000)])
    middle = spot(lanes, 0, 0.5)
    assert lanes.grab().toImage().pixelColor(middle) != QColor(theme.LIGHT.base)
    words = lanes.words_at(QPointF(middle))
    assert "marks here" in words and "Happy" in words
    lanes.axis.set_view(5000.0, 2.0)
    assert lanes.words_at(QPointF(spot(lanes, 0, 0.2))).startswith("Sad")


def test_dragging_on_empty_ground_draws_and_dragging_a_foreign_lane_selects_time(
    lanes: LaneView, qtbot: QtBot
) -> None:
    lanes.show([MOOD], [], others=[Lane("bert", "human", (mark("o", 8, 9),))])
    drawn: list[tuple[str, int, int]] = []
    lanes.drawn.connect(lambda *values: drawn.append(values))
    drag(lanes, spot(lanes, 0, 0.1), spot(lanes, 0, 0.3))
    tier, start_ns, end_ns = drawn[0]
    assert (
        tier == "mood"
        and start_ns / NS == pytest.approx(1, abs=0.02)
        and end_ns / NS == pytest.approx(3, abs=0.02)
    )
    drag(lanes, spot(lanes, 1, 0.2), spot(lanes, 1, 0.4))
    assert len(drawn) == 1 and lanes.axis.selection_s == pytest.approx((2, 4), abs=0.02)
    lanes.read_only = True
    drag(lanes, spot(lanes, 0, 0.5), spot(lanes, 0, 0.6))
    assert len(drawn) == 1


def test_marks_of_others_can_be_selected_but_not_moved(lanes: LaneView) -> None:
    lanes.show([MOOD], [], others=[Lane("net", "model", (mark("m", 2, 4, confidence=0.9),))])
    moved: list[object] = []
    lanes.moved.connect(lambda *values: moved.append(values))
    drag(lanes, spot(lanes, 1, 0.3), spot(lanes, 1, 0.6))
    assert lanes.selected_id == "m" and not moved


def test_a_point_is_put_by_a_double_click_and_a_click_moves_the_cursor(lanes: LaneView) -> None:
    lanes.show([MOOD, BLINK], [])
    drawn: list[tuple[str, int, int]] = []
    lanes.drawn.connect(lambda *values: drawn.append(values))
    QTest.mouseDClick(lanes, Qt.MouseButton.LeftButton, pos=spot(lanes, 1, 0.4))
    assert drawn[0][0] == "blink" and drawn[0][1] == drawn[0][2]
    QTest.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=spot(lanes, 0, 0.7))
    assert lanes.axis.cursor_s == pytest.approx(7, abs=0.02) and lanes.active == "mood"


def test_the_wheel_pans_and_zooms_at_the_pointer(lanes: LaneView) -> None:
    lanes.show([MOOD], [])
    place = QPointF(spot(lanes, 0, 0.25))

    def turn(delta: int, keys: Qt.KeyboardModifier) -> None:
        event = QWheelEvent(
            place,
            lanes.mapToGlobal(place),
            QPoint(),
            QPoint(0, delta),
            Qt.MouseButton.NoButton,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(lanes, event)

    before_s = lanes.axis.time_at(place.x(), lanes.across_px)
    turn(240, CTRL)
    assert lanes.axis.width_s < 10 and lanes.axis.time_at(place.x(), lanes.across_px) == pytest.approx(
        before_s
    )
    start_s = lanes.axis.start_s
    turn(-120, Qt.KeyboardModifier.NoModifier)
    assert lanes.axis.start_s > start_s
