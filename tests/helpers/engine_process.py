"""Works on a run until it is finished or killed: python -m tests.helpers.engine_process RUN."""

from __future__ import annotations

import sys
from pathlib import Path

from analysis.evaluation.run_folder import open_run
from analysis.evaluation.runner import work
from tests.helpers import engine

if __name__ == "__main__":
    work(open_run(Path(sys.argv[1])), workers=2, maker=engine.make)
