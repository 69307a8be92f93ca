"""What follows when a required stream is lost: pause after the trial, go on, or end.

| policy | lost | back | never back |
|---|---|---|---|
| pause, somebody at the console | pause after the trial | told; she resumes | stays paused |
| pause, nobody there | pause after the trial | goes on by itself | ends after `limit_s`, status not 0 |
| continue | - | - | - |
| abort | ends in order | - | - |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.devices.entries import OnLoss

Action = Literal["none", "pause", "resume", "abort", "give up"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done, and what the operator is told ('' where there is nothing to tell)."""

    action: Action
    text: str = ""


NOTHING = Step("none")


class Policy:
    """Decides for one session. `attended`: somebody decides when it goes on. Times in `clock.now()` seconds.

    Without a presenter (`presents` False) there is no trial to finish: a pause is nothing.
    """

    def __init__(self, attended: bool, presents: bool, limit_s: float) -> None:
        self.is_holding = False
        self._attended = attended
        self._presents = presents
        self._limit_s = limit_s
        self._missing: dict[str, float] = {}

    @property
    def missing(self) -> tuple[str, ...]:
        """The devices that a pause waits for."""
        return tuple(self._missing)

    def lost(self, device: str, policy: OnLoss, now: float) -> Step:
        """A device's stream is lost."""
        if policy == "abort":
            return Step("abort", f"{device} is lost: the session ends, as the devices file asks for.")
        if policy == "continue" or not self._presents:
            return NOTHING
        self._missing.setdefault(device, now)
        held, self.is_holding = self.is_holding, True
        then = "then resume when it is back" if self._attended else "and goes on when it is back"
        text = f"{device} is lost. The session pauses after this trial, {then}."
        return Step("none" if held else "pause", text)

    def back(self, device: str) -> Step:
        """All streams of a device are back."""
        if self._missing.pop(device, None) is None or not self.is_holding:
            return NOTHING
        if self._missing:
            return Step("none", f"{device} is back. Still missing: {', '.join(self._missing)}.")
        if self._attended:
            self.is_holding = False
            return Step("none", f"{device} is back. Resume when you are ready.")
        self.is_holding = False
        return Step("resume", f"{device} is back; the session goes on.")

    def overruled(self) -> None:
        """The operator resumed: she knows what is missing."""
        self.is_holding = False
        self._missing.clear()

    def tick(self, now: float) -> Step:
        """Give up where nobody is there and a stream stays away."""
        if self._attended or not self.is_holding:
            return NOTHING
        for device, since_s in self._missing.items():
            if now - since_s > self._limit_s:
                text = f"{device} was lost and did not come back within {self._limit_s:.0f} s."
                return Step("give up", text)
        return NOTHING
