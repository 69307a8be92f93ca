"""One page of the participant in a window of its own, on its task, without runner or OpenGL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.presenter.pages import make_page
from app.presenter.pages.base import Page
from app.presenter.pages.parts import FittedText, middle
from app.presenter.style import Style
from app.presenter.tasks import Result, Task, make_task
from protocols.schedule import Duration, Stage, StageKind

ONSET_S = 100.0


class Form:
    """A page and what came of it: `results` are what its task had journalled, `time` is its clock."""

    def __init__(
        self,
        kind: StageKind,
        duration: Duration,
        content: Mapping[str, Any],
        task: type[Task] | None = None,
        style: Style | None = None,
        pictures: Mapping[str, Path] | None = None,
    ) -> None:
        stage = Stage(0, 0, "main", kind, kind, duration, "", dict(content))
        self.task = make_task(stage) if task is None else task(stage)
        self.time = ONSET_S
        self.results: list[Result] = []
        self.acts: list[tuple[str, dict[str, Any]]] = []
        self.loudness: float | None = None
        self.is_over = False
        self.task.begin(ONSET_S)
        self.page: Page = make_page(self.task, style or Style("light", 1280, 800), self, pictures or {})
        self.page.resize(self.page.look.width, self.page.look.height)
        self.page.show()
        self.page.activateWindow()
        assert QTest.qWaitForWindowActive(self.page)
        self.page.begin()
        self.wait(0.0)

    # What pages say

    def act(self, action: str, **values: Any) -> bool:
        self.acts.append((action, values))
        results = self.task.act(action, self.time, values)
        self.results += results or []
        return results is not None

    def proceed(self) -> bool:
        self.is_over = self.is_over or self.may_proceed(self.task)
        return self.is_over

    def may_proceed(self, task: Task) -> bool:
        duration = task.stage.duration
        ready = task.is_complete and self.time - ONSET_S >= duration.min_s
        return ready and not duration.is_timed

    def level(self) -> float | None:
        return self.loudness

    # What a participant does

    def wait(self, seconds: float, step_s: float = 0.05) -> None:
        """Let the form's own time pass, in steps as the presenter's loop takes them."""
        until = self.time + seconds
        while True:
            self.time = min(until, self.time + step_s)
            self.results += self.task.tick(self.time)
            self.page.refresh(self.time)
            if self.time >= until:
                break
        QApplication.processEvents()

    def click(self, widget: QWidget, place: QPointF | None = None) -> None:
        inside = middle(widget) if place is None else widget.mapTo(widget.window(), place.toPoint())
        self._mouse(QTest.mouseClick, inside)
        self.wait(0.05)

    def press(self, key: Qt.Key | str) -> None:
        target = QApplication.focusWidget() or self.page
        if isinstance(key, str):
            for char in key:
                QTest.keyClick(target, char)  # type: ignore[call-overload]
        else:
            QTest.keyClick(target, key)
        self.wait(0.05)

    def close(self) -> None:
        self.page.close()
        self.page.deleteLater()
        QApplication.processEvents()

    def _mouse(self, click: Any, place: QPoint) -> None:
        target = self.page.childAt(place) or self.page
        click(
            target,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
            target.mapFrom(self.page, place),
        )

    # What is to be seen

    def flaws(self) -> list[str]:
        """Return what is cut off, lies outside of the page or over something else."""
        found = []
        page = self.page
        if page.size().toTuple() != (page.look.width, page.look.height):
            found.append(f"the page needs {page.size().toTuple()}")
        places: list[tuple[QWidget, QRect]] = []
        for widget in page.findChildren(QWidget):
            if not widget.isVisible() or widget.window() is not page:
                continue
            corner = widget.mapTo(page, QPoint(0, 0))
            if not page.rect().contains(widget.rect().translated(corner)) and widget.rect().isValid():
                found.append(f"{type(widget).__name__} at {corner.toTuple()} {widget.size().toTuple()}")
            if isinstance(widget, FittedText) and widget.text and not widget.fits:
                found.append(f"cut off: {widget.text[:40]}")
            if not widget.findChildren(QWidget) and type(widget) is not QWidget:
                places.append((widget, widget.rect().translated(corner)))
        for number, (first, place) in enumerate(places):
            for second, other in places[number + 1 :]:
                if place.adjusted(1, 1, -1, -1).intersects(other.adjusted(1, 1, -1, -1)):
                    found.append(f"{type(first).__name__} lies over {type(second).__name__}")
        return found

    def response(self, item: str) -> Mapping[str, Any]:
        """Return what would be journalled of an item now."""
        (found,) = [
            payload
            for kind, _, payload in self.task.results(True)
            if kind == "response" and payload["item"] == item
        ]
        return found
