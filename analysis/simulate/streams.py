"""The streams of a simulated session: what each modality's device is called, and its samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.records import NOT_RECORDED, Gap, StreamInfo
from analysis.simulate.artefacts import Artefact, artefacts, gaps_of, without_gaps
from analysis.simulate.body import breath, pulse, skin, warmth, wrist
from analysis.simulate.brain import brain, montage
from analysis.simulate.course import Course, Span
from analysis.simulate.face import JPEG_QUALITY, SIZE, Faces
from analysis.simulate.participant import Felt, Participant, Push, Truth, pushes
from analysis.simulate.voice import voice

Floats = NDArray[np.float64]
Body = Callable[[Floats, Participant, Sequence[Push], Sequence[Artefact]], Floats]

EEG_HZ, CAMERA_HZ, SOUND_HZ = 128.0, 15.0, 16000.0
DEVICE_CLOCK = "simulated device clock, delivered in batches"


@dataclass(frozen=True, slots=True)
class _Signal:
    """A body signal: where it comes from, and the function that makes it."""

    stream: str
    device: str
    channels: tuple[str, ...]
    unit: str
    rate_hz: float
    make: Body


BODY: Mapping[str, _Signal] = MappingProxyType(
    {
        "bvp": _Signal("wristband-bvp", "simulated wristband", ("bvp",), "", 64.0, pulse),
        "eda": _Signal("wristband-eda", "simulated wristband", ("eda",), "uS", 4.0, skin),
        "temperature": _Signal(
            "wristband-temperature", "simulated wristband", ("temperature",), "degC", 4.0, warmth
        ),
        "acceleration": _Signal(
            "wristband-acceleration", "simulated wristband", ("x", "y", "z"), "g", 32.0, wrist
        ),
        "respiration": _Signal("respiration", "simulated breathing belt", ("respiration",), "", 25.0, breath),
    }
)


@dataclass(frozen=True, slots=True)
class Track:
    """A stream with all its samples: times (n,), rows (n, channels) or JPEGs, and holes."""

    info: StreamInfo
    times_s: Floats
    rows: NDArray[Any] | list[bytes]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulated:
    """All streams of one simulated session, how the keys were moved, and the truth about it."""

    tracks: tuple[Track, ...]
    truth: Truth


def simulate_signals(
    participant: Participant,
    course: Course,
    felt: Mapping[int, Felt],
    camera: Sequence[Span] | None = None,
    microphone: Sequence[Span] | None = None,
) -> Simulated:
    """Return what the devices record of a participant in a session.

    `camera` and `microphone` are the times in which they are recorded, None for all the time; a device that
    is never on has no stream.
    """
    wrong = artefacts(participant, course)
    moved = {name: pushes(participant, name, course, felt) for name in participant.modalities}
    whole: tuple[Span, ...] = ((course.start_s, course.stop_s),)
    tracks: list[Track] = []
    for name in participant.modalities:
        if name in BODY:
            tracks.append(_body(name, participant, course, moved[name], wrong))
        elif name == "eeg":
            tracks.append(_eeg(participant, course, moved[name], wrong))
        elif name == "face":
            spans = whole if camera is None else camera
            tracks += [_camera(participant, course, moved[name], spans)] if spans else []
        elif name == "speech":
            spans = whole if microphone is None else microphone
            tracks += [_microphone(participant, course, moved[name], spans)] if spans else []
    return Simulated(tuple(tracks), Truth(participant, felt, wrong, moved))


def _times(course: Course, rate_hz: float, participant: Participant, part: int) -> Floats:
    """Return a device's times: it began at a moment of its own."""
    begins = course.start_s + 0.4 * participant.random("person", 100 + part).random()
    count = int((course.stop_s - begins) * rate_hz)
    times: Floats = begins + np.arange(count) / rate_hz
    return times


def _body(
    name: str, participant: Participant, course: Course, moved: Sequence[Push], wrong: Sequence[Artefact]
) -> Track:
    signal = BODY[name]
    count = len(signal.channels)
    info = StreamInfo(
        id=signal.stream,
        kind=name,
        origin="simulated",
        channels=signal.channels,
        units=(signal.unit,) * count,
        channel_kinds=(name,) * count,
        rate_hz=signal.rate_hz,
        dtype="float32",
        device=signal.device,
        serial=_serial(participant),
        time_source=DEVICE_CLOCK,
        source_id=f"simulated:{signal.stream}",
    )
    times = _times(course, signal.rate_hz, participant, 1)
    values = signal.make(times, participant, moved, wrong).astype(np.float32)
    return Track(info, *without_gaps(times, values, wrong, name))


def _eeg(participant: Participant, course: Course, moved: Sequence[Push], wrong: Sequence[Artefact]) -> Track:
    names = montage(participant.settings.eeg_channels)
    info = StreamInfo(
        id="eeg",
        kind="eeg",
        origin="simulated",
        channels=names,
        units=("uV",) * len(names),
        channel_kinds=("eeg",) * len(names),
        rate_hz=EEG_HZ,
        dtype="float32",
        device="simulated board",
        serial=_serial(participant),
        time_source=DEVICE_CLOCK,
        source_id="simulated:eeg",
    )
    times = _times(course, EEG_HZ, participant, 2)
    return Track(info, *without_gaps(times, brain(times, names, participant, moved, wrong), wrong, "eeg"))


def _camera(participant: Participant, course: Course, moved: Sequence[Push], spans: Sequence[Span]) -> Track:
    info = StreamInfo(
        id="camera",
        kind="video",
        origin="simulated",
        channels=("frame",),
        units=("jpeg",),
        channel_kinds=("video",),
        rate_hz=CAMERA_HZ,
        dtype="jpeg",
        device="drawn face",
        time_source="clock when the frame was due",
        source_id="ring:camera",
        details={"width": SIZE[0], "height": SIZE[1], "quality": JPEG_QUALITY},
    )
    times = _times(course, CAMERA_HZ, participant, 3)
    keep = _inside(times, spans)
    return Track(
        info, times[keep], Faces(participant).frames(times[keep], moved), gaps_of(keep, NOT_RECORDED)
    )


def _microphone(
    participant: Participant, course: Course, moved: Sequence[Push], spans: Sequence[Span]
) -> Track:
    info = StreamInfo(
        id="microphone",
        kind="audio",
        origin="simulated",
        channels=("sound",),
        units=("",),
        channel_kinds=("audio",),
        rate_hz=SOUND_HZ,
        dtype="int16",
        device="generated voice",
        time_source="clock when the sample was due",
        source_id="ring:microphone",
    )
    times = _times(course, SOUND_HZ, participant, 4)
    keep = _inside(times, spans)
    rows = voice(times[keep], participant, moved)
    return Track(info, times[keep], rows, gaps_of(keep, NOT_RECORDED))


def _inside(times_s: Floats, spans: Sequence[Span]) -> NDArray[np.bool_]:
    keep = np.zeros(len(times_s), bool)
    for start, stop in spans:
        first, last = np.searchsorted(times_s, (start, stop))
        keep[first:last] = True
    return keep


def _serial(participant: Participant) -> str:
    return f"seed-{participant.settings.seed}-{participant.place}"
