"""Asking for a folder without stopping the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


def ask_folder(
    parent: QWidget,
    title: str,
    take: Callable[[str], object],
    given_up: Callable[[], object] | None = None,
) -> None:
    """Open a dialog for a folder; `take` hears the one that was chosen, `given_up` that none was."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(take)
    if given_up is not None:
        dialog.rejected.connect(given_up)
    dialog.open()
