"""Which child processes a session needs, and what their environment says of LSL."""

from __future__ import annotations

import os
from pathlib import Path

from app.devices.entries import DeviceEntry
from app.devices.lsl import THIS_MACHINE
from app.plan import SessionPlan
from app.supervisor.processes import AT_ONCE, Program

_CONSOLE_WAITS_S = (0.5, 2.0, 5.0)
_PRESENTER_WAITS_S = (*AT_ONCE, 0.5, 1.0)


def devices_of(plan: SessionPlan) -> tuple[DeviceEntry, ...]:
    """Return the plan's devices."""
    return tuple(DeviceEntry.from_json(entry) for entry in plan.devices)


def device_programs(plan: SessionPlan, live: Path) -> list[Program]:
    """Return the bridges and captures, one a device that needs a process."""
    programs = []
    for device in devices_of(plan):
        place = ("--live", str(live), "--device", device.id)
        if device.has_bridge:
            programs.append(Program("bridge", device.id, ("_bridge", *place)))
        elif device.has_capture:
            programs.append(Program("capture", device.id, ("_capture", *place)))
    return programs


def recorder_program(live: Path) -> Program:
    """Return the recorder: tried again at once, for every moment without it is a hole."""
    return Program("recorder", "recorder", ("_recorder", "--live", str(live)), (*AT_ONCE, 0.2, 0.5, 1.0))


def presenter_program(live: Path) -> Program:
    """Return the presenter."""
    return Program("presenter", "presenter", ("_presenter", "--live", str(live)), _PRESENTER_WAITS_S)


def curtain_program(live: Path) -> Program:
    """Return what stands behind the participant's window, in case that goes away."""
    return Program("curtain", "curtain", ("_curtain", "--live", str(live)))


def monitor_program(live: Path) -> Program:
    """Return what judges the signals."""
    return Program("monitor", "monitor", ("_monitor", "--live", str(live)))


def sounder_program(live: Path) -> Program:
    """Return what sounds the alarms."""
    return Program("sounder", "sounder", ("_sounder", "--live", str(live)))


def console_program(live: Path) -> Program:
    """Return the experimenter's window."""
    return Program("console", "console", ("_console", "--live", str(live)), _CONSOLE_WAITS_S)


def finisher_program(live: Path) -> Program:
    """Return what makes the finished file."""
    return Program("finisher", "finisher", ("_finish", "--live", str(live)), AT_ONCE)


def lsl_environment(plan: SessionPlan) -> dict[str, str]:
    """Return the children's LSL settings: this machine only, unless the study says `network: true`.

    A configuration that the user chose by LSLAPICFG holds before ours.
    """
    if plan.network or os.environ.get("LSLAPICFG"):
        return {}
    path = plan.runtime / "lsl_api.cfg"
    path.write_text(THIS_MACHINE, encoding="utf-8")
    return {"LSLAPICFG": str(path)}
