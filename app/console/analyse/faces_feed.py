"""Pictures of a camera for the tab Live: from a running session's ring, or from a camera opened for it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from app.console.launcher import child_environment
from app.devices.pipe_format import HEAD
from app.plan import SessionPlan
from app.ring import BlobRingReader, RingError
from app.study import Study


@dataclass(frozen=True, slots=True)
class Taken:
    """A JPEG and when it was taken (clock of all streams); `number` rises with every new one."""

    number: int
    time_s: float
    jpeg: bytes


class Pictures(Protocol):
    """Gives the newest picture; one that was not asked for in time is left out."""

    @property
    def problem(self) -> str:
        """Why none comes, in a sentence, "" while all is well."""

    def newest(self) -> Taken | None:
        """Return the newest picture, None before the first."""

    def close(self) -> None:
        """Let the camera go."""


class RingPictures:
    """The camera of a running session, read beside those that record it."""

    def __init__(self, path: Path) -> None:
        self._reader = BlobRingReader(path)
        self.problem = ""

    def newest(self) -> Taken | None:
        """Return the newest picture."""
        blobs = self._reader.latest()
        if not blobs.data:
            return None
        return Taken(self._reader.written, float(blobs.times[-1]), blobs.data[-1])

    def close(self) -> None:
        """Nothing to let go."""


class PipePictures:
    """A camera in a process of its own: number, address or file, or `generated`."""

    def __init__(self, source: str) -> None:
        # A file, for nobody empties a pipe: drivers talk.
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.devices.camera_pipe", source],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._said, env=child_environment(),
        )  # fmt: skip
        self._newest: Taken | None = None
        self.problem = ""
        self._closing = False
        self._thread = threading.Thread(target=self._read, name="camera pictures", daemon=True)
        self._thread.start()

    def newest(self) -> Taken | None:
        """Return the newest picture."""
        return self._newest

    def _read(self) -> None:
        out = self._process.stdout
        assert out is not None
        number = 0
        while len(head := out.read(HEAD.size)) == HEAD.size:
            time_s, length = HEAD.unpack(head)
            content = out.read(length)
            if len(content) < length:
                break
            number += 1
            self._newest = Taken(number, time_s, content)
        if not self._closing:
            self._process.wait()
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").strip().splitlines()
            self.problem = lines[-1] if lines else "The camera gives no more pictures."

    def close(self) -> None:
        """End the process."""
        self._closing = True
        self._process.terminate()
        self._process.wait()
        self._thread.join(5.0)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._said.close()


def cameras_running(study: Study) -> tuple[tuple[str, Path], ...]:
    """Return the cameras of the study's running session: name and ring."""
    found: list[tuple[str, Path]] = []
    for paths in study.running():
        with contextlib.suppress(OSError, ValueError):
            plan = SessionPlan.load(paths.plan)
            for ring in sorted(plan.runtime.glob("*.ring")):
                with contextlib.suppress(RingError):
                    BlobRingReader(ring)
                    found.append((f"{ring.stem} of the running session", ring))
    return tuple(found)
