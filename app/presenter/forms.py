"""The window of the forms: above the OpenGL window, and gone before a stimulus is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QScreen, QWindow
from PySide6.QtWidgets import QStackedLayout, QWidget

from app.presenter.pages.base import Page
from app.presenter.pages.quiet import MomentPage
from app.presenter.style import Style


class FormWindow(QWidget):
    """Holds one page at a time, and the page for moments without any."""

    def __init__(self, screen: QScreen, below: QWindow, style: Style, moment_text: str) -> None:
        super().__init__(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle("Evoke")
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.page: Page | None = None
        self.moment = MomentPage(style, moment_text)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self.moment)
        self.winId()
        handle = self.windowHandle()
        handle.setScreen(screen)
        handle.setTransientParent(below)

    def show_page(self, page: Page | None) -> None:
        """Put `page` (None: the one for moments) on the screen, painted when this returns."""
        earlier, self.page = self.page, page
        widget: QWidget = self.moment if page is None else page
        if page is not None:
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(widget)
        if not self.isVisible():
            self.show()
        self.raise_()
        self.activateWindow()
        if page is None:
            widget.setFocus()
        else:
            page.begin()
        # Not `QGuiApplication.sync`, which would handle events, and so change the stage, in here.
        self.repaint()
        if earlier is not None and earlier is not page:
            self._stack.removeWidget(earlier)
            earlier.deleteLater()

    def hide_page(self) -> None:
        """Take the form away. The display gets to know with the next swap, on the same connection."""
        if self.isVisible():
            self.hide()
        if self.page is not None:
            self._stack.removeWidget(self.page)
            self.page.deleteLater()
            self.page = None

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stay open: only the operator ends a session."""
        event.ignore()
