"""Renders the drawings and the music of `stimuli.drawing` into the files and the manifest of `stimuli/open`.

    python -m tests.stimuli.render_open_set [ID ...]

Without ids everything is made anew; with ids only those files, the rest of the manifest stays as it is.
It stands here because the stimuli room does without Qt.
"""

import csv
import hashlib
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from stimuli.drawing import FACES, SCENES, FacePicture, Scene
from stimuli.drawing.canvas import HEIGHT, WIDTH
from stimuli.drawing.clips import CLIPS, FILM_RATE_HZ, TONES, Clip, Tone
from stimuli.drawing.faces import FACE_HEIGHT, FACE_WIDTH
from stimuli.drawing.music import RATE_HZ
from stimuli.sets import COLUMNS, MANIFEST, bundled_sets

FILM_SIZE = (640, 360)
VIDEO = ("libvpx-vp9", {"crf": "42", "b": "52000", "deadline": "good", "cpu-used": "2"})
# What moves everywhere at once needs more bits, and soft light in the dark finer steps.
HARD = {
    "swarm": {"b": "120000"},
    "candle": {"b": "90000", "crf": "26"},
    "corridor": {"b": "90000", "crf": "28"},
    "moonrise": {"b": "80000", "crf": "32"},
    "thunderstorm": {"b": "80000", "crf": "34"},
}
SOUND_BITS = 28_000
# Encoders put several samples of silence before the first; containers tell decoders to drop them.
AUDIO = "libopus"
Entry = Scene | FacePicture | Clip | Tone


def draw(svg: str, width: int, height: int) -> QImage:
    """Return an SVG document as a picture."""
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    if not renderer.isValid():
        raise ValueError("this is not valid SVG")
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0)
    # Otherwise the file would carry the resolution of the screen it was made on.
    image.setDotsPerMeterX(2835)
    image.setDotsPerMeterY(2835)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    return image


def render(scene: Scene | FacePicture) -> QImage:
    """Return a picture in the size of its kind."""
    return draw(scene.svg(), *((WIDTH, HEIGHT) if isinstance(scene, Scene) else (FACE_WIDTH, FACE_HEIGHT)))


def pixels(image: QImage) -> NDArray[np.uint8]:
    """Return a picture's colours (height, width, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGBX8888)
    flat = np.frombuffer(plain.constBits(), np.uint8)
    return np.ascontiguousarray(flat.reshape(plain.height(), plain.width(), 4)[..., :3])


def frame(clip: Clip, number: int, size: tuple[int, int] = FILM_SIZE) -> NDArray[np.uint8]:
    """Return frame `number` of a clip as colours (height, width, 3)."""
    return pixels(draw(clip.svg(number), *size))


def _picture(scene: Scene | FacePicture, path: Path) -> None:
    # Quality 0 is the slowest and smallest compression: PNG loses nothing in any case.
    if not render(scene).save(str(path), None, 0):
        raise OSError(f"{path} cannot be written")


def _sound(out: Any, stream: Any, clip: Clip | Tone) -> None:
    samples = clip.play(clip.duration_s).astype(np.float32)
    frame_ = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
    frame_.sample_rate, frame_.pts, frame_.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
    out.mux(stream.encode(frame_))
    out.mux(stream.encode())


def _audio(out: Any) -> Any:
    stream = out.add_stream(AUDIO, rate=RATE_HZ)
    stream.bit_rate, stream.layout = SOUND_BITS, "mono"
    return stream


def _film(clip: Clip, path: Path) -> None:
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as out:
        settings = VIDEO[1] | HARD.get(clip.id, {})
        video: Any = out.add_stream(VIDEO[0], rate=FILM_RATE_HZ, options=settings)
        video.width, video.height = FILM_SIZE
        video.pix_fmt = "yuv420p"
        audio = _audio(out)
        for number in range(clip.frames):
            picture = av.VideoFrame.from_ndarray(frame(clip, number), format="rgb24")
            picture.pts = number
            out.mux(video.encode(picture))
        out.mux(video.encode())
        _sound(out, audio, clip)


def _tone(tone: Tone, path: Path) -> None:
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as out:
        _sound(out, _audio(out), tone)


def row(entry: Entry, path: Path) -> dict[str, object]:
    """Return the entry's row of the manifest."""
    kind = {Clip: "film", Tone: "sound"}.get(type(entry), "picture")
    size = {Scene: (WIDTH, HEIGHT), FacePicture: (FACE_WIDTH, FACE_HEIGHT), Clip: FILM_SIZE}.get(type(entry))
    values: dict[str, object] = {
        "id": entry.id,
        "file": path.name,
        "kind": kind,
        "category": entry.category,
        "valence": entry.valence,
        "arousal": entry.arousal,
        "dominance": entry.dominance,
        "provisional": "true",
        "licence": "MIT",
        "attribution": "Evoke contributors",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "description": entry.description,
    }
    if size is not None:
        values |= {"width_px": size[0], "height_px": size[1]}
    if isinstance(entry, Clip | Tone):
        values["duration_s"] = f"{entry.duration_s:g}"
    if isinstance(entry, FacePicture):
        values |= {"model": entry.model.id, "expression": entry.expression}
    return values


def entries() -> dict[str, tuple[Entry, str, Callable[[Any, Path], None]]]:
    """Return everything the set holds by id: what it is made from, its file's ending, and how it is made."""
    found: dict[str, tuple[Entry, str, Callable[[Any, Path], None]]] = {}
    for things, ending, make in (
        (SCENES, "png", _picture), (FACES, "png", _picture), (CLIPS, "mp4", _film), (TONES, "ogg", _tone)
    ):  # fmt: skip
        found |= {thing.id: (thing, ending, make) for thing in things}
    return found


def write(rows: Mapping[str, Mapping[str, object]], path: Path) -> None:
    """Write the manifest."""
    with path.open("w", encoding="utf-8", newline="") as file:
        manifest = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        manifest.writeheader()
        manifest.writerows(rows.values())


def main(wanted: list[str]) -> None:
    folder = bundled_sets()["open"]
    rows = {}
    for name, (entry, ending, make) in entries().items():
        path = folder / f"{name}.{ending}"
        if not wanted or name in wanted:
            make(entry, path)
        rows[name] = row(entry, path)
    write(rows, folder / MANIFEST)


if __name__ == "__main__":
    main(sys.argv[1:])
