"""`evoke backup`: the study's second copy."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys

from app.copies import CopyState, choose_place, mirror_of, try_pending
from app.study import Study, StudyError
from stimuli.problems import EvokeError


def backup(options: argparse.Namespace) -> int:
    """Copy what the study's second place lacks; `--to` chooses that place first."""
    study = Study.open(options.study)
    if options.to is not None:
        choose_place(study, options.to)
        study = Study.open(options.study)
    if options.pending:
        _be_quiet()
    state = try_pending(study, _say, polite=options.pending)
    if options.json:
        mirror = mirror_of(study)
        print(json.dumps(state.to_json() | {"copy": None if mirror is None else str(mirror)}))
    elif state.state != "none":
        print(describe(state, str(mirror_of(study))))
    if state.state == "none":
        raise StudyError(f"{study.folder}: has no second place yet. Choose one with --to DIR.")
    if state.state != "ok" and not options.pending:
        raise EvokeError(state.problem or describe(state, str(mirror_of(study))))
    return 0


def describe(state: CopyState, mirror: str) -> str:
    """Return how the copy stands in one line."""
    if state.state == "ok":
        return f"{mirror}: everything has its second copy."
    waiting = f"{state.files} file{'' if state.files == 1 else 's'} ({state.bytes / 1e6:.1f} MB) to copy"
    return f"{mirror}: {state.state} since {state.since}; {waiting}."


def _be_quiet() -> None:
    """Let whoever records have processor and disk first."""
    import psutil

    with contextlib.suppress(AttributeError, OSError):
        os.nice(15)
    with contextlib.suppress(AttributeError, OSError, psutil.Error):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
