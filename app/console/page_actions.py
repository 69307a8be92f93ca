"""What the actions of a page share: it is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from app.console.notifier import Notifier
from app.study import Study

Page = TypeVar("Page", bound=QWidget)
OpenDialog = Callable[[QDialog, Callable[[], object] | None], None]


class HasStudy(Protocol):
    """Who has the study in hand."""

    study: Study | None


class PageActions(Generic[Page]):
    """Has the page made by `_make` and put among the others: most sessions never open it."""

    def __init__(self, pages: QStackedWidget, notifier: Notifier, show: Callable[[QWidget], None]) -> None:
        self._pages = pages
        self._notifier = notifier
        self._show = show
        self._made: Page | None = None

    @property
    def page(self) -> Page:
        """The page."""
        if self._made is None:
            self._made = self._make()
            self._pages.addWidget(self._made)
        return self._made

    def _make(self) -> Page:
        """Make the page and connect it."""
        raise NotImplementedError
