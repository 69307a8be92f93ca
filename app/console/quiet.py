"""Whether the windows may play recorded sound now: a participant in the room would hear it too."""

from __future__ import annotations

from dataclasses import dataclass

WORDS = "no sound while a session is recorded"


@dataclass
class Quiet:
    """`reason` is "" or why every player of this process is silent."""

    reason: str = ""


QUIET = Quiet()
