"""MP4 with sound: the camera's own JPEG pictures at their true times, and the microphone without loss.

Pictures are passed through as they were recorded (Motion JPEG), sound becomes ALAC or FLAC. Both lie by
corrected time: a picture to the microsecond, sound to the sample at every packet, so a microphone whose
clock drifts stays with the face over hours.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.export_files import ExportError, LeftOut, Report, Wrote, new_file, row_blocks
from analysis.exchange.export_grid import Grid, grid_of
from analysis.exchange.export_view import View, view_of
from analysis.session_reader import Session, Stream

if TYPE_CHECKING:
    from av import AudioStream, Packet
    from av.container import OutputContainer

SECOND = 1_000_000
"""Ticks of a picture's time a second."""
SOUND_CODECS = ("alac", "flac")
PACKET = 4096
_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1"}
_SOF = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def write_mp4(session: Session | View, folder: Path, stem: str = "") -> Report:
    """Write `folder`/<camera>.mp4 for every camera, each with all microphones; without one the sound only.

    With a `stem` the files are called <stem>_<camera>.mp4.

    Pictures that are no JPEG or of another size than the first are left out and counted; holes in the
    sound are filled with silence and counted. Raises ExportError, OSError.
    """
    view = view_of(session)
    report = Report(left_out=list(view.left_out))
    cameras = [stream for stream in view.streams if stream.info.dtype == "jpeg" and stream.rows]
    sounds = [stream for stream in view.streams if is_sound(stream)]
    for stream in view.streams:
        if stream not in cameras and stream not in sounds:
            report.left_out.append(LeftOut(f"stream {view.name(stream)}", "is neither pictures nor sound"))
    if not cameras and not sounds:
        raise ExportError(f"{view.session.path}: has neither pictures nor sound. Choose another format.")
    chosen: list[Stream | None] = [*cameras] or [None]
    for camera in chosen:
        name = view.name(camera if camera is not None else sounds[0])
        report.add(_write(view, folder / f"{stem}_{name}.mp4".removeprefix("_"), camera, sounds))
    return report


def is_sound(stream: Stream) -> bool:
    """Whether a stream is sound that a film can have as a track."""
    info = stream.info
    is_audio = info.kind.lower() in ("audio", "microphone", "sound") and info.rate_hz >= 1000
    return is_audio and not info.is_blob and bool(stream.rows) and len(info.channels) in _LAYOUTS


def _write(view: View, path: Path, camera: Stream | None, sounds: Sequence[Stream]) -> Report:
    import av

    report = Report()
    grids = [grid_of(sound) for sound in sounds]
    starts = [grid.start_s for grid in grids]
    if camera is not None:
        starts.append(float(camera.corrected_times(0, 1)[0]))
    zero_s = min(starts)
    with new_file(path) as partial:
        # The muxer says a track's first moment in units of the movie's scale, by default milliseconds.
        options = {"movie_timescale": str(SECOND)}
        with av.open(str(partial), "w", format="mp4", container_options=options) as container:
            tracks: list[Iterator[tuple[float, int, Packet[Any]]]] = []
            pictures = None
            if camera is not None:
                pictures = _Pictures(container, camera, zero_s)
                tracks.append(pictures.packets())
            made = [_Sound(container, sound, grid, zero_s) for sound, grid in zip(sounds, grids, strict=True)]
            tracks += [sound.packets(number) for number, sound in enumerate(made, start=1)]
            for _, _, packet in heapq.merge(*tracks, key=lambda item: item[:2]):
                container.mux(packet)
    start = {"zero_s": zero_s + view.shift_s}
    if pictures is not None:
        facts: dict[str, Any] = {"codec": "mjpeg, passed through", "left_out": dict(pictures.left_out)}
        facts |= {"time_base_s": 1 / SECOND, "moved": pictures.moved, "width": pictures.size[0]}
        facts["height"] = pictures.size[1]
        report.wrote.append(Wrote(path.name, view.name(pictures.stream), pictures.written, facts | start))
    for sound in made:
        facts = {"codec": sound.codec, "silence_filled": sum(hole.count for hole in sound.grid.holes)}
        facts |= {
            "samples": sound.grid.samples,
            "largest_error": sound.largest_error,
            "clipped": sound.clipped,
        }
        facts["drift_ppm"] = sound.stream.time_model.drift_ppm
        report.wrote.append(Wrote(path.name, view.name(sound.stream), sound.stream.rows, facts | start))
    return report


