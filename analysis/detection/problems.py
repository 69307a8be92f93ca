"""What goes wrong with a detector, in one clear message."""

from __future__ import annotations


class DetectionError(Exception):
    """A detector cannot be built, trained or read; the text is the one clear message."""
