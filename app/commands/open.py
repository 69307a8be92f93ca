"""`evoke` and `evoke open STUDY`: the workstation's window, also on a recording."""

from __future__ import annotations

import argparse

from app import system
from stimuli.problems import EvokeError


def open_study(options: argparse.Namespace) -> int:
    """Open the experimenter's window, on `options.study` if there is one: a study's folder or a recording."""
    explanation = system.explain_window()
    if explanation is not None:
        raise EvokeError(explanation)
    wanted = options.study
    if wanted is not None and not wanted.exists():
        raise EvokeError(f"{wanted}: there is no such folder. Make a study in the workstation's window.")
    from app.console import main

    if wanted is not None and wanted.is_file():
        return main(review=wanted)
    return main(None, wanted)
