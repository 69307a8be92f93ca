"""The trial state machine, free of Qt: one schedule, driven by `tick` and by what people do.

Onsets lie on a grid: a timed stage ends at its intended onset plus its duration, whatever its actual
onset was, so errors do not add up. The grid starts anew where the clock does not decide: after a
self-paced stage, the end of a film or sound, a choice, a pause, an operator's command, and a stall beyond
`STALL_S`.

| command | waiting | interrupted (restarted) | running | paused |
|---|---|---|---|---|
| start | runs | - | - | - |
| pause | - | - | self-paced stage: at once; timed or played: at its end | outlasts the participant's pause |
| pause_after_trial | - | - | at the trial's end | the same, where the participant paused |
| resume | - | - | takes a coming pause back | goes on |
| skip | - | - | leaves the stage | leaves the stage, stays paused |
| repeat | - | last trial again | this trial again | last trial again |
| next | - | following trial | following trial | following trial |
| end, stop | ends | ends | after the trial | ends |
| abort | ends | ends | at once | ends |

| the participant's right | running | paused |
|---|---|---|
| Escape (`rights`) | opens the page: a pause | opens the page over the operator's pause |
| go_on | a drawn stage begins anew, a form goes on where it was | the page closes, the pause stays |
| skip | the stage is declined | the stage is declined, the pause stays |
| stop | ends | ends |

Outside of trials "trial" means the stage. Whatever ends a session that has begun is followed by those
debriefing stages (`Stage.always`) that are still to come; a second abort, and an end asked for within
them, comes at once; so does `screened out`, after which nothing more is shown. A drawn stage that is left
for the page of rights has ended (reason and mark `interrupted`, its stimulus hidden); a form only carries
the mark, and its pause counts in no reaction time or limit. A lost supervisor counts as `end`, and as
`abort` after `ALONE_S`, since the recorder waits no longer.
"""

from __future__ import annotations

from typing import Any

from app.presenter import telling
from app.presenter.course import is_clocked
from app.presenter.keys import KeyStroke
from app.presenter.moves import SCREENED_OUT, STALL_S, STOPPED_BY_PARTICIPANT, SUPERVISOR_LOST, Moves
from app.presenter.recording import Record, State

__all__ = [
    "ALONE_S",
    "COMMANDS",
    "ORDERLY_REASONS",
    "STALL_S",
    "SUPERVISOR_LOST",
    "Record",
    "Runner",
    "State",
]

COMMANDS = ("start", "pause", "pause_after_trial", "resume", "skip", "repeat", "next", "end", "stop", "abort")
RIGHTS_KEY = "rights"
"""The action of Escape, and with a `choice` that of the page that it opens."""
ALONE_S = 100.0
END_REASONS = {"end": "ended", "stop": "stopped"}
ORDERLY_REASONS = (
    "completed",
    *END_REASONS.values(),
    "aborted",
    STOPPED_BY_PARTICIPANT,
    SCREENED_OUT,
    SUPERVISOR_LOST,
)


