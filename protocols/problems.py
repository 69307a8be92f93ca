"""What is wrong with a protocol."""

from __future__ import annotations

from stimuli.problems import ProblemsError


class ProtocolError(ProblemsError):
    """A protocol that cannot be used; its text lists every problem with file, line and remedy."""
