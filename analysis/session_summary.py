"""What `evoke info` tells of a session file, and whether the file is sound."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from analysis.presentation_summary import presentation_summary
from analysis.presentation_timing import read_presentation
from analysis.session_format import SessionFileError, entry_crc, rows_crc
from analysis.session_quality import quality_summary, quality_table
from analysis.session_reader import Session, Stream, blocks, open_session

HASH_BLOCK = 1024 * 1024


def summary(path: Path | str) -> dict[str, Any]:
    """Return what is known of a session: `evoke info --json`, the streams under `streams`.

    Times of streams are uncorrected seconds of the session's clock; null stands for what cannot be
    known, such as the drift of a stream of few seconds. `ended` says whether the session came to its
    end in order. Raises SessionFileError.
    """
    with open_session(path) as session:
        attributes = session.attributes
        reason = session.end.reason
        quality = quality_table(session.events)
        return {
            "uuid": attributes.get("uuid", ""),
            "origin": attributes.get("origin", ""),
            "protocol": session.protocol.get("name", ""),
            "protocol_version": int(session.protocol.get("version", 0)),
            "amendments": [amendment.text for amendment in session.amendments],
            "participant": attributes.get("participant", ""),
            "started_utc": attributes.get("started_utc") or attributes.get("created_utc", ""),
            "ended": bool(session.end.totals.get("in_order", False)),
            "end_reason": reason,
            "trials": len(session.trials.get("index", ())),
            "events": len(session.events),
            "onset_error_ms": _onset_errors(session),
            "dropped_frames": sum(
                int(e.payload.get("count", 0)) for e in session.events if e.kind == "frames_dropped"
            ),
            "presentation": presentation_summary(read_presentation(session)),
            "streams": [
                stream_summary(stream) | {"quality": quality_summary(quality.get(stream.info.id, ()))}
                for stream in session
            ],
        }


def stream_summary(stream: Stream) -> dict[str, Any]:
    """Return what `evoke info` tells of one stream."""
    info, rows = stream.info, stream.rows
    model = stream.time_model
    return {
        "id": info.id,
        "kind": info.kind,
        "origin": info.origin,
        "channels": list(info.channels),
        "nominal_rate_hz": info.rate_hz,
        "measured_rate_hz": _rounded(model.measured_rate_hz, 4),
        "samples": rows,
        "first_s": stream.times[0] if rows else None,
        "last_s": stream.times[-1] if rows else None,
        "gaps": [
            {
                "from_s": stream.times[gap.last] if 0 <= gap.last < rows else None,
                "to_s": stream.times[gap.first] if 0 <= gap.first < rows else None,
                "samples": gap.missing,
                "cause": gap.cause,
            }
            for gap in stream.gaps
        ],
        "jitter_sd_ms": _rounded(None if model.jitter_sd_s is None else model.jitter_sd_s * 1e3, 4),
        "drift_ppm": _rounded(model.drift_ppm, 2),
        "residual_ms": _rounded(None if model.residual_s is None else model.residual_s * 1e3, 4),
        "alignment": str(info.details.get("alignment") or "not verified"),
        "delay_s": info.details.get("delay_s"),
        "lost_tail_s": float(stream.group.attrs.get("lost_tail_s", 0.0)),
    }


def _onset_errors(session: Session) -> dict[str, float] | None:
    errors = [
        (event.payload["actual_s"] - event.payload["intended_s"]) * 1e3
        for event in session.events
        if event.kind == "stimulus_shown"
        and event.payload.get("actual_s") is not None
        and event.payload.get("intended_s") is not None
    ]
    if not errors:
        return None
    return {
        "median": round(float(np.median(errors)), 3),
        "p99": round(float(np.percentile(errors, 99)), 3),
        "max": round(float(np.max(errors)), 3),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def utc_text(utc_s: float) -> str:
    """Return a UTC time as text, to the millisecond."""
    text = datetime.fromtimestamp(utc_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def file_sha256(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """Return a file's SHA-256 in hexadecimal; `progress` gets bytes done."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK):
            digest.update(block)
            done += len(block)
            if progress is not None:
                progress(done)
    return digest.hexdigest()


def verify(path: Path | str, sha256: str = "") -> None:
    """Read a finished file whole and compare it with its checksums; raises SessionFileError.

    With `sha256` the bytes of the file are compared too, also those that hold no rows.
    """
    path = Path(path)
    if sha256 and file_sha256(path) != sha256:
        raise SessionFileError(
            f"{path}: its checksum differs: it was changed or damaged. Restore it from a backup."
        )
    with open_session(path) as session:
        totals: Mapping[str, Any] = session.end.totals.get("streams", {}) if session.is_finished else {}
        if session.is_finished and set(totals) != set(session.streams):
            raise SessionFileError(f"{path}: streams are missing. Restore it from a backup.")
        for name, stream in session.streams.items():
            verify_stream(path, stream)
            if totals and int(totals[name]["rows"]) != stream.written_rows:
                raise SessionFileError(
                    f"{path}: rows of stream {name} are missing. Restore it from a backup."
                )


def verify_stream(path: Path, stream: Stream, progress: Callable[[int], None] | None = None) -> None:
    """Compare every chunk of a stream with its checksum; raises SessionFileError."""
    table = stream.all_chunks
    expected = 0
    try:
        for start, stop in blocks(stream, table):
            entries = table[start:stop]
            base = int(entries["first"][0])
            end = int(entries["first"][-1] + entries["count"][-1])
            data, index, times = stream.read(base, end)
            for i in range(len(entries)):
                first = int(entries["first"][i]) - base
                last = first + int(entries["count"][i])
                rows, part = _rows(data, index, first, last)
                crc = entry_crc(entries[i : i + 1], rows_crc(rows, part, times[first:last]))
                if first + base != expected or crc != int(entries["crc32"][i]):
                    raise SessionFileError(
                        f"{path}: stream {stream.info.id} is damaged at row {first + base}."
                        " Restore it from a backup."
                    )
                expected = base + last
            if progress is not None:
                progress(data.nbytes)
    except (OSError, RuntimeError, ValueError) as error:
        raise SessionFileError(
            f"{path}: stream {stream.info.id} cannot be read: it is damaged. Restore it from a backup."
        ) from error
    if expected != stream.written_rows:
        raise SessionFileError(f"{path}: stream {stream.info.id} has rows without a checksum.")


def _rows(data: Any, index: Any, first: int, last: int) -> tuple[Any, Any]:
    if index is None:
        return data[first:last], None
    part = index[first:last]
    base = int(index["offset"][0])
    start = int(part["offset"][0]) - base
    return data[start : int(part["offset"][-1] + part["length"][-1]) - base], part
