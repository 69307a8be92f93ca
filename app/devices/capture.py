"""The capture process: one camera or microphone, written into its ring."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from analysis.records import Origin, StreamInfo
from app import clock
from app.devices.child import Child
from app.devices.entries import GENERATED, DeviceEntry
from app.devices.feed import Feed, Picture, Sound, open_with_fallback
from app.devices.losses import Loss, LossJournal
from app.devices.source import DeviceError
from app.ring import (
    BlobRingReader,
    BlobRingWriter,
    RingError,
    SampleRingReader,
    SampleRingWriter,
)

RING_S = 10.0
BACK_OFF_S = (1.0, 2.0, 5.0, 10.0)
WAIT_S = 0.25
QUIET_S = 3.0
STUCK_S = 20.0
STUCK_STATUS = 75
"""A driver call that never returns can only be left by ending the process; the supervisor restarts it."""

State = Literal["connecting", "live", "failed"]


@dataclass(slots=True)
class Status:
    """What the reading thread says to the reporting one; whole values are swapped, never changed."""

    state: State = "connecting"
    message: str = ""
    samples: int = 0
    last_s: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)


class Capture:
    """Reads one device in a thread of its own, for ever, and writes what comes into the ring."""

    def __init__(
        self, entry: DeviceEntry, ring: Path, on_loss: Callable[[list[Loss]], None] | None = None
    ) -> None:
        self._entry = entry
        self._path = ring
        self._on_loss = on_loss
        self._writer: BlobRingWriter | SampleRingWriter | None = None
        self._info: StreamInfo | None = None
        self._stopping = threading.Event()
        self._arrivals: deque[float] = deque(maxlen=60)
        self._alive_s = clock.now()
        self.status = Status()
        self.declared: StreamInfo | None = None
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Start reading."""
        self._thread.start()

    def stop(self) -> bool:
        """Stop reading; False if the device is stuck."""
        self._stopping.set()
        self._thread.join(3.0)
        return not self._thread.is_alive()

    @property
    def is_stuck(self) -> bool:
        """Whether a driver call has not returned for too long."""
        return clock.now() - self._alive_s > STUCK_S

    def health(self) -> dict[str, Any]:
        """Return the body of a health message."""
        status = self.status
        state, message = status.state, status.message
        now = clock.now()
        if state == "live" and status.last_s is not None and now - status.last_s > QUIET_S:
            state = "failed"
            message = f"Nothing came for {now - status.last_s:.0f} s. Check the device and its cable."
        stream = {"samples": status.samples, "last_s": status.last_s, "rate_hz": self._rate_hz()}
        extra = dict(status.extra)
        body: dict[str, Any] = {"state": state, "message": message}
        if "level_dbfs" in extra:
            body["level_dbfs"] = extra.pop("level_dbfs")
        return body | {"streams": {self._entry.id: stream | extra}}

    def _rate_hz(self) -> float | None:
        arrivals = list(self._arrivals)
        if self._info is None or len(arrivals) < 3 or not self._info.is_blob:
            return None if self._info is None or self._info.is_blob else self._info.rate_hz
        span_s = max(arrivals[-1], clock.now() - 1.0) - arrivals[0]
        return round((len(arrivals) - 1) / span_s, 2) if span_s > 0 else None

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._alive_s = clock.now()
            try:
                feed = self._open()
            except DeviceError as error:
                self._wait(failures, str(error))
                failures += 1
                continue
            try:
                self._prepare(feed)
                self._read(feed)
                failures = 0
            except (DeviceError, RingError) as error:
                failures = 0 if self.status.state == "live" else failures
                self._wait(failures, str(error))
                failures += 1
            finally:
                feed.close()

    def _open(self) -> Feed:
        entry = self._entry
        origin = self._origin_so_far()
        if entry.source == "camera":
            from app.devices.camera import GeneratedCamera, OpenCvCamera

            camera = entry.camera()
            if camera.source == GENERATED:
                return GeneratedCamera(entry.id)
            return open_with_fallback(
                lambda: OpenCvCamera(entry.id, camera),
                None if camera.fallback is None else lambda reason: GeneratedCamera(entry.id, reason),
                origin,
            )
        from app.devices.microphone import GeneratedMicrophone, PortAudioMicrophone

        microphone = entry.microphone()
        if microphone.source == GENERATED:
            return GeneratedMicrophone(entry.id)
        return open_with_fallback(
            lambda: PortAudioMicrophone(entry.id, microphone),
            None if microphone.fallback is None else lambda reason: GeneratedMicrophone(entry.id, reason),
            origin,
        )

    def _origin_so_far(self) -> Origin | None:
        """Return where the samples in the ring of an earlier start came from; None without a ring."""
        reader = BlobRingReader if self._entry.source == "camera" else SampleRingReader
        try:
            return reader(self._path).info.origin
        except RingError:
            return None

    def _prepare(self, feed: Feed) -> None:
        info = self._entry.describe(feed.info)
        if self._writer is None or info != self._info:
            if info.is_blob:
                rows = max(16, round(RING_S * info.rate_hz))
                self._writer = BlobRingWriter(self._path, info, rows, rows * feed.frame_bytes)
            else:
                self._writer = SampleRingWriter(self._path, info, RING_S)
            self._info = info
        self.declared = info

    def _read(self, feed: Feed) -> None:
        while not self._stopping.is_set():
            found = feed.next(WAIT_S)
            self._alive_s = clock.now()
            if found is None:
                continue
            if isinstance(found, Picture):
                last_s, count = found.time_s, 1
                assert isinstance(self._writer, BlobRingWriter)
                self._writer.append(found.time_s, found.jpeg, self._alive_s)
            else:
                last_s, count = float(found.times[-1]), len(found.times)
                self._write_sound(found)
            losses = feed.losses()
            if losses and self._on_loss is not None:
                self._on_loss(losses)
            self._arrivals.append(last_s)
            samples = self.status.samples + count
            self.status = Status("live", feed.notice, samples, last_s, feed.health())

    def _write_sound(self, sound: Sound) -> None:
        assert isinstance(self._writer, SampleRingWriter)
        self._writer.append(sound.times, sound.data, self._alive_s)

    def _wait(self, failures: int, message: str) -> None:
        wait_s = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
        old = self.status
        text = f"{message} Next try in {wait_s:.0f} s."
        self.status = Status("failed", text, old.samples, old.last_s, old.extra)
        until_s = clock.now() + wait_s
        while clock.now() < until_s and not self._stopping.wait(WAIT_S):
            self._alive_s = clock.now()


def main(live: Path, device_id: str) -> int:
    """Run as a session's child process for one device; return the exit status."""
    child = Child(live, "capture", device_id)
    journal = LossJournal(child.paths.live, "capture", device_id)
    capture = Capture(child.entry, child.plan.ring(device_id), journal.tell)
    capture.start()
    declared: StreamInfo | None = None
    while child.attend():
        if capture.declared is not None and capture.declared != declared:
            declared = capture.declared
            child.declare([declared])
            details = {"description": declared.device, **declared.details}
            journal.note("device_opened", device=device_id, details=details)
        child.report(capture.health())
        if capture.is_stuck:
            child.link.send({"type": "failed", "message": f"device {device_id} is stuck.", "safe": ""})
            os._exit(STUCK_STATUS)
        child.stopping.wait(0.1)
    clean = capture.stop()
    journal.close()
    child.link.close()
    if not clean:
        os._exit(0)
    return 0
