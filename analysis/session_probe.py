"""Looking at a part that its writer never closed, in a child process: opening one may hang or crash.

`probe` gives, for each stream, which chunks are whole. The child says a line for each piece of work; a
child that is silent for longer than the limit is ended, and what it had not come to counts as lost.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.session_format import SessionFileError
from analysis.session_reader import open_session

SILENCE_LIMIT_S = 10.0
_ROOMS = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Probed:
    """What can be read of a part: whole chunks of each readable stream; `problem` says what cannot."""

    sound: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    problem: str = ""


def probe(path: Path, limit_s: float = SILENCE_LIMIT_S) -> Probed:
    """Find out what of a part can be trusted, whatever state it is in."""
    sound: dict[str, NDArray[np.bool_]] = {}
    problems: dict[str, str] = {}
    while True:
        look = _look(path, [*sound, *problems], limit_s)
        sound |= look.sound
        if not look.stuck_at:
            problem = "; ".join(filter(None, [*problems.values(), look.problem]))
            return Probed(sound, problem)
        # One stream that cannot be read must not cost those behind it.
        problems[look.stuck_at] = f"stream {look.stuck_at}: {look.problem}"


@dataclass(frozen=True, slots=True)
class _Look:
    """What one child has said; `stuck_at` is the stream over which it fell silent or crashed."""

    sound: Mapping[str, NDArray[np.bool_]]
    problem: str
    stuck_at: str


def _look(path: Path, skipped: Sequence[str], limit_s: float) -> _Look:
    places = [str(_ROOMS), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "analysis.session_probe", str(path), *skipped],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(places))},
    )
    said: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(child, said), name="probe", daemon=True)
    listener.start()
    sound: dict[str, NDArray[np.bool_]] = {}
    problem, stuck_at = "it could not be read to its end", ""
    try:
        while (line := said.get(timeout=limit_s)) is not None:
            message = json.loads(line)
            if message["said"] == "whole":
                whole = np.ones(int(message["chunks"]), bool)
                whole[message["bad"]] = False
                sound[str(message["stream"])] = whole
            problem = str(message.get("problem", problem))
            stuck_at = str(message["stream"]) if message["said"] == "reading" else ""
    except queue.Empty:
        problem = f"nothing could be read within {limit_s:g} s"
    finally:
        child.kill()
        child.wait()
        listener.join()
    return _Look(sound, problem, stuck_at)


def _listen(child: subprocess.Popen[bytes], said: queue.SimpleQueue[bytes | None]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            said.put(line)
    said.put(None)


def main(path: Path, skipped: Sequence[str]) -> int:
    """Look at a part, without some streams, and say what is whole: a JSON line a finding."""

    def say(said: str, **message: object) -> None:
        sys.stdout.write(json.dumps({"said": said} | message) + "\n")
        sys.stdout.flush()

    try:
        with open_session(path) as session:
            for name, stream in session.streams.items():
                if name in skipped:
                    continue
                reading = partial(say, "reading", stream=name)
                reading()
                try:
                    whole = stream.sound_chunks(reading)
                except (OSError, RuntimeError, ValueError, KeyError, MemoryError):
                    say("damaged", stream=name)
                    continue
                say("whole", stream=name, chunks=len(whole), bad=np.flatnonzero(~whole).tolist())
            say("done", problem="")
    except SessionFileError as error:
        say("done", problem=str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
