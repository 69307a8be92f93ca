"""The protocol editor: the parts with a form, the text beside them, problems and a timeline below.

The text is the one truth. The form writes into it line by line and reads from it what it shows, so that
undo, comments and the order of keys are the text's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.console import editor_file, editor_text, icons, preferences
from app.console.editor_examination import Examination, Question, examine
from app.console.editor_file import ProtocolFile, needed_version
from app.console.editor_form import PartForm
from app.console.editor_parts import Node, tree
from app.console.editor_preview import Preview
from app.console.editor_rows import MISSING
from app.console.editor_source import Source
from app.console.editor_templates import free_name, new_part
from app.console.editor_tree import PartTree
from app.console.editor_version import SaveVersionDialog
from app.console.parts import Banner, Elided, Tinted, tool_button
from app.console.protocols import library_entries
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError, Problem
from stimuli.yamlfile import Loc

PAUSE_MS = 250
LINE = Qt.ItemDataRole.UserRole


NOTHING_OPEN = "Open a protocol, or duplicate one from the library: the copy is put into the study."


class ProtocolEditor(QWidget):
    """Edits one protocol. `on_saved` is called when a file was written."""

    def __init__(
        self,
        study: Study | None = None,
        on_saved: Callable[[], None] = lambda: None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setProperty("help", "editor")
        self.study, self._on_saved = study, on_saved
        self.file: ProtocolFile | None = None
        self.found = Examination("", Question())
        self._work: Work | None = None
        self._dialog: SaveVersionDialog | None = None
        self.banner = Banner()
        self.use = Tinted("Use it in this study", "good", self._use_in_study)
        self.banner.row.addWidget(self.use)
        self.take = Tinted("Put a copy into the study", "copies", self._copy_bundled)
        self.banner.row.addWidget(self.take)
        self.tree, self.form = PartTree(), PartForm()
        self.source, self.preview = Source(), Preview()
        self.problems = QListWidget()
        self.problems.setAccessibleName("Problems")
        self.problems.setWordWrap(True)
        self.problems.setAlternatingRowColors(True)
        self._lay_out()
        self._connect()
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._examine)
        self._restore()
        self.source.setReadOnly(True)
        self.tree.setDisabled(True)
        self.banner_say(NOTHING_OPEN)
        self._say()

    # Making

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 8, 10, 8)
        bar.setSpacing(6)
        self.name = Elided(mode=Qt.TextElideMode.ElideMiddle)
        self.library = Tinted("Duplicate from the library", "copies")
        menu = QMenu(self.library)
        for name, title in library_entries():
            menu.addAction(title, self._copier(name))
        self.library.setMenu(menu)
        self.open = Tinted("Open…", "folder", self.ask_open)
        self.undo, self.redo = tool_button("Undo", "undo"), tool_button("Redo", "redo")
        self.save_button = Tinted("Save", "save", self.save)
        for widget in (self.open, self.library):
            bar.addWidget(widget)
        bar.addWidget(self.name, 1)
        for button in (self.undo, self.redo, self.save_button):
            bar.addWidget(button)
        column.addLayout(bar)
        column.addWidget(self.banner)
        self.left = QSplitter(Qt.Orientation.Horizontal)
        self.left.addWidget(self.tree)
        self.left.addWidget(self.form)
        self.left.addWidget(self.source)
        for place, share in enumerate((3, 5, 7)):
            self.left.setStretchFactor(place, share)
        self.left.setSizes([250, 400, 600])
        self.below = QSplitter(Qt.Orientation.Horizontal)
        self.below.addWidget(self.problems)
        self.below.addWidget(self.preview)
        self.below.setSizes([430, 820])
        self.below.setStretchFactor(1, 1)
        self.whole = QSplitter(Qt.Orientation.Vertical)
        self.whole.addWidget(self.left)
        self.whole.addWidget(self.below)
        self.whole.setStretchFactor(0, 1)
        self.whole.setSizes([560, 190])
        for splitter in (self.left, self.below, self.whole):
            splitter.setChildrenCollapsible(False)
        column.addWidget(self.whole, 1)

    def _connect(self) -> None:
        self.tree.chosen.connect(self._on_chosen)
        self.tree.add_asked.connect(self._on_add)
        self.tree.again_asked.connect(self._on_again)
        self.tree.move_asked.connect(self._on_move)
        self.tree.out_asked.connect(lambda node: self._write(lambda text: editor_text.remove(text, node.loc)))
        self.form.edited.connect(self._on_form)
        self.preview.asked.connect(lambda _: self._pause.start(0))
        self.preview.timeline.bars.chosen.connect(self._on_stage)
        self.problems.itemActivated.connect(self._on_problem)
        self.problems.itemClicked.connect(self._on_problem)
        self.source.textChanged.connect(self._on_text)
        self.undo.clicked.connect(self.source.undo)
        self.redo.clicked.connect(self.source.redo)
        self.source.undoAvailable.connect(self.undo.setEnabled)
        self.source.redoAvailable.connect(self.redo.setEnabled)
        self.source.document().modificationChanged.connect(lambda _: self._say())
        self.undo.setEnabled(False)
        self.redo.setEnabled(False)
        QShortcut(QKeySequence.StandardKey.Save, self, self.save)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    # Files

    @property
    def is_changed(self) -> bool:
        """Whether something is not saved."""
        return self.source.document().isModified()

    @property
    def is_settled(self) -> bool:
        """Whether all that is shown belongs to the text as it is."""
        waits = self._pause.isActive() or self.preview.is_waiting or self._work is not None
        return not waits and self.found.text == self.source.toPlainText()

    def show_file(self, file: ProtocolFile) -> None:
        """Edit a file."""
        self.file = file
        self.source.setPlainText(file.text)
        self.source.document().setModified(False)
        self.source.setReadOnly(file.is_bundled)
        self.tree.setDisabled(file.is_bundled)
        self._note_place()
        self._say()
        self._examine()

    def ask_open(self) -> None:
        """Choose a file to edit."""
        if not self.may_leave():
            return
        start = str(self.study.folder) if self.study is not None else ""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a protocol", start, "Protocols (*.yaml *.yml)")
        if chosen:
            self._try(
                lambda: self.show_file(editor_file.open_file(Path(chosen), self._study_of(Path(chosen))))
            )

    def duplicate(self, name: str) -> None:
        """Put a copy of a bundled protocol into the study (or a folder that is asked for) and edit it."""
        if not self.may_leave():
            return
        folder = self.study.folder if self.study is not None else None
        if folder is None:
            chosen = QFileDialog.getExistingDirectory(self, "Where the copy shall lie")
            if not chosen:
                return
            folder = Path(chosen)
        self._try(lambda: self.show_file(editor_file.copy_from_library(name, folder, self.study)))
        self._on_saved()

    def save(self) -> None:
        """Write the file; a protocol that somebody was recorded with becomes a new version."""
        file = self.file
        if file is None or not self.is_changed:
            return
        self._commit_form()
        text = self.source.toPlainText()
        if file.was_changed_elsewhere() and not self._may_overwrite(file):
            return
        try:
            values = examine(text, file.path.name, file.folder, self.preview.question).values
            wanted = needed_version(file, text, values)
        except EvokeError as error:
            self.banner_say(str(error), "alarm")
            return
        if wanted is None:
            self._write_file(text)
            return
        dialog = SaveVersionDialog(wanted, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(
            lambda: self._try(
                lambda: self._write_file(editor_file.announced(file, text, wanted, dialog.reason.text()))
            )
        )
        self._dialog = dialog
        dialog.open()

    def may_leave(self) -> bool:
        """Ask before changes are lost."""
        self._commit_form()
        if not self.is_changed:
            return True
        asked = QMessageBox.question(
            self,
            "Unsaved changes",
            "The protocol has changes that are not saved. Leave them?",
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return asked == QMessageBox.StandardButton.Discard

    def banner_say(self, text: str, level: str = "info", use: bool = False, take: bool = False) -> None:
        """Say something above the parts, with what can be done about it."""
        self.use.setVisible(use)
        self.take.setVisible(take)
        self.banner.say(text, level)

    def _write_file(self, text: str) -> None:
        assert self.file is not None
        try:
            self.file = self.file.saved(text)
        except EvokeError as error:
            self.banner_say(str(error), "alarm")
            return
        self.source.replace_text(text)
        self.source.document().setModified(False)
        self._note_place()
        self._say()
        self._on_saved()

    def _may_overwrite(self, file: ProtocolFile) -> bool:
        asked = QMessageBox.question(
            self,
            "Changed elsewhere",
            f"{file.path.name} was changed by another program since it was opened. Replace that by this?",
            QMessageBox.StandardButton.Save | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return asked == QMessageBox.StandardButton.Save

    def _note_place(self) -> None:
        file = self.file
        if file is not None and file.is_bundled:
            words = "This protocol belongs to the library and is shown as it is."
            self.banner_say(words, "info", take=self.study is not None)
        elif file is not None and self._is_other(file):
            self.banner_say("This study uses another protocol.", "info", use=True)
        else:
            self.banner_say("")

    def _is_other(self, file: ProtocolFile) -> bool:
        study = self.study
        if study is None or self._study_of(file.path) is None:
            return False
        return study.protocol != study.relative(file.path)

    def _study_of(self, path: Path) -> Study | None:
        study = self.study
        inside = study is not None and path.absolute().is_relative_to(study.folder.absolute())
        return study if inside else None

    def _use_in_study(self) -> None:
        if self.file is not None and self.study is not None:
            name = self.study.relative(self.file.path)
            self._try(lambda: self._settle(name))

    def _settle(self, name: str) -> None:
        assert self.study is not None
        self.study = self.study.with_settings(protocol=name)
        self._note_place()
        self._on_saved()

    def _copy_bundled(self) -> None:
        if self.file is not None:
            self.duplicate(self.file.path.stem)

    def _copier(self, name: str) -> Callable[[], None]:
        return lambda: self.duplicate(name)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except EvokeError as error:
            self.banner_say(str(error), "alarm")

    def _say(self) -> None:
        named = self.file.path.name if self.file is not None else "No protocol"
        mark = " •" if self.is_changed else ""
        self.name.set_whole(f"{named}{mark}" + ("  not saved" if self.is_changed else ""))
        self.setWindowTitle(f"{named}{mark} – Protocol editor")
        self.save_button.setEnabled(self.is_changed and self.file is not None)

    # Text, parts, form

    def _on_text(self) -> None:
        self._pause.start()

    def _examine(self) -> None:
        if self._work is not None:
            self._pause.start()
            return
        file = self.file
        text, question = self.source.toPlainText(), self.preview.question
        name, folder = (file.path.name, file.folder) if file is not None else ("protocol", Path())
        self._work = Work(lambda: examine(text, name, folder, question), self)
        self._work.done.connect(self._on_found)
        self._work.failed.connect(self._on_failed)
        self._work.start()

    def _on_failed(self, error: Exception) -> None:
        self._drop_work()
        self.banner_say(f"The protocol cannot be examined: {error}", "alarm")

    def _drop_work(self) -> None:
        if self._work is not None:
            self._work.deleteLater()
        self._work = None

    def _on_found(self, found: Examination) -> None:
        self._drop_work()
        self.found = found
        self._list(found.problems)
        self.preview.show_found(found)
        readable = found.values is not None
        self.form.setEnabled(readable and not (self.file is not None and self.file.is_bundled))
        if readable:
            self.tree.show_tree(tree(found.values))
            self._show_part(self.tree.current)
        if found.text != self.source.toPlainText():
            self._pause.start()

    def _list(self, problems: tuple[Problem, ...]) -> None:
        self.problems.clear()
        self.source.show_problems(
            (problem.line, f"{problem.message} {problem.remedy}") for problem in problems
        )
        for problem in problems:
            place = f"{problem.line}: " if problem.line is not None else ""
            item = QListWidgetItem(
                icons.icon("warning"), f"{place}{problem.message} {problem.remedy}".strip()
            )
            item.setData(LINE, problem.line)
            self.problems.addItem(item)
        if not problems:
            item = QListWidgetItem(icons.icon("good"), "No problem.")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.problems.addItem(item)

    def _on_problem(self, item: QListWidgetItem) -> None:
        line = item.data(LINE)
        if line is not None:
            self.source.go_to(int(line))
            self.source.setFocus()
            self.tree.select(self._loc_of_line(int(line)))

    def _loc_of_line(self, line: int) -> Loc:
        before = [(at, len(loc), loc) for loc, at in self.found.lines.items() if at <= line]
        return max(before, key=lambda each: each[:2])[2] if before else ()

    def _on_chosen(self, node: Node) -> None:
        self._show_part(node)
        line = self.found.lines.get(node.loc)
        if line is not None and self.tree.view.hasFocus():
            self.source.go_to(line)

    def _show_part(self, node: Node | None) -> None:
        if node is None:
            return
        values = _value_at(self.found.values, node.loc)
        shown = node.model if node.kind == "part" and node.is_there else None
        self.form.show_part(node.loc, node.title, shown, values, self.found.languages)

    def _on_stage(self, index: int) -> None:
        """Select the stage whose bar was clicked."""
        schedule, protocol = self.found.schedule, self.found.protocol
        if schedule is None or protocol is None:
            return
        stage = schedule.stages[index]
        for loc, each, trial in protocol.document.stages():
            if (
                each.label == stage.name
                and each.stage_kind == stage.kind
                and bool(trial) == (stage.trial >= 0)
            ):
                self.tree.select(loc)
                line = self.found.lines.get(loc)
                if line is not None:
                    self.source.go_to(line)
                return

    def _on_form(self, loc: Loc, value: Any) -> None:
        if value is MISSING:
            self._write(lambda text: editor_text.remove(text, loc) if _has(self.found.values, loc) else text)
        else:
            self._write(lambda text: editor_text.put(text, loc, value))

    def _on_add(self, node: Node, tag: str, model: Any) -> None:
        if node.kind == "part":
            self._write(lambda text: editor_text.put(text, node.loc, new_part(node.model)))
        elif node.kind == "map":
            value = [new_part_of("fixation")] if tag == "stages" else new_part(model)
            taken = {str(child.loc[-1]) for child in node.children}
            name = free_name("trial" if tag == "stages" else model.__name__.lower(), taken)
            self._write(lambda text: editor_text.put(text, (*node.loc, name), value), (*node.loc, name))
        else:
            value = _with_free_name(new_part(model, tag), node)
            place = len(node.children)
            self._write(lambda text: editor_text.insert(text, node.loc, place, value), (*node.loc, place))

    def _on_again(self, node: Node) -> None:
        around, place = self.tree.around(node), node.loc[-1]
        if around is None or not isinstance(place, int):
            return
        value = _value_at(self.found.values, node.loc)

        def again(text: str) -> str:
            text = editor_text.duplicate(text, around.loc, place)
            named = _with_free_name(value, around) if isinstance(value, dict) else {}
            for key in ("id", "name"):
                if key in named and named.get(key) != value.get(key):
                    text = editor_text.put(text, (*around.loc, place + 1, key), named[key])
            return text

        self._write(again, (*around.loc, place + 1))

    def _on_move(self, node: Node, by: int) -> None:
        place = node.loc[-1]
        if isinstance(place, int):
            around, to = node.loc[:-1], place + by
            self._write(lambda text: editor_text.move(text, around, place, to), (*around, to))

    def _write(self, change: Callable[[str], str], then: Loc | None = None) -> None:
        """Change the text in one step and look at it at once; say so where it cannot be done."""
        if self.file is not None and self.file.is_bundled:
            self._note_place()
            return
        try:
            text = change(self.source.toPlainText())
        except EvokeError as error:
            self.banner_say(str(error), "warning")
            return
        self._note_place()
        self.source.replace_text(text)
        if then is not None:
            self._pause.stop()
            file = self.file
            folder = file.folder if file is not None else Path()
            self._on_found(
                examine(text, file.path.name if file else "protocol", folder, self.preview.question)
            )
            self.tree.select(then)
        else:
            self._pause.start(0)

    def _commit_form(self) -> None:
        """Take what is being typed in the form."""
        for row in self.form.rows.values():
            for timer in row.findChildren(QTimer):
                if timer.isActive():
                    timer.stop()
                    timer.timeout.emit()

    # Window

    def dress(self) -> None:
        """Take the colours in use."""
        self.tree.dress()
        self.preview.dress()
        self.undo.setIcon(icons.icon("undo"))
        self.redo.setIcon(icons.icon("redo"))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "preview"):
            self.dress()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let undo and redo of the form be those of the text."""
        is_key = event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if is_key and isinstance(event, QKeyEvent) and isinstance(watched, QWidget):
            for key, act in (
                (QKeySequence.StandardKey.Undo, self.source.undo),
                (QKeySequence.StandardKey.Redo, self.source.redo),
            ):
                if event.matches(key) and self.form.isAncestorOf(watched):
                    if event.type() == QEvent.Type.KeyPress:
                        self._commit_form()
                        act()
                    event.accept()
                    return True
        return super().eventFilter(watched, event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before changes are lost, and remember the layout."""
        if not self.may_leave():
            event.ignore()
            return
        self.source.document().setModified(False)
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        preferences.put_bytes("editor", bytes(self.saveGeometry().data()))
        super().closeEvent(event)

    def _restore(self) -> None:
        place = preferences.get_bytes("editor")
        if not place or not self.restoreGeometry(QByteArray(place)):
            room = self.screen().availableGeometry()
            self.resize(min(1440, room.width() - 40), min(900, room.height() - 60))


def new_part_of(kind: str) -> dict[str, Any]:
    """Return the values of a new stage."""
    from protocols.stages import STAGES

    return new_part(next(model for model in STAGES if model.__name__.lower() == kind), kind)


def _value_at(values: Any, loc: Loc) -> Any:
    for part in loc:
        try:
            values = values[part]
        except (LookupError, TypeError):
            return None
    return values


def _has(values: Any, loc: Loc) -> bool:
    around = _value_at(values, loc[:-1])
    return isinstance(around, dict) and loc[-1] in around


def _with_free_name(value: dict[str, Any], around: Node) -> dict[str, Any]:
    """Return values with a name (or id) that none of the list's entries has."""
    taken = {child.title.split(" (")[0] for child in around.children}
    key = "id" if "id" in value else "name"
    named = value.get(key) or value.get("kind")
    if not isinstance(named, str) or named not in taken:
        return value
    return {key: free_name(named, taken)} | value | {key: free_name(named, taken)}


def open_editor(study: Study | None, on_saved: Callable[[], None], parent: QWidget | None) -> ProtocolEditor:
    """Open the editor with the study's protocol."""
    editor = ProtocolEditor(study, on_saved, parent)
    editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    file = editor_file.open_of_study(study) if study is not None else None
    editor.show()
    if file is not None:
        editor.show_file(file)
    return editor
