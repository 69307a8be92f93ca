"""The experimenter's window: its pages, and what leads from one to the next.

Every action of the table is a `do_` method of the window or of one of its `_doers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMainWindow,
    QMessageBox,
    QPlainTextEdit,
    QStackedWidget,
    QWidget,
)

from app.console import actions, preferences
from app.console.agreement_actions import AgreementActions
from app.console.analyse_actions import AnalyseActions
from app.console.annotate_actions import AnnotateActions
from app.console.annotation_organiser import NAMES as ORGANISING
from app.console.annotation_organiser import OrganiserActions
from app.console.bars import add_toolbar, fill_menus
from app.console.conduct import CHOICES, NEEDS_PHASE, Conduct, level_of
from app.console.copies_watch import CopiesWatch
from app.console.device_page import DevicePage
from app.console.help_viewer import FIRST_PAGE, HelpDock, page_in_hand
from app.console.live_page import LivePage
from app.console.looks import Looks, first_size, restore_place
from app.console.new_study import NewStudyDialog
from app.console.notes_panel import is_over, said
from app.console.notifier import Notifier
from app.console.people_actions import PeopleActions
from app.console.protocol_editor_actions import ProtocolActions
from app.console.quiet import QUIET, WORDS
from app.console.request import NextSession
from app.console.review_actions import ReviewActions
from app.console.session_actions import SessionActions
from app.console.sheets import ActionPalette, MessagesWindow, ShortcutSheet
from app.console.shield import UNLOCKED, Shield
from app.console.status import Status
from app.console.stimulus_actions import StimulusActions
from app.console.study_actions import StudyActions
from app.console.study_page import StudyPage
from app.console.summary_page import SummaryPage
from app.console.welcome import WelcomePage
from app.plan import SessionPaths, SessionPlan
from app.study import Study
from stimuli.problems import EvokeError

MARKS = ("mark_movement", "mark_noise", "mark_speech", "mark_artefact")
SESSION_ACTIONS = (*NEEDS_PHASE, *CHOICES, *MARKS)


class MainWindow(QMainWindow):
    """Everything an experimenter sees. Closing it leaves a running session to itself."""

    def __init__(self, window_problem: Callable[[], str | None] = lambda: None) -> None:
        super().__init__()
        self.setObjectName("evoke")
        self.setWindowTitle("Evoke")
        self.resize(first_size())
        self.study: Study | None = None
        self._dialog: QDialog | None = None
        self._waits_for_file = False
        self.welcome = WelcomePage()
        self.study_view = StudyPage(window_problem)
        self.device_view = DevicePage()
        self.live = LivePage()
        self.summary = SummaryPage()
        self.pages = QStackedWidget()
        for page in (self.welcome, self.study_view, self.device_view, self.live, self.summary):
            self.pages.addWidget(page)
        self.setCentralWidget(self.pages)
        self.status = Status()
        self.setStatusBar(self.status)
        self.copies = CopiesWatch(self)
        self.notifier = Notifier(self, self._height_to_keep_clear)
        self.conduct = Conduct(self.notifier, self)
        self.help = HelpDock(self)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.help)
        session = SessionActions(self.conduct, self.live, self.do_recording_page, self._open_dialog, self)
        self.status.sign.pressed_for.connect(session.ask_attention)
        self.live.attention_asked.connect(session.ask_attention)
        self._session = session
        self.of_study = StudyActions(self, self, self.notifier, self.conduct, self._open_dialog)
        self.of_people = PeopleActions(self, self.study_view, self, self.notifier, self._open_dialog)
        self._doers: list[object] = [self, session, self.of_study, self.of_people]
        self.of_stimuli = StimulusActions(self, self.pages, self.notifier, self._show, self._open_dialog)
        self._doers.append(self.of_stimuli)
        self.of_review = ReviewActions(self, self.pages, self.notifier, self._show, self.shown_file)
        self._doers.append(self.of_review)
        self.of_labels = AnnotateActions(
            self, self.pages, self.notifier, self._show, self._open_dialog, self.trigger
        )
        self._doers.append(self.of_labels)
        self.of_annotation = OrganiserActions(
            self, self, self.notifier, self._open_dialog, self.of_labels.refresh
        )
        self._doers.append(self.of_annotation)
        self.of_agreement = AgreementActions(
            self, self.pages, self.notifier, self._show, self._open_dialog, self.of_review
        )
        self._doers.append(self.of_agreement)
        self.of_analysis = AnalyseActions(
            self, self.pages, self.notifier, self._show, self.of_agreement.go_to
        )
        self._doers.append(self.of_analysis)
        self.of_protocol = ProtocolActions(self, self.study_view, self, self.notifier)
        self._doers.append(self.of_protocol)
        self.actions_by_name = actions.make_actions(self, self._doer)
        self.looks = Looks(self.actions_by_name, self._refresh_all)
        self._doers.append(self.looks)
        fill_menus(self, self.actions_by_name)
        add_toolbar(self, self.actions_by_name)
        self.shield = Shield(self)
        self._connect()
        self.looks.dress()
        self._update_actions()

    # Making

    def _doer(self, name: str) -> Callable[[], None]:
        def do() -> None:
            method = next(found for doer in self._doers if (found := getattr(doer, f"do_{name}", None)))
            method()

        return do

    def _connect(self) -> None:
        self.welcome.action_asked.connect(self.trigger)
        self.welcome.study_asked.connect(self.open_study)
        self.welcome.demo_study_asked.connect(self.open_demo_study)
        self.study_view.next.connect_asked.connect(self.connect_devices)
        self.study_view.session_asked.connect(self.show_summary)
        self.study_view.review_asked.connect(self.of_review.review)
        self.summary.review_asked.connect(self.of_review.review)
        self.study_view.attach_asked.connect(self.attach)
        self.study_view.finish_asked.connect(self.of_study.do_finish_left)
        self.study_view.copies_asked.connect(self.of_study.do_second_copy)
        self.copies.changed.connect(self.study_view.show_copies)
        self.study_view.devices_asked.connect(self.do_device_page)
        self.study_view.next.devices_asked.connect(self.do_device_page)
        self.device_view.saved.connect(self._on_devices_saved)
        self.device_view.said.connect(self.notifier.say)
        self.live.asked.connect(self.trigger)
        self.live.note_written.connect(self.keep_note)
        self.live.abort_confirmed.connect(lambda: self.conduct.command("abort"))
        self.summary.next_asked.connect(self.do_study_page)
        self.summary.open_asked.connect(self.do_open_session)
        self.conduct.attached.connect(self._on_attached)
        self.conduct.state_arrived.connect(self._on_state)
        self.conduct.event_arrived.connect(self.live.take_event)
        self.conduct.recording_ended.connect(self._on_recording_ended)
        self.conduct.progress.connect(self._on_progress)
        self.conduct.file_ready.connect(self._on_file)
        self.conduct.stopped.connect(self._on_stopped)
        self.conduct.changed.connect(self._update_actions)
        self.conduct.changed.connect(lambda: self.shield.show_state(self.conduct.state))
        self.shield.bar.pause.held.connect(lambda: self.trigger("pause"))
        self.shield.bar.unlock.held.connect(lambda: self.conduct.command("note", UNLOCKED))
        self.pages.currentChanged.connect(lambda _: self._update_actions())
        self.pages.currentChanged.connect(lambda _: self.notifier.arrange())
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    # What happens

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
        self.device_view.show_study(study)
        self.copies.follow(study)
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

    def shown_file(self) -> Path | None:
        """Return the session file on the summary page."""
        return self.summary.path

    def refresh_study(self) -> None:
        """Read the study anew."""
        if self.study is not None:
            self.study = self.study_view.study = Study.open(self.study.folder)
            self.copies.follow(self.study)
        self.of_review.forget_erased()
        self.study_view.refresh()

    def _on_devices_saved(self, study: Study) -> None:
        self.study = study
        self.study_view.show_study(study)

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
                self.device_view.show_study(study)
                self.copies.follow(study)
        self._show(self.live)
        where = f" – {plan.study}" if plan.study else ""
        self.setWindowTitle(f"{plan.participant or plan.name}{where} – Evoke")

    def _on_state(self, state: Mapping[str, Any]) -> None:
        self.status.show_state(state)
        for alarm in self.live.show_state(state):
            if alarm.get("cleared_s") is None:
                self.notifier.say(said(alarm), level_of(alarm))
        self.notifier.withdraw([said(alarm) for alarm in state.get("alarms") or () if is_over(alarm)])

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
        self.copies.copy_now()
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
        elif page is self.device_view:
            self.device_view.refresh()
        self._update_actions()

    def _update_actions(self) -> None:
        made = self.actions_by_name
        for name in SESSION_ACTIONS:
            made[name].setEnabled(self.conduct.is_possible(name) and bool(self.conduct.state))
        QUIET.reason = WORDS if self.conduct.is_recording else ""
        paused = self.conduct.state.get("phase") == "paused"
        made["pause"].setText("Go on" if paused else "Pause")
        self.device_view.trial.set_blocked(self.conduct.is_recording)
        made["study_page"].setEnabled(self.study is not None)
        made["connect"].setEnabled(self.study is not None and not self.conduct.is_recording)
        for name in ("finish_left", "add_participant", "correct", "withdraw", "study_settings", *ORGANISING):
            made[name].setEnabled(self.study is not None)
        made["recording_page"].setEnabled(self.conduct.current is not None or self.live.lost.text != "")
        live = self.pages.currentWidget() is self.live
        for name in ("taller", "flatter", "longer", "shorter"):
            made[name].setEnabled(live)

    # The actions

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

    def do_device_page(self) -> None:
        """Show the devices of the study."""
        self._show(self.device_view)

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

    def do_reset_layout(self) -> None:
        """Put all panels back."""
        self.live.reset_layout()
        self.of_review.reset_layout()
        self.of_labels.reset_layout()
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
        lines = getattr(self.pages.currentWidget(), "key_lines", None)
        self._open_dialog(ShortcutSheet(self, lines() if lines is not None else ()))

    # Looks, memory, closing

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

    def _refresh_all(self) -> None:
        """Draw everything that holds colours of its own anew."""
        self.study_view.refresh()
        self.welcome.refresh()
        if self.summary.findings is not None:
            self.summary.show_findings(self.summary.findings)

    def restore(self) -> None:
        """Take the remembered place and layout."""
        restore_place(self)
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
        """Ask before a running session is left without its window, or a protocol with its changes."""
        if not (self.of_protocol.may_close() and self.of_annotation.may_close()):
            return False
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
        QUIET.reason = ""
        self.device_view.trial.disconnect_all()
        self.copies.follow(None)
        self.of_stimuli.close()
        self.of_review.close()
        self.of_labels.close()
        self.of_agreement.close()
        self.of_analysis.close()
        self.live.show_session(None)
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        super().closeEvent(event)
