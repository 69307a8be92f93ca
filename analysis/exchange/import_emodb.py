"""EmoDB: acted sentences in seven emotions, one wav file each.

Burkhardt et al., "A Database of German Emotional Speech", Interspeech 2005. A file's name says speaker (two
digits), text (three signs), emotion (a letter of the German word) and version: 03a01Fa.wav.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import Imported, ImportFileError, Source
from analysis.exchange.import_set import Cuts, Member, files_in, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial

NAME = re.compile(r"(?P<speaker>\d{2})(?P<text>[ab]\d{2})(?P<emotion>[WLEAFTN])(?P<version>[a-z])")
EMOTIONS: Mapping[str, str] = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
LONGEST_S = 60.0


def members(source: Path) -> tuple[Member, ...]:
    """Return the speakers of a folder of wav files, in order; raises ImportFileError."""
    by_speaker: dict[str, list[Path]] = {}
    for path in files_in(source, "*.wav", "wav file of EmoDB"):
        known = NAME.fullmatch(path.stem)
        if known is None:
            raise ImportFileError(
                f"{path}: is no name of EmoDB, which are like 03a01Fa.wav. Take other files out."
            )
        by_speaker.setdefault(known["speaker"], []).append(path)
    return tuple(
        Member(speaker, 1, source, partial(_read, tuple(files)))
        for speaker, files in sorted(by_speaker.items())
    )


def _read(files: tuple[Path, ...]) -> Imported:
    known_sounds = [_sound(path) for path in files]
    sounds = [sound for _, sound in known_sounds]
    rates = {rate for rate, _ in known_sounds}
    if len(rates) > 1:
        raise ImportFileError(f"{files[0].parent}: its files have different rates. Bring them to one rate.")
    rate_hz = float(rates.pop())
    cuts = Cuts.of([len(sound) for sound in sounds], rate_hz)
    info = stream_info(
        "sound",
        "audio",
        [("sound", "audio", "")],
        rate_hz,
        "EmoDB",
        "place in the wav file; files lie one behind the other",
        "int16",
    )

    def piece(place: int) -> NDArray[Any]:
        return sounds[place][:, None]

    trials = []
    for place, path in enumerate(files):
        known = NAME.fullmatch(path.stem)
        assert known is not None, "names were looked at before"
        start_s, stop_s = cuts.start_s(place), cuts.stop_s(place)
        trials.append(
            ImportedTrial(
                known["text"],
                EMOTIONS[known["emotion"]],
                start_s,
                stop_s,
                (ImportedStage("utterance", "speaking", start_s, stop_s),),
                about={"file": path.name, "version": known["version"]},
            )
        )
    stream = cuts.stream(info, piece, "between two utterances: each is a file of its own")
    return Imported("EmoDB", (stream,), (), tuple(map(Source.of, files)), trials=tuple(trials))


def _sound(path: Path) -> tuple[int, NDArray[np.int16]]:
    try:
        with wave.open(str(path), "rb") as file:
            rate_hz, count = file.getframerate(), file.getnframes()
            is_plain = file.getnchannels() == 1 and file.getsampwidth() == 2
            if not is_plain or not 8000 <= rate_hz <= 192_000 or not 0 < count <= LONGEST_S * rate_hz:
                raise ImportFileError(f"{path}: is not one channel of 16 bits, at most {LONGEST_S:g} s long.")
            content = file.readframes(count)
    except (wave.Error, EOFError) as error:
        raise ImportFileError(f"{path}: is not a sound wav file. Download it again.") from error
    if len(content) < 2:
        raise ImportFileError(f"{path}: holds no sound. Download it again.")
    return rate_hz, np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.int16)
