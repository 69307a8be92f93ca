"""Makes sure of the environment before anything else is imported. Standard library only.

`python3 -m app` on a bare Python makes `.venv` in the checkout, once, and runs inside it. Where the
running interpreter has everything, nothing is made. An installed Evoke has no checkout: nothing is
made there either.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "stimuli", "protocols", "analysis", "resources")
# Set for the process that runs inside `.venv`: it must not send itself there once more.
ARRIVED = "EVOKE_ENVIRONMENT"
ACQUISITION_ONLY = "--acquisition-only"
FAILURE, INTERRUPTED = 1, 130
# Tests that run real sessions mostly wait; the others run beside them. `-n 0` puts them all in one row.
TWO_LANES = ("-n", "2", "--dist", "loadgroup")


def intruder(rooms: Sequence[str] = ROOMS) -> str | None:
    """Say which room comes from elsewhere; None if all of them lie in one folder.

    Other projects have published packages of the same names.
    """
    from importlib.util import find_spec

    for room in rooms:
        spec = find_spec(room)
        if spec is None or spec.origin is None:
            return f"the folder '{room}' is missing from {CHECKOUT}. Install Evoke again."
        found = Path(spec.origin).resolve().parent
        if found != CHECKOUT / room:
            return (
                f"'{room}' is taken from {found}, which is not part of Evoke ({CHECKOUT}); {_owner(room)} "
                "Remove it from this environment, or run Evoke in an environment of its own."
            )
    return None


def _owner(room: str) -> str:
    from importlib import metadata

    owners = [name for name in metadata.packages_distributions().get(room, []) if name.lower() != "evoke"]
    return f"it belongs to the package {owners[0]}." if owners else "something else has put it there."


def _only_asks(arguments: Sequence[str]) -> bool:
    """Whether the answer is in the command line itself (help, version)."""
    # What follows these two words belongs to pytest and to the benchmark.
    own = arguments[:1] if arguments[:1] in (["test"], ["bench"]) else arguments
    return not {"-h", "--help", "--version"}.isdisjoint(own)


def _what_the_system_lacks(arguments: Sequence[str]) -> str | None:
    """Say which libraries to install first: before minutes of making the environment, not after."""
    from app import system

    command = arguments[0] if arguments else "open"
    if command == "test":
        return system.explain_tests()
    if command == "open" or (command == "demo" and {"--headless", "--no-window"}.isdisjoint(arguments)):
        return system.explain_window()
    return None


def _complain(message: str) -> int:
    print(f"evoke: {message}", file=sys.stderr)
    return FAILURE


def _become(command: list[str]) -> int:  # noqa: RET503 - nothing returns from exec
    """Replace this process by `command`; on Windows, which cannot, run it and pass its status on."""
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform == "win32":
        import subprocess

        return subprocess.call(command)
    os.execv(command[0], command)


def _run_here(arguments: Sequence[str]) -> int:
    # The processes of a session are started as `python -m app` in other folders than this one.
    known = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys((str(CHECKOUT), *known)))
    if arguments[:1] == ["test"]:
        return _test(arguments[1:])
    from app import cli

    return cli.main(arguments)


def _test(arguments: Sequence[str]) -> int:
    """Run pytest on this checkout."""
    if not (CHECKOUT / "tests").is_dir():
        return _complain(f"{CHECKOUT}: the tests are not here. They belong to a checkout of Evoke.")
    lacking = _what_the_system_lacks(["test"])
    if lacking is not None:
        return _complain(lacking)
    os.chdir(CHECKOUT)
    return _become([sys.executable, "-m", "pytest", *TWO_LANES, *arguments])


def _start(arguments: list[str]) -> int:
    # A session's own process: whoever started it had everything.
    if arguments and arguments[0].startswith("_"):
        return _run_here(arguments)
    problem = intruder()
    if problem is not None:
        return _complain(problem)
    acquisition_only = ACQUISITION_ONLY in arguments
    arguments = [argument for argument in arguments if argument != ACQUISITION_ONLY]
    if _only_asks(arguments) or not (CHECKOUT / "pyproject.toml").exists():
        return _run_here(arguments)
    from app.environment import BootstrapError, Environment

    environment = Environment(CHECKOUT)
    arrived = os.environ.pop(ARRIVED, "") == str(environment.folder)
    needed = ("analysis", "test") if arguments[:1] == ["test"] else ()
    if (environment.is_running and environment.is_stamped(needed)) or environment.is_met_here(needed):
        return _run_here(arguments)
    if arrived:
        return _complain(
            f"{environment.folder} does not hold what was installed into it. "
            "Remove that folder and start again."
        )
    try:
        if not environment.is_whole(needed):
            lacking = _what_the_system_lacks(arguments)
            if lacking is not None:
                return _complain(lacking)
            environment.make(needed or (() if acquisition_only else ("analysis",)))
    except BootstrapError as error:
        return _complain(str(error))
    os.environ[ARRIVED] = str(environment.folder)
    return _become([str(environment.python), "-m", "app", *arguments])


def main(arguments: Sequence[str]) -> int:
    """Run the command line inside an environment that has everything; return the exit status."""
    try:
        return _start(list(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
