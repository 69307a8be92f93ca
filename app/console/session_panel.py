"""The panel that leads through a session: phase, trial, stage, what comes next, and the controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app import clock
from app.console.hold import HoldButton
from app.console.participant_lines import ParticipantLines
from app.console.parts import Elided, Heading, Line, Primary, Tinted, clock_text
from app.console.start_checks import StartChecks, is_looking

HEADLINES: Mapping[str, str] = {
    "": "Starting…",
    "checking": "Connecting devices…",
    "waiting": "Ready to start",
    "running": "Running",
    "paused": "Paused",
    "finishing": "Making the session file…",
    "finished": "Finished",
    "failed": "Stopped",
}
KINDS: Mapping[str, str] = {
    "instruction": "Instruction",
    "fixation": "Fixation",
    "picture": "Picture",
    "film": "Film",
    "sound": "Sound",
    "blank": "Blank",
    "mask": "Mask",
    "sequence": "Rapid sequence",
    "flash": "Flash",
    "rest": "Rest",
    "questionnaire": "Rating",
    "typing": "Typing",
    "speaking": "Speaking",
    "imagery": "Imagery",
    "choice": "Choice",
    "break": "Break",
}
TICK_MS = 100


def needs_choice(state: Mapping[str, Any]) -> bool:
    """Whether the participant's window was lost, is back, and waits for repeat, next or end."""
    presenter = state.get("presenter") or {}
    process = (state.get("processes") or {}).get("presenter") or {}
    return (
        state.get("phase") in ("running", "paused")
        and presenter.get("state") == "waiting"
        and int(process.get("restarts") or 0) > 0
    )