@dataclass
class _Pictures:
    """The pictures of a camera as packets of a track of `container`."""

    container: OutputContainer
    stream: Stream
    zero_s: float
    written: int = 0
    moved: int = 0
    size: tuple[int, int] = field(init=False)
    left_out: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find the first picture's size; raises ExportError where there is none."""
        found = next((size for _, content in self._all() if (size := jpeg_size(content))), None)
        if found is None:
            raise ExportError(f"stream {self.stream.info.id} has no JPEG picture.")
        self.size = found

    def packets(self) -> Iterator[tuple[float, int, Packet[Any]]]:
        """Make the track; return (seconds, 0, packet) in the order of rows."""
        rate = Fraction(self.stream.info.rate_hz or 30).limit_denominator(1000)
        width, height = self.size
        track = self.container.add_stream("mjpeg", rate=rate)
        track.width, track.height, track.pix_fmt = width, height, "yuvj420p"
        track.time_base = Fraction(1, SECOND)
        return self._packets(track, round(SECOND / rate))

    def _packets(self, track: Any, duration: int) -> Iterator[tuple[float, int, Packet[Any]]]:
        from av import Packet

        last = -1
        for time_s, content in self._all():
            size = jpeg_size(content)
            if size != self.size:
                why = "no JPEG" if size is None else f"{size[0]}x{size[1]}"
                self.left_out[why] = self.left_out.get(why, 0) + 1
                continue
            at = round((time_s - self.zero_s) * SECOND)
            if at <= last:
                self.moved += 1
                at = last + 1
            last = at
            packet = Packet(content)
            packet.stream, packet.time_base = track, Fraction(1, SECOND)
            packet.pts = packet.dts = at
            packet.duration = duration
            packet.is_keyframe = True
            self.written += 1
            yield at / SECOND, 0, packet

    def _all(self) -> Iterator[tuple[float, bytes]]:
        for first, stop in row_blocks(self.stream):
            times = self.stream.corrected_times(first, stop)
            yield from zip(times.tolist(), self.stream.data[first:stop], strict=True)


class _Sound:
    """The samples of a microphone as packets of a track of `container`."""

    def __init__(self, container: OutputContainer, stream: Stream, grid: Grid, zero_s: float) -> None:
        import av

        self.stream, self.grid, self._zero_s = stream, grid, zero_s
        self.codec = next((name for name in SOUND_CODECS if name in av.codecs_available), "")
        if not self.codec:
            raise ExportError(f"PyAV lacks the encoders {' and '.join(SOUND_CODECS)}. Reinstall `av`.")
        self.largest_error = 0.0
        self.clipped = 0
        self._is_short = stream.info.dtype in ("int8", "int16")
        self._format = ("s16" if self._is_short else "s32") + ("p" if self.codec == "alac" else "")
        layout = _LAYOUTS[len(stream.info.channels)]
        self._rate = round(stream.info.rate_hz)
        track = container.add_stream(self.codec, rate=self._rate, layout=layout)
        self._track = cast("AudioStream", track)
        self._track.codec_context.format = self._format
        self._track.codec_context.open()
        self._packet = self._track.codec_context.frame_size or PACKET

    def packets(self, number: int) -> Iterator[tuple[float, int, Packet[Any]]]:
        """Yield (seconds, `number`, packet), each packet at its own corrected time."""
        done, last = 0, -1
        for packet in self._encoded():
            time_s = float(self.grid.times(np.array([done]))[0]) - self._zero_s
            at = max(round(time_s * self._rate), last + 1)
            last = at
            packet.pts = packet.dts = at
            packet.time_base = Fraction(1, self._rate)
            yield at / self._rate, number, packet
            done += self._packet

    def _encoded(self) -> Iterator[Packet[Any]]:
        from av import AudioFrame

        place = 0
        for block in self._blocks():
            shaped = block.T if self._format.endswith("p") else block.reshape(1, -1)
            layout = self._track.codec_context.layout.name
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(shaped), self._format, layout)
            frame.sample_rate, frame.pts, frame.time_base = self._rate, place, Fraction(1, self._rate)
            place += len(block)
            yield from self._track.encode(frame)
        yield from self._track.encode(None)

    def _blocks(self) -> Iterator[NDArray[Any]]:
        """Yield blocks of exactly one packet's samples (n, channels), silence where there are none."""
        kept = np.zeros((0, len(self.stream.info.channels)), np.int16 if self._is_short else np.int32)
        for _, count, first in self.grid.pieces(self._packet * 64):
            rows = np.zeros((count, kept.shape[1]), kept.dtype)
            if first >= 0:
                rows = self._integers(self.stream.data[first : first + count])
            kept = np.concatenate([kept, rows])
            whole = len(kept) // self._packet * self._packet
            for start in range(0, whole, self._packet):
                yield kept[start : start + self._packet]
            kept = kept[whole:]
        if len(kept):
            yield kept

    def _integers(self, values: NDArray[Any]) -> NDArray[Any]:
        if values.dtype == np.int16:
            return values
        if values.dtype == np.int8:
            return values.astype(np.int16) << 8
        if np.issubdtype(values.dtype, np.integer):
            full = float(2 ** (8 * values.dtype.itemsize - 1))
            scaled = values.astype(np.float64) / full
        else:
            scaled = np.nan_to_num(values.astype(np.float64), posinf=1.0, neginf=-1.0)
        # 24 of 32 bits are what both encoders keep.
        whole = np.clip(np.rint(scaled * 2**23), -(2**23), 2**23 - 1)
        self.clipped += int(np.count_nonzero(np.abs(scaled) > 1))
        inside = np.abs(scaled) <= 1
        apart = np.abs(scaled - whole / 2**23)[inside]
        self.largest_error = max(self.largest_error, float(apart.max(initial=0.0)))
        shifted: NDArray[Any] = whole.astype(np.int32) << 8
        return shifted


def jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG from its frame header, None if it is none."""
    if content[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:
        mark = content[place + 1]
        if mark in _SOF:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return (width, height) if width and height else None
        if mark == 0xFF:
            place += 1
            continue
        place += 2 + struct.unpack(">H", content[place + 2 : place + 4])[0]
    return None
