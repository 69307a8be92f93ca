"""A network camera: Motion JPEG over HTTP, whose frames can be left out, repeated or withheld."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from app.devices.opencv import load_opencv

FPS = 25.0
"""What OpenCV takes a stream of Motion JPEG for."""


def noisy_frames(count: int = 50, width: int = 160, height: int = 120, seed: int = 0) -> list[bytes]:
    """Return JPEG pictures that all differ."""
    cv2 = load_opencv("test")
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 255, (count, height, width, 3), dtype=np.uint8)
    return [cv2.imencode(".jpg", picture)[1].tobytes() for picture in pictures]


class HttpCamera:
    """Sends `frames` over and over, `FPS` a second, to every client."""

    def __init__(self, frames: Sequence[bytes]) -> None:
        self.frames = list(frames)
        self.sent = 0
        self.left_out = 0
        self._to_leave_out = 0
        self._frozen = threading.Event()
        self._ending = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                with contextlib.suppress(OSError):
                    camera._send(self.wfile)

            def log_request(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}/camera.mjpg"

    def leave_out(self, frames: int) -> None:
        """Drop the next frames, in time."""
        self._to_leave_out = frames

    def freeze(self) -> None:
        """Send one and the same picture from now on."""
        self._frozen.set()

    def close(self) -> None:
        """Switch off."""
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _send(self, out: Any) -> None:
        begun_s, index = time.monotonic(), 0
        while not self._ending.is_set():
            time.sleep(max(0.0, begun_s + index / FPS - time.monotonic()))
            index += 1
            if self._to_leave_out:
                self._to_leave_out -= 1
                self.left_out += 1
                continue
            frame = self.frames[0 if self._frozen.is_set() else index % len(self.frames)]
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(frame)}\r\n\r\n"
            out.write(head.encode() + frame + b"\r\n")
            self.sent += 1


@contextlib.contextmanager
def http_camera(frames: Sequence[bytes] | None = None) -> Iterator[HttpCamera]:
    """Run a block with a network camera."""
    camera = HttpCamera(frames or noisy_frames())
    try:
        yield camera
    finally:
        camera.close()
