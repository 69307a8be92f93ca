"""Help pages, and which of them belongs to what somebody is doing."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QDockWidget, QTextBrowser, QWidget

import resources

FIRST_PAGE = "start"


def pages() -> list[str]:
    """Return the names of all help pages."""
    return sorted(path.stem for path in resources.path("help").glob("*.md"))


def page_in_hand(fallback: str = FIRST_PAGE) -> str:
    """Return the page for the menu entry or widget in hand: its own `help`, or its nearest parent's."""
    popup = QApplication.activePopupWidget()
    active = getattr(popup, "activeAction", lambda: None)()
    if active is not None and active.data() in pages():
        return str(active.data())
    widget: QWidget | None = QApplication.focusWidget()
    while widget is not None:
        page = widget.property("help")
        if page:
            return str(page)
        widget = widget.parentWidget()
    return fallback


class HelpDock(QDockWidget):
    """Shows one help page beside the work."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Help", parent)
        self.setObjectName("help")
        self.page = ""
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Help")
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(self._follow)
        self.browser.setMinimumWidth(300)
        self.setWidget(self.browser)
        self.hide()

    def open_page(self, name: str) -> None:
        """Show page `name`."""
        path = resources.path(f"help/{name}.md")
        if not path.exists():
            path = resources.path(f"help/{FIRST_PAGE}.md")
        self.page = path.stem
        self.browser.document().setDefaultFont(QApplication.font())
        self.browser.setMarkdown(path.read_text(encoding="utf-8"))
        self.show()
        self.raise_()

    def _follow(self, url: QUrl) -> None:
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        else:
            self.open_page(url.toString().removesuffix(".md"))
