"""The step Faces: boxes on pictures, a detector trained on them, compared, and live on a camera."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QTabWidget, QWidget

from app.console.analyse.faces_boxes import BoxesTab
from app.console.analyse.faces_compare import CompareTab
from app.console.analyse.faces_live import LiveTab
from app.console.analyse.faces_train import TrainTab
from app.console.analyse.step_page import StepPage
from app.console.work import Work
from app.study import Study


class FacesPage(StepPage):
    """Four tabs; `waiting.is_busy` tells whether any of them computes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Faces", "Open a study first.", parent)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Faces")
        self.tabs.setDocumentMode(True)
        self.boxes = BoxesTab()
        self.train = TrainTab()
        self.compare = CompareTab(self.train)
        self.live = LiveTab()
        for name, tab in (
            ("Boxes", self.boxes), ("Train", self.train), ("Compare", self.compare), ("Live", self.live),
        ):  # fmt: skip
            self.tabs.addTab(tab, name)
            tab.said.connect(self.said)
        self.train.kept.connect(self._on_kept)
        self._listing: Work | None = None
        self._lay_out((), self.tabs)
        self.stack.setCurrentIndex(1)

    @property
    def is_busy(self) -> bool:
        """Whether any tab reads or computes."""
        return any(tab.is_busy for tab in (self.boxes, self.train, self.compare))

    def show_study(self, study: Study | None) -> None:
        """Show a study in every tab."""
        super().show_study(study)
        for tab in (self.boxes, self.train, self.compare, self.live):
            tab.show_study(study)

    def _read(self) -> None:
        self._list(None)

    def _on_kept(self, folder: Path) -> None:
        self._list(folder)

    def _list(self, newest: Path | None) -> None:
        study = self.study
        if study is not None:
            self._listing = Work(lambda: _detectors(study), self)
            self._listing.done.connect(lambda found: self._on_listed(found, newest))
            self._listing.failed.connect(lambda error: self.trouble.say(str(error), "alarm"))
            self._listing.start()

    def _on_listed(self, found: tuple[tuple[str, Path], ...], newest: Path | None) -> None:
        self.live.show_detectors(found, newest)
        self.boxes.set_detector(newest or (found[0][1] if found else None))

    def key_lines(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of the box editor."""
        return (
            ("Page up, Page down", "Picture before, next picture"),
            ("1 to 9", "Expression of the chosen box"),
            ("Enter", "Accept the proposals of this picture"),
            ("N, Delete", "New box, delete the box"),
            ("B", "Choose the next box"),
            ("Arrows, with Shift", "Move the box, size it"),
            ("Ctrl+Z, Ctrl+Shift+Z", "Undo, redo"),
        )

    def closing(self) -> None:
        """Give up what runs; let the camera go."""
        for tab in (self.boxes, self.train, self.compare, self.live):
            tab.closing()


def _detectors(study: Study) -> tuple[tuple[str, Path], ...]:
    from app.analysing.face_pictures import FacesError
    from app.analysing.face_training import detectors_of, title_of

    found = []
    for folder in detectors_of(study):
        try:
            found.append((title_of(folder), folder))
        except FacesError:
            # One that cannot be read is not offered.
            continue
    return tuple(found)
