"""The session file, both directions: the only place that other rooms import its format from.

`PartWriter` writes the live recording, `open_session` reads parts and finished files, `summary` tells
what `evoke info` prints, `verify` checks a file against its checksums; `session_merge` makes finished
files of parts.
"""

from __future__ import annotations

from analysis.session_format import (
    FORMAT,
    VERSION,
    SessionFileError,
    WriteFailedError,
)
from analysis.session_parts import PartWriter
from analysis.session_reader import End, Session, Stream, open_session, was_closed
from analysis.session_summary import file_sha256, summary, verify

__all__ = [
    "FORMAT",
    "VERSION",
    "End",
    "PartWriter",
    "Session",
    "SessionFileError",
    "Stream",
    "WriteFailedError",
    "file_sha256",
    "open_session",
    "summary",
    "verify",
    "was_closed",
]
