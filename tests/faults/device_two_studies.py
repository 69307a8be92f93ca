"""Two studies record at once on one computer, with devices of the same names: does anything mix?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.session_file import open_session
from tests.faults.scenarios import Row

PATIENCE_S = 240.0


@dataclass(frozen=True, slots=True)
class Demo:
    """One of the demos: its session, what belongs to it, and all that its folder and its file hold."""

    status: int
    uuid: str
    sources: tuple[str, ...]
    rows: dict[str, int]
    stimuli: tuple[float, ...]
    content: bytes
    message: str


def demos(folder: Path, seeds: Sequence[int] = (1, 2)) -> tuple[Demo, ...]:
    """Run as many full demos at once as there are seeds."""
    running = []
    for seed in seeds:
        place = folder / f"study-{seed}"
        place.mkdir(parents=True)
        command = [sys.executable, "-m", "app", "demo", "--headless", "--no-window", "--seed", str(seed)]
        with (place / "said.txt").open("wb") as said:
            running.append(
                subprocess.Popen(
                    [*command, "--out", str(place / "out"), "--json"],
                    stdout=said,
                    stderr=said,
                    env={**os.environ, "EVOKE_HOME": str(place / "home")},
                )
            )
    statuses = [process.wait(PATIENCE_S) for process in running]
    places = [folder / f"study-{seed}" for seed in seeds]
    return tuple(_read(place, status) for place, status in zip(places, statuses, strict=True))


def _read(place: Path, status: int) -> Demo:
    (path,) = place.rglob("*.h5")
    files = [file.read_bytes() for file in place.rglob("*") if file.is_file()]
    with open_session(path) as session:
        events = [json.dumps(event.to_json()).encode() for event in session.events]
        infos = [stream.info for stream in session.streams.values()]
        described = [json.dumps(info.to_json()).encode() for info in infos]
        return Demo(
            status,
            str(session.attributes["uuid"]),
            tuple(info.source_id for info in infos),
            {name: len(stream.times) for name, stream in session.streams.items()},
            tuple(event.time for event in session.events if event.kind == "stimulus_shown"),
            b"\n".join([*files, *events, *described]),
            (place / "said.txt").read_text(),
        )


def strangers(one: Demo, other: Demo) -> list[str]:
    """Return what of another study is in this one: its uuid, its source ids, the times of its stimuli."""
    marks = [other.uuid, *(source for source in other.sources if source.startswith("evoke:"))]
    marks += [repr(time_s) for time_s in other.stimuli]
    return [mark for mark in marks if mark.encode() in one.content]


def two_studies(folder: Path) -> Row:
    """Two full demos run at once."""
    first, second = demos(folder)
    found = strangers(first, second) + strangers(second, first)
    text = f"of the other study in the files: {', '.join(found) or 'nothing'}"
    status = max(first.status, second.status)
    return Row("two studies at once", {"strangers": len(found)}, {}, None, text, status, True)
