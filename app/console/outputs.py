"""Sound outputs of this machine, asked for and tried in a process of its own. No Qt.

PortAudio loads whatever the system has installed; a broken driver must not take the window with it.
`python -m app.console.outputs` prints the outputs as JSON, `... NAME` plays the sound of an
alarm on one.
"""

from __future__ import annotations

import json
import subprocess
import sys

from app import system
from app.console.launcher import child_environment
from stimuli.problems import EvokeError

LONGEST_S = 20.0


def list_outputs() -> tuple[str, ...]:
    """Return the names of the outputs, the system's usual one first; raises EvokeError with the remedy."""
    problem = system.explain_sound()
    if problem:
        raise EvokeError(problem.replace("sound cannot be recorded", "sound cannot be played"))
    try:
        told = json.loads(_run().splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise EvokeError(
            "the sound outputs could not be listed. Check the system's sound settings."
        ) from error
    return tuple(str(name) for name in told)


def play_test(output: str) -> None:
    """Play the sound of an alarm on an output, "" for the system's usual one; raises EvokeError."""
    _run(output)


def _run(*arguments: str) -> str:
    command = [sys.executable, "-P", "-m", "app.console.outputs", *arguments]
    try:
        done = subprocess.run(
            command,
            env=child_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise EvokeError("the sound output does not answer. Choose another one.") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise EvokeError(f"this output cannot be used: {last}. Choose another one.")
    return done.stdout


def main(arguments: list[str]) -> None:
    """List the outputs, or play the sound of an alarm on one."""
    if arguments:
        from app.supervisor.sounder import Sounder

        problem = Sounder(arguments[0], "").play("alarm")
        sys.exit(problem or 0)
    import sounddevice

    usual = sounddevice.default.device[1]
    found = [device for device in sounddevice.query_devices() if device["max_output_channels"]]
    found.sort(key=lambda device: device["index"] != usual)
    sys.stdout.write(json.dumps(list(dict.fromkeys(str(device["name"]) for device in found))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
