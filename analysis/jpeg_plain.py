"""JPEG pictures without what cameras write into them beside the picture."""

from __future__ import annotations

_START, _SCAN, _COMMENT = 0xD8, 0xDA, 0xFE
_KEPT = (0xE0, 0xEE)
"""JFIF and Adobe segments: what colours mean."""


def without_comments(picture: bytes) -> bytes:
    """Return a JPEG without comments and camera data (EXIF and the like); anything else as it is.

    The picture itself is copied byte by byte.
    """
    if picture[:2] != bytes((0xFF, _START)):
        return picture
    kept, place = [picture[:2]], 2
    while place + 4 <= len(picture) and picture[place] == 0xFF:
        marker = picture[place + 1]
        if marker == _SCAN:
            break
        end = place + 2 + int.from_bytes(picture[place + 2 : place + 4], "big")
        if marker != _COMMENT and (not 0xE1 <= marker <= 0xEF or marker in _KEPT):
            kept.append(picture[place:end])
        place = end
    return b"".join(kept) + picture[place:]
