"""The trial state machine, free of Qt: one schedule, driven by `tick` and by what people do.

Onsets lie on a grid: a timed stage ends at its intended onset plus its duration, whatever its actual
onset was, so errors do not add up. The grid starts anew where the clock does not decide: after a
self-paced stage, a pause, an operator's command, and a stall beyond `STALL_S`.

| command | waiting | interrupted (restarted) | running | paused |
|---|---|---|---|---|
| start | runs | - | - | - |
| pause | - | - | self-paced stage: at once; timed: at the stage's end | - |
| pause_after_trial | - | - | at the trial's end | - |
| resume | - | - | takes a coming pause back | goes on |
| skip | - | - | leaves the stage | leaves the stage, stays paused |
| repeat | - | last trial again | this trial again | last trial again |
| next | - | following trial | following trial | following trial |
| end, stop | ends | ends | after the trial | ends |
| abort | ends | ends | at once | ends |

Outside of trials "trial" means the stage. A lost supervisor counts as `end`, and as `abort` after
`ALONE_S`, since the recorder waits no longer.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, Literal

from app.presenter.keys import KeyStroke
from app.presenter.position import Position, after_trial, first_of_trial
from app.presenter.screen import DRAWN_KINDS, Screen, Shown
from app.presenter.tasks import QuestionnaireTask, SpeakingTask, Task, TypingTask, make_task
from protocols.schedule import Schedule, Stage

State = Literal["waiting", "running", "paused", "finished"]
COMMANDS = ("start", "pause", "pause_after_trial", "resume", "skip", "repeat", "next", "end", "stop", "abort")

ALONE_S = 100.0
STALL_S = 0.25
SUPERVISOR_LOST = "supervisor lost"
END_REASONS = {"end": "ended", "stop": "stopped"}


class Record(typing.Protocol):
    """Where events go: `app.events.Journal.append`."""

    def __call__(
        self,
        kind: str,
        trial: int = -1,
        stage: str = "",
        payload: Mapping[str, Any] | None = None,
        time: float | None = None,
        urgent: bool = True,
        wait: bool = False,
    ) -> object:
        """Record an event."""
        ...


class Runner:
    """Runs `schedule` on `screen` and records what happens.

    `norms` gives the payload (category, valence, arousal) of each stimulus id. `resume` is where an
    earlier run of this presenter ended: then it waits for repeat, next or end.
    """

    def __init__(
        self,
        schedule: Schedule,
        screen: Screen,
        record: Record,
        norms: Mapping[str, Mapping[str, Any]] | None = None,
        resume: Position | None = None,
        with_characters: bool = False,
    ) -> None:
        self.schedule = schedule
        self.state: State = "waiting"
        self.reason = ""
        self.task: Task | None = None
        self.dropped_frames = 0
        self._screen = screen
        self._record = record
        self._norms = norms or {}
        self._with_characters = with_characters
        # The stage that runs, or (waiting, paused) the one to run next; `_entered` if it has begun.
        self._cursor = 0
        self._entered = False
        self._begun = -1
        self._onset_s = 0.0
        self._started_s = 0.0
        self._paused_s = 0.0
        self._trial: int | None = None
        self._trials_started: list[int] = []
        self._stimulus_on = False
        self._pause_at_end = False
        # Who asked for the pause that comes when the trial has ended, '' for none.
        self._pause_after_trial = ""
        self._ending = ""
        self._alone_since_s: float | None = None
        self._resume = resume
        self._now_s = 0.0

    # Driving

    def open(self, now: float) -> None:
        """Show the waiting page; after a crash, close in the journal what had been left open."""
        position = self._resume
        if position is not None:
            self._begun, self.dropped_frames = position.begun, position.dropped_frames
            self._trials_started = list(position.trials_started)
            self._trial = position.open_trial
            if position.begun >= 0:
                self._close_interrupted(position, now)
                self._cursor = min(position.begun + 1, len(self.schedule.stages) - 1)
            if position.ended is not None:
                self.state, self.reason = "finished", position.ended
        self._screen.present(None, None, now)
        if self.schedule.stages:
            self._screen.prepare(self.schedule.stages[self._cursor])

    @property
    def interrupted(self) -> bool:
        """Whether it waits for repeat, next or end after a crash."""
        return self.state == "waiting" and self._resume is not None

    @property
    def stage(self) -> Stage | None:
        """The stage on the screen, None while waiting, paused or finished."""
        return self.schedule.stages[self._cursor] if self.state == "running" else None

    @property
    def onset_s(self) -> float:
        """The onset of the stage that runs, moved on by the length of its pauses."""
        return self._started_s

    @property
    def next_due_s(self) -> float | None:
        """When `tick` has something to do; None if only people can move things on."""
        stage = self.stage
        if stage is None or stage.duration.max_s is None:
            return None
        return self._onset_s + stage.duration.max_s - self._screen.lead_s

    def tick(self, now: float) -> None:
        """Do what is due at `now`."""
        self._now_s = now
        if self.state == "finished":
            return
        alone = self._alone_since_s
        if alone is not None and now - alone > ALONE_S:
            self._finish(SUPERVISOR_LOST, now + self._screen.lead_s, "aborted")
            return
        self._count_dropped(self._screen.refresh(now), now)
        while (due := self.next_due_s) is not None and now >= due:
            stage = self.schedule.stages[self._cursor]
            at_s = due + self._screen.lead_s
            self._advance("timed" if stage.duration.is_timed else "timeout", at_s)

    def command(self, name: str, now: float, origin: str = "operator") -> bool:
        """Carry out an operator's command; False if it means nothing in this state."""
        if name not in COMMANDS or self.state == "finished":
            return False
        at_s = now + self._screen.lead_s
        if name == "abort":
            self._finish("aborted", at_s, "aborted", origin)
            return True
        if name in END_REASONS:
            self._end(END_REASONS[name], at_s)
            return True
        match self.state, name:
            case "waiting", "start" if not self.interrupted:
                self._start(at_s)
            case "running", "pause":
                self._pause(at_s, origin)
            case "running", "pause_after_trial":
                if self._trial is None:
                    self._pause(at_s, origin)
                else:
                    self._pause_after_trial = origin
            case "running", "resume":
                taken_back = self._pause_at_end or bool(self._pause_after_trial)
                self._pause_at_end, self._pause_after_trial = False, ""
                return taken_back
            case "running", "skip":
                self._record_now("skipped", at_s, {"what": "stage", "by": origin})
                self._advance("skipped", at_s)
            case "paused", "skip":
                self._skip_while_paused(at_s, origin)
            case "paused", "resume":
                self._go_on(at_s, origin)
            case (("running" | "paused" | "waiting"), ("repeat" | "next")):
                if self.state == "waiting" and not self.interrupted:
                    return False
                self._jump(name, at_s, origin)
            case _:
                return False
        return True

    def supervisor_lost(self, now: float) -> None:
        """Finish the trial and end: nobody is left to talk to."""
        if self._alone_since_s is None and self.state != "finished":
            self._alone_since_s = now
            self._end(SUPERVISOR_LOST, now + self._screen.lead_s)

    # What the participant does

    def choose(self, item: str, value: int, time: float) -> bool:
        """Take an answer to a questionnaire's item."""
        if self.stage is None or not isinstance(self.task, QuestionnaireTask):
            return False
        return self.task.choose(item, value, time)

    def insert(self, text: str, time: float) -> None:
        """Take a typed character."""
        if self.stage is not None and isinstance(self.task, TypingTask):
            self.task.insert(text, time)

    def erase(self, time: float) -> None:
        """Take a correction."""
        if self.stage is not None and isinstance(self.task, TypingTask):
            self.task.erase(time)

    def hold(self, time: float) -> None:
        """HOLD TO TALK went down."""
        if self.stage is not None and isinstance(self.task, SpeakingTask) and self.task.hold(time):
            self._record_stage("talk_started", time, {"sentence_ids": list(self.task.sentence_ids)})

    def release(self, time: float) -> None:
        """HOLD TO TALK came up."""
        if isinstance(self.task, SpeakingTask):
            held_s = self.task.release(time)
            if held_s is not None:
                enough = held_s >= self.task.min_hold_s
                self._record_stage("talk_ended", time, {"held_s": held_s, "enough": enough})

    def key(self, stroke: KeyStroke) -> None:
        """Journal a keystroke; none is kept while nothing runs."""
        stage = self.stage
        if stage is not None:
            payload = stroke.payload(self._with_characters)
            self._record("key", stage.trial, stage.name, payload, time=stroke.time, urgent=False)

    def may_proceed(self, now: float) -> bool:
        """Whether the participant may end this stage now."""
        stage = self.stage
        if stage is None or stage.duration.is_timed or self.task is None:
            return False
        return self.task.is_complete and now - self._started_s >= stage.duration.min_s

    def proceed(self, now: float) -> bool:
        """The participant is done with a self-paced stage; False if it cannot end yet."""
        if not self.may_proceed(now):
            return False
        self._advance("answered", now + self._screen.lead_s)
        return True

    # Telling

    def health(self, now: float) -> dict[str, Any]:
        """Return the presenter's health message, without its type."""
        stages = self.schedule.stages
        stage = stages[self._cursor] if self._cursor < len(stages) else None
        running = self.stage is not None
        following = self._cursor + 1 if running else self._cursor
        typical_s = stage.duration.typical_s if stage is not None else 0.0
        begun = running or self._entered
        elapsed_s = min(typical_s, now - self._started_s) if running else 0.0
        ahead_s = sum(later.duration.typical_s for later in stages[self._cursor :])
        return {
            "state": self.state,
            "interrupted": self.interrupted,
            "pausing": self._pause_at_end or bool(self._pause_after_trial),
            "ending": bool(self._ending),
            "stage": self._cursor if begun else -1,
            "stage_name": stage.name if stage is not None and begun else "",
            "kind": stage.kind if stage is not None and begun else "",
            "trial": stage.trial if stage is not None and begun else -1,
            "trials": len(self.schedule.trials),
            "stage_started_s": self._started_s if running else None,
            "stage_s": typical_s,
            "next": stages[following].name if following < len(stages) else "",
            "dropped_frames": self.dropped_frames,
            "remaining_s": 0.0 if self.state == "finished" else max(0.0, ahead_s - elapsed_s),
        }

    # Moves

    def _start(self, at_s: float) -> None:
        self._record("schedule_started", payload=self._outline(), time=at_s)
        self.state = "running"
        self._enter_or_finish(0, at_s)

    def _outline(self) -> dict[str, Any]:
        schedule = self.schedule
        return {
            "protocol": schedule.protocol,
            "version": schedule.version,
            "slot": schedule.slot,
            "seed": schedule.seed,
            "trials": len(schedule.trials),
            "stages": len(schedule.stages),
            "typical_s": schedule.typical_s,
        }

    def _advance(self, reason: str, at_s: float) -> None:
        """Leave the running stage for the one that follows, a pause, or the end."""
        following = self._cursor + 1
        stages = self.schedule.stages
        leaves_trial = following >= len(stages) or stages[following].trial != stages[self._cursor].trial
        if self._ending and leaves_trial:
            self._finish(self._ending, at_s, reason)
        elif following < len(stages) and (self._pause_at_end or (self._pause_after_trial and leaves_trial)):
            origin = self._pause_after_trial or "operator"
            self._pause_at_end, self._pause_after_trial = False, ""
            shown = self._present(None, at_s)
            self._leave(reason, at_s, shown, following)
            self._cursor = following
            self._become_paused(at_s, shown, origin)
        else:
            self._enter_or_finish(following, at_s, reason)

    def _enter_or_finish(self, index: int, at_s: float, reason: str = "aborted") -> None:
        if index >= len(self.schedule.stages):
            self._finish("completed", at_s, reason)
        else:
            self._enter(index, at_s, reason)

    def _enter(self, index: int, at_s: float, reason: str, trial_reason: str = "completed") -> None:
        stage = self.schedule.stages[index]
        task = make_task(stage)
        shown = self._present(stage, at_s, task)
        if self._entered:
            self._leave(reason, at_s, shown, index, trial_reason)
        self.state = "running"
        self._cursor, self._begun, self._entered, self.task = index, index, True, task
        onset_s = at_s if shown.actual_s is None else shown.actual_s
        reached_s = max(onset_s, self._now_s)
        self._onset_s = reached_s if reached_s - at_s > STALL_S else at_s
        self._started_s = onset_s
        task.begin(onset_s)
        if stage.trial >= 0 and self._trial != stage.trial:
            self._begin_trial(stage.trial, onset_s)
        payload = {"kind": stage.kind, "index": index, "intended_s": at_s, "actual_s": shown.actual_s}
        self._record_stage("stage_started", onset_s, payload)
        self._show_stimulus(stage, at_s, shown)
        self._count_dropped(shown.dropped, onset_s)
        if index + 1 < len(self.schedule.stages):
            self._screen.prepare(self.schedule.stages[index + 1])

    def _begin_trial(self, index: int, time: float) -> None:
        trial = self.schedule.trials[index]
        self._trial = index
        self._trials_started.append(index)
        payload = {
            "stimulus": trial.stimulus,
            "category": trial.category,
            "order": list(dict.fromkeys(self._trials_started)).index(index) + 1,
            "block": trial.block,
            "practice": trial.practice,
            "repetition": self._trials_started.count(index) - 1,
        }
        self._record("trial_started", index, self._stage_name(), payload, time=time)

    def _leave(
        self, reason: str, at_s: float, shown: Shown, target: int | None, trial_reason: str = "completed"
    ) -> None:
        """Record the end of the entered stage, and of its trial if `target` lies outside of it."""
        time = at_s if shown.actual_s is None else shown.actual_s
        stage = self.schedule.stages[self._cursor]
        self.release(time)
        self._hide_stimulus(at_s, shown)
        if self.task is not None:
            for kind, at, payload in self.task.results(self._with_characters):
                self._record_stage(kind, time if at is None else at, payload)
        self._record_stage("stage_ended", time, {"reason": reason, "index": stage.index})
        self._entered, self.task = False, None
        stays = (
            target is not None
            and trial_reason == "completed"
            and self.schedule.stages[target].trial == stage.trial
        )
        if not stays:
            self._end_trial(trial_reason, time)

    def _end_trial(self, reason: str, time: float) -> None:
        if self._trial is not None:
            self._record("trial_ended", self._trial, "", {"reason": reason}, time=time)
            self._trial = None

    def _finish(self, reason: str, at_s: float, stage_reason: str, origin: str = "") -> None:
        self._screen.say("Thank you." if reason == "completed" else "The session has ended.")
        shown = self._present(None, at_s)
        time = at_s if shown.actual_s is None else shown.actual_s
        finishes = stage_reason not in ("aborted", "skipped")
        trial_reason = "completed" if finishes and self._at_trial_end() else reason
        if self._entered:
            self._leave(stage_reason, at_s, shown, None, trial_reason)
        self._end_trial(trial_reason, time)
        payload = {"reason": reason, "dropped_frames": self.dropped_frames}
        if origin:
            payload["by"] = origin
        self.state, self.reason = "finished", reason
        self._pause_at_end, self._pause_after_trial, self._ending = False, "", ""
        self._record("schedule_ended", payload=payload, time=time)
        if reason == SUPERVISOR_LOST:
            self._record("session_ended", payload={"reason": reason}, time=time)

    def _at_trial_end(self) -> bool:
        return after_trial(self.schedule, self._cursor) == self._cursor + 1

    def _end(self, reason: str, at_s: float) -> None:
        """End after the running trial; at once outside of one."""
        if self.state == "running" and self._trial is not None:
            self._ending = reason
        else:
            self._finish(reason, at_s, "aborted")

    def _pause(self, at_s: float, origin: str) -> None:
        stage = self.schedule.stages[self._cursor]
        if stage.duration.is_timed:
            self._pause_at_end = True
            return
        shown = self._present(None, at_s)
        self._hide_stimulus(at_s, shown)
        self._become_paused(at_s, shown, origin)

    def _become_paused(self, at_s: float, shown: Shown, origin: str) -> None:
        self.state = "paused"
        self._paused_s = at_s if shown.actual_s is None else shown.actual_s
        self.release(self._paused_s)
        self._record_now("paused", self._paused_s, {"by": origin})

    def _go_on(self, at_s: float, origin: str) -> None:
        if not self._entered:
            self._record_now("resumed", at_s, {"by": origin})
            self._enter(self._cursor, at_s, "")
            return
        stage, task = self.schedule.stages[self._cursor], self.task
        assert task is not None
        shown = self._present(stage, at_s, task)
        onset_s = at_s if shown.actual_s is None else shown.actual_s
        pause_s = onset_s - self._paused_s
        self.state = "running"
        self._onset_s += pause_s
        self._started_s += pause_s
        task.shift(pause_s)
        self._record_now("resumed", onset_s, {"by": origin})
        self._show_stimulus(stage, at_s, shown)

    def _skip_while_paused(self, at_s: float, origin: str) -> None:
        self._record_now("skipped", at_s, {"what": "stage", "by": origin})
        following = self._cursor + 1
        if following >= len(self.schedule.stages):
            self._finish("completed", at_s, "skipped")
            return
        if self._entered:
            self._leave("skipped", at_s, Shown(None, 0), following)
        elif self.schedule.stages[following].trial != self._trial:
            self._end_trial("skipped", at_s)
        self._cursor = following
        self._screen.prepare(self.schedule.stages[following])

    def _jump(self, name: str, at_s: float, origin: str) -> None:
        """Run the last trial again, or the one after it."""
        was_paused = self.state == "paused"
        if name == "repeat":
            target = first_of_trial(self.schedule, max(self._begun, 0))
        else:
            target = after_trial(self.schedule, self._begun) if self._begun >= 0 else 0
            target = target if self._entered else max(target, self._cursor)
            self._record_now("skipped", at_s, {"what": "trial", "by": origin})
        if was_paused:
            self._record_now("resumed", at_s, {"by": origin})
        self._pause_at_end = False
        trial_reason = "repeated" if name == "repeat" else "skipped"
        if not self._entered:
            self._end_trial(trial_reason, at_s)
        self._resume = None
        if target >= len(self.schedule.stages):
            self._finish("completed", at_s, "skipped")
        elif self._ending and name == "next":
            self._finish(self._ending, at_s, "skipped")
        else:
            self._enter(target, at_s, "skipped" if name == "next" else "aborted", trial_reason)

    # Recording

    def _present(self, stage: Stage | None, at_s: float, task: Task | None = None) -> Shown:
        return self._screen.present(stage, task, at_s)

    def _stage_name(self) -> str:
        return self.schedule.stages[self._cursor].name if self.schedule.stages else ""

    def _record_stage(self, kind: str, time: float, payload: Mapping[str, Any]) -> None:
        stage = self.schedule.stages[self._cursor]
        self._record(kind, stage.trial, stage.name, payload, time=time)

    def _record_now(self, kind: str, time: float, payload: Mapping[str, Any]) -> None:
        trial = -1 if self._trial is None else self._trial
        self._record(kind, trial, self._stage_name() if self._entered else "", payload, time=time)

    def _show_stimulus(self, stage: Stage, at_s: float, shown: Shown) -> None:
        if stage.stimulus and stage.kind in DRAWN_KINDS:
            self._stimulus_on = True
            timing = {"intended_s": at_s, "actual_s": shown.actual_s, "frame": shown.frame}
            payload = {"stimulus": stage.stimulus, **self._norms.get(stage.stimulus, {}), **timing}
            self._record_stage("stimulus_shown", at_s if shown.actual_s is None else shown.actual_s, payload)

    def _hide_stimulus(self, at_s: float, shown: Shown) -> None:
        if self._stimulus_on:
            self._stimulus_on = False
            stage = self.schedule.stages[self._cursor]
            payload = {"stimulus": stage.stimulus, "intended_s": at_s, "actual_s": shown.actual_s}
            self._record_stage("stimulus_hidden", at_s if shown.actual_s is None else shown.actual_s, payload)

    def _count_dropped(self, count: int, time: float) -> None:
        if count:
            self.dropped_frames += count
            self._record_now("frames_dropped", time, {"count": count})

    def _close_interrupted(self, position: Position, now: float) -> None:
        stage = self.schedule.stages[position.begun]
        cause = {"cause": "presenter restarted"}
        if position.open_stimulus:
            hidden = {"stimulus": stage.stimulus, "intended_s": None, "actual_s": None, **cause}
            self._record("stimulus_hidden", stage.trial, stage.name, hidden, time=now)
        if position.open_stage:
            ended = {"reason": "aborted", "index": stage.index, **cause}
            self._record("stage_ended", stage.trial, stage.name, ended, time=now)
        self._end_trial("interrupted", now)