class Runner(Moves):
    """Runs `schedule` on `screen` and records what happens.

    `norms` gives the payload (category, valence, arousal) of each stimulus id. `resume` is where an
    earlier run of this presenter ended: then it waits for repeat, next or end. `course` says what is left
    out and who chooses stimuli.
    """

    # Driving

    def open(self, now: float) -> None:
        """Show the waiting page; after a crash, close in the journal what had been left open."""
        if self._resume is not None:
            self._take_up(self._resume, now)
            if self._begun >= 0:
                self._cursor = min(self._next(self._begun + 1), max(len(self._stages) - 1, 0))
        self._screen.present(None, None, now)
        self._prepare(self._next(self._cursor))

    @property
    def interrupted(self) -> bool:
        """Whether it waits for repeat, next or end after a crash."""
        return self.state == "waiting" and self._resume is not None

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
        self._tell_happenings()
        if self.stage is not None and self.task is not None:
            self._journal(self.task.tick(now), now)
            self._end_if_over(now)
        while (over := self._over()) is not None:
            reason, at_s = over
            if now < at_s - self._screen.lead_s:
                break
            self._advance(reason, at_s)

    def _over(self) -> tuple[str, float] | None:
        """Return why and when the running stage ends without anybody's doing; None where that is open."""
        stage = self.stage
        if stage is None:
            return None
        played_s = self._screen.stimulus_over_s() if stage.until_stimulus_ends else None
        if played_s is not None:
            return "played", max(played_s, self._onset_s)
        if stage.duration.max_s is None:
            return None
        return "timed" if stage.duration.is_timed else "timeout", self._onset_s + stage.duration.max_s

    def _end_if_over(self, time: float) -> None:
        if self.stage is not None and self.task is not None and self.task.is_over:
            self._advance("answered", time + self._screen.lead_s)

    def command(self, name: str, now: float, origin: str = "operator") -> bool:
        """Carry out an operator's command; False if it means nothing in this state."""
        if name not in COMMANDS or self.state == "finished":
            return False
        at_s = now + self._screen.lead_s
        if name == "abort":
            self._wind_up("aborted", at_s, "aborted", origin)
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
            case "paused", ("pause" | "pause_after_trial") if not self._held_by:
                self._hold(name, at_s, origin)
            case "paused", "skip":
                self._skip_while_paused(at_s, origin)
            case "paused", "resume" if origin == "policy" and self.rights_are_open:
                # The stream is back; the participant's own pause is hers to end.
                self._held_by = ""
            case "paused", "resume":
                self._go_on(at_s, origin)
            case (("running" | "paused" | "waiting"), ("repeat" | "next")):
                if self.state == "waiting" and not self.interrupted:
                    return False
                self._jump(name, at_s, origin)
            case _:
                return False
        return True

    def _hold(self, name: str, at_s: float, origin: str) -> None:
        """Let the operator's pause begin within the participant's, or come after the trial."""
        if name == "pause_after_trial" and self._trial is not None:
            self._pause_after_trial = origin
            return
        self._held_by = origin
        self._record_now("paused", at_s, {"by": origin})

    def supervisor_lost(self, now: float) -> None:
        """Finish the trial and end: nobody is left to talk to."""
        if self._alone_since_s is None and self.state != "finished":
            self._alone_since_s = now
            self._end(SUPERVISOR_LOST, now + self._screen.lead_s)

    # What the participant does

    def act(self, action: str, time: float, **values: Any) -> bool:
        """Take an action of the participant, stamped with its own time; False if it means nothing now.

        `rights` opens the page of rights and, with `choice` (go_on, skip, stop), is what was chosen there;
        everything else is the task's.
        """
        if action == RIGHTS_KEY:
            return self._rights(str(values.get("choice") or ""), time)
        if self.stage is None or self.task is None:
            return False
        results = self.task.act(action, time, values)
        if results is None:
            return False
        self._journal(results, time)
        self._end_if_over(max(time, self._now_s))
        return True

    def _rights(self, choice: str, time: float) -> bool:
        at_s = max(time, self._now_s) + self._screen.lead_s
        if self.rights_are_open:
            # The key that opened the page closes it too.
            return self._use_right(choice or "go_on", at_s)
        if choice or self.state not in ("running", "paused"):
            return False
        self._open_rights(at_s)
        return True

    def choose(self, item: str, value: Any, time: float) -> bool:
        """Take an answer to a questionnaire's item."""
        return self.act("choose", time, item=item, value=value)

    def insert(self, text: str, time: float) -> None:
        """Take a typed character."""
        self.act("insert", time, text=text)

    def erase(self, time: float) -> None:
        """Take a correction."""
        self.act("erase", time)

    def hold(self, time: float) -> None:
        """HOLD TO TALK went down."""
        self.act("hold", time)

    def release(self, time: float) -> None:
        """HOLD TO TALK came up."""
        self.act("release", time)

    def key(self, stroke: KeyStroke) -> None:
        """Journal a keystroke; none is kept while nothing runs."""
        stage = self.stage
        if stage is not None:
            payload = stroke.payload(self._with_characters)
            self._record("key", stage.trial, stage.name, payload, time=stroke.time, urgent=False)

    def may_proceed(self, now: float) -> bool:
        """Whether the participant may end this stage now."""
        stage = self.stage
        if stage is None or is_clocked(stage) or self.task is None:
            return False
        return self.task.is_complete and now - self._started_s >= stage.duration.min_s

    def proceed(self, now: float) -> bool:
        """End the stage as the participant wishes; False if that is not allowed yet."""
        if not self.may_proceed(now):
            return False
        self._advance("answered", now + self._screen.lead_s)
        return True

    # Telling

    def tell(self, kind: str, time: float, payload: dict[str, Any]) -> None:
        """Record something that befell the presenter (focus, windows, placeholders) where the run stands."""
        self._record_now(kind, time, payload)

    def health(self, now: float) -> dict[str, Any]:
        """Return the presenter's health message, without its type."""
        return telling.health(self, now)
