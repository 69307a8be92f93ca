"""Live answers on LSL: one sample a decision, stamped with the end of its window on the session's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pylsl import StreamOutlet

from analysis.live.engine import Answer
from analysis.live.uncertainty import Judged
from analysis.records import StreamInfo
from app.live.models import Mounted
from app.streams import to_lsl

KIND = "Recognizer"
PREFIX = "evoke:live:"


def described(mounted: Mounted, name: str, has_plane: bool) -> StreamInfo:
    """Describe the stream of a recognizer's answers: what each channel is.

    "has NAME" is 1 where a signal is there and moves; one that stands still is used, but is 0 here.
    """
    chosen: list[tuple[str, str, str]] = []
    if mounted.trained.classes:
        chosen += [(f"p {each}", "", "probability") for each in mounted.names]
        chosen += [(f"calibrated {each}", "", "probability") for each in mounted.names]
        chosen += [("entropy", "", "uncertainty"), ("right", "", "uncertainty")]
    else:
        chosen += [(each, "", "number") for each in mounted.names]
        chosen += [(f"sd {each}", "", "uncertainty") for each in mounted.names]
    if has_plane:
        chosen += [("valence", "", "number"), ("arousal", "", "number")]
    chosen += [(f"has {spec.name}", "", "present") for spec in mounted.plan.inputs]
    chosen.append(("latency", "s", "latency"))
    labels, units, kinds = zip(*chosen, strict=True)
    return StreamInfo(
        "live",
        KIND,
        "recorded",
        labels,
        units,
        kinds,
        0.0,
        "float64",
        device="Evoke live",
        serial=mounted.sha256[:16],
        time_source="end of the window that each decision is about, on the session's clock",
        source_id=f"{PREFIX}{mounted.sha256[:16]}:{name}",
        details={"name": name},
    )


class Outlet:
    """Publishes a recognizer's answers under a name; a pause is a sample without numbers (NaN)."""

    def __init__(self, mounted: Mounted, name: str, has_plane: bool) -> None:
        self.info = described(mounted, name, has_plane)
        self._has_plane = has_plane
        lsl = to_lsl(self.info)
        own = lsl.desc().child("evoke")
        for key, text in _facts(mounted).items():
            own.append_child_value(key, text)
        self._outlet = StreamOutlet(lsl)

    @property
    def has_consumers(self) -> bool:
        """Whether anybody listens."""
        return bool(self._outlet.have_consumers())

    def push(
        self, answer: Answer, judged: Judged | None, place: tuple[float, float] | None, latency_s: float
    ) -> None:
        """Publish an answer."""
        row = sample(answer, judged, place if self._has_plane else None, latency_s, self._has_plane)
        self._outlet.push_sample(row.tolist(), answer.stop_s)

    def close(self) -> None:
        """Let the stream go."""
        del self._outlet


def sample(
    answer: Answer,
    judged: Judged | None,
    place: tuple[float, float] | None,
    latency_s: float,
    has_plane: bool,
) -> np.ndarray:
    """Return an answer as the channels of its stream."""
    nothing = [float("nan")] * len(answer.names)
    proba: Sequence[float] = nothing if answer.proba is None else answer.proba.tolist()
    row = [*proba]
    if answer.is_classes:
        row += nothing if judged is None else judged.proba.tolist()
        row += [float("nan")] * 2 if judged is None else [judged.entropy, _or_nan(judged.right)]
    else:
        row += list(judged.sd) if judged is not None and judged.sd else nothing
    if has_plane:
        row += [float("nan")] * 2 if place is None else list(place)
    row += [float(each.state == "present") for each in answer.inputs]
    return np.array([*row, latency_s], np.float64)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _facts(mounted: Mounted) -> Mapping[str, str]:
    return {
        "recognizer": mounted.trained.card.name,
        "run": mounted.name,
        "target": mounted.target,
        "model_sha256": mounted.sha256,
        "classes": "|".join(mounted.trained.classes),
        "outputs": "|".join(mounted.trained.outputs),
        "calibration": mounted.calibration.words,
        "window_s": f"{mounted.plan.case_s:g}",
        "hop_s": f"{mounted.plan.hop_s:g}",
    }
