"""LSL outlets that count: channel 0 is the sample's index, so every lost or doubled sample shows.

`python -m tests.helpers.outlets JSON` publishes one stream until it is killed. Sample n is stamped
`epoch + n / rate`; an outlet started again with the same epoch goes on where the clock is, and leaves
out exactly the samples of the time in which there was none.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any

WRAP = {"int8": 100}
USUAL_WRAP = 30_000
# LSL reconnects to any outlet with the source id that was lost, of whatever LSL session: two runs of the
# tests on one machine must not share one.
RUN = uuid.uuid4().hex[:8]


@dataclass(frozen=True, slots=True)
class Counter:
    """A counting stream."""

    name: str
    channels: int = 4
    rate_hz: float = 100.0
    dtype: str = "float32"
    source_id: str = ""
    kind: str = "EEG"
    chunk_s: float = 0.02
    epoch_s: float = 0.0

    @property
    def lsl_id(self) -> str:
        """The source id that this run of the tests publishes the stream under."""
        return f"{self.source_id}:{RUN}" if self.source_id else ""

    @property
    def wrap(self) -> int:
        """The counter begins again at 0 with this index."""
        return WRAP.get(self.dtype, USUAL_WRAP)


def start(counter: Counter) -> subprocess.Popen[bytes]:
    """Publish a stream from a process of its own; returns when it is there."""
    published = replace(counter, source_id=counter.lsl_id)
    command = [sys.executable, "-m", "tests.helpers.outlets", json.dumps(asdict(published))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill an outlet, stopped or not."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def with_epoch(counter: Counter) -> Counter:
    """Return the counter with an epoch that its restarts share: now."""
    return replace(counter, epoch_s=time.monotonic())


def _publish(counter: Counter) -> None:
    import numpy as np
    from pylsl import StreamInfo, StreamOutlet, local_clock

    text = counter.dtype == "text"
    nominal_hz = 0.0 if text or counter.rate_hz < 4 else counter.rate_hz
    kind = {"text": "string", "float64": "double64"}.get(counter.dtype, counter.dtype)
    outlet = StreamOutlet(
        StreamInfo(counter.name, counter.kind, counter.channels, nominal_hz, kind, counter.source_id)
    )
    epoch_s = counter.epoch_s or local_clock()
    sent = round((local_clock() - epoch_s) * counter.rate_hz)
    sys.stdout.write("there\n")
    sys.stdout.flush()
    chunk = max(1, round(counter.chunk_s * counter.rate_hz))
    while True:
        due_s = epoch_s + (sent + chunk - 1) / counter.rate_hz
        time.sleep(max(0.0, due_s - local_clock()))
        ready = int((local_clock() - epoch_s) * counter.rate_hz) + 1 - sent
        index = np.arange(sent, sent + ready)
        stamps = epoch_s + index / counter.rate_hz
        values: Any
        if text:
            values = [[str(i % counter.wrap)] + ["ä"] * (counter.channels - 1) for i in index]
            outlet.push_chunk(values, stamps.tolist())
        else:
            values = np.zeros((ready, counter.channels), counter.dtype)
            values[:] = (index % counter.wrap)[:, None]
            outlet.push_chunk(values, float(stamps[-1]) if nominal_hz else stamps.tolist())
        sent += ready


if __name__ == "__main__":
    _publish(Counter(**json.loads(sys.argv[1])))
