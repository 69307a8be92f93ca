"""The experimenter's window: pages, menus, messages; every action of the table is a `do_` method here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt
from PySide6.QtGui import QActionGroup, QCloseEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QPlainTextEdit,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QWidget,
)

from app.console import actions, preferences, theme
from app.console.conduct import CHOICES, NEEDS_PHASE, Conduct, level_of
from app.console.help_viewer import FIRST_PAGE, HelpDock, page_in_hand
from app.console.live_page import LivePage
from app.console.new_study import NewStudyDialog
from app.console.notifier import Notifier
from app.console.repair import recover
from app.console.request import NextSession
from app.console.sheets import ActionPalette, MessagesWindow, ShortcutSheet
from app.console.status import Status
from app.console.study_page import StudyPage
from app.console.summary_page import SummaryPage
from app.console.welcome import WelcomePage
from app.console.work import Work
from app.plan import SessionPaths, SessionPlan
from app.study import Study
from stimuli.problems import EvokeError

MARKS = ("mark_movement", "mark_noise", "mark_speech", "mark_artefact")
SESSION_ACTIONS = (*NEEDS_PHASE, *CHOICES, *MARKS)
WINDOW_LAYOUT = 1


class MainWindow(QMainWindow):
    """Everything an experimenter sees. Closing it leaves a running session to itself."""

    def __init__(self, window_problem: Callable[[], str | None] = lambda: None) -> None:
        super().__init__()
        self.setObjectName("evoke")
        self.setWindowTitle("Evoke")
        self.resize(1360, 860)
        self.study: Study | None = None
        self._dialog: QDialog | None = None
        self._work: Work | None = None
        self._waits_for_file = False
        self.welcome = WelcomePage()
        self.study_view = StudyPage(window_problem)
        self.live = LivePage()
        self.summary = SummaryPage()
        self.pages = QStackedWidget()
        for page in (self.welcome, self.study_view, self.live, self.summary):
            self.pages.addWidget(page)
        self.setCentralWidget(self.pages)
        self.status = Status()
        self.setStatusBar(self.status)
        self.notifier = Notifier(self, self._height_to_keep_clear)
        self.conduct = Conduct(self.notifier, self)
        self.help = HelpDock(self)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.help)
        self.actions_by_name = actions.make_actions(self, lambda name: getattr(self, f"do_{name}"))
        self._fill_menus()
        self._fill_toolbar()
        self._connect()
        self._dress()
        self._update_actions()

    # ------------------------------------------------------------------ making

    def _fill_menus(self) -> None:
        bar = self.menuBar()
        for menu_name in actions.MENUS:
            menu = bar.addMenu(f"&{menu_name}")
            for entry in actions.ACTIONS:
                if entry.menu == menu_name:
                    menu.addAction(self.actions_by_name[entry.name])
                    if entry.name in actions.GROUP_ENDS:
                        menu.addSeparator()
        group = QActionGroup(self)
        for choice in theme.CHOICES:
            group.addAction(self.actions_by_name[choice])

    def _fill_toolbar(self) -> None:
        bar = QToolBar("Actions")
        bar.setObjectName("actions")
        bar.setMovable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.setIconSize(QSize(18, 18))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        places = [place for place, name in enumerate(actions.TOOLBAR) if name == actions.SEPARATOR]
        for place, name in enumerate(actions.TOOLBAR):
            if name != actions.SEPARATOR:
                bar.addAction(self.actions_by_name[name])
            elif place == places[-1]:
                room = QWidget()
                room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
                bar.addWidget(room)
            else:
                bar.addSeparator()
        self.addToolBar(bar)

    def _connect(self) -> None:
        self.welcome.action_asked.connect(self.trigger)
        self.welcome.study_asked.connect(self.open_study)
        self.welcome.demo_study_asked.connect(self.open_demo_study)
        self.study_view.next.connect_asked.connect(self.connect_devices)
        self.study_view.session_asked.connect(self.show_summary)
        self.study_view.attach_asked.connect(self.attach)
        self.study_view.finish_asked.connect(self.do_finish_left)
        self.live.asked.connect(self.trigger)
        self.live.note_written.connect(self.keep_note)
        self.live.abort_confirmed.connect(lambda: self.conduct.command("abort"))
        self.summary.next_asked.connect(self.do_study_page)
        self.summary.open_asked.connect(self.do_open_session)
        self.conduct.attached.connect(self._on_attached)
        self.conduct.state_arrived.connect(self._on_state)
        self.conduct.recording_ended.connect(self._on_recording_ended)
        self.conduct.progress.connect(self._on_progress)
        self.conduct.file_ready.connect(self._on_file)
        self.conduct.stopped.connect(self._on_stopped)
        self.conduct.changed.connect(self._update_actions)
        self.pages.currentChanged.connect(lambda _: self._update_actions())
        self.pages.currentChanged.connect(lambda _: self.notifier.arrange())
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    # ------------------------------------------------------------------ what happens

    def trigger(self, name: str) -> None:
        """Do the action called `name`, as its menu entry would."""
        self.actions_by_name[name].trigger()

    def open_study(self, folder: Path) -> bool:
        """Open the study in `folder`; False (and a message) if there is none."""
        try:
            study = Study.open(folder)
        except EvokeError as error:
            self.notifier.say(str(error), "alarm")
            self.welcome.refresh()
            return False
        self.study = study
        preferences.add_recent(folder)
        self.study_view.show_study(study)
        self.setWindowTitle(f"{study.name} – Evoke")
        self._show(self.study_view)
        running = study.running()
        if running and self.conduct.current is None:
            self.notifier.say(f"Back at the session that runs: {running[0].name}.", "info")
            self.attach(running[0])
        return True

    def open_demo_study(self) -> None:
        """Open the study that the demo records into; make it if it is not there yet."""
        folder = preferences.demo_folder()
        if not (folder / "study.yaml").exists():
            try:
                Study.create(folder, "Demo", "simulation", protocol="demo")
            except EvokeError as error:
                self.notifier.say(str(error), "alarm")
                return
        self.open_study(folder)

    def attach(self, paths: SessionPaths) -> None:
        """Show a session that runs already."""
        self._begin_session()
        self.conduct.attach(paths)

    def connect_devices(self, wanted: NextSession) -> None:
        """Start the supervisor of the next session."""
        if self.study is None or not self._is_free():
            return
        self._begin_session()
        self.conduct.launch(wanted.arguments(self.study), self.study.folder)

    def show_summary(self, path: Path) -> None:
        """Show the summary of a finished file."""
        self._waits_for_file = False
        self.summary.load(path)
        self._show(self.summary)

    def keep_note(self, text: str) -> None:
        """Have a note journalled, and list it."""
        if self.conduct.is_possible("note") and self.conduct.command("note", text):
            self.live.notes.add_note(text)

    def _begin_session(self) -> None:
        self.study_view.next.set_busy(True)
        self.live.begin()
        self.live.signals.waiting_text = "Connecting devices…"
        self._show(self.live)

    def _height_to_keep_clear(self) -> int:
        """Messages must not cover the line that notes are written in."""
        notes = self.live.docks["notes"]
        docked = self.pages.currentWidget() is self.live and notes.isVisible() and not notes.isFloating()
        return self.status.height() + (notes.height() if docked else 0)

    def _is_free(self) -> bool:
        if not self.conduct.is_recording:
            return True
        self.notifier.say("A session is running. End it before the next one.", "warning")
        return False

    def _on_attached(self, plan: SessionPlan) -> None:
        self.live.show_session(plan)
        if self.study is None:
            paths = self.conduct.current.paths if self.conduct.current is not None else None
            study = Study.containing(paths.live) if paths is not None else None
            if study is not None:
                self.study = study
                self.study_view.show_study(study)
        self._show(self.live)
        where = f" – {plan.study}" if plan.study else ""
        self.setWindowTitle(f"{plan.participant or plan.name}{where} – Evoke")

    def _on_state(self, state: Mapping[str, Any]) -> None:
        self.status.show_state(state)
        for alarm in self.live.show_state(state):
            self.notifier.say(str(alarm.get("text")), level_of(alarm))

    def _on_recording_ended(self) -> None:
        self.live.show_session(None)
        self.study_view.next.set_busy(False)
        self.study_view.next.next_participant()
        self.study_view.refresh()
        if self.pages.currentWidget() is self.live:
            self._waits_for_file = True
            self._show(self.summary)

    def _on_progress(self, name: str, share: float) -> None:
        if self._waits_for_file:
            self.summary.show_progress(name, share)

    def _on_file(self, path: Path) -> None:
        self.study_view.refresh()
        self.status.show_state(self.conduct.state)
        self.study_view.next.set_busy(self.conduct.is_recording)
        shown_now = self._waits_for_file and self.pages.currentWidget() is self.summary
        idle = self.pages.currentWidget() is self.live and not self.conduct.is_recording
        if shown_now or idle:
            self.show_summary(path)
        else:
            text = f"{path.name} is ready."
            self.notifier.say(text, "good", "Open summary", lambda: self.show_summary(path))

    def _on_stopped(self, text: str) -> None:
        self.study_view.next.set_busy(False)
        self.study_view.refresh()
        self.status.show_state({})
        self.notifier.say(text, "alarm")
        if self.live.signals.panels or self.live.panel.headline.text() not in ("Starting…", ""):
            self.live.show_lost(text)
        else:
            self._show(self.study_view if self.study is not None else self.welcome)

    def _show(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        if page is self.welcome:
            self.welcome.refresh()
        elif page is self.study_view:
            self.study_view.refresh()
            self.study_view.next.check()
        self._update_actions()

    def _update_actions(self) -> None:
        made = self.actions_by_name
        for name in SESSION_ACTIONS:
            made[name].setEnabled(self.conduct.is_possible(name) and bool(self.conduct.state))
        paused = self.conduct.state.get("phase") == "paused"
        made["pause"].setText("Go on" if paused else "Pause")
        made["study_page"].setEnabled(self.study is not None)
        made["connect"].setEnabled(self.study is not None and not self.conduct.is_recording)
        made["finish_left"].setEnabled(self.study is not None)
        made["recording_page"].setEnabled(self.conduct.current is not None or self.live.lost.text != "")
        live = self.pages.currentWidget() is self.live
        for name in ("taller", "flatter", "longer", "shorter"):
            made[name].setEnabled(live)

    # ------------------------------------------------------------------ the actions

    def do_start_page(self) -> None:
        """Show the start page."""
        self._show(self.welcome)

    def do_new_study(self) -> None:
        """Ask the four questions and open what was made."""
        dialog = NewStudyDialog(self)
        self._open_dialog(dialog, lambda: self.open_study(dialog.folder) if dialog.study else None)

    def do_open_study(self) -> None:
        """Choose a study's folder."""
        chosen = QFileDialog.getExistingDirectory(self, "Open a study")
        if chosen:
            self.open_study(Path(chosen))

    def do_run_demo(self) -> None:
        """Start the demo in its own study."""
        if not self._is_free():
            return
        self.open_demo_study()
        if self.study is not None:
            self._begin_session()
            folder = self.study.folder
            self.conduct.launch(["demo", "--attached", "--out", str(folder)], folder)

    def do_study_page(self) -> None:
        """Show the study."""
        self._show(self.study_view if self.study is not None else self.welcome)

    def do_recording_page(self) -> None:
        """Show the session that runs."""
        self._show(self.live)

    def do_summary_page(self) -> None:
        """Show the last summary."""
        self._show(self.summary)

    def do_open_session(self) -> None:
        """Choose a session file and show its summary."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a session file", filter="Session (*.h5)")
        if chosen:
            self.show_summary(Path(chosen))

    def do_quit(self) -> None:
        """Close the window."""
        self.close()

    def do_connect(self) -> None:
        """Connect the devices of the next session, from the study page."""
        if self.pages.currentWidget() is not self.study_view:
            self._show(self.study_view)
        self.study_view.next.ask()

    def do_start(self) -> None:
        """Begin the session."""
        self.conduct.start()

    def do_pause(self) -> None:
        """Pause, or go on."""
        self.conduct.pause_or_resume()

    def do_skip(self) -> None:
        """Go on to the next stage."""
        self.conduct.command("skip")

    def do_abort(self) -> None:
        """Ask whether to end now; the session goes on meanwhile."""
        self._show(self.live)
        self.live.ask_abort()

    def do_repeat(self) -> None:
        """Repeat the trial after the participant's window was lost."""
        self.conduct.command("repeat")

    def do_next(self) -> None:
        """Go on with the next trial after the participant's window was lost."""
        self.conduct.command("next")

    def do_end(self) -> None:
        """End in order after the participant's window was lost."""
        self.conduct.command("end")

    def do_note(self) -> None:
        """Put the cursor where notes are written."""
        self._show(self.live)
        self.live.docks["notes"].show()
        self.live.notes.line.setFocus()

    def do_mark_movement(self) -> None:
        """Note that the participant moved."""
        self.live.notes.mark("mark_movement")

    def do_mark_noise(self) -> None:
        """Note a noise."""
        self.live.notes.mark("mark_noise")

    def do_mark_speech(self) -> None:
        """Note that somebody spoke."""
        self.live.notes.mark("mark_speech")

    def do_mark_artefact(self) -> None:
        """Note a disturbed signal."""
        self.live.notes.mark("mark_artefact")

    def do_finish_left(self) -> None:
        """Make the files of interrupted sessions, in the background."""
        study = self.study
        if study is None or not study.unfinished():
            self.notifier.say("There is no interrupted session in this study.", "good")
            return
        self.notifier.say("Making the files of interrupted sessions…", "info")
        self._work = Work(lambda: recover(study.folder), self)
        self._work.done.connect(self._on_recovered)
        self._work.failed.connect(lambda error: self.notifier.say(str(error), "alarm"))
        self._work.start()

    def _on_recovered(self, text: str) -> None:
        self.notifier.say(text, "good")
        self.study_view.refresh()

    def do_light(self) -> None:
        """Light colours."""
        self._choose_colours("light")

    def do_dark(self) -> None:
        """Dark colours."""
        self._choose_colours("dark")

    def do_system(self) -> None:
        """The desktop's colours."""
        self._choose_colours("system")

    def do_larger_text(self) -> None:
        """Larger text."""
        self._change_text_size(1)

    def do_smaller_text(self) -> None:
        """Smaller text."""
        self._change_text_size(-1)

    def do_taller(self) -> None:
        """Taller signals."""
        self.live.change_zoom(2.0)

    def do_flatter(self) -> None:
        """Flatter signals."""
        self.live.change_zoom(0.5)

    def do_longer(self) -> None:
        """Show more seconds."""
        self.live.change_span(1)

    def do_shorter(self) -> None:
        """Show fewer seconds."""
        self.live.change_span(-1)

    def do_reset_layout(self) -> None:
        """Put all panels back."""
        self.live.reset_layout()
        self.help.setFloating(False)
        self.help.hide()

    def do_messages(self) -> None:
        """Show what was said so far."""
        self._open_dialog(MessagesWindow(self.notifier.history, self))

    def do_find_action(self) -> None:
        """Open the palette."""
        palette = ActionPalette(self.actions_by_name, self)
        self._open_dialog(palette, lambda: self.trigger(palette.chosen) if palette.chosen else None)

    def do_help(self) -> None:
        """Open the page of what is in hand."""
        page = self.pages.currentWidget() or self.welcome
        self.help.open_page(page_in_hand(str(page.property("help") or FIRST_PAGE)))

    def do_keys(self) -> None:
        """Show all shortcuts."""
        self._open_dialog(ShortcutSheet(self))

    def do_about(self) -> None:
        """Say what this is."""
        from importlib import metadata

        try:
            version = metadata.version("evoke")
        except metadata.PackageNotFoundError:
            version = "of a checkout"
        self.notifier.say(f"Evoke {version}. MIT licence.", "info")

    # ------------------------------------------------------------------ looks, memory, closing

    def _open_dialog(self, dialog: QDialog, then: Callable[[], object] | None = None) -> None:
        """Open a dialog that blocks nothing but this window's pages; only one at a time."""
        if self._dialog is not None:
            self._dialog.reject()
        self._dialog = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def close(result: int) -> None:
            self._dialog = None
            if result and then is not None:
                then()

        dialog.finished.connect(close)
        dialog.open()

    def _choose_colours(self, choice: str) -> None:
        preferences.put("colours", choice)
        self._dress()

    def _change_text_size(self, step: int) -> None:
        sizes = theme.TEXT_SIZES
        now = preferences.get("text_size", 1.0)
        nearest = min(range(len(sizes)), key=lambda place: abs(sizes[place] - now))
        preferences.put("text_size", sizes[min(len(sizes) - 1, max(0, nearest + step))])
        self._dress()

    def _dress(self) -> None:
        choice = preferences.get("colours", "system")
        choice = choice if choice in theme.CHOICES else "system"
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, choice, float(preferences.get("text_size", 1.0)))
        actions.tint(self.actions_by_name)
        self.actions_by_name[choice].setChecked(True)
        self.study_view.refresh()
        self.welcome.refresh()
        if self.summary.findings is not None:
            self.summary.show_findings(self.summary.findings)

    def restore(self) -> None:
        """Take the remembered place and layout; a place off all screens is not taken."""
        geometry = preferences.get_bytes("geometry")
        if geometry:
            self.restoreGeometry(QByteArray(geometry))
            middle = self.frameGeometry().center()
            if not any(screen.availableGeometry().contains(middle) for screen in QGuiApplication.screens()):
                self.resize(1360, 860)
                self.move(QGuiApplication.primaryScreen().availableGeometry().topLeft())
        if not self.live.restore_layout(preferences.get_bytes("layout")):
            self.notifier.say("The remembered layout did not fit and was put back.", "info")

    def remember(self) -> None:
        """Remember place and layout for the next start."""
        preferences.put_bytes("geometry", bytes(self.saveGeometry().data()))
        preferences.put_bytes("layout", self.live.layout_bytes())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the key `?` for text while somebody writes."""
        writes = isinstance(QApplication.focusWidget(), (QLineEdit, QPlainTextEdit))
        if writes and event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if event.text() != "?":
                return False
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def may_close(self) -> bool:
        """Ask before a running session is left without its window."""
        if not self.conduct.is_recording or not self.conduct.state:
            return True
        answer = QMessageBox.question(
            self,
            "Close the window?",
            "The session goes on without this window; nothing is lost. Open the study again to come back.",
            QMessageBox.StandardButton.Close | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        return answer == QMessageBox.StandardButton.Close

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout and leave sessions to themselves."""
        if not self.may_close():
            event.ignore()
            return
        self.remember()
        self.conduct.close()
        self.live.show_session(None)
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        super().closeEvent(event)
