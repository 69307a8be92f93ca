"""LSL senders that misbehave: clocks that jump, rows that are dropped in a stall, another computer's name.

`python -m tests.faults.stream_senders JSON` publishes one stream until it is killed. Row n carries n in
its first channel (and the package counter in its last) and is stamped by the sender's own clock, which
may jump.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from tests.helpers.outlets import RUN, USUAL_WRAP

CHUNK_S = 0.02


@dataclass(frozen=True, slots=True)
class Sender:
    """A counting stream; `steps` are (seconds after the epoch, seconds that its clock jumps by then).

    With `drops` what it did not send in time is gone, as with a device without a memory. `epoch_s` is when
    row 0 was due, so that a restarted one goes on where the time is; 0 means the start.
    """

    name: str
    rate_hz: float = 100.0
    source_id: str = ""
    steps: tuple[tuple[float, float], ...] = ()
    drops: bool = False
    packages: bool = False
    epoch_s: float = 0.0
    computer: str = ""

    @property
    def lsl_id(self) -> str:
        """The source id that this run of the tests publishes the stream under."""
        return f"{self.source_id}:{RUN}"


def start(sender: Sender) -> subprocess.Popen[bytes]:
    """Publish a stream from a process of its own; returns when it is there."""
    published = asdict(replace(sender, source_id=sender.lsl_id))
    command = [sys.executable, "-m", "tests.faults.stream_senders", json.dumps(published)]
    if sender.computer:
        named = f'hostname {sender.computer} && exec "$0" "$@"'
        as_root = ["--map-root-user"] if os.geteuid() else []
        command = ["unshare", "--uts", *as_root, "sh", "-c", named, *command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"there\n"
    return process


def _outlet(sender: Sender) -> Any:
    from pylsl import StreamInfo, StreamOutlet

    info = StreamInfo(sender.name, "EEG", 2, sender.rate_hz, "float32", sender.source_id)
    channels = info.desc().append_child("channels")
    for label, kind in (("count", "eeg"), ("package", "counter" if sender.packages else "eeg")):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("type", kind)
    return StreamOutlet(info)


def _publish(sender: Sender) -> None:
    import numpy as np
    from pylsl import local_clock

    outlet = _outlet(sender)
    epoch_s = sender.epoch_s or local_clock()
    sent = round((local_clock() - epoch_s) * sender.rate_hz)
    sys.stdout.write("there\n")
    sys.stdout.flush()
    while True:
        time.sleep(CHUNK_S)
        passed_s = local_clock() - epoch_s
        due = int(passed_s * sender.rate_hz) + 1
        if sender.drops and due - sent > sender.rate_hz:
            sent = due - 1
        if due <= sent:
            continue
        index = np.arange(sent, due)
        stamps = epoch_s + index / sender.rate_hz
        for at_s, step_s in sender.steps:
            stamps[index >= round(at_s * sender.rate_hz)] += step_s
        values = np.stack([index % USUAL_WRAP, index % 256], axis=1).astype("f4")
        outlet.push_chunk(values, stamps.tolist())
        sent = due


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given["steps"] = tuple(tuple(step) for step in given["steps"])
    _publish(Sender(**given))
