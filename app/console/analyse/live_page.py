"""The step Live: a kept recognizer on running signals, how sure it is, what it lacks, how late it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from app.console.analyse.live_draw import NOT_YET, BarsView, CourseView, PlaneView, point_of
from app.console.analyse.live_inputs import InputsView
from app.console.analyse.live_process import LiveProcess
from app.console.analyse.live_words import end_words, head_words, latency_words, sure_words
from app.console.analyse.live_work import Choice, Ready, look, running
from app.console.analyse.step_page import WaitingStep
from app.console.choices import combo, fill_combo, named, number
from app.console.parts import Card, Line, Primary, Tick, Tinted
from app.study import Study

NO_MODELS = (
    "Live needs a kept recognizer. Run one in Experiment, then choose Apply and “Train on all and keep”."
)
READING = "Looking for kept recognizers…"
RUNNING, LSL = "running", "lsl"
SPEEDS = (("as it was", 1.0), ("4 times as fast", 4.0), ("16 times as fast", 16.0))
LOOK_MS = 2000
STREAM = "evoke-live"


class LivePage(WaitingStep):
    """Runs kept recognizers; the process that computes is not this one."""

    unreadable = "The recognizers cannot be read."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Live", "Live", NO_MODELS, parent)
        self.found: Ready | None = None
        self.begun: Mapping[str, Any] = {}
        self._latencies: list[float] = []
        self.process = LiveProcess(self)
        self.process.heard.connect(self._on_heard)
        self.process.ended.connect(self._on_ended)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_for_session)
        self.start_button = Primary("Start", "start", self.start)
        self.stop_button = Tinted("Stop", "end", self.stop)
        self._lay_out((self.stop_button, self.start_button), self._body())
        self._on_source()

    def _body(self) -> QWidget:
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._choices())
        split.addWidget(self._answers())
        split.addWidget(self._side())
        for place, share in enumerate((0, 3, 2)):
            split.setStretchFactor(place, share)
        split.setSizes([280, 440, 280])
        return split

    def _choices(self) -> QWidget:
        card = Card("What runs")
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.model: QComboBox = combo("Recognizer", 16)
        self.second: QComboBox = combo("Second recognizer", 16)
        self.source: QComboBox = combo("Signals from", 16)
        self.names = QLineEdit()
        named(self.names, "Names of LSL streams")
        self.names.setPlaceholderText("Names of LSL streams, with commas")
        self.speed: QComboBox = combo("Speed of the replay", 12)
        fill_combo(self.speed, SPEEDS, 1.0)
        self.hop = number("A decision every", 0.2, 60.0, 1.0, 1, " s")
        self.baseline = number("Baseline before the first decision", 5.0, 3600.0, 60.0, 0, " s")
        self.publish = Tick("Publish on LSL")
        self.publish.setToolTip("Any recorder can take it, a session of ours too: add an LSL stream to it")
        self.stream = QLineEdit(STREAM)
        named(self.stream, "Name of the published stream")
        form.addRow("Recognizer", self.model)
        form.addRow("And a second one", self.second)
        form.addRow("Signals from", self.source)
        form.addRow(self.names)
        form.addRow("Replayed", self.speed)
        form.addRow("A decision every", self.hop)
        form.addRow("Baseline", self.baseline)
        form.addRow(self.publish)
        form.addRow(self.stream)
        self.form = form
        card.body.addLayout(form)
        card.body.addStretch(1)
        for box in (self.model, self.second, self.source):
            box.currentIndexChanged.connect(lambda _: self._on_source())
        self.names.textChanged.connect(lambda _: self._show_buttons())
        self.publish.toggled.connect(lambda _: self._on_source())
        return card

    def _answers(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        now = Card("Now")
        self.bars = BarsView()
        now.body.addWidget(self.bars, 1)
        self.sure = Line("", "muted", True)
        now.body.addWidget(self.sure)
        self.second_words = Line("", "text", True)
        now.body.addWidget(self.second_words)
        column.addWidget(now, 3)
        course = Card("Over time")
        self.course = CourseView()
        course.body.addWidget(self.course, 1)
        column.addWidget(course, 3)
        return side

    def _side(self) -> QWidget:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        plane = Card()
        self.plane = PlaneView()
        plane.body.addWidget(self.plane, 1)
        column.addWidget(plane, 3)
        inputs = Card("Signals")
        self.inputs = InputsView()
        inputs.body.addWidget(self.inputs)
        self.latency = Line("", "muted", True)
        inputs.body.addWidget(self.latency)
        self.told = Line("", "muted", True)
        inputs.body.addWidget(self.told)
        inputs.body.addStretch(1)
        column.addWidget(inputs, 2)
        return side

    # Reading

    def _forget(self) -> None:
        self.process.close()
        self.found = None
        self._clear()

    def _read(self) -> None:
        study = self.study
        if study is not None and not self.process.is_running:
            self._read_by(lambda told: look(study, told), self._on_found, READING)
            self._show_buttons()

    def _on_found(self, found: Ready) -> None:
        self.found = found
        models: list[tuple[str, object]] = [(each.title, each) for each in found.models]
        fill_combo(self.model, models, self.model.currentData())
        fill_combo(self.second, [("none", None), *models], self.second.currentData())
        self._fill_sources()
        self.stack.setCurrentIndex(1 if models else 0)
        self.empty.setText(NO_MODELS)
        self.summary.set_whole(f"{len(models)} kept recognizer{'s' * (len(models) > 1)}" if models else "")
        self._on_source()

    def _fill_sources(self) -> None:
        assert self.found is not None
        entries: list[tuple[str, object]] = []
        if self.found.running is not None:
            entries.append(("The session that runs now", RUNNING))
        entries.append(("LSL streams", LSL))
        entries += [(f"Replay of {name}", path) for name, path in self.found.sessions]
        fill_combo(self.source, entries, self.source.currentData())

    def _look_for_session(self) -> None:
        """Offer the session that has begun meanwhile, or forget the one that is over."""
        if self.found is None or self.study is None or self.process.is_running:
            return
        now = running(self.study)
        if now != self.found.running:
            self.found = Ready(self.found.models, self.found.sessions, now)
            self._fill_sources()
            self._on_source()

    def show_run(self, folder: Path) -> None:
        """Choose a run's recognizer, where one is kept."""
        for place in range(self.model.count()):
            choice = self.model.itemData(place)
            if isinstance(choice, Choice) and choice.folder.parent == folder:
                self.model.setCurrentIndex(place)

    def _on_source(self) -> None:
        source = self.source.currentData()
        shown = {
            self.names: source == LSL,
            self.speed: isinstance(source, Path),
            self.baseline: any(choice.needs_baseline for choice in self.chosen),
            self.stream: self.publish.isChecked(),
        }
        for widget, is_shown in shown.items():
            self.form.setRowVisible(widget, is_shown)
        self._show_buttons()

    @property
    def chosen(self) -> list[Choice]:
        """The recognizers that are to run."""
        found = [box.currentData() for box in (self.model, self.second)]
        return list(dict.fromkeys(each for each in found if isinstance(each, Choice)))

    def _show_buttons(self) -> None:
        runs = self.process.is_running
        has_names = self.source.currentData() != LSL or bool(self._stream_names())
        self.start_button.setEnabled(
            not runs and not self.waiting.is_busy and self.stack.currentIndex() == 1 and has_names
        )
        self.stop_button.setEnabled(runs)
        for widget in (
            self.model, self.second, self.source, self.names, self.speed, self.hop, self.baseline,
            self.publish, self.stream,
        ):  # fmt: skip
            widget.setEnabled(not runs)

    def _stream_names(self) -> list[str]:
        return [name.strip() for name in self.names.text().split(",") if name.strip()]

    # Running

    def arguments(self) -> list[str]:
        """Return what `evoke live` is told."""
        said = [str(choice.folder) for choice in self.chosen]
        said += ["--hop", f"{self.hop.value():g}"]
        if any(choice.needs_baseline for choice in self.chosen):
            said += ["--baseline", f"{self.baseline.value():g}"]
        if self.publish.isChecked() and self.stream.text().strip():
            said += ["--publish", self.stream.text().strip()]
        source = self.source.currentData()
        if isinstance(source, Path):
            return [*said, "--session", str(source), "--speed", f"{self.speed.currentData():g}"]
        if source == RUNNING and self.found is not None and self.found.running is not None:
            return [*said, "--running", str(self.found.running)]
        return [*said, "--lsl", *self._stream_names()]

    def start(self) -> None:
        """Begin."""
        self.trouble.say("")
        self._clear()
        self.bars.show_answer((), None, True, "It begins: the first window has to fill.")
        self.process.start(self.arguments())
        self._show_buttons()

    def stop(self) -> None:
        """End it; what was shown stays."""
        self.process.stop()
        self.stop_button.setEnabled(False)

    def _clear(self) -> None:
        self.begun, self._latencies = {}, []
        self.bars.show_answer((), None, True, NOT_YET)
        self.course.begin((), True)
        self.plane.begin(False)
        self.inputs.show_inputs(())
        for line in (self.sure, self.second_words, self.latency, self.told):
            line.setText("")

    def _on_heard(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "begin":
            self._on_begin(message)
        elif kind == "answer" and self.begun:
            self._on_answer(message)
        elif kind == "waiting":
            self.trouble.say(str(message["words"]), "warning")
        elif kind == "end":
            self.latency.setText(end_words(message))

    def _on_begin(self, message: Mapping[str, Any]) -> None:
        self.begun = message
        first = message["recognizers"][0]
        self.course.begin(first["classes"] or first["outputs"], bool(first["classes"]))
        self.plane.begin(bool(message["has_plane"]))
        self.summary.set_whole(head_words(message))
        told = [text for each in message["recognizers"] for text in each["told"]]
        self.told.setText("\n".join(f"{each[:1].upper()}{each[1:]}." for each in dict.fromkeys(told)))

    def _on_answer(self, message: Mapping[str, Any]) -> None:
        which = int(message["recognizer"])
        known = self.begun["recognizers"][which]
        point = point_of(message)
        if which == 0:
            self.bars.show_answer(message["names"], point, bool(known["classes"]), str(message["paused"]))
            self.course.add(point)
            self.sure.setText(sure_words(message, known))
            self.inputs.show_inputs(message["inputs"])
        else:
            told = str(message["paused"]) or sure_words(message, known)
            pairs = ", ".join(
                f"{name} {value:.0%}" if known["classes"] else f"{name} {value:.2f}"
                for name, value in zip(message["names"], point.values, strict=False)
            )
            self.second_words.setText(f"{known['target']}: {pairs or told}")
        if message["place"] is not None:
            self.plane.add(*message["place"])
        elif message["paused"] and which in self.begun.get("on_plane", ()):
            self.plane.pause()
        total = message["latency"].get("total")
        if total is not None:
            self._latencies = [*self._latencies[-599:], float(total)]
            self.latency.setText(latency_words(self._latencies, message["latency"]))

    def _on_ended(self, problem: str) -> None:
        if problem:
            self.trouble.say(problem, "alarm")
            if not self.begun:
                self.bars.show_answer((), None, True, NOT_YET)
        else:
            self.said.emit("Live has ended.", "info")
        self._show_buttons()

    def closing(self) -> None:
        """End what runs."""
        super().closing()
        self.process.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Look for a running session while the page is seen."""
        super().showEvent(event)
        self._look.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while nobody looks; what runs goes on."""
        super().hideEvent(event)
        self._look.stop()

    def show_study(self, study: Study | None) -> None:
        """Show a study; what runs of the same one goes on."""
        super().show_study(study)
        self._show_buttons()
