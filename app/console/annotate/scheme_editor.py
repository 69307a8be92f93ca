"""The scheme editor: parts with a form, a live preview, problems below. No JSON is written by hand.

What is edited is a frozen `Scheme`; each change makes another one, so undo is a list of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from analysis.labels.scheme import Scheme, Tier
from app.console import icons
from app.console.annotate import scheme_draft as draft
from app.console.annotate.scheme_draft import Path
from app.console.annotate.scheme_editor_file import SchemeFile, problems
from app.console.annotate.scheme_editor_form import SchemeForm
from app.console.annotate.scheme_editor_preview import SchemePreview
from app.console.annotate.scheme_editor_tree import SchemeTree
from app.console.parts import Banner, Elided, Line, Tinted, tool_button
from app.study import Study
from stimuli.problems import EvokeError

PLACE = Qt.ItemDataRole.UserRole
PROBLEMS_PX = 110


class SchemeEditor(QWidget):
    """Edits one scheme of a study. `on_saved(scheme, before)` is called when one was written.

    `before` is the version that it came from (the same where only colours changed), None for a new scheme.
    """

    def __init__(
        self,
        study: Study,
        on_saved: Callable[[Scheme, Scheme | None], None] = lambda new, before: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setProperty("help", "organise")
        self.file = SchemeFile(study)
        self._on_saved = on_saved
        self.scheme = draft.empty(self.file.names())
        self._states: list[Scheme] = [self.scheme]
        self._at = 0
        self._saved = self.scheme
        self.banner = Banner()
        self.tree, self.form, self.preview = SchemeTree(), SchemeForm(), SchemePreview()
        self.problems = QListWidget()
        self.problems.setAccessibleName("Problems")
        self.problems.setWordWrap(True)
        self.version = Line("", "muted", True)
        self._lay_out()
        self._connect()
        found = self.file.schemes()
        self.show_scheme(found[-1] if found else self.scheme, is_new=not found)

    # Making

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 8, 10, 8)
        bar.setSpacing(6)
        self.open = Tinted("Open", "folder")
        self.open_menu = QMenu(self.open)
        self.open.setMenu(self.open_menu)
        self.new = Tinted("New from", "add")
        self.new_menu = QMenu(self.new)
        self.new.setMenu(self.new_menu)
        self.name = Elided(mode=Qt.TextElideMode.ElideMiddle)
        self.undo, self.redo = tool_button("Undo", "undo"), tool_button("Redo", "redo")
        self.save_button = Tinted("Save", "save", self.save)
        for widget in (self.open, self.new):
            bar.addWidget(widget)
        bar.addWidget(self.name, 1)
        for button in (self.undo, self.redo, self.save_button):
            bar.addWidget(button)
        column.addLayout(bar)
        column.addWidget(self.banner)
        self.parts = QSplitter(Qt.Orientation.Horizontal)
        self.parts.addWidget(self.tree)
        self.parts.addWidget(self.form)
        self.parts.addWidget(self.preview)
        for place, share in enumerate((3, 5, 5)):
            self.parts.setStretchFactor(place, share)
        self.parts.setSizes([250, 480, 480])
        self.parts.setChildrenCollapsible(False)
        column.addWidget(self.parts, 1)
        under = QVBoxLayout()
        under.setContentsMargins(10, 8, 10, 8)
        under.setSpacing(4)
        under.addWidget(self.version)
        self.problems.setMaximumHeight(PROBLEMS_PX)
        under.addWidget(self.problems)
        column.addLayout(under)

    def _connect(self) -> None:
        self.tree.chosen.connect(lambda _: self._show_part())
        self.tree.again_asked.connect(self._again)
        self.tree.move_asked.connect(self._move)
        self.tree.out_asked.connect(self._out)
        self.form.edited.connect(self._edit)
        self.problems.itemClicked.connect(self._on_problem)
        self.problems.itemActivated.connect(self._on_problem)
        self.open_menu.aboutToShow.connect(self._fill_open)
        self.new_menu.aboutToShow.connect(self._fill_new)
        self.undo.clicked.connect(lambda: self._go(-1))
        self.redo.clicked.connect(lambda: self._go(1))
        QShortcut(QKeySequence.StandardKey.Save, self, self.save)
        QShortcut(QKeySequence.StandardKey.Undo, self, lambda: self._go(-1))
        QShortcut(QKeySequence.StandardKey.Redo, self, lambda: self._go(1))

    # Files

    @property
    def is_changed(self) -> bool:
        """Whether something is not saved."""
        return self.scheme != self._saved

    def show_scheme(self, scheme: Scheme, is_new: bool = False) -> None:
        """Edit a scheme; `is_new`: one that the study does not have yet."""
        self._states, self._at = [scheme], 0
        # What was never saved differs from everything that was.
        self._saved = replace(scheme, name="") if is_new else scheme
        self.scheme = scheme
        self.banner.say("")
        self._read_anew()
        self._show_all(())

    def save(self) -> None:
        """Write the scheme: a new version, or the newest one's colours where nothing else has changed."""
        self._commit()
        self._look()
        if not self.save_button.isEnabled():
            return
        before = self.file.latest(self.scheme.name)
        try:
            saved = self.file.save(self.scheme)
        except EvokeError as error:
            self.banner.say(str(error), "alarm")
            return
        self._states, self._at = [saved], 0
        self.scheme = self._saved = saved
        is_new = before is None or before.id != saved.id
        self.banner.say(f"Saved as {saved.id}." if is_new else f"Colours of {saved.id} saved.", "good")
        self._show_all(self.tree.current)
        self._on_saved(saved, before)

    def may_leave(self) -> bool:
        """Ask before changes are lost."""
        self._commit()
        if not self.is_changed or self.scheme == draft.empty(self.file.names()):
            return True
        asked = QMessageBox.question(
            self,
            "Unsaved changes",
            "The scheme has changes that are not saved. Leave them?",
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return asked == QMessageBox.StandardButton.Discard

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before changes are lost."""
        if self.may_leave():
            super().closeEvent(event)
        else:
            event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "redo"):
            self.tree.dress()
            self.undo.setIcon(icons.icon("undo"))
            self.redo.setIcon(icons.icon("redo"))

    def _read_anew(self) -> None:
        try:
            self.file.refresh()
        except EvokeError as error:
            self.banner.say(str(error), "alarm")

    def _fill_open(self) -> None:
        self._read_anew()
        self.open_menu.clear()
        for scheme in reversed(self.file.schemes()):
            self._offer(self.open_menu, scheme, f"{scheme.title} ({scheme.id})", False)
        if self.open_menu.isEmpty():
            self.open_menu.addAction("The study has no scheme yet").setEnabled(False)

    def _fill_new(self) -> None:
        self._read_anew()
        self.new_menu.clear()
        taken = self.file.names()
        self._offer(self.new_menu, draft.empty(taken), "An empty scheme", True)
        self.new_menu.addSeparator()
        for scheme in self.file.bundled():
            self._offer(self.new_menu, draft.copied(scheme, taken), scheme.title, True)
        mine = self.file.schemes()
        if mine:
            self.new_menu.addSeparator()
        for scheme in mine:
            self._offer(self.new_menu, draft.copied(scheme, taken), f"A copy of {scheme.title}", True)

    def _offer(self, menu: QMenu, scheme: Scheme, words: str, is_new: bool) -> None:
        def take() -> None:
            if self.may_leave():
                self.show_scheme(scheme, is_new)

        menu.addAction(words.replace("&", "&&"), take)

    # Parts

    def _show_all(self, wanted: Path) -> None:
        self.tree.show_tree(draft.tree(self.scheme), wanted)
        self._show_part()
        self._look()

    def _show_part(self) -> None:
        path = self.tree.current
        held = draft.part(self.scheme, path)
        self.form.show_part(path, held)
        self.tree.enable(len(draft.part(self.scheme, path[:-1])) if path else 0)
        self.preview.show_scheme(self.scheme, path)
        self._fill_add(path)

    def _look(self) -> None:
        """Say what is wrong, and what saving would do."""
        self.problems.clear()
        for where, text in problems(self.scheme):
            item = QListWidgetItem(icons.icon("warning"), text)
            item.setData(PLACE, list(where))
            self.problems.addItem(item)
        is_good = not self.problems.count()
        self.problems.setVisible(not is_good)
        self.version.setText(
            self.file.outlook(self.scheme) if is_good else "To be mended before it is saved:"
        )
        self.save_button.setEnabled(is_good and self.is_changed and self.file.writes(self.scheme))
        self.undo.setEnabled(self._at > 0)
        self.redo.setEnabled(self._at < len(self._states) - 1)
        mark = "  not saved" if self.is_changed else ""
        self.name.set_whole(f"{self.scheme.title} ({self.scheme.id}){mark}")
        self.setWindowTitle(f"{self.scheme.title}{' •' if mark else ''} – Scheme editor")
        self.preview.show_scheme(self.scheme, self.tree.current)

    def _fill_add(self, path: Path) -> None:
        """Offer what may stand in the selected part, and in those around it."""
        menu = self.tree.menu
        menu.clear()
        for end in range(len(path), -1, -2):
            here = path[:end]
            for name, word in draft.lists_of(draft.part(self.scheme, here)):
                if name == "tiers":
                    for kind, words in draft.KINDS.items():
                        menu.addAction(f"Tier: {words.lower()}", self._adder(here, name, kind))
                else:
                    menu.addAction(word.capitalize(), self._adder(here, name, ""))
        self.tree.add.setEnabled(not menu.isEmpty())

    def _adder(self, path: Path, name: str, kind: Any) -> Callable[[], None]:
        def add() -> None:
            self._commit()
            new = draft.new_entry(draft.part(self.scheme, path), name)
            if kind:
                new = draft.new_tier(kind, [each.name for each in self.scheme.tiers])
            scheme, where = draft.added(self.scheme, (*path, name), new)
            self._take(scheme, where)
            self.form.focus("title" if name == "tiers" else "name" if name == "labels" else "text")

        return add

    def _again(self) -> None:
        path = self.tree.current
        self._commit()
        held = draft.part(self.scheme, path)
        field = "name" if isinstance(held, Tier) else "id"
        taken = [getattr(each, field) for each in draft.part(self.scheme, path[:-1])]
        copy = replace(held, **{field: draft.free(getattr(held, field), taken)})
        if hasattr(copy, "key"):
            copy = replace(copy, key="")
        scheme, where = draft.added(self.scheme, path[:-1], copy, int(path[-1]) + 1)
        self._take(scheme, where)

    def _move(self, by: int) -> None:
        self._commit()
        self._take(*draft.moved(self.scheme, self.tree.current, by))

    def _out(self) -> None:
        path = self.tree.current
        around = draft.part(self.scheme, path[:-1])
        near = (*path[:-1], max(0, int(path[-1]) - 1)) if len(around) > 1 else path[:-2]
        self._take(draft.removed(self.scheme, path), near)

    def _edit(self, path: Path, key: str, value: Any) -> None:
        held = draft.part(self.scheme, path)
        if key == "kind" and isinstance(held, Tier):
            self._take(draft.with_part(self.scheme, path, draft.as_kind(held, value)), path)
            return
        scheme = draft.changed(self.scheme, path, **{key: value})
        renames = key in ("title", "name", "text")
        if renames or key in ("kind",):
            self._take(scheme, self.tree.current)
        else:
            self._keep(scheme)
            self._look()

    def _take(self, scheme: Scheme, wanted: Path) -> None:
        self._keep(scheme)
        self._show_all(wanted)

    def _keep(self, scheme: Scheme) -> None:
        if scheme != self.scheme:
            self._states = [*self._states[: self._at + 1], scheme]
            self._at += 1
            self.scheme = scheme

    def _go(self, by: int) -> None:
        """Undo (-1) or redo (1) one step."""
        self._commit()
        at = min(max(self._at + by, 0), len(self._states) - 1)
        if at != self._at:
            self._at, self.scheme = at, self._states[at]
            self._show_all(self.tree.current)

    def _commit(self) -> None:
        """Take what is being typed."""
        self.form.commit()

    def _on_problem(self, item: QListWidgetItem) -> None:
        where = tuple(item.data(PLACE))
        key = where[-1] if where and isinstance(where[-1], str) else ""
        self.tree.select(where[:-1] if key else where)
        self.form.focus(f"scale.{key}" if "scale" in where[:-1] else str(key))
