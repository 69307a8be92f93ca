"""Faces of a running camera: windows overlap, so what was found on a picture is kept until it is old."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b

from analysis.features.face import FINDER
from analysis.views.faces import Box, Crop, FaceFinder, Faces

MOST = 2000
"""Pictures of which faces are kept."""


class KeptFinder(FaceFinder):
    """A finder that remembers the newest pictures, and stays open when a feature is done with it."""

    def __init__(self, crop: Crop) -> None:
        super().__init__(crop)
        self._found: OrderedDict[bytes, Faces] = OrderedDict()

    def __exit__(self, *error: object) -> None:
        """Stay open: the next window comes soon."""

    def find(self, jpeg: bytes) -> tuple[Box, ...]:
        """Return the faces on a picture; raises FaceError."""
        return self.cut_out(jpeg).boxes

    def cut_out(self, jpeg: bytes) -> Faces:
        """Return the faces on a picture and their pixels; raises FaceError."""
        key = blake2b(jpeg, digest_size=16).digest()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = super().cut_out(jpeg)
            if len(self._found) > MOST:
                self._found.popitem(last=False)
        return found


@contextmanager
def kept_faces() -> Iterator[None]:
    """Let every feature of this thread share finders, one for each way of cutting faces out."""
    finders: dict[Crop, KeptFinder] = {}
    with ExitStack() as stack:

        def finder_of(crop: Crop) -> KeptFinder:
            if crop not in finders:
                finders[crop] = KeptFinder(crop)
                stack.callback(finders[crop].close)
            return finders[crop]

        token = FINDER.set(finder_of)
        try:
            yield
        finally:
            FINDER.reset(token)
