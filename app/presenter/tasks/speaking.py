"""Speaking: sentences read aloud while a button is held, or a question answered freely.

Something too short or too quiet is asked for once more, in neutral words, and never twice: what comes
then counts, so nobody is kept by a weak voice or a bad microphone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.presenter.tasks.base import NOTHING_MISSING, Result, Task, declined
from protocols.schedule import Stage

# On the scale of `Inputs.level`: RMS of -45 dB, above a quiet room and below quiet speech.
VOICED_LEVEL = 0.25
# Levels that come further apart say nothing about the time between them.
LONGEST_BETWEEN_LEVELS_S = 0.25


class SpeakingTask(Task):
    """Holding to talk, or talking freely after `prepare_s`, for `min_hold_s` with `min_voiced_s` of voice.

    | action | values | meaning |
    |---|---|---|
    | hold, release | - | the button went down, came up; a release ends free talk as well |
    | level | level | how loud it is (0..1); never asked for without a microphone |
    | done | - | the end of a free answer |
    | decline | - | the participant would rather not answer |
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        content = stage.content
        self.sentences = tuple(str(sentence) for sentence in content.get("sentences") or ())
        self.sentence_ids = tuple(str(name) for name in content.get("sentence_ids") or ())
        self.question = str(content.get("text") or "")
        self.is_free = not self.sentences
        self.min_hold_s = float(content.get("min_hold_s") or 0.0)
        self.min_voiced_s = float(content.get("min_voiced_s") or 0.0)
        self.prepare_s = float(content.get("prepare_s") or 0.0)
        self.held_since_s: float | None = None
        self.longest_s = 0.0
        self.talked_s = 0.0
        self.voiced_s: float | None = None
        self.holds = 0
        self.reprompts = 0
        self.is_done = False
        self.declined_s: float | None = None
        self._level_s = -math.inf

    @property
    def is_declined(self) -> bool:
        """Whether the participant would rather not speak."""
        return self.declined_s is not None

    @property
    def is_complete(self) -> bool:
        """Whether enough was said, or was asked for a second time, or declined; and no talk goes on."""
        return self.held_since_s is None and (self.is_done or self.is_declined)

    @property
    def missing(self) -> tuple[str, int]:
        """What the button is for, or the re-prompt."""
        if self.is_complete:
            return NOTHING_MISSING
        if self.reprompts:
            was_short = not self.is_free and self.longest_s < self.min_hold_s
            return "was_short" if was_short else "please_more", 0
        return NOTHING_MISSING if self.is_free or self.held_since_s is not None else ("hold_button", 0)

    @property
    def is_talking(self) -> bool:
        """Whether the participant speaks, as far as the task knows."""
        return self.held_since_s is not None

    def prepares_s(self, now: float) -> float:
        """Return how long the participant may still prepare, 0 if that is over."""
        return max(0.0, self.started_s + self.prepare_s - now)

    def act(self, action: str, time: float, values: Mapping[str, Any]) -> list[Result] | None:
        """Take what button, microphone and participant say."""
        match action:
            case "hold" if not self.is_free and not self.prepares_s(time):
                return [self._started(time)] if self.hold(time) else []
            case "release":
                return self._ended(time)
            case "done" if self.is_free and self.held_since_s is not None:
                return self._ended(time, is_done=True)
            case "level" if self.held_since_s is not None:
                self._hear(float(values["level"]), time)
                return []
            case "decline":
                ended = self._ended(time) or []
                self.declined_s = time
                return ended
        return None

    def tick(self, now: float) -> list[Result]:
        """A free answer begins when the time to prepare is over."""
        waits = self.is_free and self.held_since_s is None and not self.is_done and not self.is_declined
        if not waits or self.prepares_s(now):
            return []
        begins_s = max(self.started_s + self.prepare_s, now if self.holds else 0.0)
        self.hold(begins_s)
        return [self._started(begins_s)]

    def hold(self, time: float) -> bool:
        """Begin to talk; False if it goes on already."""
        if self.held_since_s is not None:
            return False
        self.held_since_s = time
        self.declined_s = None
        self.holds += 1
        self._level_s = -math.inf
        return True

    def release(self, time: float) -> float | None:
        """Stop talking; return the seconds held, None if nothing was held."""
        if self.held_since_s is None:
            return None
        held_s = time - self.held_since_s
        self.held_since_s = None
        self.longest_s = max(self.longest_s, held_s)
        self.talked_s += held_s
        if not self.is_free:
            self._judge(held_s)
        return held_s

    def results(self, with_text: bool) -> list[Result]:
        """One `speaking_result`; `voiced_s` is None where no microphone was heard."""
        payload: dict[str, Any] = {
            "holds": self.holds,
            "talked_s": self.talked_s,
            "longest_s": self.longest_s,
            "voiced_s": self.voiced_s,
            "enough": self._is_enough(self.talked_s if self.is_free else self.longest_s),
            "reprompts": self.reprompts,
        }
        if self.declined_s is None:
            return [("speaking_result", None, payload)]
        payload["declined"] = True
        return [("speaking_result", None, payload), declined(self.stage.name, self.declined_s)]

    def _started(self, time: float) -> Result:
        return ("talk_started", time, {"sentence_ids": list(self.sentence_ids)})

    def _ended(self, time: float, is_done: bool = False) -> list[Result] | None:
        asked_before = self.reprompts
        held_s = self.release(time)
        if held_s is None:
            return None
        if is_done:
            self._judge(self.talked_s)
        enough = held_s >= self.min_hold_s
        results: list[Result] = [("talk_ended", time, {"held_s": held_s, "enough": enough})]
        if self.reprompts > asked_before:
            results.append(("reprompted", time, {"cause": "quiet" if enough else "short"}))
        return results

    def _judge(self, seconds: float) -> None:
        """Be content, or ask once more."""
        if self._is_enough(seconds) or self.reprompts:
            self.is_done = True
        else:
            self.reprompts += 1

    def _is_enough(self, seconds: float) -> bool:
        is_loud = self.voiced_s is None or self.voiced_s >= self.min_voiced_s
        return seconds >= self.min_hold_s and is_loud

    def _hear(self, level: float, time: float) -> None:
        if self.voiced_s is None:
            self.voiced_s = 0.0
        between_s = time - self._level_s
        if level >= VOICED_LEVEL and 0 < between_s <= LONGEST_BETWEEN_LEVELS_S:
            self.voiced_s += between_s
        self._level_s = time
