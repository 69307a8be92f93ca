"""The study's settings: visits, the participants' own fields, the participant's screen."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.console.field_editor import FieldEditor
from app.console.parts import Line, Tick, without_icons
from app.console.screen_settings import ScreenSettings
from app.study import Study
from stimuli.problems import EvokeError


class StudySettingsDialog(QDialog):
    """Edits what study.yaml says of participants and screen; `saved` is the study as it is then."""

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Settings of {study.name}")
        self.setProperty("help", "study")
        self.saved: Study | None = None
        self._study = study
        column = QVBoxLayout(self)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Study settings")
        self.tabs.addTab(self._general(), "Sessions")
        self.fields = FieldEditor(study.participant_fields)
        self.fields.changed.connect(self._look)
        self.tabs.addTab(_padded(self.fields), "Participants' form")
        self.screen_settings = ScreenSettings(study.look)
        self.tabs.addTab(_padded(self.screen_settings), "Participant's screen")
        column.addWidget(self.tabs, 1)
        self.problem = Line("", "alarm", True)
        column.addWidget(self.problem)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        without_icons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)
        self.resize(760, 520)

    def _general(self) -> QWidget:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(12, 12, 12, 12)
        form.setSpacing(10)
        self.visits = QSpinBox()
        self.visits.setRange(1, 999)
        self.visits.setValue(self._study.visits)
        self.visits.setAccessibleName("Sessions of each participant")
        self.visits.setMaximumWidth(120)
        form.addRow("&Sessions of each participant", self.visits)
        self.characters = Tick("Keep which characters were typed (else only the times of keys)")
        self.characters.setChecked(self._study.characters)
        form.addRow("&Typing", self.characters)
        return page

    def accept(self) -> None:
        """Write what was changed; else say why it cannot be."""
        study = self._study
        try:
            changes = {
                "visits": self.visits.value(),
                "characters": self.characters.isChecked(),
                "participant_fields": self.fields.fields(),
                "look": self.screen_settings.look(),
            }
            changed = {name: value for name, value in changes.items() if value != getattr(study, name)}
            self.saved = study.with_settings(**changed) if changed else study
            self.screen_settings.keep_measures()
        except (EvokeError, OSError) as error:
            self.problem.setText(str(error))
            return
        super().accept()

    def _look(self) -> None:
        self.save.setEnabled(not self.fields.problem.text())


def _padded(inner: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(12, 12, 12, 12)
    column.addWidget(inner)
    return page
