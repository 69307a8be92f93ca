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

import numpy as np

from analysis.exchange.import_session import Imported, ImportFileError
from analysis.exchange.import_set import Member, files_in
from analysis.exchange.utterances import HIGHEST_HZ, LONGEST_S, LOWEST_HZ, Sound, Utterance, one_recording

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
    return one_recording("EmoDB", [_utterance(path) for path in files], _sound)


def _utterance(path: Path) -> Utterance:
    known = NAME.fullmatch(path.stem)
    assert known is not None, "names were looked at before"
    return Utterance(path, known["text"], EMOTIONS[known["emotion"]], {"version": known["version"]})


def _sound(path: Path) -> Sound:
    try:
        with wave.open(str(path), "rb") as file:
            rate_hz, count = file.getframerate(), file.getnframes()
            is_plain = file.getnchannels() == 1 and file.getsampwidth() == 2
            if not is_plain or not LOWEST_HZ <= rate_hz <= HIGHEST_HZ or not 0 < count <= LONGEST_S * rate_hz:
                raise ImportFileError(f"{path}: is not one channel of 16 bits, at most {LONGEST_S:g} s long.")
            content = file.readframes(count)
    except (wave.Error, EOFError) as error:
        raise ImportFileError(f"{path}: is not a sound wav file. Download it again.") from error
    if len(content) < 2:
        raise ImportFileError(f"{path}: holds no sound. Download it again.")
    return Sound(rate_hz, np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.int16))
