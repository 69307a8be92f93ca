"""`evoke devices` and `evoke bridge`."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from stimuli.problems import EvokeError

HEADINGS = {
    "serial": "Serial ports",
    "lsl": "LSL streams",
    "camera": "Cameras",
    "microphone": "Microphones",
    "brainflow": "Boards",
    "missing": "Missing",
}


class BridgeArgumentError(EvokeError):
    """An argument of `evoke bridge` that cannot be used."""


def devices(args: argparse.Namespace) -> int:
    """Print what is there and what is missing, or how far each device is proved."""
    if args.proof:
        return _proof(args.json)
    from app.devices.lsl import keep_quiet

    keep_quiet()
    from app.devices.discover import discover

    found = discover()
    if args.json:
        print(json.dumps({"devices": [entry.to_json() for entry in found]}, ensure_ascii=False))
        return 0
    for kind, heading in HEADINGS.items():
        entries = [entry for entry in found if entry.kind == kind]
        if not entries and kind == "missing":
            continue
        print(f"{heading}:" + ("" if entries else " none"))
        for entry in entries:
            shown = {key: value for key, value in entry.details.items() if key not in ("match", "names")}
            details = ", ".join(f"{key} {value}" for key, value in shown.items() if value != "")
            print(f"  {entry.name}" + (f"  ({details})" if details else ""))
    return 0


def _proof(as_json: bool) -> int:
    from app.devices import proof

    if as_json:
        print(json.dumps({"proof": [row.to_json() for row in proof.ROWS]}, ensure_ascii=False))
        return 0
    print(proof.table())
    return 0


def bridge(args: argparse.Namespace) -> int:
    """Publish a device on LSL until Ctrl-C, SIGTERM or the end of `--seconds`."""
    from app.devices.lsl import keep_on_this_machine, keep_quiet

    keep_quiet() if args.network else keep_on_this_machine()
    from app.devices.bridge import standalone
    from app.devices.load import parse_devices
    from app.devices.source import DeviceError
    from stimuli.yamlfile import read_text

    params: dict[str, Any] = dict(_parameter(text) for text in args.param)
    kind = "wristband" if args.kind == "simulated" else args.kind
    if kind == "brainflow":
        params.setdefault("board", _value(str(args.board)))
    device_id = args.id or {"wristband": "wristband", "e4": "e4"}.get(kind, "eeg")
    entry = {"id": device_id, "source": kind, "params": params}
    (checked,) = parse_devices(read_text(json.dumps([entry]), "evoke bridge"), Path.cwd())
    stated = (params.get(key) for key in ("serial_number", "serial", "board"))
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", str(next((value for value in stated if value), kind)))
    try:
        return standalone(checked, name, _say, seconds=args.seconds, impedance=args.impedance)
    except DeviceError as error:
        raise BridgeArgumentError(str(error)) from error


def _say(line: str) -> None:
    # At once: whoever waits for a line reads through a pipe.
    print(line, flush=True)


def _parameter(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise BridgeArgumentError(f'--param "{text}": write NAME=VALUE, such as serial_port=/dev/ttyUSB0.')
    return key, _value(value)


def _value(text: str) -> Any:
    """Read a parameter as the devices file would: a number, true or false, a list, or text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
