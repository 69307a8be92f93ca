"""What a trial connection shows: lamps, signals, camera and sound, quality."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QWidget

from app.console.media_panel import MediaPanel
from app.console.parts import Card, Line, Primary, Tinted
from app.console.quality_panel import QualityPanel
from app.console.signals import SignalView
from app.console.streams_panel import StreamsPanel
from app.console.trial_connection import TrialConnection
from app.devices.entries import DeviceEntry
from app.plan import SessionPlan

NOTHING = "Connect a device to see its signal. Nothing is recorded."
BLOCKED = "A session is running: it has the devices. They can be tried when it is over."
CONNECTED = "Connected for a look. Nothing is recorded."


class TrialView(Card):
    """A trial connection with its buttons; `one_asked`, `all_asked` when somebody wants to connect."""

    one_asked = Signal()
    all_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Trial connection", parent)
        self.setProperty("help", "devices")
        self.connection = TrialConnection(self)
        self.connection.attached.connect(self._on_attached)
        self.connection.state_arrived.connect(self._on_state)
        self.connection.ended.connect(self._on_ended)
        row = QHBoxLayout()
        self.one_button = Primary("Connect", "connect", self.one_asked.emit)
        self.all_button = Tinted("Connec&t all", "connect", self.all_asked.emit)
        self.end_button = Tinted("&Disconnect", "disconnect", self.disconnect_all)
        self.one_button.setToolTip("Connect the device in the form")
        for button in (self.one_button, self.all_button, self.end_button):
            row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)
        self.words = Line(NOTHING, "muted", True)
        self.body.addWidget(self.words)
        self.signals = SignalView()
        self.signals.setMinimumSize(260, 120)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.streams, self.quality, self.media = StreamsPanel(), QualityPanel(), MediaPanel()
        self.tabs.addTab(self.streams, "Streams")
        self.tabs.addTab(self.quality, "Quality")
        self.tabs.addTab(self.media, "Camera and sound")
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.signals)
        self.split.addWidget(self.tabs)
        self.split.setSizes([300, 200])
        self.split.setStretchFactor(0, 1)
        self.body.addWidget(self.split, 1)
        self._room = QWidget()
        self.body.addWidget(self._room, 1)
        self._is_blocked = False
        self._one_possible = False
        self._count = 0
        self._show_buttons()
        self._show_plan(None)

    def set_blocked(self, is_blocked: bool) -> None:
        """Let nothing be connected while a session has the devices."""
        if is_blocked != self._is_blocked:
            self._is_blocked = is_blocked
            if is_blocked:
                self.disconnect_all()
            self.words.setText(BLOCKED if is_blocked else NOTHING)
            self._show_buttons()

    def set_possible(self, one: bool, count: int) -> None:
        """Let one device, and `count` together, be connected."""
        self._one_possible, self._count = one, count
        self._show_buttons()

    def connect_devices(self, entries: Sequence[DeviceEntry], network: bool) -> None:
        """Connect devices, instead of those that are connected."""
        try:
            self.connection.open(entries, network)
        except OSError as error:
            self._on_ended(f"The devices could not be connected: {error.strerror or error}.")
            return
        names = ", ".join(entry.id for entry in entries)
        self.words.setText(f"Connecting {names}…")
        self.words.set_colour("muted")
        pictures = all(entry.source in ("camera", "microphone") for entry in entries)
        self.tabs.setCurrentWidget(self.media if pictures else self.streams)
        self._show_buttons()

    def disconnect_all(self) -> None:
        """End the connection."""
        self.connection.close()

    def _show_buttons(self) -> None:
        is_on = self.connection.is_on
        self.one_button.setEnabled(self._one_possible and not self._is_blocked)
        self.all_button.setEnabled(self._count > 1 and not self._is_blocked)
        self.end_button.setEnabled(is_on)

    def _show_plan(self, plan: SessionPlan | None) -> None:
        self.signals.show_session(plan)
        self.media.show_session(plan)
        for panel in (self.streams, self.quality):
            panel.show_state({})
        self.split.setVisible(plan is not None)
        self._room.setVisible(plan is None)
        self.signals.waiting_text = "Waiting for the first signals…" if plan is not None else ""

    def _on_attached(self, plan: SessionPlan) -> None:
        self._show_plan(plan)

    def _on_state(self, state: Mapping[str, Any]) -> None:
        self.streams.show_state(state)
        self.quality.show_state(state)
        if state.get("phase") == "waiting":
            self.words.setText(CONNECTED)

    def _on_ended(self, text: str) -> None:
        self._show_plan(None)
        # Its log is gone with its folder.
        self.words.setText(re.sub(r";? see \S+\.log\.?", ".", text) or NOTHING)
        self.words.set_colour("alarm" if text else "muted")
        self._show_buttons()