class SessionPanel(QWidget):
    """Shows a `state` message; emits the names of the actions that are pressed."""

    asked = Signal(str)
    abort_held = Signal()
    abort_hinted = Signal()
    attention_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("help", "session")
        self.setMinimumWidth(340)
        self._presenter: Mapping[str, Any] = {}
        self._phase = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 10)
        column.setSpacing(6)
        self.headline = Heading("", 1.35)
        self.message = Line("", "muted", True)
        column.addWidget(self.headline)
        column.addWidget(self.message)
        self.start = Primary("Start  (F5)", "start", lambda: self.asked.emit("start"))
        self.checks = StartChecks()
        self.checks.changed.connect(self._look_at_start)
        self.checks.reason.returnPressed.connect(self.start.click)
        column.addWidget(self.checks)
        column.addWidget(self.start)
        column.addLayout(self._trial())
        self.participant = ParticipantLines()
        self.participant.attention_asked.connect(self.attention_asked)
        column.addWidget(self.participant)
        self.choice = self._choice()
        column.addWidget(self.choice)
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Making the session file")
        column.addWidget(self.progress)
        column.addLayout(self._controls())
        column.addStretch(1)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.show_state({})

    def _trial(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        row = QHBoxLayout()
        self.trial = QLabel()
        self.left = QLabel()
        row.addWidget(self.trial, 1)
        row.addWidget(self.left)
        column.addLayout(row)
        self.stage = Heading("", 1.1)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setAccessibleName("Time in this stage")
        self.stage_time = Line("", "muted")
        row = QHBoxLayout()
        row.addWidget(self.stage, 1)
        row.addWidget(self.stage_time)
        column.addLayout(row)
        column.addWidget(self.bar)
        self.next = Elided()
        column.addWidget(self.next)
        self._trial_parts: tuple[QWidget, ...] = (
            self.trial,
            self.left,
            self.stage,
            self.stage_time,
            self.bar,
            self.next,
        )
        return column

    def _choice(self) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        text = Line(
            "The participant's window was lost and is back; recording went on. What now?", "alarm", True
        )
        grid.addWidget(text, 0, 0, 1, 3)
        self.repeat = Primary("Repeat trial", "", lambda: self.asked.emit("repeat"))
        self.go_on = Tinted("Next trial", "", lambda: self.asked.emit("next"))
        self.end = Tinted("End", "", lambda: self.asked.emit("end"))
        for place, button in enumerate((self.repeat, self.go_on, self.end)):
            grid.addWidget(button, 1, place)
        return box

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.pause = Tinted("Pause", "pause", lambda: self.asked.emit("pause"))
        self.skip = Tinted("Skip", "skip", lambda: self.asked.emit("skip"))
        self.abort = HoldButton("Abort", "abort")
        self.abort.held.connect(self.abort_held)
        self.abort.pressed_shortly.connect(self.abort_hinted)
        for button in (self.pause, self.skip, self.abort):
            row.addWidget(button, 1)
        return row

    def show_state(self, state: Mapping[str, Any]) -> None:
        """Show a `state` message, {} before the first one."""
        phase = str(state.get("phase", ""))
        self._phase = phase
        self._presenter = state.get("presenter") or {}
        choice = needs_choice(state)
        looks = is_looking(state)
        self.headline.setText("Checking the signals…" if looks else HEADLINES.get(phase, phase))
        # While a session runs its page says the message in a strip of its own.
        runs = phase in ("running", "paused")
        words = "" if choice or runs else str(state.get("message") or "") or _advice(phase, looks)
        self.message.setText(words)
        self.message.setVisible(bool(words))
        self.message.set_colour("alarm" if phase == "failed" else "muted")
        self.start.setVisible(phase in ("", "checking", "waiting"))
        self.checks.show_state(state)
        self.participant.show_state(state)
        self._look_at_start()
        self.choice.setVisible(choice)
        has_trial = runs and not choice and "stage_name" in self._presenter
        for part in self._trial_parts:
            part.setVisible(has_trial)
        for button in (self.pause, self.skip):
            button.setVisible(runs and not choice)
        self.pause.setText("Go on" if phase == "paused" else "Pause")
        self.abort.setVisible(phase in ("checking", "waiting", "running", "paused"))
        self.progress.setVisible(phase == "finishing")
        done = float((state.get("finishing") or {}).get("done") or 0)
        self.progress.setRange(0, 100 if done else 0)
        self.progress.setValue(round(100 * done))
        if has_trial:
            self._show_trial()
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()

    def needed_height(self) -> int:
        """Return how high the panel must be at its width for all that it says."""
        layout = self.layout()
        width = max(self.width(), self.minimumWidth())
        # A layout without a wrapped text on the screen knows no height for a width.
        known = layout is not None and layout.hasHeightForWidth()
        return layout.totalHeightForWidth(width) if layout is not None and known else self.sizeHint().height()

    @property
    def phase(self) -> str:
        """The phase that is shown, "" before the first state."""
        return self._phase

    @property
    def may_start(self) -> bool:
        """Whether the session waits for its start and nothing is missing for it."""
        return self._phase == "waiting" and self.checks.may_start

    @property
    def reason_text(self) -> str:
        """Why it is started in spite of a failed check, "" where none has failed."""
        return self.checks.text

    def point_at_reason(self) -> None:
        """Put the cursor where the reason is typed."""
        if self.checks.reason.isVisible():
            self.checks.reason.setFocus()

    def _look_at_start(self) -> None:
        self.start.setEnabled(self.may_start)

    def _show_trial(self) -> None:
        health = self._presenter
        trial, trials = int(health.get("trial", -1)), int(health.get("trials") or 0)
        self.trial.setText(f"Trial {trial + 1} of {trials}" if trial >= 0 else "Between trials")
        self.left.setText(f"{clock_text(float(health.get('remaining_s') or 0))} left")
        self.stage.setText(stage_words(str(health.get("kind", "")), str(health.get("stage_name", ""))))
        following = str(health.get("next") or "")
        self.next.set_whole(f"Next: {stage_words(following, following)}" if following else "Next: the end")
        self._tick()

    def _tick(self) -> None:
        health = self._presenter
        typical_s = float(health.get("stage_s") or 0)
        passed_s = max(0.0, clock.now() - float(health.get("stage_started_s") or clock.now()))
        if self._phase == "paused":
            return
        self.bar.setValue(round(1000 * min(1.0, passed_s / typical_s)) if typical_s else 0)
        self.stage_time.setText(f"{passed_s:.0f} of {typical_s:.0f} s" if typical_s else f"{passed_s:.0f} s")


def stage_words(kind: str, name: str) -> str:
    """Return a stage as one says it: its kind, and its name where that tells more."""
    title = KINDS.get(kind, kind.capitalize())
    plain = name.replace("-", " ").replace("_", " ")
    return title if not plain or plain == kind else f"{title}: {plain}"


def _advice(phase: str, looks: bool) -> str:
    if looks:
        return "Have the participant sit still and look ahead."
    return {
        "checking": "This takes some seconds. You can look at the signals already.",
        "waiting": "Look at every signal. Start when the participant is ready.",
        "finishing": "Nothing is recorded any more. You can prepare the next session meanwhile.",
    }.get(phase, "")
