"""A photodiode without hardware: samples one pixel of a watched X server's frame buffer onto LSL.

python -m tests.helpers.diode FILE X Y SOURCE_ID      until its input is closed
"""

from __future__ import annotations

import contextlib
import mmap
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

RATE_HZ = 1000.0


@contextlib.contextmanager
def diode(buffer: Path, x: int, y: int, source_id: str) -> Iterator[None]:
    """Let a diode watch a pixel while the block runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.diode", str(buffer), str(x), str(y), source_id],
        stdin=subprocess.PIPE,
    )
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def main(buffer: str, x: str, y: str, source_id: str) -> None:
    """Send brightness and a channel without light, `RATE_HZ` times a second, stamped when it was read."""
    from pylsl import StreamInfo, StreamOutlet, local_clock

    from tests.benchmarks.onset_watch import XWD_HEADER, place_of

    info = StreamInfo("Diode", "Photodiode", 2, RATE_HZ, "float32", source_id)
    channels = info.desc().append_child("channels")
    for label in ("dark", "light"):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", "V")
        channel.append_child_value("type", "photodiode")
    outlet = StreamOutlet(info)
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    with Path(buffer).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
        place = place_of(memory[: XWD_HEADER.size], int(x), int(y))
        due_s = local_clock()
        while not ended.is_set():
            noise = 0.01 * ((due_s * 7919) % 1)
            outlet.push_sample([noise, memory[place] / 255 + noise], local_clock())
            due_s += 1 / RATE_HZ
            time.sleep(max(0.0, due_s - local_clock()))


if __name__ == "__main__":
    main(*sys.argv[1:])
