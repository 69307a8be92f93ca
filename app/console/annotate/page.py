"""The Annotate page: the queue, the recording with its lanes, what is asked, and that it is saved."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from app.annotation.carrying import Offer
from app.annotation.places import Place
from app.annotation.queue import Item, Lane
from app.annotation.study_place import StudyPlace
from app.annotation.visible import EVERYTHING, Visible
from app.console import preferences
from app.console.annotate.page_commands import Commands
from app.console.annotate.page_entry import Wish, items_of, names_of
from app.console.annotate.page_keys import KEYS, KeyRouter
from app.console.annotate.page_marks import MarkEditor
from app.console.annotate.page_open import TROUBLE, Found, find, reply_words, states_of, told
from app.console.annotate.page_parts import WIDTHS, PageParts
from app.console.annotate.queue_list import key_of
from app.console.review.recording import Recording
from app.console.work import Work
from app.study import Study
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.annotation.log import Log

LAYOUT = "annotate_layout"
PRACTICE = "Practice: not a real label. After Ctrl+Enter you see the answer that was agreed on."


class AnnotatePage(PageParts):
    """One annotator's work. `dialog_asked(name)`: a window is wanted that is not the page's own."""

    dialog_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "annotate")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Labelling: the keys of the scheme")
        self.study: Study | None = None
        self.place: Place | None = None
        self.annotator = ""
        self.log: Log | None = None
        self.item: Item | None = None
        self.scheme: Scheme | None = None
        self.visible: Visible = EVERYTHING
        self.recording: Recording | None = None
        self._found: Found | None = None
        self._names: dict[str, str] = {}
        self._token = 0
        self._was_seen = False
        self._work: Work | None = None
        self._trace: QWidget | None = None
        self._offers: tuple[Offer, ...] = ()
        self.editor = MarkEditor(self.lanes, self.desk.player, self)
        self.editor.tell = self._told
        self.editor.trial_at = self._trial_at
        self.commands = Commands(self)
        self.keys = KeyRouter(
            self, self.commands.table(), self.commands.press, self.editor.release, lambda: self.is_working
        )
        self._connect()
        self._restore()
        self.entry.show_place(None)

    # Making

    def _connect(self) -> None:
        self.skip_button.clicked.connect(self.commands.skip)
        self.finish_button.clicked.connect(self.commands.finish)
        self.carry_button.clicked.connect(self._carry)
        self.entry.began.connect(self.begin)
        self.entry.who_asked.connect(lambda: self.dialog_asked.emit("who"))
        self.entry.asked.connect(self._on_way)
        self.queue.chosen.connect(self.open_item)
        self.queue.back_asked.connect(self.leave)
        self.panel.answered.connect(self.editor.answer)
        self.panel.labelled.connect(self._on_chip)
        self.panel.tier_chosen.connect(self.set_tier)
        self.panel.trace_asked.connect(self.open_trace)
        self.lanes.tier_chosen.connect(self.set_tier)
        self.lanes.selected.connect(lambda _: self._show_selected())
        self.lanes.drawn.connect(self.editor.draw)
        self.lanes.moved.connect(self.editor.move)
        self.lanes.menu_asked.connect(self._open_menu)
        self.editor.changed.connect(self.refresh)
        self.editor.said.connect(self.saved.say)
        self.editor.note_wanted.connect(self._write_note)
        self.editor.trace_asked.connect(self.open_trace)
        self.mark.changed.connect(self.editor.change)
        self.mark.asked.connect(self.commands.run)
        self.models.threshold_changed.connect(self._on_threshold)
        self.models.accept_asked.connect(self.editor.accept)
        self.models.reject_asked.connect(self.editor.reject)
        self.desk.player.changed.connect(self._on_player)
        self.desk.stack.state_changed.connect(self._see)
        self.feedback.next_asked.connect(self.commands.next_practice)
        self.feedback.again_asked.connect(self.commands.answer_again)

    @property
    def is_working(self) -> bool:
        """Whether an item is open."""
        return self.log is not None and self.pages.currentIndex() == 1 and self._trace is None

    # Entering

    def show_study(self, study: Study | None) -> None:
        """Show the study in hand; a package that is open stays."""
        self.study = study
        if isinstance(self.place, StudyPlace) or self.place is None:
            if study is None or self.place is None or self.place.folder != study.folder:
                self.show_place(None if study is None else StudyPlace(study))
            elif self.pages.currentIndex() == 0:
                self.entry.refresh()

    def _on_way(self, name: str) -> None:
        if name == "back":
            self.show_place(None if self.study is None else StudyPlace(self.study))
        else:
            self.dialog_asked.emit(name)

    def key_lines(self) -> Sequence[tuple[str, str]]:
        """Return the page's keys for the window's sheet: (keys, what they do)."""
        return [(info.keys[0], info.text) for info in KEYS]

    def show_place(self, place: Place | None) -> None:
        """Annotate in another place."""
        self.leave()
        self.place = place
        self.entry.show_place(place)

    def begin(self, annotator: str, wish: Wish) -> None:
        """Open somebody's queue at the first item that is not done."""
        if self.place is None:
            return
        try:
            items = items_of(self.place, annotator, wish)
            schemes = dict(self.place.schemes())
        except TROUBLE as error:
            # Whole recordings are opened for this: what is wrong with one would name it.
            text = "A recording cannot be read. Ask who leads the study."
            self.entry.banner.say(text if wish.what == "free" else str(error), "alarm")
            return
        self.annotator = annotator
        names = names_of(items, schemes)
        self._names = {key_of(item): name for item, name in zip(items, names, strict=True)}
        title = {"queue": "Queue", "practice": "Practice", "free": "Recordings"}[wish.what]
        self.queue.show_queue(
            title, f"{annotator}, {wish.name}" if wish.name else annotator, items, self._names
        )
        self.pages.setCurrentIndex(1)
        self.queue.show_states(*states_of(self.place, items, annotator))
        first = self.queue.next_open()
        if first:
            self.open_item(first)
        else:
            self._show_nothing("")
            words = "Everything in this queue is done. Thank you." if items else "This queue is empty."
            self.banner.say(f"{words} Choose an item to look at it again.", "good")

    def leave(self) -> None:
        """Close what is open and ask anew who annotates what."""
        self._remember()
        self.close_item()
        self._drop_recording()
        self.pages.setCurrentIndex(0)
        self.entry.refresh()

    # Items

    def open_item(self, key: str) -> None:
        """Close the item in hand and open another one; its recording is read in a thread."""
        item = self.queue.item(key)
        if item is None or self.place is None:
            return
        self.close_item()
        self._token += 1
        token, place, kept, who = self._token, self.place, self.recording, self.annotator
        self.item = item
        self.queue.set_current(key)
        self._show_nothing(f"Opening {self._names[key]}…")
        self._work = Work(lambda: find(place, item, who, kept), self)
        self._work.done.connect(partial(self._on_found, token))
        self._work.failed.connect(partial(self._on_failed, token))
        self._work.start()

    def _on_failed(self, token: int, error: Exception) -> None:
        if token == self._token:
            self._show_nothing("")
            self.banner.say(self._told(error), "alarm")

    def _on_found(self, token: int, found: Found) -> None:
        if token != self._token or self.place is None:
            if found.recording is not self.recording:
                found.recording.close()
            return
        if found.recording is not self.recording:
            self._drop_recording()
            self.recording = found.recording
        self._found, self.scheme, self.visible = found, found.scheme, found.visible
        try:
            self.log = self.place.log(found.item, self.annotator)
        except TROUBLE as error:
            self.banner.say(self._told(error), "alarm")
            return
        self._show(found, self.log)

    def _show(self, found: Found, log: Log) -> None:
        item, scheme = found.item, found.scheme
        self.banner.say(" ".join(self._told(EvokeError(t)) for t in (log.locked_by, log.warning) if t))
        self.practice.say(PRACTICE if item.purpose == "training" else "", "info")
        read_only = log.read_only
        self.lanes.read_only = read_only
        self.lanes.model_names = {m.id: lane.name for lane in found.models for m in lane.marks}
        self.editor.open(log, item)
        others = self._others()
        self.lanes.show(scheme.tiers, log.marks(item.code), log.takes(item.code), others, self._times(others))
        self.lane_scroll.fit()
        self.mark.setVisible(any(not row.is_trace for row in self.lanes.rows))
        self.desk.open(found.recording, found.visible)
        self._give_room()
        self._see()
        self.mark.set_channels(self._channels())
        self.panel.show_tier(scheme, self.lanes.active, self._answers())
        self.panel.set_read_only(read_only)
        for button in (self.skip_button, self.finish_button):
            button.setEnabled(not read_only)
        self.desk.setEnabled(True)
        self.refresh()
        self._was_seen = self.isVisible()
        self._offer_carrying(log)
        self.editor.select_unconfirmed()
        self.saved.say(f"{scheme.title}. ? shows all keys.")
        self.setFocus()

    def _see(self) -> None:
        """Note in the log what is in sight from now on."""
        found, log, view = self._found, self.log, self.desk.view
        if found is None or log is None or view is None:
            return
        shown = {band.group.stream for band in self.desk.stack.bands if band.shown}
        streams = sorted({*shown, *view.cameras, *view.sounds})
        log.see(found.visible, streams, bool(found.others), bool(found.models))

    def _trial_at(self, time_s: float) -> int:
        trial = self.recording.trial_at(time_s) if self.recording is not None else None
        return trial.index if trial is not None else -1

    def _give_room(self) -> None:
        """Let pictures have the room of signals that are not to be seen."""
        desk = self.desk
        has_signals = bool(desk.stack.bands)
        desk.stack.setVisible(has_signals)
        if not has_signals:
            rows = [desk.rows.widget(place) for place in range(desk.rows.count())]
            wanted = sum(row.sizeHint().height() for row in rows if row is not None and row.isVisibleTo(self))
            below = min(desk.split.height() // 2, wanted + desk.ruler.sizeHint().height() + 16)
            desk.split.setSizes([desk.split.height() - below, below])

    def _offer_carrying(self, log: Log) -> None:
        """Say where labels by an earlier version of the scheme can be carried over."""
        from app.console.annotate.carry_dialog import offers

        self._offers = ()
        if not log.read_only:
            with contextlib.suppress(EvokeError):
                self._offers = offers(log)
        count = sum(len(each.marks) for each in self._offers)
        text = f"You gave {count} labels by an earlier version of this scheme. They can be carried over."
        self.carry.say(text if count else "", "info")

    def _carry(self) -> None:
        from app.console.annotate.carry_dialog import CarryDialog

        if self.log is None or not self._offers:
            return
        log = self.log
        dialog = CarryDialog(log, self._offers[0], self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def take() -> None:
            self.refresh()
            self._offer_carrying(log)

        dialog.accepted.connect(take)
        dialog.open()

    def show_feedback(self) -> None:
        """Show how far off the answers to a practice item were, with the right ones as a lane."""
        if self.log is None or self.item is None or self.scheme is None:
            return
        is_last = not self.queue.next_open()
        self.feedback.show_item(self.scheme, self.item, self.log.marks(self.item.code), is_last)
        self.panel.hide()
        self.feedback.show()
        self.refresh()

    def hide_feedback(self) -> None:
        """Show the questions again."""
        self.feedback.hide()
        self.panel.show()

    def _others(self) -> tuple[Lane, ...]:
        """Return the lanes of others that are to be seen now."""
        found, log, item = self._found, self.log, self.item
        if found is None or log is None or item is None:
            return ()
        right = (Lane("right answer", "human", item.reference),) if self.feedback.isVisibleTo(self) else ()
        return (*right, *found.others, *self._left_of(found.models, log))

    def _channels(self) -> list[str]:
        if self.recording is None:
            return []
        groups = {band.group.stream for band in self.desk.stack.bands}
        infos = [stream.info for stream in self.recording.session if stream.info.id in groups]
        return list(dict.fromkeys(name for info in infos for name in info.channels))

    def _left_of(self, models: tuple[Lane, ...], log: Log) -> list[Lane]:
        """Return the lanes of models without what was accepted or rejected already."""
        judged = log.accepted() | log.rejected()
        return [
            Lane(lane.name, lane.kind, tuple(m for m in lane.marks if m.id not in judged), lane.takes)
            for lane in models
        ]

    def _times(self, others: tuple[Lane, ...]) -> dict[int, tuple[float, float]] | None:
        """Return when the trial was, where somebody's answers about it are to be drawn as a lane."""
        if self.item is None or not any(m.start_ns is None for lane in others for m in lane.marks):
            return None
        return {self.item.trial: self.item.window_s}

    def _answers(self) -> dict[str, Any]:
        """Return the answers to the questions of the tier in hand."""
        item = self.item
        if self.log is None or item is None:
            return {}
        answer = self.log.answer(self.lanes.active, item.trial, item.code)
        return dict(answer.value) if answer is not None else {}

    def close_item(self) -> None:
        """Keep what is being typed or drawn, and let go of the log."""
        self._token += 1
        if self._trace is not None:
            self._trace.close()
        if self.log is not None:
            self.panel.commit()
            self.mark.commit()
            self.editor.open(None, None)
            self.log.close()
        self.log, self.item, self.scheme, self._found = None, None, None, None

    def _show_nothing(self, text: str) -> None:
        self.banner.say("")
        self.practice.say("")
        self.replies.say("")
        self.carry.say("")
        self.hide_feedback()
        self.models.show_count((), 0, 0)
        self.lanes.show((), ())
        self.lane_scroll.fit()
        self.mark.setVisible(any(not row.is_trace for row in self.lanes.rows))
        self.desk.clear()
        self.panel.show_tier(None, "", {})
        self.mark.show_mark(None, None)
        self.ask_bar.hide()
        self.desk.setEnabled(False)
        for button in (self.skip_button, self.finish_button):
            button.setEnabled(False)
        self.saved.show_undo("")
        self.saved.refresh()
        self.saved.say(text)

    def _drop_recording(self) -> None:
        self.desk.clear()
        if self.recording is not None:
            self.recording.close()
            self.recording = None

    # What is in hand

    def refresh(self) -> None:
        """Show what the log holds now."""
        log, item, found = self.log, self.item, self._found
        if log is None or item is None or found is None:
            return
        others = self._others()
        self.lanes.show(
            found.scheme.tiers, log.marks(item.code), log.takes(item.code), others, self._times(others)
        )
        self.lane_scroll.fit()
        self.mark.setVisible(any(not row.is_trace for row in self.lanes.rows))
        self.panel.show_answers(self._answers(), self.editor.waits_for_confirmation)
        self.replies.say(reply_words(found.replies, item, log, self.desk.axis.zero_s), "info")
        self._show_label()
        self._show_selected()
        self._count_models()
        words = log.can_undo(item.code)
        self.saved.show_undo(words)
        self.saved.refresh()
        key = key_of(item)
        self.queue.set_asked(
            key, bool(log.questions().get(item.code)) or any(m.asks for m in log.marks(item.code))
        )
        self.queue.show_states({key: log.item_state(item.code)})

    def _count_models(self) -> None:
        names = tuple(lane.name for lane in self._found.models) if self._found is not None else ()
        marks = [m for lane in self._found.models for m in lane.marks] if self._found is not None else []
        shown = len(self.lanes.model_marks())
        self.models.show_count(names, shown, len(marks))

    def _on_threshold(self, threshold: float) -> None:
        self.lanes.set_threshold(threshold)
        self._count_models()
        self._show_selected()

    def set_tier(self, name: str) -> None:
        """Make a tier the one that keys write on."""
        if self.scheme is None:
            return
        self.lanes.set_active(name)
        self.lane_scroll.show_tier(name)
        if self.panel.tier is None or self.panel.tier.name != name:
            self.panel.show_tier(self.scheme, name, self._answers())
            self.panel.show_answers(self._answers(), self.editor.waits_for_confirmation)
            self.panel.set_read_only(self.log is None or self.log.read_only)
        self._show_label()

    def _show_label(self) -> None:
        own = self.editor.own
        on_tier = own is not None and own.tier == self.lanes.active
        label = own.label if on_tier and own is not None else self.editor.in_hand.get(self.lanes.active, "")
        self.panel.show_label(label)

    def _show_selected(self) -> None:
        found = self.lanes.mark(self.lanes.selected_id) if self.lanes.selected_id else None
        row, mark = found if found is not None else (None, None)
        read_only = self.log is None or self.log.read_only
        if row is not None and row.own and row.tier.name != self.lanes.active:
            self.set_tier(row.tier.name)
        self.mark.show_mark(
            row.tier if row is not None else None,
            mark,
            self.desk.axis.zero_s,
            row is not None and row.own,
            row.who if row is not None else "",
            self.lanes.model_names,
            read_only,
        )
        self.models.set_can_judge(mark is not None and mark.kind == "model" and not read_only)
        self._show_label()
        if mark is not None:
            self.lane_scroll.show_mark(mark.id)
        if self.desk.player.loops and self.editor.span_s is not None:
            self.desk.player.loop_s = self.editor.span_s

    def _on_chip(self, tier: str, label: str) -> None:
        self.set_tier(tier)
        self.editor.label(label)

    def _on_player(self) -> None:
        if not self.desk.player.is_playing and self.editor.is_drafting:
            self.saved.say("A segment runs: go on playing, or Enter ends it here.")

    def _write_note(self) -> None:
        self.mark.note.setFocus()
        self.mark.note.selectAll()

    def _told(self, error: Exception) -> str:
        if self.item is None:
            return str(error)
        scheme = self.scheme
        if scheme is None and self.place is not None:
            with contextlib.suppress(EvokeError):
                scheme = self.place.schemes().get(self.item.scheme)
        return told(error, self._names.get(key_of(self.item), "this item"), self.item, scheme, self.log)

    def _open_menu(self, mark_id: str, tier: str, place: QPoint) -> None:
        found = self.lanes.mark(mark_id) if mark_id else None
        mark: Mark | None = found[1] if found is not None else None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.commands.fill_menu(menu, mark, found is not None and found[0].own)
        if not menu.isEmpty():
            menu.popup(place)

    # Traces

    def open_trace(self, tier: str) -> None:
        """Open the page on which a trace is made, over the whole screen."""
        found, log = self._found, self.log
        if found is None or log is None:
            return
        if log.read_only:
            self.saved.say("These labels can only be read.")
            return
        from app.console.annotate.trace_page import TracePage

        self.desk.player.pause()
        page = TracePage(found.item, log, tier, found.recording, found.visible, self.screen())
        page.closed.connect(self._on_traced)
        page.next_asked.connect(self.commands.next_open)
        self._trace = page
        page.show()
        page.activateWindow()

    def _on_traced(self) -> None:
        self._trace = None
        self.refresh()
        self.setFocus()

    # Qt, and the end

    def showEvent(self, event: QShowEvent) -> None:
        """Take keys while the page is seen."""
        self.keys.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the keys to others; nothing plays unseen, and what was begun is kept."""
        self.keys.watch(False)
        self.desk.player.pause()
        self.panel.commit()
        self.mark.commit()
        self.editor.end_draft()
        self._remember()

    def reset_layout(self) -> None:
        """Put the parts back to their usual widths."""
        self.split.setSizes(list(WIDTHS))

    def _remember(self) -> None:
        # Before its first showing a splitter knows no sizes worth keeping.
        if self.pages.currentIndex() == 1 and self._was_seen:
            preferences.put_bytes(LAYOUT, bytes(self.split.saveState().data()))

    def _restore(self) -> None:
        kept = preferences.get_bytes(LAYOUT)
        if kept:
            self.split.restoreState(QByteArray(kept))

    def closing(self) -> None:
        """The window closes: keep everything and end all threads."""
        self.keys.watch(False)
        self.close_item()
        self.desk.close_media()
        if self.recording is not None:
            self.recording.close()
            self.recording = None
