"""Streams on their way: what the recorder expects, and the way between LSL's description and ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pylsl import StreamInfo as LslInfo

from analysis.records import Origin, StreamInfo

LSL_FORMATS = {
    1: "float32",
    2: "float64",
    3: "text",
    4: "int32",
    5: "int16",
    6: "int8",
    7: "int64",
}
FORMAT_OF_DTYPE = {dtype: number for number, dtype in LSL_FORMATS.items()}


@dataclass(frozen=True, slots=True)
class Expected:
    """A stream that a recording waits for.

    `transport` is `lsl` (an inlet) or `ring` (a camera or microphone on this machine). An LSL stream is
    found by `match`: any of source_id, name, type, hostname, all of which must agree. `info` is known
    beforehand for streams of our own bridges and captures, else None. `details` are what the devices file
    says of the stream (delay, alignment), for a description that is found on LSL.
    """

    id: str
    transport: Literal["lsl", "ring"]
    required: bool = True
    match: Mapping[str, str] = field(default_factory=dict)
    info: StreamInfo | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "id": self.id,
            "transport": self.transport,
            "required": self.required,
            "match": dict(self.match),
            "info": None if self.info is None else self.info.to_json(),
            "details": dict(self.details),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Expected:
        """Rebuild from `to_json`."""
        info = values["info"]
        return cls(**{**values, "info": None if info is None else StreamInfo.from_json(info)})


def slug(name: str, taken: Iterable[str] = ()) -> str:
    """Make a stream id of an LSL name: lower case, words joined by '-', then '-2', '-3' if taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "stream"
    used = set(taken)
    candidate, number = base, 1
    while candidate in used:
        number += 1
        candidate = f"{base}-{number}"
    return candidate


def to_lsl(info: StreamInfo) -> LslInfo:
    """Describe one of our streams for an outlet; channels, units and kinds go into its XML."""
    lsl = LslInfo(
        name=str(info.details.get("name", info.id)),
        type=info.kind,
        channel_count=len(info.channels),
        nominal_srate=info.rate_hz,
        channel_format=FORMAT_OF_DTYPE[info.dtype],
        source_id=info.source_id,
    )
    description = lsl.desc()
    description.append_child_value("manufacturer", "Evoke")
    own = description.append_child("evoke")
    for key in ("origin", "device", "serial", "time_source"):
        own.append_child_value(key, str(getattr(info, key)))
    channels = description.append_child("channels")
    for label, unit, kind in zip(info.channels, info.units, info.channel_kinds, strict=True):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
        channel.append_child_value("type", kind)
    return lsl


def from_lsl(lsl: LslInfo, stream_id: str) -> StreamInfo:
    """Describe an LSL stream as ours: needs the full info of an inlet for labels and units."""
    count = lsl.channel_count()
    labels, units, kinds = [], [], []
    channel = lsl.desc().child("channels").child("channel")
    for index in range(count):
        labels.append(channel.child_value("label") or f"{index + 1}")
        units.append(channel.child_value("unit"))
        kinds.append((channel.child_value("type") or lsl.type()).lower())
        channel = channel.next_sibling()
    own = lsl.desc().child("evoke")
    stated = own.child_value("origin")
    origin: Origin = "recorded"
    if stated in ("automatic", "simulated", "imported"):
        origin = stated
    return StreamInfo(
        id=stream_id,
        kind=lsl.type().lower(),
        origin=origin,
        channels=tuple(labels),
        units=tuple(units),
        channel_kinds=tuple(kinds),
        rate_hz=lsl.nominal_srate(),
        dtype=LSL_FORMATS[lsl.channel_format()],
        device=own.child_value("device") or lsl.name(),
        serial=own.child_value("serial"),
        time_source=own.child_value("time_source") or "sender's LSL stamps",
        source_id=lsl.source_id(),
        details={"name": lsl.name(), "host": lsl.hostname()},
    )
