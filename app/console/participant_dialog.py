"""A participant's entry: code, group, language, the study's own fields, exclusion; corrections kept."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import amendments, participants
from app.amendments import Amendment
from app.console.field_entry import FieldEntry
from app.console.languages import language_name
from app.console.overview import next_code
from app.console.parts import Line, Tick, quiet, without_icons
from app.console.request import judge_code
from app.participants import Person
from app.study import Study
from stimuli.problems import EvokeError

SHORTEST_REASON = 3


class ParticipantDialog(QDialog):
    """Adds a participant (`person` None) or edits one; `saved` holds the entry as it is then.

    What a session was recorded under is not overwritten: the change becomes a correction with its reason.
    """

    def __init__(
        self,
        study: Study,
        person: Person | None = None,
        languages: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Participant" if person is not None else "Add a participant")
        self.setProperty("help", "study")
        self.setMinimumWidth(480)
        self.saved: Person | None = None
        self._study = study
        self._person = person
        self._was_recorded = person is not None and was_recorded(study, person.code)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        inner = QWidget()
        self._form = QFormLayout(inner)
        self._form.setSpacing(8)
        self._form.setContentsMargins(0, 0, 6, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._fill_form(languages)
        area = QScrollArea()
        area.setWidgetResizable(True)
        quiet(area)
        area.setWidget(inner)
        inner.setAutoFillBackground(False)
        column.addWidget(area, 1)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        self.save.setText("Save" if person is not None else "Add")
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self._look()
        self.resize(520, min(680, 300 + 38 * len(self.entries)))

    def _fill_form(self, languages: Sequence[str]) -> None:
        person, form = self._person, self._form
        people = participants.roster(self._study)
        self.code = QLineEdit(person.code if person else next_code(self._study, [p.code for p in people]))
        self.code.setAccessibleName("Participant code")
        self.code.setMaxLength(32)
        self.code.setReadOnly(person is not None)
        self.code.textChanged.connect(self._look)
        form.addRow("&Code", self.code)
        self.verdict = Line("", "muted", True)
        form.addRow("", self.verdict)
        self.group = QComboBox()
        self.group.setEditable(True)
        self.group.setAccessibleName("Group")
        self.group.addItems(sorted({each.group for each in people if each.group}))
        self.group.setCurrentText(person.group if person else "")
        self.group.editTextChanged.connect(self._look)
        form.addRow("&Group", self.group)
        self.language = QComboBox()
        self.language.setAccessibleName("Language")
        self.language.addItem("as the protocol says", "")
        own = person.language if person else ""
        for code in dict.fromkeys([*languages, own]):
            if code:
                self.language.addItem(language_name(code), code)
        self.language.setCurrentIndex(max(0, self.language.findData(own)))
        form.addRow("&Language", self.language)
        self.entries: list[FieldEntry] = []
        for spec in self._study.participant_fields:
            value = person.fields.get(spec.name, "") if person else ""
            entry = FieldEntry(spec, value, own)
            entry.changed.connect(self._look)
            self.entries.append(entry)
            label = spec.label_in(own) + (" *" if spec.required else "")
            form.addRow(label, entry)
        if any(entry.spec.required for entry in self.entries):
            form.addRow("", Line("* needed; may follow later", "muted"))
        self.excluded = Tick("Excluded from exports and analyses")
        self.excluded.setChecked(bool(person and person.excluded))
        self.excluded.toggled.connect(self._look)
        self.excluded.setVisible(person is not None)
        form.addRow("", self.excluded)
        self.exclusion = QLineEdit(person.excluded if person else "")
        self.exclusion.setAccessibleName("Reason of the exclusion")
        self.exclusion.setPlaceholderText("Why (kept in the study)")
        self.exclusion.textChanged.connect(self._look)
        form.addRow("", self.exclusion)
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason of the correction")
        self.reason.setPlaceholderText("Why is this corrected? (kept with the correction)")
        self.reason.textChanged.connect(self._look)
        form.addRow("", self.reason)
        history = person.amended if person else ()
        self.history = Line("Corrected: " + "; ".join(history) if history else "", "muted", True)
        self.history.setVisible(bool(history))
        form.addRow("", self.history)

    def corrections(self) -> list[Amendment]:
        """Return what would be written as corrections: known values of who was recorded, changed."""
        person = self._person
        if person is None or not self._was_recorded:
            return []
        code, reason = recorded_code(self._study, person.code), self.reason.text().strip()
        found = []
        if person.group and self._group() != person.group:
            found.append(Amendment("group", self._group(), participant=code, reason=reason))
        for entry in self.entries:
            old = person.fields.get(entry.spec.name, "")
            if old and entry.value() != old:
                name = entry.spec.name
                found.append(Amendment("field", entry.value(), participant=code, field=name, reason=reason))
        return found

    def accept(self) -> None:
        """Write what was changed, if it can be; else say why not."""
        if not self.save.isEnabled():
            return
        try:
            self._write()
        except EvokeError as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _write(self) -> None:
        study, person = self._study, self._person
        fields = {entry.spec.name: entry.value() for entry in self.entries}
        language = str(self.language.currentData() or "")
        if person is None:
            code = self.code.text().strip()
            self.saved = participants.add(study, code, group=self._group(), language=language, fields=fields)
            return
        corrected = self.corrections()
        amended = {line.field for line in corrected}
        plain = {
            name: value
            for name, value in fields.items()
            if name not in amended and value != person.fields.get(name, "")
        }
        keeps_group = any(line.kind == "group" for line in corrected) or self._group() == person.group
        for line in corrected:
            amendments.add(study, line)
        self.saved = participants.change(
            study,
            person.code,
            group=None if keeps_group else self._group(),
            language=language if language != person.language else None,
            fields=plain,
        )
        if self.excluded.isChecked() and self.exclusion.text().strip() != person.excluded:
            self.saved = participants.exclude(study, person.code, self.exclusion.text())
        elif person.excluded and not self.excluded.isChecked():
            self.saved = participants.include(study, person.code)

    def _group(self) -> str:
        return self.group.currentText().strip()

    def _look(self) -> None:
        problem = next((entry.problem() for entry in self.entries if entry.problem()), "")
        is_good = True
        if self._person is None:
            verdict = judge_code(self._study, self.code.text().strip(), "")
            known = verdict.is_good and participants.person(self._study, self.code.text().strip()) is not None
            is_good = verdict.is_good and not known
            self.verdict.setText("This code is in the study already." if known else verdict.text)
            self.verdict.set_colour("muted" if is_good else "alarm")
        else:
            self.verdict.setText(
                "Recorded already: changes are kept as corrections." if self._was_recorded else ""
            )
        self.verdict.setVisible(bool(self.verdict.text()))
        excluded = self._person is not None and self.excluded.isChecked()
        self.exclusion.setVisible(excluded)
        corrects = bool(self.corrections())
        self.reason.setVisible(corrects)
        lacks_reason = (corrects and len(self.reason.text().strip()) < SHORTEST_REASON) or (
            excluded and len(self.exclusion.text().strip()) < SHORTEST_REASON
        )
        self.problem.setText(problem)
        self.save.setEnabled(is_good and not problem and not lacks_reason)


def was_recorded(study: Study, code: str) -> bool:
    """Whether a session of a participant is in the study, finished or begun, under this code in truth."""
    known = study.amendments()
    return any(
        known.code_of(session.participant, session.uuid, session.file) == code
        for session in study.sessions()
        if not session.rehearsal
    )


def recorded_code(study: Study, code: str) -> str:
    """Return the code under which a participant is entered, which a correction names."""
    known = study.amendments()
    rows = [row.code for row in study.participants()]
    return code if code in rows else next((row for row in rows if known.code_of(row) == code), code)
