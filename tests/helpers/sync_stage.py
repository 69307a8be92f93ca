"""A room for `evoke sync-check` without hardware: a screen that a camera films, a loudspeaker that is heard.

The screen is an X server of its own, filmed by ffmpeg; the loudspeaker a null sink whose monitor is the
microphone; the hand on the space bar is xdotool, whose strokes click in the loudspeaker and knock against a
wristband, both at known times.

python -m tests.helpers.sync_stage SOURCE_ID LATE_S      the hand, until its input is closed
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tests.helpers.sound import RATE_HZ, SoundServer

FPS = 30
SCREEN = "640x480x24"
BAND_HZ = 64.0
AHEAD_S = 0.3


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def filmed(display: str, fps: int = FPS) -> Iterator[str]:
    """Film a display; give the camera's address."""
    address = f"http://127.0.0.1:{free_port()}/screen.mjpg"
    command = ["ffmpeg", "-nostdin", "-loglevel", "fatal", "-f", "x11grab", "-framerate", str(fps)]
    command += ["-draw_mouse", "0", "-video_size", SCREEN.rpartition("x")[0], "-i", display]
    # A picture that never changes is that of a camera that hangs.
    command += [
        "-vf",
        "noise=alls=6:allf=t",
        "-c:v",
        "mjpeg",
        "-q:v",
        "4",
        "-flush_packets",
        "1",
        "-f",
        "mpjpeg",
        "-listen",
        "1",
        address,
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield address
    finally:
        process.kill()
        process.wait(10)


class Hand:
    """Strikes the space bar of a display again and again, in a process of its own.

    `band` is the source id of the wristband's stream, whose stamps are `late_s` too late. After the block
    `strokes` holds the (asked, clicked) times of each stroke.
    """

    def __init__(self, display: str, sound: SoundServer, band: str, late_s: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.helpers.sync_stage", band, str(late_s)],
            env=sound.environment | {"DISPLAY": display},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.strokes: list[tuple[float, float]] = []

    def __enter__(self) -> Hand:
        return self

    def __exit__(self, *_: object) -> None:
        said, _none = self._process.communicate(timeout=20)
        self.strokes = [(float(asked), float(clicked)) for asked, clicked in json.loads(said)]


def click(rate_hz: float) -> NDArray[np.float64]:
    """Return the sound of a key: some milliseconds of noise that die away."""
    t = np.arange(round(0.012 * rate_hz)) / rate_hz
    return np.asarray(0.3 * np.random.default_rng(3).normal(0, 1, len(t)) * np.exp(-t / 0.002))


def knocked(times_s: NDArray[np.float64], strokes_s: list[float]) -> NDArray[np.float32]:
    """Return acceleration (n, 3) in g: gravity, and a short peak at each stroke."""
    rows = np.tile(np.array([0.0, 0.1, 0.99]), (len(times_s), 1))
    for at in strokes_s:
        rows[:, 2] += 1.5 * np.exp(-(((times_s - at) / 0.012) ** 2))
    return rows.astype(np.float32)


def main(band: str, late_s: float) -> None:
    """Be the hand and the wristband until the input ends; then tell the times of the strokes."""
    import sounddevice
    from pylsl import StreamInfo, StreamOutlet

    from app import clock
    from app.presenter.sound import Player, Samples

    info = StreamInfo("Band", "Wristband", 3, BAND_HZ, "float32", band)
    channels = info.desc().append_child("channels")
    for label in "xyz":
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", "g")
        channel.append_child_value("type", "acceleration")
    outlet = StreamOutlet(info)
    player = Player(sounddevice.OutputStream, None, float(RATE_HZ))
    keyboard = subprocess.Popen(["xdotool", "-"], stdin=subprocess.PIPE, env=dict(os.environ))
    assert keyboard.stdin is not None
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    chance = random.Random(5)
    asked, heard = [clock.now() + 1.5], []
    struck = 0
    sent_s = clock.now()
    while not ended.wait(0.005):
        now = clock.now()
        if struck == len(asked):
            asked.append(asked[-1] + chance.uniform(0.7, 1.1))
        elif now > asked[struck] - AHEAD_S:
            player.play(Samples(click(RATE_HZ)), asked[struck])
            while clock.now() < asked[struck]:
                time.sleep(0.0005)
            keyboard.stdin.write(b"key space\n")
            keyboard.stdin.flush()
            struck += 1
        heard += [played.actual_s for played in player.played()]
        # A row is sent when nothing can change it any more.
        rows = np.arange(np.ceil(sent_s * BAND_HZ), np.floor((clock.now() - 0.2) * BAND_HZ)) / BAND_HZ
        if len(rows):
            outlet.push_chunk(knocked(rows, asked[:struck]), (rows + late_s).tolist())
            sent_s = rows[-1] + 0.5 / BAND_HZ
    keyboard.kill()
    player.close()
    sys.stdout.write(json.dumps(list(zip(asked, heard, strict=False))))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
