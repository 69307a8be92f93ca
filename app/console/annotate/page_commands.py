"""What the keys and menus of the page do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu

from analysis.labels.records import Mark
from analysis.labels.scheme import Tier
from app.console.annotate.page_keys import KEYS, is_typing

if TYPE_CHECKING:
    from app.console.annotate.page import AnnotatePage

SECOND_S = 1.0


class Commands:
    """The commands of the key table by name; one that returns False leaves its key to others."""

    def __init__(self, page: AnnotatePage) -> None:
        self._page = page

    def table(self) -> dict[str, Callable[[], bool | None]]:
        """Return all commands of the table."""
        editor, desk = self._page.editor, self._page.desk
        player, axis = desk.player, desk.axis
        return {
            "play": player.toggle,
            "frame_back": lambda: player.step(-1),
            "frame_on": lambda: player.step(1),
            "second_back": lambda: player.jump(-SECOND_S),
            "second_on": lambda: player.jump(SECOND_S),
            "mark_back": lambda: editor.go_mark(-1),
            "mark_on": lambda: editor.go_mark(1),
            "slower": player.slower,
            "faster": player.faster,
            "usual_speed": lambda: player.set_speed(1.0),
            "loop": editor.loop,
            "up": lambda: self._step(-1),
            "down": lambda: self._step(1),
            "enter": self.enter,
            "finish": self.finish,
            "next_open": self.next_open,
            "previous_open": lambda: self.next_open(-1),
            "ask": self.ask,
            "set_start": lambda: editor.set_edge("start_ns"),
            "set_end": lambda: editor.set_edge("end_ns"),
            "split": editor.split,
            "merge": editor.merge,
            "delete": editor.delete,
            "to_start": lambda: editor.go_edge("start_ns"),
            "to_end": lambda: editor.go_edge("end_ns"),
            "accept": editor.accept,
            "reject": self.reject,
            "fit": editor.fit,
            "show_all": axis.show_all,
            "undo": self.undo,
            "redo": self.redo,
            "saved": self.tell_saved,
            "sheet": self.sheet,
            "escape": self.escape,
        }

    def run(self, name: str) -> None:
        """Do a command by its name; `confirm` is what Enter does to a mark."""
        self.table()["enter" if name == "confirm" else name]()

    def press(self, key: str) -> bool:
        """Take a digit or letter: for the question in hand, or the tier."""
        page = self._page
        tier = page.editor.tier
        if tier is None:
            return False
        if page.log is not None and page.log.read_only:
            page.saved.say("These labels can only be read.")
            return True
        return page.panel.take_key(key) if tier.kind == "trial" else page.editor.press(key)

    def _step(self, step: int) -> None:
        """Go to the next or previous question, beyond the last one to the next tier."""
        page = self._page
        if page.scheme is None:
            return
        if page.panel.boxes and page.panel.take(page.panel.in_hand + step):
            return
        names = [tier.name for tier in page.scheme.tiers]
        place = names.index(page.lanes.active) + step if page.lanes.active in names else 0
        if 0 <= place < len(names):
            page.set_tier(names[place])
            if page.panel.boxes:
                page.panel.take(0 if step > 0 else len(page.panel.boxes) - 1)

    def enter(self) -> None:
        """Write where a text is asked; else what the editor does."""
        page = self._page
        box = page.panel.boxes[page.panel.in_hand] if page.panel.boxes else None
        if box is not None and box.text is not None and page.editor.own is None:
            box.text.setFocus()
        else:
            page.editor.enter()

    def reject(self) -> None:
        """Reject the selected label of a model; where none is, show the signals raw or as before."""
        page = self._page
        if not page.editor.reject():
            page.desk.stack.set_raw(not page.desk.stack.is_raw)

    # Items

    def next_open(self, step: int = 1) -> None:
        """Go to the next or previous item that is not done."""
        page = self._page
        key = page.queue.next_open(step)
        if key:
            page.open_item(key)
        else:
            page.saved.say("No other item is open.")

    def finish(self) -> None:
        """Finish the item where everything required is answered, and go on."""
        page = self._page
        log, item = page.log, page.item
        if log is None or item is None:
            return
        page.panel.commit()
        page.mark.commit()
        page.editor.end_draft()
        missing = self._missing()
        if missing is not None:
            tier, question, words = missing
            page.set_tier(tier.name)
            if question:
                page.panel.take_question(question)
            page.saved.say(f"Not answered yet: {words}. 0 means 'cannot tell'.")
            return
        if not page.editor.do(lambda log: log.finish(item.code)):
            return
        page.panel.put_away()
        if item.purpose == "training":
            page.show_feedback()
            return
        key = page.queue.next_open()
        if key:
            page.open_item(key)
        else:
            page.saved.say("Finished. Nothing is left to do in this queue; thank you.")

    def next_practice(self) -> None:
        """Go to the next practice item; after the last one, back to who annotates what."""
        if self._page.queue.next_open():
            self.next_open()
        else:
            self._page.leave()

    def answer_again(self) -> None:
        """Take the practice item up again."""
        page = self._page
        item = page.item
        if item is not None and page.editor.do(lambda log: log.reopen(item.code)):
            page.hide_feedback()
            page.refresh()

    def _missing(self) -> tuple[Tier, str, str] | None:
        """Return what is required and not there: tier, question, words."""
        page = self._page
        assert page.log is not None and page.item is not None
        item = page.item
        marked = {mark.tier for mark in page.log.marks(item.code)}
        traced = {head.tier for head in page.log.take_heads(item.code) if head.state == "done"}
        for tier in page.log.scheme.tiers:
            if tier.kind == "trial":
                answer = page.log.answer(tier.name, item.trial, item.code)
                known = answer.value if answer is not None else {}
                for question in tier.questions:
                    if question.required and question.id not in known:
                        return tier, question.id, question.text
            elif tier.required and tier.name not in marked | traced:
                return tier, "", tier.title
        waiting = [mark for mark in page.log.marks(item.code) if mark.to_confirm]
        if waiting:
            page.editor.select(waiting[0].id)
            tier = page.log.scheme.tier(waiting[0].tier)
            return tier, "", f"{len(waiting)} marks are to confirm (Enter)"
        return None

    def skip(self) -> None:
        """Ask why the item is left out, and leave it out."""
        page = self._page
        item = page.item
        if item is None:
            return

        def skip(reason: str) -> None:
            if not reason:
                page.saved.say("Not skipped: a reason is needed.")
            elif page.editor.do(lambda log: log.skip(item.code, reason)):
                self.next_open()

        page.ask_bar.ask("Why is this item to be skipped?", "", skip)

    def ask(self) -> None:
        """Ask the curator about the selected mark, else about the item."""
        page = self._page
        item, own = page.item, page.editor.own
        if item is None or page.log is None:
            return
        about = own.id if own is not None else item.code
        known = own.asks if own is not None else page.log.questions().get(item.code, "")

        def ask(text: str) -> None:
            if page.editor.do(lambda log: log.ask(about, text)):
                page.saved.say(
                    "The curator will see your question." if text else "The question is taken back."
                )
            page.setFocus()

        what = "this mark" if own is not None else "this item"
        page.ask_bar.ask(f"What do you want to ask the curator about {what}?", known, ask)

    # Undo, sheets

    def undo(self) -> None:
        """Take back the last step of this item."""
        self._move("undo", "Undone", "Nothing to undo.")

    def redo(self) -> None:
        """Bring back the last step that was taken back."""
        self._move("redo", "Done again", "Nothing to redo.")

    def _move(self, what: str, word: str, nothing: str) -> None:
        page = self._page
        item = page.item
        if item is None:
            return
        page.panel.commit()
        page.mark.commit()
        done = page.editor.write(lambda log: str(getattr(log, what)(item.code)))
        if done is not None:
            page.saved.say(f"{word}: {done}." if done else nothing)

    def tell_saved(self) -> None:
        """Say that nothing has to be saved."""
        page = self._page
        page.panel.commit()
        page.mark.commit()
        page.saved.say("Already saved: every step is kept at once.")

    def sheet(self) -> None:
        """Show the keys."""
        from PySide6.QtCore import Qt

        from app.console.annotate.key_sheet import KeySheet

        sheet = KeySheet(self._page.scheme, self._page)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()

    def escape(self) -> bool | None:
        """Leave a text, drop what was begun, select nothing."""
        page = self._page
        if page.ask_bar.drop() or is_typing(QApplication.focusWidget()):
            page.setFocus()
        elif page.editor.is_drafting:
            page.editor.end_draft(keep=False)
        elif page.desk.axis.selection_s is not None:
            page.desk.axis.select(None)
        elif page.lanes.selected_id:
            page.editor.select("")
        else:
            return False
        return None

    def fill_menu(self, menu: QMenu, mark: Mark | None, own: bool) -> None:
        """Fill the menu of a mark, or of empty ground."""
        page = self._page
        can_write = page.log is not None and not page.log.read_only
        if mark is not None and own and can_write:
            tier = page.editor.log.scheme.tier(mark.tier) if page.editor.log is not None else None
            names = menu.addMenu("Label")
            for label in tier.labels if tier is not None else ():
                action = names.addAction(label.name)
                action.triggered.connect(
                    lambda _=False, name=label.id: page.editor.change(mark.id, {"label": name})
                )
            if mark.to_confirm:
                self._entry(menu, "enter", "Confirm")
            for name in ("set_start", "set_end", "split", "merge", "ask", "delete"):
                self._entry(menu, name)
        if mark is not None and mark.kind == "model" and can_write:
            for name in ("accept", "reject"):
                self._entry(menu, name)
        if mark is not None:
            menu.addSeparator()
            for name in ("loop", "fit", "to_start", "to_end"):
                self._entry(menu, name)
        self._entry(menu, "show_all")

    def _entry(self, menu: QMenu, name: str, text: str = "") -> QAction:
        info = next(info for info in KEYS if info.command == name)
        action = menu.addAction(f"{text or info.text}\t{QKeySequence(info.keys[0]).toString()}")
        action.triggered.connect(lambda _=False: self.run(name))
        return action
