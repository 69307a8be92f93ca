"""Packages: one annotator's queue out for another computer, and her labels in again."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from app.annotation.plans import plans
from app.annotation.study_place import StudyPlace
from app.console import preferences
from app.console.exchange_dialog import ExchangeDialog, beside, choice, labelled
from app.console.parts import Line, Tinted
from app.study import Study

PLACE = "pack_folder"
PACKAGES = "Packages (*.zip)"


class PackDialog(ExchangeDialog):
    """Asks for whom, and runs `evoke pack`."""

    def __init__(self, study: Study, annotator: str = "", parent: QWidget | None = None) -> None:
        super().__init__("Pack a queue", "Pack", "export", parent)
        self.setProperty("help", "organise")
        self._study = study
        self._plans = plans(study)
        self.annotator = choice("Annotator")
        for name in StudyPlace(study).annotators():
            self.annotator.addItem(name, name)
        self.annotator.setCurrentIndex(max(0, self.annotator.findData(annotator)))
        self.annotator.currentIndexChanged.connect(self._on_annotator)
        self.form.addRow("&For", self.annotator)
        self.plan = choice("Plan")
        self.form.addRow("&Plan", self.plan)
        self.place = QLineEdit()
        self.place.setAccessibleName("Package")
        self.place.textChanged.connect(self._look)
        chooser = Tinted("Choose…", "folder", self._choose_place)
        self.form.addRow(labelled("P&ackage", self.place), beside(self.place, chooser))
        words = (
            "It holds this annotator's items under their codes and what the scheme shows, nothing else. Pack"
            " into the same package again to add what is new; labels in it stay."
        )
        note = Line(words, "muted", True)
        self.form.addRow("", note)
        self._own_place = ""
        self._on_annotator()

    def arguments(self) -> list[str]:
        """Return the command's words."""
        line = ["pack", str(self._study.folder), "--for", str(self.annotator.currentData())]
        if self.plan.currentData():
            line += ["--plan", str(self.plan.currentData())]
        return [*line, "--out", self.place.text().strip()]

    def go(self) -> None:
        """Pack."""
        if self.go_button.isEnabled():
            place = Path(self.place.text().strip()).absolute()
            preferences.put(PLACE, str(place.parent))
            self.run(self.arguments(), place.parent)

    def _on_annotator(self) -> None:
        name = str(self.annotator.currentData() or "")
        self.plan.clear()
        mine = [plan for plan in self._plans if name in plan.annotators]
        if len(mine) != 1:
            self.plan.addItem("All of this annotator's plans" if mine else "No plan yet", "")
        for plan in mine:
            self.plan.addItem(plan.name, plan.name)
        if self.place.text() in ("", self._own_place):
            folder = preferences.get(PLACE, "") or str(Path.home())
            self._own_place = str(Path(folder) / f"{self._study.folder.name}-{name}.zip") if name else ""
            self.place.setText(self._own_place)
        self._look()

    def _look(self) -> None:
        name = str(self.annotator.currentData() or "")
        known = any(name in plan.annotators for plan in self._plans)
        words = ""
        if not name or not known:
            words = (
                f"{name} has no queue yet. Plan the annotation first." if name else "Nobody has a queue yet."
            )
        elif self.place.text().strip() and self._is_inside():
            words = "That lies in the study; a package leaves it. Choose another place."
        self.problem.setText(words)
        self.go_button.setEnabled(not words and bool(self.place.text().strip()))

    def _is_inside(self) -> bool:
        place = Path(self.place.text().strip()).absolute()
        return place.is_relative_to(self._study.folder.absolute())

    def _choose_place(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Package", self.place.text(), PACKAGES)
        if chosen:
            self.place.setText(chosen)


class CollectDialog(ExchangeDialog):
    """Asks for a package that came back, and runs `evoke collect`; `collected` when labels came in."""

    collected = Signal()

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        super().__init__("Collect labels", "Collect", "import", parent)
        self.setProperty("help", "organise")
        self._study = study
        self.place = QLineEdit()
        self.place.setAccessibleName("Package")
        self.place.setPlaceholderText("the annotator's package: a .zip, or its folder")
        self.place.textChanged.connect(self._look)
        file, folder = (
            Tinted("File…", "folder", self._choose_file),
            Tinted("Folder…", "folder", self._choose_folder),
        )
        row = beside(self.place, file)
        row.addWidget(folder)
        folder.setAutoDefault(False)
        self.form.addRow(labelled("P&ackage", self.place), row)
        words = "Twice or late does no harm: what the study has already stays as it is."
        self.form.addRow("", Line(words, "muted", True))
        self._look()

    def arguments(self) -> list[str]:
        """Return the command's words."""
        return ["collect", self.place.text().strip(), "--study", str(self._study.folder), "--json"]

    def go(self) -> None:
        """Collect."""
        if self.go_button.isEnabled():
            self.run(self.arguments(), None)

    def on_success(self, out: str) -> None:
        """Say what came in."""
        self.report.setPlainText(collected_words(out))
        self.collected.emit()

    def _look(self) -> None:
        self.go_button.setEnabled(bool(self.place.text().strip()))

    def _choose_file(self) -> None:
        start = preferences.get(PLACE, "")
        chosen, _ = QFileDialog.getOpenFileName(self, "Package", start, PACKAGES)
        if chosen:
            self.place.setText(chosen)

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Package", preferences.get(PLACE, ""))
        if chosen:
            self.place.setText(chosen)


def collected_words(out: str) -> str:
    """Return what `evoke collect --json` said, for people."""
    try:
        found = json.loads(out)
    except ValueError:
        return out.strip()
    new = found.get("new", {})
    fresh = sum(1 for count in new.values() if count)
    if fresh:
        lines = [f"{fresh} of {len(new)} items of {found.get('annotator', '')} brought something new."]
    else:
        lines = [f"Nothing new from {found.get('annotator', '')}: the study has all of it already."]
    for each in found.get("refused", ()):
        lines.append(f"Not taken: {each.get('what', '')} {each.get('why', '')}.")
    lines += [str(note) for note in found.get("notes", ())]
    return "\n".join(lines)
