"""The devices file: a YAML list of {id, source, required, params}, read with every problem told."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import resources
from app import system
from app.devices import boards
from app.devices.entries import GENERATED, PARAMS, DeviceEntry, E4Params, EntryPart
from app.plan import SessionPlan
from app.streams import Expected
from stimuli.problems import Problem, ProblemsError
from stimuli.validation import Part, validate
from stimuli.yamlfile import Loc, YamlFile, read_file

SERVER_WAIT_S = 1.0
PATH_KEYS = {"brainflow": ("file", "file_aux", "file_anc"), "camera": ("source",)}


def load_devices(path: Path) -> tuple[DeviceEntry, ...]:
    """Read and check a devices file; raises ProblemsError with every problem.

    Relative paths of files in it are taken from the devices file's own folder.
    """
    return parse_devices(read_file(path), path.parent)


def demo_devices() -> tuple[DeviceEntry, ...]:
    """Return the devices of the demo: simulated ones, and stand-ins where the machine has none."""
    return load_devices(resources.path("devices/demo.yaml"))


def parse_devices(source: YamlFile, folder: Path) -> tuple[DeviceEntry, ...]:
    """Check the values of a devices file; raises ProblemsError with every problem."""
    if not isinstance(source.values, list) or not source.values:
        remedy = "Write one entry a device: - {id: eeg, source: brainflow, params: {board: synthetic}}."
        raise ProblemsError([source.problem((), "the file must be a list of devices.", remedy)])
    entries: list[DeviceEntry] = []
    problems: list[Problem] = []
    first_lines: dict[str, int] = {}
    for index in range(len(source.values)):
        entry, found = _entry(source, index, folder)
        problems += found
        if entry is None:
            continue
        line = source.line((index, "id"))
        if entry.id in first_lines:
            message = f'the id "{entry.id}" is taken (line {first_lines[entry.id]}).'
            problems.append(source.problem((index, "id"), message, "Every device needs an id of its own."))
        first_lines.setdefault(entry.id, line)
        entries.append(entry)
    if problems:
        raise ProblemsError(problems)
    return tuple(entries)


def _entry(source: YamlFile, index: int, folder: Path) -> tuple[DeviceEntry | None, list[Problem]]:
    part, problems = validate(EntryPart, _inside(source, (index,)))
    kind = source.at((index, "source"))
    if isinstance(kind, str) and kind in PARAMS and isinstance(source.at((index, "params")), dict | None):
        # Checked even where the entry around it is wrong, so that one look finds everything.
        model: type[Part] = PARAMS[kind]
        problems = problems + validate(model, _inside(source, (index, "params")))[1]
    if part is None or problems:
        return None, problems
    entry = DeviceEntry(
        id=part.id,
        source=part.source,
        required=part.required,
        params=_with_paths(part, folder),
        on_loss=part.on_loss,
        name=part.name,
        delay_s=part.delay_s,
        delay_source=part.delay_source,
    )
    return entry, []


def _inside(source: YamlFile, around: Loc) -> YamlFile:
    """Cut out the part of a file at `around`, as a file of its own whose lines stay true."""
    depth = len(around)
    lines = {loc[depth:]: line for loc, line in source.lines.items() if loc[:depth] == around}
    lines.setdefault((), source.line(around))
    value = source.at(around)
    return YamlFile(source.file, source.text, {} if value is None else value, lines)


def _with_paths(part: EntryPart, folder: Path) -> dict[str, Any]:
    params = dict(part.params)
    for key in PATH_KEYS.get(part.source, ()):
        value = params.get(key)
        if isinstance(value, str) and is_file(value):
            params[key] = str((folder / value).resolve())
    return params


def is_address(source: str) -> bool:
    """Whether a camera's source is a network address."""
    return "://" in source


def is_file(source: str) -> bool:
    """Whether a source names a file: no address, no number, not the generated stand-in."""
    return bool(source) and source != GENERATED and not source.isdigit() and not is_address(source)


def expected_streams(entry: DeviceEntry, plan: SessionPlan) -> list[Expected]:
    """Return what a recording waits for from this device.

    The streams of our own bridges are described beforehand; those of cameras and microphones are known
    when their capture has declared them, those of other LSL senders when they are found.
    """
    if entry.source == "lsl":
        return [Expected(entry.id, "lsl", entry.required, entry.lsl().match, details=entry.details)]
    if entry.has_capture:
        return [Expected(entry.id, "ring", entry.required)]
    if entry.source == "brainflow":
        from app.devices.brainflow import board_streams

        infos = board_streams(entry.brainflow(), entry.id, plan.source_id)
    elif entry.source == "e4":
        from app.devices.e4 import e4_streams

        infos = e4_streams(entry.e4(), entry.id, plan.source_id)
    else:
        from app.devices.simulated import wristband_streams

        infos = wristband_streams(entry.wristband(), entry.id, plan.source_id)
    return [
        Expected(
            info.id,
            "lsl",
            entry.required,
            {"source_id": info.source_id},
            entry.describe(info),
            entry.details,
        )
        for info in infos
    ]


def check_device(entry: DeviceEntry) -> list[Problem]:
    """Return what keeps a device from working on this machine; no device is opened or started."""
    place = f"device {entry.id}"
    if entry.source == "camera":
        camera = entry.camera()
        if camera.fallback is not None or camera.source == GENERATED:
            return []
        problems = _missing(place, "The camera", system.PICTURE_LIBRARIES)
        if isinstance(camera.source, str) and is_file(camera.source):
            problems += _missing_file(place, "camera file", camera.source)
        return problems
    if entry.source == "microphone":
        microphone = entry.microphone()
        if microphone.fallback is not None or microphone.source == GENERATED:
            return []
        return _missing(place, "The microphone", system.SOUND_LIBRARIES)
    if entry.source == "e4":
        return _missing_server(place, entry.e4())
    if entry.source == "brainflow":
        board = entry.brainflow()
        number = boards.find(board.board)
        needed = () if number is None else boards.libraries(number)
        files = [path for path in (board.file, board.file_aux, board.file_anc) if path]
        problems = _missing(place, f"A {board.board} board", needed)
        problems += [found for path in files for found in _missing_file(place, "recorded file", path)]
        if board.serial_port.startswith("/") and not Path(board.serial_port).exists():
            remedy = "Plug the dongle in; `evoke devices` lists the ports that are there."
            problems.append(Problem(place, None, f"there is no serial port {board.serial_port}.", remedy))
        return problems
    return []


def _missing_server(place: str, params: E4Params) -> list[Problem]:
    try:
        socket.create_connection((params.host, params.port), SERVER_WAIT_S).close()
    except OSError:
        message = f"there is no E4 streaming server at {params.host}:{params.port}."
        remedy = "Start the server, switch its streaming on, and check host and port."
        return [Problem(place, None, message, remedy)]
    return []


def _missing(place: str, what: str, libraries: tuple[str, ...]) -> list[Problem]:
    absent = system.missing(libraries)
    if not absent:
        return []
    message = f"{what} needs {', '.join(absent)}, which this system lacks."
    return [Problem(place, None, message, system.remedy(*absent))]


def _missing_file(place: str, what: str, path: str) -> list[Problem]:
    if Path(path).is_file():
        return []
    return [Problem(place, None, f"there is no {what} {path}.", "Check the path in the devices file.")]
