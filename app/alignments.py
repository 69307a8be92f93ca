"""What `evoke sync-check` found of a study's devices: `alignment.jsonl`, a line a stream, append only."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.devices.entries import DeviceEntry
from stimuli.problems import EvokeError

FILE = "alignment.jsonl"


class AlignmentError(EvokeError):
    """The study's alignments cannot be written."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One stream's offset: how much later than the event its times are, median and spread (SD).

    `device` is the entry of the devices file, `serial` the device's own ('' if it tells none), `by` the
    event it was found by in `found` of `tried` times; `session` the uuid of the session of the check.
    """

    device: str
    serial: str
    stream: str
    kind: str
    by: str
    offset_ms: float
    spread_ms: float
    found: int
    tried: int
    date: str
    session: str

    @property
    def text(self) -> str:
        """What a later session's stream says of itself."""
        return f"verified {self.date}, {self.offset_ms:+.1f} ms +/- {self.spread_ms:.1f} ms"


def add_verified(folder: Path, lines: Iterable[Verified]) -> None:
    """Append to the alignments of the study in `folder`; raises AlignmentError."""
    path = folder / FILE
    try:
        with path.open("ab") as file:
            torn = file.tell() and not path.read_bytes().endswith(b"\n")
            text = "".join(json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in lines)
            file.write((b"\n" if torn else b"") + text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AlignmentError(
            f"{path}: cannot be written ({error.strerror or error}). The offsets are in the report; mend"
            " the folder's permissions and run `evoke sync-check` again to have later sessions know them."
        ) from error


def verified(folder: Path) -> tuple[Verified, ...]:
    """Return the alignments of the study in `folder`, oldest first; a torn line is passed over."""
    found: list[Verified] = []
    try:
        lines = (folder / FILE).read_bytes().splitlines()
    except OSError:
        return ()
    for line in lines:
        with contextlib.suppress(ValueError, TypeError):
            found.append(Verified(**json.loads(line)))
    return tuple(found)


def with_alignment(devices: Iterable[DeviceEntry], folder: Path) -> tuple[DeviceEntry, ...]:
    """Return the devices with what the study in `folder` knows of their streams; the newest check counts."""
    newest = {(line.device, line.stream): line for line in verified(folder)}
    return tuple(
        replace(
            device,
            alignment={
                stream: {"text": line.text, "serial": line.serial}
                for (owner, stream), line in newest.items()
                if owner == device.id
            },
        )
        for device in devices
    )
