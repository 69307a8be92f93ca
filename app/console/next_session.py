"""The card that prepares the next session: protocol, participant, consent, devices, checks, connect."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.console import icons, theme
from app.console.device_rows import DeviceRows
from app.console.parts import Card, Heading, Line, Primary, Tick, Tinted, clock_text, quiet
from app.console.protocols import library_entries, title_of
from app.console.request import NextSession, Preflight, Verdict, judge_code, look_into, next_run, open_points
from app.console.work import Work
from app.study import Study

SETTLE_MS = 250
SIGNS = {"passed": ("good", "good"), "warned": ("warning", "warning"), "failed": ("warning", "warning")}
REFUSED = ("alarm", "alarm")
WORDS = {
    "folder": "Study folder",
    "disk": "Disk",
    "other sessions": "Other sessions",
    "stimuli": "Pictures and sounds",
    "window": "Participant's window",
    "device": "Device",
    "devices": "Devices file",
    "protocol": "Protocol",
    "screen": "Participant's screen",
    "clock": "Clock",
}


class NextSessionCard(Card):
    """Emits `connect_asked(NextSession)`."""

    connect_asked = Signal(object)
    devices_asked = Signal()

    def __init__(self, window_problem: Callable[[], str | None], parent: QWidget | None = None) -> None:
        super().__init__("Next session", parent)
        self.setProperty("help", "study")
        self._window_problem = window_problem
        self._study: Study | None = None
        self._findings: Preflight | None = None
        self._verdict = Verdict(False, "")
        self._work: Work | None = None
        self._round = 0
        self._busy = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self.check)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(8)
        column.addLayout(self._form())
        devices = QHBoxLayout()
        devices.addWidget(Heading("Devices"), 1)
        devices.addWidget(Tinted("Choose and try…", "devices", self.devices_asked.emit))
        column.addLayout(devices)
        self.device_rows = DeviceRows()
        column.addWidget(self.device_rows)
        column.addWidget(Heading("Checks"))
        self.checks = QListWidget()
        self.checks.setAccessibleName("Checks")
        quiet(self.checks)
        self.checks.setWordWrap(True)
        self.checks.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.checks.setMinimumHeight(90)
        column.addWidget(self.checks, 1)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Why it may start all the same (kept in the session file)")
        self.reason.setAccessibleName("Reason to start in spite of a failed check")
        self.reason.textChanged.connect(self._look)
        self.reason.hide()
        column.addWidget(self.reason)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        self.body.addWidget(area, 1)
        foot = QHBoxLayout()
        self.missing = Line("", "muted", True)
        foot.addWidget(self.missing, 1)
        self.connect_button = Primary("Connect devices", "connect", self.ask)
        foot.addWidget(self.connect_button)
        self.body.addLayout(foot)

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.protocol = QComboBox()
        self.protocol.setAccessibleName("Protocol")
        self.protocol.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.protocol.currentIndexChanged.connect(self._changed)
        file = Tinted("File…", "folder", self._choose_protocol)
        form.addRow(_label("&Protocol", self.protocol), _beside(self.protocol, file))
        self.length = Line("", "muted")
        form.addRow("", self.length)
        self.code = QLineEdit()
        self.code.setAccessibleName("Participant code")
        self.code.setMaxLength(32)
        self.code.textChanged.connect(self._judge)
        self.code.returnPressed.connect(self.ask)
        self.verdict = Line("", "muted", True)
        self.verdict.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        both = QVBoxLayout()
        both.setSpacing(3)
        both.addWidget(self.code)
        both.addWidget(self.verdict)
        form.addRow(_label("Participant &code", self.code), both)
        self.visit = QSpinBox()
        self.visit.setRange(1, 999)
        self.visit.setAccessibleName("Session number")
        self.visit.valueChanged.connect(self._say_run)
        self.run = Line("", "muted")
        form.addRow(_label("Sess&ion", self.visit), _beside(self.visit, self.run, stretch_last=True))
        self.devices_file = QComboBox()
        self.devices_file.setAccessibleName("Devices")
        self.devices_file.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.devices_file.currentIndexChanged.connect(self._changed)
        file = Tinted("File…", "folder", self._choose_devices)
        form.addRow(_label("&Devices", self.devices_file), _beside(self.devices_file, file))
        self.consent = Tick("The participant has agreed")
        self.consent.toggled.connect(self._look)
        self.no_consent = Line("Simulated participant: no consent is needed.", "muted")
        both = QVBoxLayout()
        both.addWidget(self.consent)
        both.addWidget(self.no_consent)
        form.addRow("Consent", both)
        return form

    def show_study(self, study: Study) -> None:
        """Offer what a study may use."""
        self._study = study
        people = study.kind == "people"
        self.consent.setVisible(people)
        self.no_consent.setVisible(not people)
        for box in (self.protocol, self.devices_file):
            box.blockSignals(True)
            box.clear()
        for name, title in library_entries():
            self.protocol.addItem(title, name)
        for path in sorted([*study.folder.glob("protocols/*.yaml"), *study.folder.glob("*.protocol.yaml")]):
            self.protocol.addItem(title_of(path) or path.name, str(path.relative_to(study.folder)))
        if study.protocol and self.protocol.findData(study.protocol) < 0:
            self.protocol.addItem(study.protocol, study.protocol)
        self.protocol.setCurrentIndex(max(0, self.protocol.findData(study.protocol)))
        if study.devices:
            self.devices_file.addItem(f"{study.devices} (the study's)", None)
        elif not people:
            self.devices_file.addItem("Simulated devices", None)
        else:
            self.devices_file.addItem("None chosen yet", None)
        for box in (self.protocol, self.devices_file):
            box.blockSignals(False)
        self.code.setPlaceholderText("sim01" if not people else "01")
        codes = [participant.code for participant in study.participants()]
        self.code.setCompleter(QCompleter(codes, self.code))
        self.code.clear()
        self.next_participant()

    def next_participant(self) -> None:
        """Forget consent and reason; suggest the only simulated participant of a new simulation."""
        self.consent.setChecked(False)
        self.reason.clear()
        self._judge()
        self.check()

    def chosen(self) -> NextSession:
        """Return what is chosen now."""
        devices = self.devices_file.currentData()
        return NextSession(
            protocol=str(self.protocol.currentData() or ""),
            participant=self.code.text().strip(),
            session=self.visit.value(),
            devices=Path(devices) if devices else None,
            accept=self.reason.text() if not self.reason.isHidden() else "",
            consent=self.consent.isChecked(),
        )

    def ask(self) -> None:
        """Ask for the devices to be connected, if nothing is missing."""
        if self.connect_button.isEnabled():
            self.connect_asked.emit(self.chosen())

    def set_busy(self, is_busy: bool) -> None:
        """Say that a session is being started, so that it is not asked for twice."""
        self._busy = is_busy
        self._look()

    def check(self) -> None:
        """Look into protocol and devices in a thread."""
        study, chosen = self._study, self.chosen()
        if study is None:
            return
        self._round += 1
        self._findings = None
        self._look()
        self._work = Work(
            lambda: look_into(study, chosen.protocol, chosen.devices, self._window_problem()), self
        )
        self._work.done.connect(partial(self._on_findings, self._round))
        self._work.failed.connect(partial(self._on_trouble, self._round))
        self._work.start()

    def _on_findings(self, number: int, findings: Preflight) -> None:
        if number != self._round:
            return
        self._findings = findings
        length = "" if findings.typical_s is None else f"about {clock_text(findings.typical_s)} min"
        trials = f"{findings.trials} trial{'' if findings.trials == 1 else 's'}" if findings.trials else ""
        self.length.setText(", ".join(filter(None, (trials, length))))
        self._show_devices(findings)
        self._show_checks(findings)
        self.reason.setVisible(findings.failed and not findings.refused)
        self._look()

    def _on_trouble(self, number: int, error: Exception) -> None:
        if number == self._round:
            self.missing.setText(f"The checks could not be made: {error}")
            raise error

    def _show_devices(self, findings: Preflight) -> None:
        troubled = {
            check.device: check.text
            for check in findings.checks
            if check.device and check.verdict != "passed"
        }
        self.device_rows.show_devices(findings.devices, troubled)
        self.device_rows.look(self._study is not None and self._study.network)

    def _show_checks(self, findings: Preflight) -> None:
        self.checks.clear()
        colours = theme.current()
        passed_devices = [c.device for c in findings.checks if c.device and c.verdict == "passed"]
        for check in findings.checks:
            if check.device and check.verdict == "passed":
                continue
            icon, colour = SIGNS.get(check.verdict, REFUSED)
            text = f"{WORDS.get(check.name, check.name)}: {check.text or 'good'}"
            if check.device:
                text = check.text[:1].upper() + check.text[1:]
            item = QListWidgetItem(icons.icon(icon, getattr(colours, colour)), text)
            item.setToolTip(text)
            self.checks.addItem(item)
        if passed_devices:
            text = "Devices file: " + ", ".join(passed_devices)
            self.checks.addItem(QListWidgetItem(icons.icon("good", colours.good), text))
        self.checks.setIconSize(QSize(18, 18))

    def _judge(self) -> None:
        if self._study is None:
            return
        code = self.code.text().strip()
        self._verdict = judge_code(self._study, code, str(self.protocol.currentData() or ""))
        self.verdict.setText(self._verdict.text)
        self.verdict.set_colour("muted" if self._verdict.is_good or not code else "alarm")
        if self._verdict.is_good:
            self.visit.setValue(self._verdict.visit)
        self._say_run()
        self._look()

    def _say_run(self) -> None:
        if self._study is None or not self._verdict.is_good:
            self.run.setText("")
            return
        protocol = str(self.protocol.currentData() or "")
        number = next_run(self._study, self.code.text().strip(), self.visit.value(), Path(protocol).stem)
        self.run.setText(f"run {number}")

    def _changed(self) -> None:
        self._say_run()
        self._settle.start()

    def _look(self) -> None:
        if self._study is None:
            return
        consent = self.consent.isChecked() or self._study.kind == "simulation"
        missing = open_points(self._findings, self._verdict, consent, self.reason.text())
        self.missing.setText(
            "Still needed: " + ", ".join(missing) + "." if missing else "Everything is there."
        )
        if self._busy:
            self.missing.setText("Starting…")
        self.connect_button.setEnabled(not missing and not self._busy)

    def _choose_protocol(self) -> None:
        self._choose("Protocol", self.protocol)

    def _choose_devices(self) -> None:
        self._choose("Devices file", self.devices_file)

    def _choose(self, title: str, box: QComboBox) -> None:
        folder = str(self._study.folder) if self._study is not None else ""
        chosen, _ = QFileDialog.getOpenFileName(self, title, folder, "YAML (*.yaml *.yml)")
        if chosen:
            self.add_file(box, Path(chosen))

    def add_file(self, box: QComboBox, path: Path) -> None:
        """Offer and choose a file."""
        place = box.findData(str(path))
        if place < 0:
            title = title_of(path) if box is self.protocol else ""
            box.addItem(title or path.name, str(path))
            place = box.count() - 1
        box.setCurrentIndex(place)


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    return label


def _beside(first: QWidget, second: QWidget, stretch_last: bool = False) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addWidget(first, 0 if stretch_last else 1)
    row.addWidget(second, 1 if stretch_last else 0)
    return row
