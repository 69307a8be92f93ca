"""A virtual photodiode: watches one pixel of an X server whose frame buffer is a file (`Xvfb -fbdir`).

    python -m tests.benchmarks.onset_watch FILE X Y OUT      until its input is closed

The mapped file is polled without a rest, which takes a whole core. A change is stored with the times of
the polls before and after it; so is every poll that came more than `GAP_S` after the one before.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GAP_S = 0.0005
SCREEN = "1280x800x24"
XWD_HEADER = struct.Struct(">25I")
COLOUR_BYTES = 12
POLLS_A_LOOK = 20_000
"""Between two looks whether the end has come."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the watcher saw: (n,) times in monotonic seconds and values 0..255.

    A change to `values[i]` came between `before_s[i]` and `after_s[i]`; `gaps_s` (m, 2) are the times in
    which nobody looked.
    """

    before_s: Floats
    after_s: Floats
    values: NDArray[np.int64]
    gaps_s: Floats

    def changes_to(self, low: int, high: int) -> tuple[Floats, Floats]:
        """Return the changes into the range `low`..`high`: times before and after."""
        kept = (self.values >= low) & (self.values <= high)
        return self.before_s[kept], self.after_s[kept]


@contextlib.contextmanager
def watched_display(screen: str = SCREEN) -> Iterator[tuple[str, Path]]:
    """Run an X server whose frame buffer is a file; give the display's name and the file."""
    with tempfile.TemporaryDirectory(prefix="evoke-screen-", dir=_memory()) as folder:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", screen, "-fbdir", folder]
        server = subprocess.Popen(
            [*command, "-nolisten", "tcp", "-noreset", "-s", "0"],
            pass_fds=(writing,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading, "rb") as number:
            said = number.readline().strip()
        try:
            if not said:
                raise RuntimeError("Xvfb did not start; install it (Debian: xvfb)")
            yield f":{int(said)}", Path(folder) / "Xvfb_screen0"
        finally:
            server.terminate()
            server.wait(10)


@contextlib.contextmanager
def watching(buffer: Path, x: int, y: int, folder: Path) -> Iterator[Path]:
    """Watch a pixel while the block runs; `load` what lies in the file afterwards."""
    out = folder / f"seen-{time.monotonic_ns()}.npz"
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.onset_watch", str(buffer), str(x), str(y), str(out)],
        stdin=subprocess.PIPE,
    )
    try:
        yield out
    finally:
        assert watcher.stdin is not None
        watcher.stdin.close()
        watcher.wait(30)


def load(path: Path) -> Seen:
    """Read what a watcher has stored."""
    with np.load(path) as stored:
        return Seen(stored["before_s"], stored["after_s"], stored["values"], stored["gaps_s"])


def place_of(content: bytes, x: int, y: int) -> int:
    """Return where the green byte of a pixel lies in an XWD file of 32 bits a pixel."""
    header = XWD_HEADER.unpack_from(content)
    header_bytes, bits, line_bytes, colours = header[0], header[11], header[12], header[19]
    if bits != 32:
        raise ValueError(f"the frame buffer has {bits} bits a pixel; start Xvfb with 24 bits of depth")
    return int(header_bytes + colours * COLOUR_BYTES + y * line_bytes + x * 4 + 1)


def watch(buffer: Path, x: int, y: int, out: Path, ended: threading.Event) -> None:
    """Poll a pixel until `ended`, then store what was seen."""
    with buffer.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        place = place_of(memory[: XWD_HEADER.size], x, y)
        changes: list[tuple[float, float, int]] = []
        gaps: list[tuple[float, float]] = []
        now = time.monotonic
        value, last_s = memory[place], now()
        while not ended.is_set():
            for _ in range(POLLS_A_LOOK):
                found, at_s = memory[place], now()
                if found != value:
                    changes.append((last_s, at_s, found))
                    value = found
                if at_s - last_s > GAP_S:
                    gaps.append((last_s, at_s))
                last_s = at_s
    table = np.array(changes, float).reshape(-1, 3)
    np.savez(
        out,
        before_s=table[:, 0],
        after_s=table[:, 1],
        values=table[:, 2].astype(int),
        gaps_s=np.array(gaps, float).reshape(-1, 2),
    )


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main(buffer: str, x: str, y: str, out: str) -> None:
    """Watch until the input is closed."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    watch(Path(buffer), int(x), int(y), Path(out), ended)


if __name__ == "__main__":
    main(*sys.argv[1:])
