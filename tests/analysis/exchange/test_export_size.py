"""Long sessions go through memory a few megabytes at a time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from analysis.session_file import PartWriter
from app.plan import SessionPaths
from app.recorder.finishing import finish
from tests.helpers.recordings import PLAN, START_S, Script, presenter_script, samples, supervisor_script

CHANNELS, RATE_HZ, SECONDS, STEP_S = 64, 250, 1800, 10
MOST_MB = 150

# Not getrusage: that counts the process that was forked from, too.
CHILD = """
import sys
from pathlib import Path
from app import cli
status = cli.main(sys.argv[1:])
sizes = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
sys.stderr.write(f"peak {int(sizes['VmHWM'].split()[0]) // 1024}")
sys.exit(status)
"""


@pytest.fixture(scope="module")
def long_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVOKE_HOME", str(folder / "home"))
        paths = SessionPaths(folder, PLAN.name)
        paths.live.mkdir()
        PLAN.save(paths.plan)
        presenter_script().append_to(paths.journal("presenter"))
        supervisor_script(START_S + SECONDS).append_to(paths.journal("supervisor"))
        Script("recorder").append_to(paths.journal("recorder"))
        info = samples("eeg", CHANNELS, float(RATE_HZ))
        part = asdict(PLAN) | {"boot_id": "boot-1", "part": 1}
        writer = PartWriter.create(paths.part(1), part, [info])
        rows = np.random.default_rng(1).normal(0, 30, (RATE_HZ * STEP_S, CHANNELS)).astype(np.float32)
        for number in range(SECONDS // STEP_S):
            first = number * len(rows)
            times = START_S + np.arange(first, first + len(rows)) / RATE_HZ
            writer.append("eeg", times, rows, float(times[-1]), first)
            writer.flush()
        writer.close("completed")
        return finish(paths).path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux")
@pytest.mark.parametrize("to", ["edf", "bdf", "xdf", "bids"])
def test_memory_does_not_grow_with_the_session(long_session: Path, tmp_path: Path, to: str) -> None:
    # 115 MB of float32: whole in memory as float64 they alone would take 230 MB.
    command = [sys.executable, "-c", CHILD, "export", str(long_session), "--to", to]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out")], capture_output=True, text=True, check=True
    )
    peak_mb = int(done.stderr.rpartition("peak ")[2])
    assert peak_mb < MOST_MB
