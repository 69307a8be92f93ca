"""The supervisor's end of the sounder: which outputs there are, and the order to sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.supervisor.state import Level


class SounderVoice:
    """Speaks through the sounder process; silent as long as there is none. `send(message)` reaches it."""

    def __init__(self, send: Callable[[Mapping[str, Any]], None]) -> None:
        self._send = send
        self._outputs: Mapping[str, Any] = {}

    @property
    def is_there(self) -> bool:
        """Whether the sounder has an output that works."""
        return bool(self._outputs) and not self._outputs.get("problem")

    @property
    def is_shared(self) -> bool:
        """Whether alarms and stimuli come out of one loudspeaker, as far as can be known."""
        return bool(self._outputs.get("shared", True))

    def take(self, outputs: Mapping[str, Any]) -> str:
        """Learn what the sounder found; return what keeps it from sounding, '' if nothing does."""
        self._outputs = dict(outputs)
        return str(outputs.get("problem") or "")

    def lose(self) -> None:
        """The sounder has ended."""
        self._outputs = {}

    def sound(self, level: Level) -> None:
        """Have the sounder play."""
        self._send({"type": "sound", "level": level})
