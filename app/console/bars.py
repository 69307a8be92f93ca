"""Menus and toolbar out of the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QToolBar, QToolButton, QWidget

from app.console import actions, theme


def fill_menus(window: QMainWindow, made: Mapping[str, QAction]) -> None:
    """Fill the menu bar."""
    bar = window.menuBar()
    for menu_name in actions.MENUS:
        menu = bar.addMenu(f"&{menu_name}")
        for entry in actions.ACTIONS:
            if entry.menu == menu_name:
                menu.addAction(made[entry.name])
                if entry.name in actions.GROUP_ENDS:
                    menu.addSeparator()
    group = QActionGroup(window)
    for choice in theme.CHOICES:
        group.addAction(made[choice])


def add_toolbar(window: QMainWindow, made: Mapping[str, QAction]) -> None:
    """Add the toolbar; what follows its last separator stands at the right edge."""
    bar = QToolBar("Actions")
    bar.setObjectName("actions")
    bar.setMovable(False)
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    bar.setIconSize(QSize(18, 18))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    places = [place for place, name in enumerate(actions.TOOLBAR) if name == actions.SEPARATOR]
    for place, name in enumerate(actions.TOOLBAR):
        if name != actions.SEPARATOR:
            bar.addAction(made[name])
            button = bar.widgetForAction(made[name])
            if name in actions.ICON_ONLY and isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        elif place == places[-1]:
            room = QWidget()
            room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            bar.addWidget(room)
        else:
            bar.addSeparator()
    window.addToolBar(bar)
