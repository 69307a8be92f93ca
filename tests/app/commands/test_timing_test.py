"""`evoke timing-test`: flashes on a watched screen, seen by a diode on LSL, and a lag that is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands.timing_test import TimingTestError, describe, measure
from tests.benchmarks.onset_watch import watched_display
from tests.helpers.diode import diode

SOURCE = "diode-test"


def timing_test(folder: Path, display: str, *options: str) -> subprocess.CompletedProcess[str]:
    devices = folder / "devices.yaml"
    devices.write_text(f"- {{id: diode, source: lsl, params: {{source_id: {SOURCE}}}}}\n")
    environment = {key: value for key, value in os.environ.items() if key != "QT_QPA_PLATFORM"}
    environment |= {"DISPLAY": display, "EVOKE_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "app", "timing-test", "--devices", str(devices), "--flashes", "10"]
    command += ["--auto", "--headless", "--accept", "a virtual screen", "--out", str(folder / "report")]
    return subprocess.run(
        [*command, *options], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux")
def test_the_lag_of_a_screen_is_measured_and_kept(tmp_path: Path) -> None:
    with watched_display("640x480x24") as (display, buffer), diode(buffer, 320, 240, SOURCE):
        done = timing_test(tmp_path, display, "--json")
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert (report["stream"], report["channel"]) == ("diode", "light"), "found without being told"
        assert (report["found"], report["flashes"]) == (10, 10)
        assert -2.0 < report["lag_ms"] < 10.0
        assert not report["frames_verified"], "a virtual screen keeps no rate"
        kept = json.loads((tmp_path / "home" / "settings.json").read_text())["screens"][report["screen"]]
        assert kept["lag_ms"] == report["lag_ms"]
        assert kept["lag_source"] == "photodiode on diode light"
        assert kept["lag_date"] == report["date"]
        lines = (tmp_path / "report" / "timing-test.csv").read_text().splitlines()
        assert lines[0] == "intended_s,logged_s,lag_ms"
        assert len(lines) == 11
        assert (tmp_path / "report" / "timing-test.svg").read_text().startswith("<svg")
    with pytest.raises(TimingTestError, match="Recorded were diode: dark light"):
        measure(Path(report["path"]), channel="left")


def test_a_diode_that_saw_nothing_is_said_so() -> None:
    report = {"screen": "HDMI-1", "stream": "eeg", "channel": "A1", "found": 0, "flashes": 100}
    assert describe(report).endswith("Is the diode on the screen, and this its channel?")
