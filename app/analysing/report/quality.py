"""How it was recorded: rates, losses, timing on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.session_file import SessionFileError
from analysis.session_summary import summary
from app.analysing.html_page import Page, Table
from app.analysing.svg import Estimate, forest

STREAMS = (
    "recording", "stream", "nominal_hz", "measured_hz", "samples", "gaps", "lost_samples", "unmeant_gap_s",
    "jitter_sd_ms", "drift_ppm", "good_share",
)  # fmt: skip
GAPS = STREAMS.index("gaps")
TIMING = ("recording", "onset_median_ms", "onset_p99_ms", "onset_max_ms", "dropped_frames", "end_reason")
MEANT = "not recorded by the protocol"


def add_quality(page: Page, corpus: Corpus, cancelled: Callable[[], bool] = lambda: False) -> dict[str, Any]:
    """Add the section to a page; return rates and losses for the methods.

    `rates` holds, by kind of stream, every (rate in Hz, number of channels) that was recorded.
    """
    page.section("Recording")
    streams: list[tuple[object, ...]] = []
    timing: list[tuple[object, ...]] = []
    rates: dict[str, set[tuple[float, int]]] = {}
    for recording in corpus.recordings:
        if cancelled():
            break
        try:
            told = summary(recording.path)
        except SessionFileError as error:
            page.warning(str(error))
            continue
        for stream in told["streams"]:
            row = _row(recording.id, stream)
            streams.append(row)
            ways = rates.setdefault(str(stream["kind"]), set())
            ways.add((float(stream["nominal_rate_hz"]), len(stream["channels"])))
        onset = told["onset_error_ms"] or {}
        timing.append(
            (
                recording.id, onset.get("median"), onset.get("p99"), onset.get("max"),
                told["dropped_frames"], told["end_reason"],
            )
        )  # fmt: skip
    if not streams:
        page.text("There is no recording to tell of.")
        return {"rates": {}, "lost": 0, "onset_p99_ms": None}
    # How long a gap was is not always known; that there was one is.
    lost = [row for row in streams if row[GAPS]]
    page.text(
        f"{len(streams)} streams in {len(timing)} recordings; "
        + (f"{len(lost)} of them with gaps that the protocol did not mean." if lost else "no unmeant gap.")
    )
    page.table(Table("streams", STREAMS, tuple(streams)), most=24)
    page.heading("Stimulus onsets, shown against planned")
    table = Table("timing", TIMING, tuple(timing))
    known = [row for row in timing if row[1] is not None]
    if known:
        rows = [
            Estimate(str(row[0]), _number(row[1]), _number(row[1]), _number(row[2]) or _number(row[1]))
            for row in known
        ]
        page.figure(
            forest(rows, "Onset errors", "ms late: median, to the 99th percentile", 0.0),
            "Each recording's median onset error; the line goes to its 99th percentile.",
            table,
        )
    else:
        page.text("No recording had a screen that measures onsets.")
    page.table(table, most=24)
    worst = max((value for row in known if (value := _number(row[2])) is not None), default=None)
    return {"rates": rates, "lost": len(lost), "onset_p99_ms": worst}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _row(recording: str, stream: dict[str, Any]) -> tuple[object, ...]:
    unmeant = [gap for gap in stream["gaps"] if gap["cause"] != MEANT]
    gap_s = sum(
        float(gap["to_s"]) - float(gap["from_s"])
        for gap in unmeant
        if gap["to_s"] is not None and gap["from_s"] is not None
    )
    judged = stream["quality"] or {}
    good = judged["passed"] / judged["judged"] if judged.get("judged") else None
    return (
        recording, stream["id"], stream["nominal_rate_hz"], stream["measured_rate_hz"], stream["samples"],
        len(unmeant), sum(max(0, int(gap["samples"])) for gap in unmeant), float(gap_s),
        stream["jitter_sd_ms"], stream["drift_ppm"], good,
    )  # fmt: skip
