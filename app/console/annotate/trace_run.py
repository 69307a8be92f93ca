"""One item that is being traced: countdown, passes, interruptions, takes. It draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from analysis.labels.records import NS
from analysis.labels.scheme import Tier
from app.console.annotate.trace_footage import BEHIND_S, Footage, Watch
from app.console.annotate.trace_hand import Hand
from app.console.annotate.trace_sampling import Kept, Sampler, kept
from stimuli.problems import EvokeError

if TYPE_CHECKING:
    from analysis.labels.folding import TakeHead
    from app.annotation.log import Log
    from app.annotation.takes import TakeWriter

Phase = Literal["ready", "countdown", "running", "paused", "done"]
COUNT_FROM = 3
COUNT_MS = 1000
REWIND_S = 3.0


class TraceRun(QObject):
    """Leads through one item. `changed` with each phase and each second of the countdown; `read(now_s)`.

    `failed(text)` when the disk refuses: it stops there, and what was saved is kept.

    With a `log` every reading is kept in a take; without one it is practice and nothing is kept. What was
    interrupted goes on `REWIND_S` earlier in a take of its own, and a second pass is a take of its own.
    """

    changed = Signal()
    read = Signal(float)
    failed = Signal(str)

    def __init__(
        self,
        footage: Footage,
        hand: Hand,
        tier: Tier,
        log: Log | None = None,
        trial: int = -1,
        item: str = "",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.footage, self.hand, self.tier = footage, hand, tier
        self.device = "mouse"
        self.phase: Phase = "ready"
        self.count = 0
        self.reason = ""
        """Why it was interrupted, in a sentence."""
        self.take_hand: Callable[[], None] = lambda: None
        """Called before each reading: moves the hand to where the pointer is."""
        self._log, self._trial, self._item = log, trial, item
        self._writer: TakeWriter | None = None
        self._runs: list[list[float]] = []
        self._watch = Watch()
        self._sampler = Sampler(tier.rate_hz or 60.0, self._on_reading, self)
        self._counter = QTimer(self, interval=COUNT_MS)
        self._counter.timeout.connect(self._count_down)
        footage.ended.connect(self._on_ended)

    @property
    def kept(self) -> Kept:
        """How well the rate was kept in this pass, its interruptions left out."""
        return kept(self._runs, self._sampler.rate_hz)

    @property
    def is_practice(self) -> bool:
        """Whether nothing is kept."""
        return self._log is None

    def takes(self) -> tuple[TakeHead, ...]:
        """Return what was kept of this item and tier before, without the samples."""
        if self._log is None:
            return ()
        found = self._log.take_heads(self._item or None)
        return tuple(each for each in found if each.tier == self.tier.name and each.trial == self._trial)

    def begin(self) -> None:
        """Begin a pass at the start; earlier passes stay as they are."""
        self.leave()
        self.hand.clear()
        self._runs = []
        self.footage.seek(self.footage.start_s)
        self._start_count()

    def interrupt(self, reason: str) -> None:
        """Pause; what was traced is kept as an interrupted take."""
        if self.phase == "running":
            self.footage.pause()
            if not self._end_take("interrupted"):
                return
        elif self.phase == "countdown":
            self._counter.stop()
        else:
            return
        self.reason = reason
        self._enter("paused")

    def go_on(self) -> None:
        """Go on where it was interrupted, `REWIND_S` earlier, in a take of its own."""
        if self.phase == "paused":
            self.footage.seek(max(self.footage.start_s, self.footage.position_s - REWIND_S))
            self._start_count()

    def leave(self) -> None:
        """Stop; what is there is kept."""
        self._counter.stop()
        if self.phase == "running":
            self.footage.pause()
            if not self._end_take("interrupted"):
                return
        self._enter("ready")

    def _start_count(self) -> None:
        self.count = COUNT_FROM
        self._counter.start()
        self._enter("countdown")

    def _count_down(self) -> None:
        self.count -= 1
        if self.count > 0:
            self.changed.emit()
            return
        self._counter.stop()
        self._run()

    def _run(self) -> None:
        if self._log is not None:
            try:
                self._writer = self._log.begin_take(self.tier.name, self._trial, self._item, self.device)
            except EvokeError as error:
                self._fail(error)
                return
        self._watch.start(self.footage.position_s)
        self._enter("running")
        self.footage.play()
        self._sampler.start()

    def _on_reading(self, now_s: float) -> None:
        self.take_hand()
        behind_s = self._watch.behind_s(now_s, self.footage.position_s, self.footage.late_s)
        # Sound may need a moment before it is heard; nothing is rated before the picture moves.
        if self._watch.has_moved and self._writer is not None:
            try:
                self._writer.append(round(self.footage.shown_s * NS), round(now_s * NS), self.hand.values)
            except EvokeError as error:
                self._fail(error)
                return
        self.read.emit(now_s)
        if behind_s > BEHIND_S:
            self.interrupt("The film fell behind. Close other programs if this goes on.")

    def _on_ended(self) -> None:
        if self.phase == "running" and self._end_take("done"):
            self._enter("done")

    def _end_take(self, state: Literal["done", "interrupted"]) -> bool:
        found = self._sampler.stop()
        self._runs.append(self._sampler.times_s)
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.end(state, note=found.note)
            except EvokeError as error:
                self._fail(error)
                return False
        return True

    def _fail(self, error: EvokeError) -> None:
        self._sampler.stop()
        self.footage.pause()
        self._writer = None
        self._enter("ready")
        self.failed.emit(str(error))

    def _enter(self, phase: Phase) -> None:
        if phase != "paused":
            self.reason = ""
        self.phase = phase
        self.changed.emit()
