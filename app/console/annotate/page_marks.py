"""What keys and mouse do to marks: every wish becomes one step in the log, or one sentence why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import CANNOT_TELL, Tier
from app.annotation.queue import Item
from app.console.annotate.lanes import LaneView
from app.console.annotate.question_parts import label_of_key
from app.console.review.player import Player
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from app.annotation.log import Log

HOLD_S = 0.3
UNWRITTEN = "…"
NOTHING = "Select a mark first: click it, or Ctrl and an arrow."
T = TypeVar("T")


class MarkEditor(QObject):
    """Writes into the log of the item in hand.

    `changed` after each step; `said(text)` what to tell; `note_wanted` when a mark waits for its text;
    `trace_asked(tier)` when Enter is to begin a trace.
    """

    changed = Signal()
    said = Signal(str)
    note_wanted = Signal()
    trace_asked = Signal(str)

    def __init__(self, lanes: LaneView, player: Player, parent: QObject) -> None:
        super().__init__(parent)
        self.lanes, self.player, self.axis = lanes, player, lanes.axis
        self.log: Log | None = None
        self.item: Item | None = None
        self.in_hand: dict[str, str] = {}
        """The label that the next mark of a tier gets."""
        self._draft: tuple[str, str, float, float] | None = None
        self._held = ""
        self.tell: Callable[[EvokeError], str] = str
        self.trial_at: Callable[[float], int] = lambda _: -1
        """Which trial runs at a time (seconds), for items that are no trial themselves."""

    def open(self, log: Log | None, item: Item | None) -> None:
        """Take another item in hand; what was begun is ended and kept."""
        self.end_draft()
        self.log, self.item = log, item
        if log is not None:
            for tier in log.scheme.tiers:
                if tier.labels:
                    self.in_hand.setdefault(tier.name, tier.labels[0].id)

    # What is in hand

    @property
    def tier(self) -> Tier | None:
        """The tier that keys write on."""
        if self.log is None or not self.lanes.active:
            return None
        return self.log.scheme.tier(self.lanes.active)

    @property
    def cursor_ns(self) -> int:
        """The cursor, nanoseconds on the recording's clock."""
        return round(self.axis.cursor_s * NS)

    @property
    def selected(self) -> Mark | None:
        """The selected mark, of whoever it is."""
        found = self.lanes.mark(self.lanes.selected_id) if self.lanes.selected_id else None
        return found[1] if found is not None else None

    @property
    def own(self) -> Mark | None:
        """The selected mark where it is the annotator's own."""
        found = self.lanes.mark(self.lanes.selected_id) if self.lanes.selected_id else None
        return found[1] if found is not None and found[0].own else None

    def _how(self) -> dict[str, Any]:
        rate = self.player.speed if self.player.is_playing else 0.0
        return {"media_ns": self.cursor_ns, "play_rate": rate}

    def write(self, action: Callable[[Log], T]) -> T | None:
        """Do one thing to the log; None (and a sentence) where it was not taken."""
        if self.log is None:
            return None
        if self.log.read_only:
            self.said.emit("These labels can only be read.")
            return None
        try:
            result = action(self.log)
        except EvokeError as error:
            self.said.emit(self.tell(error))
            return None
        self.changed.emit()
        return result

    def do(self, action: Callable[[Log], object]) -> bool:
        """Do one thing to the log that returns nothing; False where it was not taken."""

        def done(log: Log) -> bool:
            action(log)
            return True

        return bool(self.write(done))

    # Labels by keys

    def press(self, key: str) -> bool:
        """Take a digit or letter on a tier of segments or points; False where it means nothing there."""
        tier = self.tier
        if tier is None or tier.kind not in ("segment", "point"):
            return False
        label = label_of_key(tier.labels, key)
        name = label.id if label is not None else CANNOT_TELL if key == "0" and tier.cannot_tell else ""
        if not name:
            return False
        self.label(name)
        if tier.kind == "segment" and self._draft is not None:
            self._held = key
        return True

    def release(self, key: str) -> None:
        """End a segment whose key was held; one that was only tapped goes on until the next key."""
        if key != self._held:
            return
        self._held = ""
        if self._draft is not None and time.monotonic() - self._draft[3] >= HOLD_S:
            self.end_draft()

    def label(self, label: str) -> None:
        """Use a label: on what is selected, else at the cursor, else as long as it plays."""
        tier = self.tier
        if tier is None:
            return
        if label != CANNOT_TELL:
            self.in_hand[tier.name] = label
        own = self.own
        is_here = own is not None and own.tier == tier.name
        if tier.kind == "point":
            if is_here and own is not None and own.start_ns == self.cursor_ns and not self.player.is_playing:
                self._relabel(own, label)
            else:
                self._add(tier, self.cursor_ns, self.cursor_ns, label)
            return
        if self._draft is not None:
            self._label_draft(tier, label)
        elif self.player.is_playing and not (is_here and self.player.loops):
            self._draft = (tier.name, label, self.axis.cursor_s, time.monotonic())
            self._show_draft()
        elif self.axis.selection_s is not None:
            start_s, end_s = self.axis.selection_s
            if self._add(tier, round(start_s * NS), round(end_s * NS), label) is not None:
                self.axis.select(None)
        elif is_here and own is not None:
            self._relabel(own, label)
        else:
            self.said.emit("Draw or select a stretch first, or hold the key while it plays.")

    def _relabel(self, mark: Mark, label: str) -> None:
        if mark.label != label:
            self.write(lambda log: log.change(mark.id, label=label, **self._how()))

    def _add(self, tier: Tier, start_ns: int, end_ns: int, label: str) -> Mark | None:
        item = self.item
        if item is None or (tier.kind == "segment" and end_ns <= start_ns):
            return None
        # A tier of free texts takes no mark without one; it is written over at once.
        note = UNWRITTEN if tier.free_text and not label else ""
        trial = item.trial if item.trial >= 0 else self.trial_at(start_ns / NS)
        made = self.write(
            lambda log: log.add(
                tier.name,
                trial=trial,
                item=item.code,
                start_ns=start_ns,
                end_ns=end_ns,
                label=label,
                note=note,
                **self._how(),
            )
        )
        if made is not None:
            self.select(made.id)
            if note:
                self.note_wanted.emit()
        return made

    def select(self, mark_id: str) -> None:
        """Select a mark, "" for none."""
        self.lanes.select(mark_id)
        self.lanes.selected.emit(mark_id)

    # Segments on the fly

    def _label_draft(self, tier: Tier, label: str) -> None:
        assert self._draft is not None
        name, old, start_s, since_s = self._draft
        if not old:
            self._draft = (name, label, start_s, since_s)
            self._show_draft()
            return
        self.end_draft()
        if old != label and self.player.is_playing:
            self._draft = (tier.name, label, self.axis.cursor_s, time.monotonic())
            self._show_draft()

    def enter(self) -> None:
        """Confirm a mark, begin or end a segment, put a point, or begin a trace."""
        own, tier = self.own, self.tier
        waiting = own if own is not None and own.to_confirm else self._unconfirmed_answer()
        if self._draft is not None:
            self.end_draft()
        elif waiting is not None:
            if self.write(lambda log: log.confirm(waiting.id)) is not None:
                self.select_unconfirmed()
        elif tier is None:
            return
        elif tier.kind in ("trace1d", "trace2d"):
            self.trace_asked.emit(tier.name)
        elif tier.kind == "point":
            self._add(tier, self.cursor_ns, self.cursor_ns, self.in_hand.get(tier.name, ""))
        elif tier.kind == "segment":
            if self.log is not None and self.log.read_only:
                self.said.emit("These labels can only be read.")
                return
            # Without a label yet: the next digit gives it, else the one in hand is taken at the end.
            self._draft = (tier.name, "", self.axis.cursor_s, time.monotonic())
            self._show_draft()
        else:
            self.said.emit("Ctrl+Enter finishes this item.")

    def _unconfirmed_answer(self) -> Mark | None:
        """Return the answer of the tier in hand where it was carried over and not looked at."""
        if self.log is None or self.item is None or self.tier is None or self.tier.kind != "trial":
            return None
        answer = self.log.answer(self.tier.name, self.item.trial, self.item.code)
        return answer if answer is not None and answer.to_confirm else None

    @property
    def waits_for_confirmation(self) -> bool:
        """Whether the answers of the tier in hand were carried over and not looked at."""
        return self._unconfirmed_answer() is not None

    def select_unconfirmed(self) -> None:
        """Select the first mark that was carried over and not looked at."""
        marks = [m for row in self.lanes.rows if row.own for m in row.marks if m.to_confirm]
        if marks:
            self.select(marks[0].id)
            if marks[0].start_ns is not None:
                self.axis.move_cursor(marks[0].start_ns / NS)

    def end_draft(self, keep: bool = True) -> None:
        """End the segment that was begun at the cursor, or drop it."""
        draft, self._draft, self._held = self._draft, None, ""
        self.lanes.set_draft(None)
        if draft is None or self.log is None:
            return
        if not keep:
            self.said.emit("The segment that was begun is dropped.")
            return
        name, label, start_s, _ = draft
        tier = self.log.scheme.tier(name)
        first, last = sorted((round(start_s * NS), self.cursor_ns))
        if last > first:
            self._add(tier, first, last, label or self.in_hand.get(name, ""))

    @property
    def is_drafting(self) -> bool:
        """Whether a segment was begun and not ended."""
        return self._draft is not None

    def _show_draft(self) -> None:
        if self._draft is not None:
            self.lanes.set_draft((self._draft[0], self._draft[2]))
            self.said.emit("A segment runs: Enter ends it, Escape drops it.")

    # Edges, splitting, merging

    def draw(self, tier_name: str, start_ns: int, end_ns: int) -> None:
        """Make a mark of a stretch that was drawn."""
        if self.log is not None:
            tier = self.log.scheme.tier(tier_name)
            self._add(tier, start_ns, end_ns, self.in_hand.get(tier_name, ""))

    def move(self, mark_id: str, start_ns: int, end_ns: int) -> None:
        """Give a mark other times."""
        how = self._how() | {"input": "mouse"}
        self.write(lambda log: log.change(mark_id, start_ns=start_ns, end_ns=end_ns, **how))

    def change(self, mark_id: str, fields: Mapping[str, Any]) -> None:
        """Give a mark other properties."""
        self.write(lambda log: log.change(mark_id, **fields))

    def set_edge(self, field: str) -> None:
        """Put the start or end of the selected mark at the cursor; without a mark, of the selection."""
        own = self.own
        if own is None or own.start_ns is None or own.end_ns is None:
            first, last = self.axis.selection_s or self.axis.extent_s
            edges = (self.axis.cursor_s, last) if field == "start_ns" else (first, self.axis.cursor_s)
            self.axis.select(*edges)
            return
        if self.log is not None and self.log.scheme.tier(own.tier).kind == "point":
            self.move(own.id, self.cursor_ns, self.cursor_ns)
            return
        other = own.end_ns if field == "start_ns" else own.start_ns
        first, last = sorted((self.cursor_ns, other))
        if first == last:
            self.said.emit("A segment cannot begin and end at once. Move the cursor first.")
            return
        self.write(lambda log: log.change(own.id, start_ns=first, end_ns=last, **self._how()))

    def split(self) -> None:
        """Split the mark under the cursor."""
        own = self.own or self._under_cursor()
        if own is None:
            self.said.emit("No mark of this tier lies under the cursor.")
            return
        self.write(lambda log: log.split(own.id, self.cursor_ns))

    def _under_cursor(self) -> Mark | None:
        at = self.cursor_ns
        for mark in self._of_tier():
            if mark.start_ns is not None and mark.end_ns is not None and mark.start_ns < at < mark.end_ns:
                return mark
        return None

    def _of_tier(self) -> list[Mark]:
        return [
            mark
            for row in self.lanes.rows
            if row.own and row.tier.name == self.lanes.active
            for mark in row.marks
        ]

    def merge(self) -> None:
        """Merge the selected mark with the next one of its label."""
        own = self.own
        if own is None:
            self.said.emit(NOTHING)
            return
        later = [
            mark
            for mark in self._of_tier()
            if mark.id != own.id and mark.label == own.label and (mark.start_ns or 0) >= (own.start_ns or 0)
        ]
        if not later:
            self.said.emit("No later mark of this label is there to merge with.")
            return
        made = self.write(lambda log: log.merge([own.id, later[0].id]))
        if made is not None:
            self.select(made.id)

    def delete(self) -> None:
        """Delete the selected mark."""
        own = self.own
        if own is None:
            self.said.emit(NOTHING)
        elif self.do(lambda log: log.delete(own.id)):
            self.said.emit("Deleted. Ctrl+Z brings it back.")

    # Labels of models

    def accept(self) -> bool:
        """Take over the selected mark of a model, and go to the next one."""
        mark, item = self.selected, self.item
        if mark is None or mark.kind != "model" or item is None:
            return False
        if self.write(lambda log: log.accept(mark, item=item.code, trial=item.trial)) is not None:
            self._next_of_model(mark)
        return True

    def reject(self) -> bool:
        """Say that the selected mark of a model is wrong, and go to the next one."""
        mark, item = self.selected, self.item
        if mark is None or mark.kind != "model" or item is None:
            return False
        if self.do(lambda log: log.reject(mark, item=item.code)):
            self._next_of_model(mark)
        return True

    def _next_of_model(self, done: Mark) -> None:
        later = [m for m in self.lanes.model_marks() if (m.start_ns or 0) >= (done.start_ns or 0)]
        left = [m for m in later if m.id != done.id]
        self.select(left[0].id if left else "")
        if left and left[0].start_ns is not None:
            self.axis.move_cursor(left[0].start_ns / NS)

    # Going

    def go_mark(self, step: int) -> None:
        """Go to the next (1) or previous (-1) mark of the tier."""
        marks = [mark for mark in self._of_tier() if mark.start_ns is not None]
        if not marks:
            self.said.emit("This tier has no marks yet.")
            return
        ids = [mark.id for mark in marks]
        if self.lanes.selected_id in ids:
            place = ids.index(self.lanes.selected_id) + step
        else:
            before = sum((mark.start_ns or 0) < self.cursor_ns for mark in marks)
            place = before if step > 0 else before - 1
        chosen = marks[min(len(marks) - 1, max(0, place))]
        self.select(chosen.id)
        self.axis.move_cursor((chosen.start_ns or 0) / NS)

    def go_edge(self, field: str) -> None:
        """Go to the start or end of the selected mark."""
        mark = self.selected
        at_ns = getattr(mark, field) if mark is not None else None
        if at_ns is None:
            self.said.emit(NOTHING)
        else:
            self.axis.move_cursor(at_ns / NS)

    def fit(self) -> None:
        """Show the selected mark from start to end."""
        span = self.span_s
        if span is None:
            self.said.emit(NOTHING)
        else:
            width_s = max(0.5, 1.3 * (span[1] - span[0]))
            self.axis.set_view(sum(span) / 2 - width_s / 2, width_s)

    @property
    def span_s(self) -> tuple[float, float] | None:
        """From when to when the selected mark lasts."""
        mark = self.selected
        if mark is None or mark.start_ns is None or mark.end_ns is None:
            return None
        return mark.start_ns / NS, mark.end_ns / NS

    def loop(self) -> None:
        """Loop the selected mark or stretch, else everything; or stop looping."""
        span = self.span_s
        usable = span if span is not None and span[1] > span[0] else self.axis.extent_s
        self.player.loop_s = usable
        self.player.set_loops(not self.player.loops)
        self.said.emit("Loop on." if self.player.loops else "Loop off.")

    def answer(self, tier: str, question: str, value: object) -> None:
        """Answer a question about the item."""
        item = self.item
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if item is not None:
            self.write(
                lambda log: log.add(
                    tier, trial=item.trial, item=item.code, value={question: value}, **self._how()
                )
            )
