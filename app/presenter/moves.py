"""How a run moves from stage to stage: entering, pausing, jumping, the participant's rights, ending."""

from __future__ import annotations

from app.presenter.course import is_clocked, screened_out
from app.presenter.position import after_trial, first_of_trial
from app.presenter.recording import Recording
from app.presenter.screen import DRAWN_KINDS, Shown
from app.presenter.tasks import RightsTask, Task, make_task
from protocols.schedule import Stage

STALL_S = 0.25
SUPERVISOR_LOST = "supervisor lost"
STOPPED_BY_PARTICIPANT = "stopped by the participant"
SCREENED_OUT = "screened out"
PARTICIPANT = "participant"


class Moves(Recording):
    """The moves of a run; `Runner` decides which comes when."""

    def _start(self, at_s: float) -> None:
        self._record("schedule_started", payload=self._outline(), time=at_s)
        self.state = "running"
        self._enter_or_finish(self._next(0), at_s)

    def _next(self, index: int) -> int:
        """Return the first stage from `index` on that runs, the number of stages if there is none."""
        while index < len(self._stages) and not self._runs(index):
            index += 1
        return index

    def _runs(self, index: int) -> bool:
        return self._stages[index].always if self._closing else index not in self._left_out

    def _advance(self, reason: str, at_s: float) -> None:
        """Leave the running stage for the one that follows, a pause, or the end."""
        stages = self.schedule.stages
        following = self._next(self._cursor + 1)
        leaves_trial = following >= len(stages) or stages[following].trial != stages[self._cursor].trial
        if self._is_screened_out():
            self._finish(SCREENED_OUT, at_s, reason)
        elif self._ending and leaves_trial and not self._closing:
            self._wind_up(self._ending, at_s, reason)
        elif following < len(stages) and (self._pause_at_end or (self._pause_after_trial and leaves_trial)):
            origin = self._pause_after_trial or "operator"
            self._pause_at_end, self._pause_after_trial = False, ""
            shown = self._present(None, at_s)
            self._leave(reason, at_s, shown, following)
            self._cursor = following
            self._become_paused(at_s, shown, origin)
        else:
            self._enter_or_finish(following, at_s, reason)

    def _is_screened_out(self) -> bool:
        stage, task = self._stages[self._cursor], self.task
        given = getattr(task, "answers", {})
        return screened_out(stage.content, {item: answer.value for item, answer in given.items()})

    def _enter_or_finish(self, index: int, at_s: float, reason: str = "aborted") -> None:
        if index >= len(self._stages):
            self._finish(self._closing or "completed", at_s, reason, self._closing_by)
        else:
            self._enter(index, at_s, reason)

    def _enter(self, index: int, at_s: float, reason: str, trial_reason: str = "completed") -> None:
        begins = self._stages[index].trial
        begins = -1 if begins == self._trial and trial_reason == "completed" else begins
        pick = self._pick(begins, self._entered) if begins >= 0 else None
        if pick is not None:
            self._fill_in(begins, pick.stimulus)
        stage = self._stages[index]
        task = make_task(stage, self.course.keeps_text)
        shown = self._present(stage, at_s, task)
        if self._entered:
            self._leave(reason, at_s, shown, index, trial_reason)
        self.state, self._held_by = "running", ""
        self._cursor, self._begun, self._entered, self.task = index, index, True, task
        onset_s = at_s if shown.actual_s is None else shown.actual_s
        reached_s = max(onset_s, self._now_s)
        self._onset_s = reached_s if reached_s - at_s > STALL_S else at_s
        self._started_s = onset_s
        if stage.trial >= 0 and self._trial != stage.trial:
            self._onsets_s.clear()
            self._begin_trial(stage.trial, onset_s, pick)
        task.begin(onset_s)
        self._onsets_s[stage.name] = onset_s
        task.zero_s = self._onsets_s.get(str(stage.content.get("reaction_from") or stage.name))
        payload = {"kind": stage.kind, "index": index, "intended_s": at_s, "actual_s": shown.actual_s}
        self._record_stage("stage_started", onset_s, payload)
        self._show_stimulus(stage, at_s, shown)
        self._count_dropped(shown.dropped, onset_s)
        self._prepare(self._next(index + 1))

    def _wind_up(self, reason: str, at_s: float, stage_reason: str, origin: str = "") -> None:
        """End in order: the debriefing that is still to come is shown first.

        Where nothing has begun there is nothing to debrief; an end asked for in the debriefing comes at once.
        """
        on = self._stages[self._cursor] if self._entered else None
        if self._closing or self._begun < 0 or (on is not None and on.always):
            self._finish(self._closing or reason, at_s, stage_reason, self._closing_by or origin)
            return
        self._closing, self._closing_by = reason, origin
        target = self._next(self._cursor + (on is not None))
        if target >= len(self._stages):
            self._finish(reason, at_s, stage_reason, origin)
            return
        by = {"by": origin} if origin else {}
        self._record_now("schedule_ending", at_s, {"reason": reason, **by})
        self._resume_for(at_s, origin or "operator")
        self._pause_at_end, self._pause_after_trial, self._ending = False, "", ""
        trial_reason = self._trial_reason(reason, stage_reason)
        if not self._entered:
            self._end_trial(trial_reason, at_s)
        self._resume = None
        self._enter(target, at_s, stage_reason, trial_reason)

    def _trial_reason(self, reason: str, stage_reason: str) -> str:
        """Return why the open trial ends: its last stage may have come to its own end."""
        came_to_end = self._entered and stage_reason not in ("aborted", "skipped")
        return "completed" if came_to_end and self._at_trial_end() else reason

    def _finish(self, reason: str, at_s: float, stage_reason: str, origin: str = "") -> None:
        words = "thanks" if reason in ("completed", SCREENED_OUT) else "ended"
        self._screen.say(self.course.phrases.say(words))
        shown = self._present(None, at_s)
        time = at_s if shown.actual_s is None else shown.actual_s
        trial_reason = self._trial_reason(reason, stage_reason)
        self._close_rights(time, "", origin or "operator")
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
        elif self.state != "running" or not self._closing:
            # While the debriefing is on what was asked for first holds.
            self._wind_up(reason, at_s, "aborted")

    # Pauses and rights

    def _pause(self, at_s: float, origin: str) -> None:
        stage = self._stages[self._cursor]
        if is_clocked(stage):
            self._pause_at_end = True
            return
        shown = self._present(None, at_s)
        self._tell_happenings()
        self._hide_stimulus(at_s, shown)
        self._become_paused(at_s, shown, origin)

    def _become_paused(self, at_s: float, shown: Shown, origin: str) -> None:
        self.state = "paused"
        self._held_by = "" if origin == PARTICIPANT else origin
        self._paused_s = at_s if shown.actual_s is None else shown.actual_s
        self._let_go(self._paused_s)
        self._record_now("paused", self._paused_s, {"by": origin})

    def _open_rights(self, at_s: float) -> None:
        """Leave the stage for the page of rights: a drawn one has ended, a form is only put aside."""
        stage = self._stages[self._cursor]
        shown = self._present(None, at_s, RightsTask(stage))
        time = at_s if shown.actual_s is None else shown.actual_s
        self.rights_are_open = True
        if self.state == "paused":
            self._record_now("rights_opened", time, {})
            return
        self._was_interrupted = True
        self._record_now("rights_opened", time, {"kind": stage.kind})
        if stage.kind in DRAWN_KINDS:
            self._leave("interrupted", at_s, shown, self._cursor)
        else:
            self._hide_stimulus(at_s, shown)
        self._become_paused(at_s, shown, PARTICIPANT)

    def _close_rights(self, time: float, choice: str, by: str) -> None:
        if self.rights_are_open:
            self.rights_are_open = False
            self._record_now("rights_closed", time, {"choice": choice, "by": by})

    def _use_right(self, choice: str, at_s: float) -> bool:
        """Do what the participant chose on the page of rights."""
        if choice == "stop":
            self._close_rights(at_s, choice, PARTICIPANT)
            self._wind_up(STOPPED_BY_PARTICIPANT, at_s, "aborted", PARTICIPANT)
        elif choice == "skip":
            self._close_rights(at_s, choice, PARTICIPANT)
            self._decline(at_s)
        elif choice == "go_on":
            self._close_rights(at_s, choice, PARTICIPANT)
            if self._held_by:
                self._present(None, at_s)
            else:
                self._go_on(at_s, PARTICIPANT)
        else:
            return False
        return True

    def _decline(self, at_s: float) -> None:
        """Leave the stage out, as the participant wishes."""
        stage, held_by = self._stages[self._cursor], self._held_by
        told = {"what": "stage", "kind": stage.kind}
        self._record("declined", stage.trial, stage.name, told, time=at_s)
        following = self._next(self._cursor + 1)
        if held_by:
            self._leave_while_paused(following, at_s, "declined")
            if self.state == "paused":
                self._present(None, at_s)
            return
        self._record_now("resumed", at_s, {"by": PARTICIPANT})
        if self._entered:
            self.state = "running"
            self._advance("declined", at_s)
            return
        leaves_trial = following >= len(self._stages) or self._stages[following].trial != self._trial
        if leaves_trial:
            self._end_trial("completed", at_s)
        if leaves_trial and self._ending:
            self._wind_up(self._ending, at_s, "declined")
        else:
            self._enter_or_finish(following, at_s)

    def _resume_for(self, at_s: float, origin: str) -> None:
        """Take a pause back because something else comes."""
        self._close_rights(at_s, "", origin)
        if self.state == "paused":
            self._record_now("resumed", at_s, {"by": origin})
            self.state = "running"

    def _go_on(self, at_s: float, origin: str) -> None:
        self._close_rights(at_s, "", origin)
        if not self._entered:
            self._record_now("resumed", at_s, {"by": origin})
            self._enter(self._cursor, at_s, "")
            return
        stage, task = self._stages[self._cursor], self.task
        assert task is not None
        shown = self._present(stage, at_s, task)
        onset_s = at_s if shown.actual_s is None else shown.actual_s
        pause_s = onset_s - self._paused_s
        self.state, self._held_by = "running", ""
        self._onset_s += pause_s
        self._started_s += pause_s
        task.shift(pause_s)
        self._record_now("resumed", onset_s, {"by": origin})
        self._show_stimulus(stage, at_s, shown)

    def _skip_while_paused(self, at_s: float, origin: str) -> None:
        self._record_now("skipped", at_s, {"what": "stage", "by": origin})
        self._leave_while_paused(self._next(self._cursor + 1), at_s, "skipped")

    def _leave_while_paused(self, following: int, at_s: float, reason: str) -> None:
        """Go to another stage without showing it yet."""
        if following >= len(self._stages):
            self._finish(self._closing or "completed", at_s, reason, self._closing_by)
            return
        if self._entered:
            self._leave(reason, at_s, Shown(None, 0), following)
        elif self.schedule.stages[following].trial != self._trial:
            self._end_trial("skipped", at_s)
        self._cursor = following
        self._prepare(following)

    def _jump(self, name: str, at_s: float, origin: str) -> None:
        """Run the last trial again, or the one after it."""
        if name == "repeat":
            target = self._next(first_of_trial(self.schedule, max(self._begun, 0)))
        else:
            target = after_trial(self.schedule, self._begun) if self._begun >= 0 else 0
            target = self._next(target if self._entered else max(target, self._cursor))
            self._record_now("skipped", at_s, {"what": "trial", "by": origin})
        self._resume_for(at_s, origin)
        self._pause_at_end = False
        trial_reason = "repeated" if name == "repeat" else "skipped"
        if not self._entered:
            self._end_trial(trial_reason, at_s)
        self._resume = None
        if target >= len(self._stages):
            self._finish(self._closing or "completed", at_s, "skipped", self._closing_by)
        elif self._ending and name == "next":
            self._wind_up(self._ending, at_s, "skipped")
        else:
            self._enter(target, at_s, "skipped" if name == "next" else "aborted", trial_reason)

    def _present(self, stage: Stage | None, at_s: float, task: Task | None = None) -> Shown:
        return self._screen.present(stage, task, at_s)
