"""Pictures, films and sounds of a few bytes, and sets made of them."""

from __future__ import annotations

import hashlib
import wave
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from stimuli.sets import Stimulus, StimulusSet, load_set
from stimuli.writing import write_manifest


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (32, 24)) -> Path:
    """Write a PNG of coloured noise that no other seed gives."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 255, (size[1] // 8 + 1, size[0] // 8 + 1, 3), np.uint8)
    pixels = np.kron(coarse, np.ones((8, 8, 1), np.uint8))[: size[1], : size[0]]
    context = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt = *size, "rgb24"
    context.time_base = Fraction(1)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    packets = [*context.encode(frame), *context.encode(None)]
    path.write_bytes(b"".join(bytes(packet) for packet in packets))
    return path


def film(path: Path, seconds: float = 1.0, size: tuple[int, int] = (64, 48)) -> Path:
    """Write a film at 10 frames a second that gets lighter."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    count = round(seconds * 10)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(count):
            pixels = np.full((size[1], size[0], 3), 20 + 200 * number // count, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def sound(path: Path, seconds: float = 0.5) -> Path:
    """Write half a second of silence."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * round(8000 * seconds))
    return path


def stimulus(path: Path, category: str = "calm", valence: float | None = 5.0, **more: object) -> Stimulus:
    """Describe a file that is there."""
    given: dict[str, object] = {"id": path.stem, "kind": "picture", "licence": "MIT", "arousal": 5.0}
    given |= {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "valence": valence}
    return Stimulus(path=path, category=category, **(given | more))  # type: ignore[arg-type]


def set_of(folder: Path, items: Iterable[Stimulus]) -> StimulusSet:
    """Write a set and read it."""
    write_manifest(folder, items)
    return load_set(folder)


def pictures_set(
    folder: Path, categories: Sequence[str] = ("calm", "wild"), each: int = 6, lowest: float = 2.0
) -> StimulusSet:
    """Make a set with as many pictures of each category; mean valence rises by 5 from `lowest`."""
    items = []
    for place, category in enumerate(categories):
        for number in range(each):
            path = picture(folder / f"{category}-{number:02d}.png", 100 * place + number)
            share = number / max(1, each - 1)
            items.append(
                stimulus(
                    path,
                    category,
                    lowest + 5 * share + 0.2 * place,
                    arousal=7 - 4 * share,
                    dominance=5.0,
                    n=20,
                    description=f"scene {number} of {category}",
                )
            )
    return set_of(folder, items)
