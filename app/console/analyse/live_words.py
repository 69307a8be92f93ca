"""What the step Live says in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def head_words(message: Mapping[str, Any]) -> str:
    """Return what runs, on what, and whether it is published."""
    first = message["recognizers"][0]
    told = (
        f"{first['title']} on {message['source']}: the last {first['case_s']:g} s, every {first['hop_s']:g} s"
    )
    published = message["published"]
    return f"{told}; on LSL as {', '.join(published)}" if published else told


def sure_words(message: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Return how sure an answer is, and by whose word."""
    if message["paused"]:
        return ""
    if not known["classes"]:
        return str(known["calibration"])
    told = []
    if message["entropy"] is not None:
        told.append(f"Uncertainty {message['entropy']:.2f} (0 sure, 1 knows nothing)")
    if message["right"] is not None:
        told.append(f"as sure as this it was right in {message['right']:.0%} of held-out cases")
    return "; ".join([*told, str(known["calibration"])]) + "."


def latency_words(totals_s: Sequence[float], newest: Mapping[str, float | None]) -> str:
    """Return how late answers come, and where the time goes."""
    parts = [
        f"{word} {1000 * seconds:.0f}"
        for word, stage in (("waiting", "wait"), ("inputs", "features"), ("deciding", "recognizer"))
        if (seconds := newest.get(stage)) is not None
    ]
    middle, late = 1000 * float(np.median(totals_s)), 1000 * float(np.percentile(totals_s, 95))
    return f"Latency {middle:.0f} ms (95 % within {late:.0f}); now {', '.join(parts)} ms."


def end_words(message: Mapping[str, Any]) -> str:
    """Return the figures of a run that is over."""
    total = message["latency"].get("total")
    told = [f"{message['answers']} decisions"]
    if total:
        told.append(f"latency {1000 * total['median']:.0f} ms (95 % within {1000 * total['p95']:.0f})")
    if message["skipped"]:
        told.append(f"{message['skipped']} windows left out: computing could not keep up")
    told.append(f"{message['cpu_share']:.0%} of a core")
    return "Ended: " + ", ".join(told) + "."
