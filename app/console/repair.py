"""Making the files of interrupted sessions: `evoke recover` in a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from app.console.launcher import command_line, what_it_said
from stimuli.problems import EvokeError


def recover(folder: Path) -> str:
    """Run `evoke recover` on a study and return what became of it; raises EvokeError."""
    done = subprocess.run(
        command_line(["recover", str(folder), "--json"]), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EvokeError(what_it_said(done.stderr) or "The interrupted sessions could not be finished.")
    try:
        told = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        told = {}
    lost = told.get("lost_s") if isinstance(told, dict) else None
    worst = max((float(seconds) for seconds in lost.values()), default=0.0) if isinstance(lost, dict) else 0.0
    return f"Done. At most {worst:.2f} s of a stream were lost." if worst else "Done; nothing was lost."
