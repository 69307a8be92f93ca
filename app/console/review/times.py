"""Times of a recording in words."""

from __future__ import annotations


def clock_words(seconds: float, digits: int = 3) -> str:
    """Return a time as h:mm:ss.mmm, whatever its sign."""
    whole = round(abs(seconds) * 10**digits)
    rest, part = divmod(whole, 10**digits)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    sign = "−" if seconds < 0 and whole else ""
    tail = f".{part:0{digits}d}" if digits else ""
    return f"{sign}{hour}:{minute:02d}:{second:02d}{tail}"


def sync_words(error_s: float | None) -> str:
    """Return by how much the picture is ahead of the cursor, "" where nothing is shown."""
    if error_s is None:
        return ""
    milliseconds = round(error_s * 1000)
    sign = "+" if milliseconds > 0 else "−" if milliseconds < 0 else "±"
    return f"video {sign}{abs(milliseconds)} ms"
