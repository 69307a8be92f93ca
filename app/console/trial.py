"""A trial connection: devices, bridges and rings of a session that is never started and leaves nothing.

It is a plain session under the usual supervisor, in a temporary folder, whose start nobody gives; so
lamps, signals and quality are exactly those of a recording. No Qt.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.devices.entries import DeviceEntry
from app.plan import SessionPaths, SessionPlan

PREFIX = "evoke-trial-"
NAME = "trial"
COMMAND = "_trial"


def prepare_trial(devices: Sequence[DeviceEntry], network: bool) -> SessionPaths:
    """Make the temporary live folder of a trial connection; raises OSError.

    No device is required: one that does not answer is tried again while the others are looked at.
    """
    paths = SessionPaths(Path(tempfile.mkdtemp(prefix=PREFIX)), NAME)
    paths.live.mkdir()
    plan = SessionPlan(
        uuid=str(uuid.uuid4()),
        name=NAME,
        origin="recorded",
        created_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        devices=tuple(replace(device, required=False, on_loss="continue").to_json() for device in devices),
        window="none",
        network=network,
    )
    plan.save(paths.plan)
    return paths


def main(live: Path) -> int:
    """Supervise the trial connection in `live` until it is ended; the child `_trial`."""
    from app.supervisor.outcome import Choices
    from app.supervisor.session import run_session

    paths = SessionPaths.of_live(live)
    try:
        run_session(SessionPlan.load(paths.plan), paths, Choices(attended=True, signal_check_s=0.0))
    finally:
        if paths.folder.name.startswith(PREFIX):
            shutil.rmtree(paths.folder, ignore_errors=True)
    return 0
