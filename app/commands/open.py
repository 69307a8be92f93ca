"""`evoke` and `evoke open STUDY`: the workstation's window."""

from __future__ import annotations

import argparse

from app import system
from stimuli.problems import EvokeError


def open_study(options: argparse.Namespace) -> int:
    """Open the experimenter's window, on `options.study` if there is one."""
    explanation = system.explain_window()
    if explanation is not None:
        raise EvokeError(explanation)
    if options.study is not None and not options.study.is_dir():
        raise EvokeError(
            f"{options.study}: there is no such folder. Make a study in the workstation's window."
        )
    from app.console import main

    return main(None, options.study)
