"""The card that prepares the next session: protocol, participant, consent, devices, checks, connect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.consent import Consent
from app.console.agreement import ConsentRow, VersionRow
from app.console.checks_list import ChecksList
from app.console.device_rows import DeviceRows
from app.console.languages import language_name
from app.console.parts import Card, Heading, Line, Primary, Tinted, clock_text
from app.console.protocol_facts import ConsentState, consent_state
from app.console.protocols import library_entries, title_of
from app.console.request import NextSession, Preflight, Verdict, judge_code, look_into, next_run, open_points
from app.console.work import Work
from app.participants import change, person
from app.study import FinishedSession, Study
from app.supervisor.permissions import modality_of

SETTLE_MS = 250


class NextSessionCard(Card):
    """Emits `connect_asked(NextSession)`, `consent_asked(code, facts)`, `version_asked(facts)`."""

    connect_asked = Signal(object)
    devices_asked = Signal()
    consent_asked = Signal(str, object)
    version_asked = Signal(object)

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
        self._continues: FinishedSession | None = None
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
        self.checks = ChecksList()
        column.addWidget(self.checks, 1)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText("Why it may start all the same (kept in the session file)")
        self.reason.setAccessibleName("Reason to start in spite of a failed check")
        self.reason.textChanged.connect(self._look)
        self.reason.hide()
        column.addWidget(self.reason)
        area = QScrollArea()
        area.setAccessibleName("Next session")
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        self.body.addWidget(area, 1)
        foot = QHBoxLayout()
        self.missing = Line("", "muted", True)
        foot.addWidget(self.missing, 1)
        self.rehearse_button = Tinted("Rehearse", "repeat", self.rehearse)
        self.rehearse_button.setToolTip("Try the session out: no code, kept apart, counts for nobody")
        foot.addWidget(self.rehearse_button)
        self.connect_button = Primary("Connect devices", "connect", self.ask)
        foot.addWidget(self.connect_button)
        self.body.addLayout(foot)

    def _form(self) -> QFormLayout:
        form = self._rows = QFormLayout()
        form.setSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self.protocol = QComboBox()
        self.protocol.setAccessibleName("Protocol")
        self.protocol.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.protocol.currentIndexChanged.connect(self._changed)
        file = Tinted("File…", "folder", self._choose_protocol)
        file.setAccessibleName("Choose a protocol file")
        form.addRow(_label("&Protocol", self.protocol), _beside(self.protocol, file))
        self.version = VersionRow()
        self.version.asked.connect(self._ask_version)
        form.addRow("", self.version)
        self.warning = Line("", "warning", True)
        self._warning_row = form.rowCount()
        form.addRow("Warning", self.warning)
        form.setRowVisible(self._warning_row, False)
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
        self.leave = Tinted("Begin anew instead", "", self.leave_continuing)
        self.leave.hide()
        visit = _beside(self.visit, self.run, stretch_last=True)
        visit.addWidget(self.leave)
        form.addRow(_label("Sess&ion", self.visit), visit)
        self.language = QComboBox()
        self.language.setAccessibleName("Language of the participant's texts")
        self.language.activated.connect(self._keep_language)
        self._language_row = form.rowCount()
        form.addRow(_label("&Language", self.language), self.language)
        self.devices_file = QComboBox()
        self.devices_file.setAccessibleName("Devices")
        self.devices_file.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.devices_file.currentIndexChanged.connect(self._changed)
        file = Tinted("File…", "folder", self._choose_devices)
        file.setAccessibleName("Choose a devices file")
        form.addRow(_label("&Devices", self.devices_file), _beside(self.devices_file, file))
        self.consent = ConsentRow()
        self.consent.asked.connect(self._ask_consent)
        form.addRow("Consent", self.consent)
        return form

    def show_study(self, study: Study) -> None:
        """Offer what a study may use."""
        self._study = study
        people = study.kind == "people"
        self._continues = None
        self._show_continuing()
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
        self.code.clear()
        self.refresh(study)
        self.next_participant()

    def refresh(self, study: Study) -> None:
        """Know the study anew: who is in it, and what was agreed to."""
        self._study = study
        codes = [participant.code for participant in study.participants()]
        self.code.setCompleter(QCompleter(codes, self.code))
        self._judge()

    def next_participant(self) -> None:
        """Forget the reason and the session that was continued; check anew."""
        self.reason.clear()
        self.leave_continuing()
        self._judge()
        self.check()

    def choose(self, code: str, session: int = 0) -> None:
        """Prepare a session of a participant, the next one unless a number is given."""
        self.leave_continuing()
        self.code.setText(code)
        if session:
            self.visit.setValue(session)

    def continue_session(self, run: FinishedSession) -> None:
        """Prepare to go on with a session that broke off."""
        self.choose(run.participant, run.session)
        place = next(
            (i for i in range(self.protocol.count()) if self._is_protocol(i, run.protocol)),
            self.protocol.findData(run.protocol),
        )
        if place >= 0:
            self.protocol.setCurrentIndex(place)
        self._continues = run
        self._show_continuing()
        self._say_run()
        self._look()

    def leave_continuing(self) -> None:
        """Begin a session anew instead of going on with a broken one."""
        if self._continues is not None:
            self._continues = None
            self._show_continuing()
            self._judge()

    def _show_continuing(self) -> None:
        goes_on = self._continues is not None
        for widget in (self.code, self.visit, self.protocol, self.language):
            widget.setEnabled(not goes_on)
        self.leave.setVisible(goes_on)
        self.rehearse_button.setVisible(not goes_on)
        self.connect_button.setText("Connect and continue" if goes_on else "Connect devices")
        self.connect_button.updateGeometry()

    def _is_protocol(self, place: int, name: str) -> bool:
        return Path(str(self.protocol.itemData(place))).name.partition(".")[0] == name

    def chosen(self) -> NextSession:
        """Return what is chosen now."""
        devices = self.devices_file.currentData()
        return NextSession(
            protocol=str(self.protocol.currentData() or ""),
            participant=self.code.text().strip(),
            session=self.visit.value(),
            devices=Path(devices) if devices else None,
            accept=self.reason.text() if not self.reason.isHidden() else "",
            language=str(self.language.currentData() or "") if self.language.count() > 1 else "",
            continues="" if self._continues is None else self._continues.file,
        )

    @property
    def is_free(self) -> bool:
        """Whether a selection may change who comes next: nobody is in the middle of something."""
        return not self._busy and self._continues is None and not self.code.hasFocus()

    def languages(self) -> tuple[str, ...]:
        """Return the languages of the protocol that is chosen."""
        facts = self._findings.facts if self._findings is not None else None
        return facts.languages if facts is not None else ()

    def take_consent(self, given: Consent | None) -> None:
        """Go by a consent that was just noted, in the language in which it was asked for."""
        self._show_consent()
        if given is not None and (place := self.language.findData(given.language)) >= 0:
            self.language.setCurrentIndex(place)
            self._keep_language()
        self._look()

    def rehearse(self) -> None:
        """Ask for a rehearsal: without a code, kept apart."""
        if self.rehearse_button.isEnabled():
            chosen = replace(self.chosen(), participant="", rehearse=True, continues="")
            self.connect_asked.emit(chosen)

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
        self.version.show_facts(findings.facts, ", ".join(filter(None, (trials, length))))
        warning = findings.facts.warning if findings.facts is not None else ""
        self.warning.setText(warning)
        self._rows.setRowVisible(self._warning_row, bool(warning))
        self._offer_languages()
        self._show_consent()
        self.device_rows.look(self._study is not None and self._study.network)
        self.checks.show_checks(findings.checks)
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
        consent = self.consent.state.consent
        refused = () if consent is None else consent.refused
        kept = {device.id for device in findings.devices if modality_of(device) in refused}
        self.device_rows.show_devices(findings.devices, troubled, kept)

    def _judge(self) -> None:
        if self._study is None:
            return
        code = self.code.text().strip()
        self._verdict = judge_code(self._study, code, str(self.protocol.currentData() or ""))
        self.verdict.setText(self._verdict.text)
        self.verdict.set_colour("muted" if self._verdict.is_good or not code else "alarm")
        if self._verdict.is_good and self._continues is None:
            self.visit.setValue(self._verdict.visit)
        self._offer_languages()
        self._show_consent()
        self._say_run()
        self._look()

    def _show_consent(self) -> None:
        """Say how consent stands for this code and this version, and which streams stay closed."""
        study, facts = self._study, self._findings.facts if self._findings is not None else None
        if study is None:
            return
        if study.kind == "simulation":
            self.consent.show_not_needed()
        elif not self._verdict.is_good or facts is None:
            self.consent.show_state(ConsentState(), can_ask=False)
        else:
            self.consent.show_state(consent_state(study, self.code.text().strip(), facts), can_ask=True)
        if self._findings is not None:
            self._show_devices(self._findings)

    def _offer_languages(self) -> None:
        facts = self._findings.facts if self._findings is not None else None
        known = facts.languages if facts is not None else ()
        study, code = self._study, self.code.text().strip()
        who = person(study, code) if study is not None and self._verdict.is_good else None
        wanted = who.language if who is not None and who.language else str(self.language.currentData() or "")
        self.language.clear()
        for language in known:
            self.language.addItem(language_name(language), language)
        self.language.setCurrentIndex(max(0, self.language.findData(wanted)))
        self._rows.setRowVisible(self._language_row, len(known) > 1)

    def _keep_language(self) -> None:
        """Note the choice with the participant, where there is an entry to note it in."""
        study, code = self._study, self.code.text().strip()
        if study is not None and self._verdict.is_good and person(study, code) is not None:
            change(study, code, language=str(self.language.currentData() or ""))

    def _ask_consent(self) -> None:
        if self._findings is not None and self._findings.facts is not None and self._verdict.is_good:
            self.consent_asked.emit(self.code.text().strip(), self._findings.facts)

    def _ask_version(self) -> None:
        if self._findings is not None and self._findings.facts is not None:
            self.version_asked.emit(self._findings.facts)

    def _say_run(self) -> None:
        if self._study is None or not self._verdict.is_good:
            self.run.setText("")
            return
        if self._continues is not None:
            left = self._continues.trials - self._continues.done
            trials = f"{left} trial{'' if left == 1 else 's'} left" if left > 0 else "the rest"
            self.run.setText(f"goes on with run {self._continues.run}: {trials}")
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
        consent = self.consent.state.holds or self._study.kind == "simulation"
        missing = open_points(self._findings, self._verdict, consent, self.reason.text())
        findings = self._findings
        ready = findings is not None and not findings.refused_in_rehearsal
        self.rehearse_button.setEnabled(ready and not self._busy and self._has_reason(findings))
        self.missing.setText(
            "Still needed: " + ", ".join(missing) + "." if missing else "Everything is there."
        )
        if self._busy:
            self.missing.setText("Starting…")
        self.connect_button.setEnabled(not missing and not self._busy)

    def _has_reason(self, findings: Preflight | None) -> bool:
        return findings is not None and (not findings.failed or bool(self.reason.text().strip()))

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
