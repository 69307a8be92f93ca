"""The sound of a file, decoded ahead in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.presenter.sound import Block
from app.sound_ahead import AheadSource

log = logging.getLogger(__name__)

AHEAD_S = 2.0


class SoundReader(AheadSource):
    """Decodes a file's sound from second `origin` on: an `app.presenter.sound.Source`.

    `origin` is asked in the thread; None means the sound's own beginning. `problem` says why there is no
    sound, or no more; "" where all is well.
    """

    def __init__(
        self,
        path: Path,
        rate_hz: float,
        channels: int,
        origin: Callable[[], float | None] = lambda: None,
    ) -> None:
        super().__init__(f"sound of {path.name}", channels, AHEAD_S * round(rate_hz))
        self.problem = ""
        self._path = path
        self._rate_hz = round(rate_hz)
        self._origin = origin
        self.start()

    @property
    def is_ready(self) -> bool:
        """Whether enough is there to begin."""
        return self._ended or self.held >= AHEAD_S * self._rate_hz / 4

    @property
    def has_ended(self) -> bool:
        """Whether the file was read to its end, or as far as it can be."""
        return self._ended

    @property
    def length_s(self) -> float:
        """How long the sound is, as far as it was decoded."""
        return (self.position + self.held) / self._rate_hz

    def run(self) -> None:
        """Decode until the end of the file."""
        import av

        try:
            self._decode()
        except (av.FFmpegError, OSError, ValueError, IndexError) as error:
            log.warning("sound of %s: %s", self._path.name, error)
            self.problem = f"The sound of {self._path.name} cannot be decoded: {_reason(error)}."
        finally:
            self._ended = True

    def _decode(self) -> None:
        import av

        layout = "mono" if self._channels == 1 else "stereo"
        with av.open(str(self._path)) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                self.problem = f"{self._path.name} has no sound."
                return
            resampler = av.AudioResampler(format="flt", layout=layout, rate=self._rate_hz)
            origin_s = self._origin()
            skip: int | None = None
            for frame in container.decode(stream):
                if skip is None:
                    begun_s = 0.0 if frame.time is None else float(frame.time)
                    skip = 0 if origin_s is None else round((origin_s - begun_s) * self._rate_hz)
                    if skip < 0:
                        # The picture begins before the sound.
                        self.put(np.zeros((-skip, self._channels), np.float32))
                        skip = 0
                for piece in resampler.resample(frame):
                    skip = self._take(np.asarray(piece.to_ndarray(), np.float32), skip)
                if self._closed:
                    return
            for piece in resampler.resample(None):
                skip = self._take(np.asarray(piece.to_ndarray(), np.float32), skip or 0)

    def _take(self, packed: Block, skip: int) -> int:
        """Queue interleaved samples less the first `skip`; return how many are still to be left out."""
        block = packed.reshape(-1, self._channels)
        left_out = min(skip, len(block))
        if left_out < len(block):
            self.put(block[left_out:])
        return skip - left_out


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")
