"""What the runner journals: trials, stages, stimuli, results, and what the screen saw by itself."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from app.presenter.course import Answer, Course, Pick, left_out, takes_input
from app.presenter.position import Position
from app.presenter.screen import DRAWN_KINDS, Screen, Shown
from app.presenter.tasks import Result, Task
from protocols.schedule import Schedule, Stage

State = Literal["waiting", "running", "paused", "finished"]
CHOSEN_KINDS = ("picture", "film", "sound")
"""The stages of a trial with candidates that show what was chosen."""


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


class Recording:
    """Where a run stands, and the events that tell of it."""

    def __init__(
        self,
        schedule: Schedule,
        screen: Screen,
        record: Record,
        norms: Mapping[str, Mapping[str, Any]] | None = None,
        resume: Position | None = None,
        with_characters: bool = False,
        course: Course | None = None,
    ) -> None:
        self.schedule = schedule
        self.course = course or Course()
        self.state: State = "waiting"
        self.reason = ""
        self.task: Task | None = None
        self.dropped_frames = 0
        self.rights_are_open = False
        self._screen = screen
        self._record = record
        self._norms = norms or {}
        self._with_characters = with_characters
        # As they are shown: a chosen stimulus is filled in when its trial begins.
        self._stages = list(schedule.stages)
        self._left_out = left_out(schedule, self.course.done)
        # The stage that runs, or (waiting, paused) the one to run next; `_entered` if it has begun.
        self._cursor = 0
        self._entered = False
        self._begun = -1
        self._onset_s = 0.0
        self._started_s = 0.0
        self._paused_s = 0.0
        self._trial: int | None = None
        self._trials_started: list[int] = []
        self._exposed = set(self.course.seen)
        self._chosen: dict[int, str] = {}
        for trial, stimulus in self.course.chosen.items():
            self._fill_in(trial, stimulus)
        self._answers: list[Answer] = list(self.course.answers)
        self._given: list[Result] | None = None
        # The onsets of the trial's stages by name, for reaction times that count from an earlier one.
        self._onsets_s: dict[str, float] = {}
        self._stimulus_on = False
        self._was_interrupted = False
        self._pause_at_end = False
        # Who asked for the pause that comes when the trial has ended, '' for none.
        self._pause_after_trial = ""
        # Who holds the session while it is paused: the operator's pause outlasts the participant's.
        self._held_by = ""
        self._ending = ""
        # Why the session ends, while its debriefing is still shown, and on whose word.
        self._closing = ""
        self._closing_by = ""
        self._alone_since_s: float | None = None
        self._resume = resume
        self._now_s = 0.0

    @property
    def stage(self) -> Stage | None:
        """The stage on the screen, None while waiting, paused or finished."""
        return self._stages[self._cursor] if self.state == "running" else None

    @property
    def takes_input(self) -> bool:
        """Whether keys and pointer are the participant's now."""
        stage = self.stage
        return self.rights_are_open or (stage is not None and takes_input(stage))

    def stimulus_of(self, trial: int) -> str:
        """Return a trial's stimulus, '' where it is chosen later."""
        return self._chosen.get(trial) or self.schedule.trials[trial].stimulus

    def _outline(self) -> dict[str, Any]:
        schedule = self.schedule
        outline = {
            "protocol": schedule.protocol,
            "version": schedule.version,
            "slot": schedule.slot,
            "seed": schedule.seed,
            "trials": len(schedule.trials),
            "stages": len(schedule.stages),
            "typical_s": schedule.typical_s,
        }
        return outline | ({"left_out": sorted(self.course.done)} if self.course.done else {})

    def _begin_trial(self, index: int, time: float, pick: Pick | None) -> None:
        trial = self.schedule.trials[index]
        self._trial = index
        self._trials_started.append(index)
        stimulus = self.stimulus_of(index)
        payload = {
            "stimulus": stimulus,
            "category": trial.category or str(self._norms.get(stimulus, {}).get("category") or ""),
            "order": list(dict.fromkeys(self._trials_started)).index(index) + 1 + len(self.course.done),
            "block": trial.block,
            "practice": trial.practice,
            "repetition": self._trials_started.count(index) - 1,
        }
        if index in self._exposed:
            payload["repeated_exposure"] = True
        self._record("trial_started", index, self._stage_name(), payload, time=time)
        if pick is not None:
            chosen = {"stimulus": pick.stimulus, "scores": dict(pick.scores), "reason": pick.reason}
            if pick.recommender:
                chosen["recommender"] = pick.recommender
            self._record("chosen", index, self._stage_name(), chosen, time=time)

    def _pick(self, index: int, leaving: bool = False) -> Pick | None:
        """Return what would be shown in trial `index`, None where nothing is to be chosen (any more).

        With `leaving` the stage that is on ends with this choice, and its answers count.
        """
        trial, chooser = self.schedule.trials[index], self.course.chooser
        if not trial.candidates or index in self._chosen:
            return None
        if chooser is None:
            return Pick(trial.candidates[0], {}, "Nothing chooses here: the first candidate.")
        earlier = sorted(self.course.done | self.course.seen)
        begun = dict.fromkeys((*earlier, *self._trials_started))
        used = [self.stimulus_of(other) for other in begun]
        answers = [*self._answers, *self._answers_in(self._results())] if leaving else self._answers
        return chooser(trial, tuple(answers), tuple(name for name in used if name))

    def _fill_in(self, index: int, stimulus: str) -> None:
        """Give the stages of trial `index` its chosen stimulus."""
        self._chosen[index] = stimulus
        for place, stage in enumerate(self._stages):
            if stage.trial == index:
                self._stages[place] = self._filled(stage, stimulus)

    def _filled(self, stage: Stage, stimulus: str) -> Stage:
        shows = stage.kind in CHOSEN_KINDS and not self.schedule.stages[stage.index].stimulus
        return replace(stage, stimulus=stimulus) if shows else stage

    def _prepare(self, index: int) -> None:
        """Have the screen make stage `index` ready, with the likely stimulus where none is chosen yet."""
        if index >= len(self._stages):
            return
        stage = self._stages[index]
        if stage.trial >= 0 and (pick := self._pick(stage.trial)) is not None:
            stage = self._filled(stage, pick.stimulus)
        self._screen.prepare(stage)

    def _leave(
        self, reason: str, at_s: float, shown: Shown, target: int | None, trial_reason: str = "completed"
    ) -> None:
        """Record the end of the entered stage, and of its trial if `target` lies outside of it."""
        time = at_s if shown.actual_s is None else shown.actual_s
        stage = self._stages[self._cursor]
        self._tell_happenings()
        self._let_go(time)
        self._hide_stimulus(at_s, shown)
        # A stage that is shown anew from its beginning asks anew.
        if self.task is not None and reason != "interrupted":
            self._journal(self._results(), time)
        payload: dict[str, Any] = {"reason": reason, "index": stage.index}
        if self._was_interrupted:
            payload["interrupted"] = True
        self._record_stage("stage_ended", time, payload)
        self._entered, self.task, self._given, self._was_interrupted = False, None, None, False
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

    def _journal(self, results: Iterable[Result], time: float) -> None:
        """Record what a task gives, at its own times or else at `time`."""
        results = list(results)
        for kind, at, payload in results:
            self._record_stage(kind, time if at is None else at, payload)
        self._answers += self._answers_in(results)

    def _results(self) -> list[Result]:
        """Return what the task gives at its end; it is asked once."""
        if self._given is None:
            self._given = [] if self.task is None else self.task.results(self._with_characters)
        return self._given

    def _answers_in(self, results: Iterable[Result]) -> list[Answer]:
        stage = self._stages[self._cursor]
        stimulus = self.stimulus_of(stage.trial) if stage.trial >= 0 else stage.stimulus
        return [
            Answer(stage.trial, stimulus, str(payload["item"]), payload.get("value"))
            for kind, _, payload in results
            if kind == "response" and "item" in payload
        ]

    def _let_go(self, time: float) -> None:
        """End what is held down: nobody knows what happens to it while the page is away."""
        if self.task is not None and self._entered:
            self._journal(self.task.act("release", time, {}) or (), time)

    def _tell_happenings(self) -> None:
        for seen in self._screen.happenings():
            stage = self._stages[self._cursor] if self._entered else None
            trial, name = (-1, "") if stage is None else (stage.trial, stage.name)
            self._record(seen.kind, trial, name, seen.payload, time=seen.time, urgent=seen.urgent)

    def _stage_name(self) -> str:
        return self._stages[self._cursor].name if self._stages else ""

    def _record_stage(self, kind: str, time: float, payload: Mapping[str, Any]) -> None:
        stage = self._stages[self._cursor]
        self._record(kind, stage.trial, stage.name, payload, time=time)

    def _record_now(self, kind: str, time: float, payload: Mapping[str, Any]) -> None:
        trial = -1 if self._trial is None else self._trial
        self._record(kind, trial, self._stage_name() if self._entered else "", payload, time=time)

    def _show_stimulus(self, stage: Stage, at_s: float, shown: Shown) -> None:
        if stage.stimulus and stage.kind in DRAWN_KINDS:
            self._stimulus_on = True
            if stage.trial >= 0:
                self._exposed.add(stage.trial)
            timing = {"intended_s": at_s, "actual_s": shown.actual_s, "frame": shown.frame}
            payload = {"stimulus": stage.stimulus, **self._norms.get(stage.stimulus, {}), **timing}
            self._record_stage("stimulus_shown", at_s if shown.actual_s is None else shown.actual_s, payload)

    def _hide_stimulus(self, at_s: float, shown: Shown) -> None:
        if self._stimulus_on:
            self._stimulus_on = False
            stage = self._stages[self._cursor]
            payload = {"stimulus": stage.stimulus, "intended_s": at_s, "actual_s": shown.actual_s}
            self._record_stage("stimulus_hidden", at_s if shown.actual_s is None else shown.actual_s, payload)

    def _count_dropped(self, count: int, time: float) -> None:
        if count:
            self.dropped_frames += count
            self._record_now("frames_dropped", time, {"count": count})

    def _take_up(self, position: Position, now: float) -> None:
        """Take over from a presenter that was killed, and close what it had left open."""
        self._begun, self.dropped_frames = position.begun, position.dropped_frames
        self._trials_started = list(position.trials_started)
        self._trial = position.open_trial
        self._exposed |= set(position.exposed)
        self._answers += [
            Answer(trial, position.stimuli.get(trial, ""), item, value)
            for trial, item, value in position.answers
        ]
        for trial, stimulus in position.chosen.items():
            self._fill_in(trial, stimulus)
        self._closing, self._closing_by = position.closing, position.closing_by
        if position.begun >= 0:
            self._close_interrupted(position, now)
        if position.ended is not None:
            self.state, self.reason = "finished", position.ended

    def _close_interrupted(self, position: Position, now: float) -> None:
        stage = self._stages[position.begun]
        cause = {"cause": "presenter restarted"}
        if position.open_stimulus:
            hidden = {"stimulus": stage.stimulus, "intended_s": None, "actual_s": None, **cause}
            self._record("stimulus_hidden", stage.trial, stage.name, hidden, time=now)
        if position.open_stage:
            ended = {"reason": "aborted", "index": stage.index, **cause}
            self._record("stage_ended", stage.trial, stage.name, ended, time=now)
        self._end_trial("interrupted", now)
