"""The experimenter's windows. They show and ask; whatever must go on without them lives elsewhere."""

from __future__ import annotations

from pathlib import Path


def main(attach: Path | None = None, study: Path | None = None, review: Path | None = None) -> int:
    """Open the window: on the running session in live folder `attach`, on `study` or on the start page.

    `review` is a recording to look at.
    """
    from app.console.main import run

    return run(attach, study, review)
