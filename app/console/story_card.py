"""Beside the trials of a finished session: notes, alarms and gaps, the participant, the checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QTabWidget, QWidget

from app.console import icons, theme
from app.console.findings import Findings
from app.console.parts import Card, clock_text, quiet
from app.console.start_checks import sentence_of, title_of
from app.console.story import Incident

TITLES = ("Alarms, gaps", "Notes", "Checks", "Participant")
SIGNS = {
    "alarm": ("alarm", "alarm"),
    "warning": ("warning", "warning"),
    "gap": ("gap", "text"),
    "policy": ("pause", "text"),
}
VERDICTS = {
    "passed": ("good", "good"),
    "warned": ("warning", "warning"),
    "failed": ("alarm", "alarm"),
    "refused": ("alarm", "alarm"),
}


class StoryCard(Card):
    """Lists behind one another; that of the participant is there where something happened."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.notes = _list("Notes")
        self.incidents = _list("Alarms and gaps")
        self.checks = _list("Checks before the start")
        self.participant = _list("Participant and screen")
        lists = (self.incidents, self.notes, self.checks, self.participant)
        for widget, title in zip(lists, TITLES, strict=True):
            self.tabs.addTab(widget, title)
        self.body.addWidget(self.tabs)

    def show_findings(self, findings: Findings) -> None:
        """Show what a file holds of them."""
        story = findings.story
        for view in (self.notes, self.incidents, self.checks, self.participant):
            view.clear()
        for at_s, known in story.happenings:
            sign = ("person", "accent") if known.level == "note" else (known.level, known.level)
            _add(self.participant, *sign, f"{clock_text(at_s)}  {known.text}")
        self.tabs.setTabVisible(TITLES.index("Participant"), bool(story.happenings))
        for time_s, text in findings.notes:
            _add(self.notes, "note", "accent", f"{clock_text(time_s)}  {text}")
        for incident in story.incidents:
            icon, colour = SIGNS.get(incident.kind, SIGNS["warning"])
            _add(self.incidents, icon, colour, incident_words(incident))
        for reason in story.accepted:
            _add(self.checks, "note", "accent", f"Started all the same. Reason: {reason}")
        passed = {"device": "Devices that can be used here", "signal": "Signals that are good"}
        rest = [row for row in story.checks if not any(_is_passed(row, kind) for kind in passed)]
        order = ("failed", "refused", "warned", "passed")
        for result in sorted(rest, key=lambda row: order.index(_verdict(row.get("verdict")))):
            icon, colour = VERDICTS[_verdict(result.get("verdict"))]
            text = sentence_of(result) or "good"
            _add(self.checks, icon, colour, f"{title_of(result)}: {text}")
        for kind, title in passed.items():
            names = [title_of(row) for row in story.checks if _is_passed(row, kind)]
            if names:
                _add(self.checks, *VERDICTS["passed"], f"{title}: {', '.join(names)}")
        for view, text in (
            (self.notes, "No notes were written."),
            (self.incidents, "No alarm, no gap."),
            (self.checks, "No checks are stored in this file."),
        ):
            if not view.count():
                item = QListWidgetItem(text)
                item.setForeground(QColor(theme.current().muted))
                view.addItem(item)
        told = (story.incidents, findings.notes, story.failed, story.happenings)
        counts = tuple(map(len, told))
        for place, (title, count) in enumerate(zip(TITLES, counts, strict=True)):
            self.tabs.setTabText(place, f"{title} ({count})" if count else title)


def incident_words(incident: Incident) -> str:
    """Say when, whose, what, and when it was over."""
    whose = f"{incident.stream}: " if incident.stream and incident.stream not in incident.text else ""
    over = ""
    if incident.kind == "alarm":
        lasted = None if incident.until_s is None else incident.until_s - incident.at_s
        over = "  (until the end)" if lasted is None else f"  (over after {lasted:.0f} s)"
    return f"{clock_text(incident.at_s)}  {whose}{incident.text}{over}"


def _is_passed(result: Mapping[str, Any], kind: str) -> bool:
    return result.get("verdict") == "passed" and str(result.get("name")).partition(" ")[0] == kind


def _verdict(value: object) -> str:
    return str(value) if value in VERDICTS else "warned"


def _list(name: str) -> QListWidget:
    view = QListWidget()
    view.setAccessibleName(name)
    quiet(view)
    view.setWordWrap(True)
    view.setIconSize(QSize(16, 16))
    return view


def _add(view: QListWidget, icon: str, colour: str, text: str) -> None:
    item = QListWidgetItem(icons.icon(icon, getattr(theme.current(), colour)), text)
    item.setToolTip(text)
    view.addItem(item)
