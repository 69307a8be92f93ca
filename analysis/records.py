"""The records that live code and session files share: streams, gaps, events.

They sit here, below producer and consumer, because the file format does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Origin = Literal["recorded", "automatic", "simulated", "imported"]
ORIGINS: tuple[Origin, ...] = ("recorded", "automatic", "simulated", "imported")

NOT_RECORDED = "not recorded by the protocol"
"""Cause of a gap that is meant: a stage in which this camera or microphone is not recorded."""

BLOB_DTYPES = ("jpeg", "text")
SAMPLE_DTYPES = ("float32", "float64", "int8", "int16", "int32", "int64")


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is known of a stream before its first sample.

    `rate_hz` is the nominal rate, 0 for an irregular stream. `dtype` is one of `SAMPLE_DTYPES`, or
    `jpeg` / `text` for streams whose samples are byte strings of varying length. `channels`, `units`
    and `channel_kinds` have one entry a channel. `time_source` says in words how a sample's time came
    about. `source_id` is the LSL source id, or `ring:<id>` for a camera or microphone.
    """

    id: str
    kind: str
    origin: Origin
    channels: tuple[str, ...]
    units: tuple[str, ...]
    channel_kinds: tuple[str, ...]
    rate_hz: float
    dtype: str
    device: str = ""
    serial: str = ""
    time_source: str = ""
    source_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a description that no file could hold."""
        if self.dtype not in BLOB_DTYPES + SAMPLE_DTYPES:
            raise ValueError(f"stream {self.id}: unknown sample type {self.dtype!r}")
        if self.origin not in ORIGINS:
            raise ValueError(f"stream {self.id}: unknown origin {self.origin!r}")
        if not len(self.channels) == len(self.units) == len(self.channel_kinds):
            raise ValueError(f"stream {self.id}: channels, units and kinds differ in number")
        if not self.channels or self.rate_hz < 0:
            raise ValueError(f"stream {self.id}: needs a channel and a rate of 0 Hz or more")

    @property
    def is_blob(self) -> bool:
        """Whether samples are byte strings (pictures, text) and not rows of numbers."""
        return self.dtype in BLOB_DTYPES

    @property
    def shape(self) -> tuple[str, float, tuple[str, ...], tuple[str, ...]]:
        """What must stay the same for rows to belong to one data set: type, rate, channels, units."""
        return (self.dtype, self.rate_hz, self.channels, self.units)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self) | {"details": dict(self.details)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> StreamInfo:
        """Rebuild from `to_json`; raises KeyError or ValueError on what it cannot hold."""
        known = dict(values)
        for name in ("channels", "units", "channel_kinds"):
            known[name] = tuple(known[name])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a stream: rows `last` and `first` are its neighbours, -1 where there is none."""

    last: int
    first: int
    missing: int
    cause: str


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, written once by its author; (source, seq) names it for ever.

    `time` is monotonic seconds (`app.clock.now`), `trial` the trial's index or -1, `stage` the stage's
    name or "".
    """

    time: float
    source: str
    seq: int
    kind: str
    trial: int = -1
    stage: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "time": self.time,
            "source": self.source,
            "seq": self.seq,
            "kind": self.kind,
            "trial": self.trial,
            "stage": self.stage,
            "payload": dict(self.payload),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Event:
        """Rebuild from `to_json`; raises KeyError or TypeError on a foreign dictionary."""
        return cls(
            time=float(values["time"]),
            source=str(values["source"]),
            seq=int(values["seq"]),
            kind=str(values["kind"]),
            trial=int(values["trial"]),
            stage=str(values["stage"]),
            payload=dict(values["payload"]),
        )
