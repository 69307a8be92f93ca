"""Sound that a thread makes ahead of the sound card: blocks held in between, at most what is used soon."""

from __future__ import annotations

import collections
import threading

import numpy as np

from app.loudspeaker import Block


class AheadSource(threading.Thread):
    """An `app.loudspeaker.Source` whose thread fills it: `run` calls `put` and sets `_ended` at the end.

    At most `ahead` samples are held and one block more: `put` waits for room. `made` counts all samples
    that were put, `position` those that were read.
    """

    def __init__(self, name: str, channels: int, ahead: float) -> None:
        super().__init__(name=name, daemon=True)
        self.position = self.made = self.held = 0
        self._channels, self._ahead = channels, ahead
        self._blocks: collections.deque[Block] = collections.deque()
        self._ended = self._closed = False
        self._change = threading.Condition()

    @property
    def is_over(self) -> bool:
        """Whether all was read."""
        return self._ended and not self.held

    def read(self, count: int) -> Block:
        """Return the next samples, as many as are there."""
        pieces: list[Block] = []
        with self._change:
            while self._blocks and count:
                block = self._blocks.popleft()
                if len(block) > count:
                    self._blocks.appendleft(block[count:])
                    block = block[:count]
                pieces.append(block)
                count -= len(block)
                self.held -= len(block)
                self.position += len(block)
            self._change.notify_all()
        return np.concatenate(pieces) if pieces else np.zeros((0, self._channels), np.float32)

    def put(self, block: Block) -> None:
        """Queue samples (n, channels) once there is room; after `close` they are dropped."""
        with self._change:
            self._change.wait_for(lambda: self._closed or self.held < self._ahead)
            if not self._closed:
                self._blocks.append(block)
                self.held += len(block)
                self.made += len(block)

    def close(self) -> None:
        """Stop making it; what was made is forgotten."""
        with self._change:
            self._closed = self._ended = True
            self._blocks.clear()
            self.held = 0
            self._change.notify_all()
