"""Quality in words, in the list of streams and in its panel; lamps that differ in more than colour."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from app.console.lamps import LOOKS, paint_lamp, streams_of
from app.console.quality import GRADES, contact_words, judged, measures_of, quality_of
from app.console.quality_panel import QualityPanel
from app.console.streams_panel import StreamsPanel

STATES = ("expected", "connecting", "live", "idle", "stale", "lost", "recovering")
FLAT = {"code": "flat", "text": "channel C3 is flat. Check the electrode and its cable."}
MEASURES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "rate as it should be": ({"rate_hz": 250.02, "rate_error": 0.0001}, ["250 Hz"]),
    "rate off": ({"rate_hz": 244.0, "rate_error": -0.024}, ["244 Hz (-2.4%)"]),
    "slow rate": ({"rate_hz": 4.0}, ["4.0 Hz"]),
    "nothing lost": ({"loss": 0.0}, ["nothing lost"]),
    "little lost": ({"loss": 0.004}, ["0.4 % lost"]),
    "much lost": ({"loss": 0.12}, ["12 % lost"]),
    "heart": ({"heart_rate_bpm": 71.6}, ["heart 72/min"]),
    "no heart": ({"heart_rate_bpm": None}, ["no heart rate"]),
    "not worn": ({"worn": False}, ["not worn"]),
    "face": ({"face": True}, ["face seen"]),
    "sound": ({"level_dbfs": -31.4, "clipping": 0.002}, ["level −31 dB", "clipped 0.2 %"]),
    "flat and railed": (
        {"flat": ["C3"], "railed": list("abcdef")},
        ["flat: C3", "at its limit: a, b, c, d and 2 more"],
    ),
    "mains": ({"line_noise": 0.31}, ["mains 31 %"]),
    "motion": ({"motion_g": 0.021}, ["motion 0.02 g"]),
    "pictures": ({"dropped": 3, "repeated": 0}, ["3 dropped"]),
    "a problem says it already": ({"flat": ["C3"], "problems": [FLAT]}, []),
    "nothing": ({}, []),
}


@pytest.mark.parametrize("name", MEASURES)
def test_measures_in_words(name: str) -> None:
    values, expected = MEASURES[name]
    assert measures_of(values) == expected


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ({"C3": 4.2, "C4": 12.0}, ["contact 4 to 12 kΩ"]),
        ({"C3": 5.0}, ["contact 5 kΩ"]),
        ({"C3": "good", "C4": "poor"}, ["poor contact: C4"]),
        ({"C3": "good"}, ["contact good"]),
        ({}, []),
    ],
)
def test_contact_in_words(contact: dict[str, Any], words: list[str]) -> None:
    assert contact_words(contact) == words


def test_quality_is_read_as_the_supervisor_sends_it() -> None:
    values = {"verdict": "failed", "seconds": 10.0, "problems": [FLAT]}
    for quality in ({"eeg": values}, {"type": "quality", "streams": {"eeg": values}}):
        (eeg,) = quality_of({"quality": quality})
        assert (eeg.id, eeg.verdict, eeg.problems) == ("eeg", "failed", (FLAT["text"],))
        assert eeg.sentence.startswith("eeg: poor. channel C3 is flat.")
    assert quality_of({}) == ()
    assert judged("x", {}).grade == GRADES["waiting"]


def test_the_panel_grows_with_what_there_is_to_say(qtbot: QtBot) -> None:
    panel = QualityPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 240)
    panel.show()
    assert panel.nothing.isVisible()
    panel.show_state({"quality": {"eeg": {"verdict": "passed", "rate_hz": 250}}})
    short = panel.rows.heightForWidth(300)
    panel.show_state({"quality": {"eeg": {"verdict": "failed", "rate_hz": 250, "problems": [FLAT, FLAT]}}})
    assert not panel.nothing.isVisible()
    assert panel.rows.heightForWidth(300) > short
    assert panel.rows.heightForWidth(200) > panel.rows.heightForWidth(800)
    assert "eeg: poor" in panel.rows.accessibleDescription()


def test_the_list_of_streams_shows_state_gaps_and_sign(qtbot: QtBot) -> None:
    panel = StreamsPanel()
    qtbot.addWidget(panel)
    health = {"eeg": {"state": "live", "rate_hz": 250.0, "lost": 125, "gaps": 1}}
    panel.show_state({"recorder": {"streams": health}})
    row = panel.table.topLevelItem(0)
    assert row is not None
    assert [row.text(place) for place in range(3)] == ["eeg", "live 250 Hz", "125 · 1 gap"]
    assert panel.table.isColumnHidden(3)
    panel.show_state({"recorder": {"streams": health}, "quality": {"eeg": {"verdict": "failed"}}})
    assert not panel.table.isColumnHidden(3)
    assert not row.icon(3).isNull()
    assert "poor" in row.toolTip(3)


def test_every_state_of_a_stream_has_a_word_and_a_shape_of_its_own() -> None:
    looks = [LOOKS[state] for state in STATES]
    assert len({look.word for look in looks}) == len(STATES)
    assert len({look.shape for look in looks}) == len(STATES)
    state = {"recorder": {"streams": {name: {"state": name} for name in STATES}}}
    assert [stream.look for stream in streams_of(state)] == looks


def test_shapes_differ_for_who_sees_no_colours(qtbot: QtBot) -> None:
    pictures = set()
    for look in dict.fromkeys(LOOKS[state] for state in STATES):
        image = QImage(16, 16, QImage.Format.Format_ARGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        paint_lamp(painter, QRectF(0, 0, 16, 16), look)
        painter.end()
        drawn = [image.pixelColor(x, y).lightness() < 200 for x in range(16) for y in range(16)]
        pictures.add(tuple(drawn))
    assert len(pictures) == len(STATES)
