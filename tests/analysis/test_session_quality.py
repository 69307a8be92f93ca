"""The table of quality over time, from the events that the monitor journalled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.records import Event
from analysis.session_file import open_session, summary
from analysis.session_quality import quality_summary, quality_table
from app.commands.files import describe
from app.recorder.finishing import finish
from tests.helpers.recordings import START_S, Script, make_live


def judged(time: float, stream: str, verdict: str = "passed", source: str = "monitor", **more: Any) -> Event:
    payload = {"stream": stream, "verdict": verdict, "problems": [], "seconds": 10.0} | more
    return Event(time, source, round(time), "quality", payload=payload)


EVENTS = (
    judged(
        30.0, "bvp", "warned", heart_rate_bpm=None, worn=True, problems=[{"code": "no_pulse", "text": "-"}]
    ),
    judged(10.0, "bvp", heart_rate_bpm=70.0, worn=True),
    judged(20.0, "bvp", heart_rate_bpm=74.0, worn=True),
    judged(
        40.0, "bvp", "failed", heart_rate_bpm=None, worn=False, problems=[{"code": "off_wrist", "text": "-"}]
    ),
    judged(10.0, "eeg", line_noise=0.25),
    judged(11.0, "eeg", source="participant"),
    Event(12.0, "monitor", 99, "journal_opened"),
)


def test_rows_are_those_of_the_monitor_in_order_of_time() -> None:
    table = quality_table(EVENTS)
    assert [row["time"] for row in table["bvp"]] == [10.0, 20.0, 30.0, 40.0]
    assert [row["verdict"] for row in table["eeg"]] == ["passed"]
    assert set(table) == {"bvp", "eeg"}
    assert "stream" not in table["bvp"][0]


def test_the_summary_counts_verdicts_problems_and_medians() -> None:
    assert quality_summary(quality_table(EVENTS)["bvp"]) == {
        "judged": 4,
        "passed": 2,
        "warned": 1,
        "failed": 1,
        "problems": {"no_pulse": 1, "off_wrist": 1},
        "medians": {"heart_rate_bpm": 72.0},
        "worn": 0.75,
    }


def test_a_stream_that_nobody_judged_has_no_summary() -> None:
    assert quality_summary(()) is None


def test_what_the_monitor_journalled_is_in_the_finished_file(tmp_path: Path) -> None:
    paths = make_live(tmp_path)
    script = Script("monitor", at_s=START_S)
    problems = [{"code": "flat", "text": "eeg: channel c0 is flat."}]
    script.add(
        START_S + 2.0,
        "quality",
        stream="eeg",
        verdict="failed",
        problems=problems,
        flat=["c0"],
        line_noise=0.1,
    )
    script.append_to(paths.journal("monitor"))
    final = finish(paths).path
    with open_session(final) as session:
        rows = quality_table(session.events)["eeg"]
    assert [(row["time"], row["verdict"], row["flat"]) for row in rows] == [(START_S + 2.0, "failed", ["c0"])]
    known = summary(final)
    streams = {stream["id"]: stream["quality"] for stream in known["streams"]}
    assert streams["eeg"]["problems"] == {"flat": 1}
    assert streams["eeg"]["medians"] == {"line_noise": 0.1}
    assert streams["camera"] is None
    assert "flat: in 1 of 1 stretches judged" in describe(known)
