"""A real session with the demo's devices: nothing is called wrong that is right."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.session_file import open_session
from analysis.session_quality import quality_summary, quality_table
from app.devices.load import demo_devices
from app.plan import SessionPaths, SessionPlan
from app.supervisor.outcome import Choices
from app.supervisor.session import run_session

TRUE_BPM = 68.0
STREAMS = {
    "eeg",
    "camera",
    "microphone",
    *(f"wristband-{signal}" for signal in ("bvp", "eda", "temperature", "acceleration")),
}


@pytest.mark.slow
def test_the_demo_s_devices_pass_and_their_truth_is_found(tmp_path: Path) -> None:
    # The stand-ins themselves, on machines that have a camera or a microphone too.
    devices = [
        replace(entry, params={"source": "generated"}) if entry.has_capture else entry
        for entry in demo_devices()
    ]
    plan = SessionPlan(
        uuid=str(uuid.uuid4()),
        name="clean",
        origin="simulated",
        devices=tuple(device.to_json() for device in devices),
        window="none",
    )
    paths = SessionPaths(tmp_path, plan.name)
    paths.live.mkdir()
    plan.save(paths.plan)
    outcome = run_session(plan, paths, Choices(seconds=12.0, signal_check_s=3.0))
    assert outcome.status == 0, outcome.message
    assert outcome.path is not None
    with open_session(outcome.path) as session:
        checks = [event.payload for event in session.events if event.kind == "checks"]
        table = quality_table(session.events)
    signals = [
        result
        for entry in checks
        for result in entry.get("results", ())
        if result["name"].startswith("signal ")
    ]
    assert {result["name"].removeprefix("signal ") for result in signals} == STREAMS
    assert {result["verdict"] for result in signals} == {"passed"}
    assert set(table) == STREAMS
    for stream, rows in table.items():
        summed = quality_summary(rows)
        assert summed is not None
        assert (summed["problems"], summed["failed"], summed["warned"]) == ({}, 0, 0), stream
        assert summed["passed"] == summed["judged"] >= 1
    rates = [row["heart_rate_bpm"] for row in table["wristband-bvp"] if row["heart_rate_bpm"] is not None]
    assert float(np.median(rates)) == pytest.approx(TRUE_BPM, abs=6.0)
    assert {row["worn"] for row in table["wristband-eda"]} == {True}
    assert {row["face"] for row in table["camera"]} == {True}
    assert -40.0 < table["microphone"][-1]["level_dbfs"] < -10.0
