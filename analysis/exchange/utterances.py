"""Wav files of one speaker as a recording: each is a trial, and they lie one behind the other."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import Imported, ImportFileError, Source
from analysis.exchange.import_set import Cuts, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial

LONGEST_S = 60.0
LOWEST_HZ, HIGHEST_HZ = 8000, 192_000
_STUMBLES = (ValueError, EOFError, ArithmeticError, MemoryError, NameError, struct.error)
"""What SciPy's reader raises for damaged heads, as damaging some thousand of them told."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A wav file: which text is spoken ("": unknown), in which emotion, and what else is known."""

    path: Path
    text: str
    emotion: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sound:
    """The samples (n,) of a file, 16 bits of one channel; `changed` says what was done to get them."""

    rate_hz: int
    samples: NDArray[np.int16]
    changed: tuple[str, ...] = ()


def one_recording(
    program: str, utterances: Sequence[Utterance], read: Callable[[Path], Sound], tables: Sequence[Path] = ()
) -> Imported:
    """Return all of a speaker's utterances as one recording, with a gap of a second between two.

    Raises ImportFileError for a file that is no such sound and for files of different rates, and OSError.
    """
    sounds = [read(each.path) for each in utterances]
    rates = {sound.rate_hz: each.path for sound, each in zip(sounds, utterances, strict=True)}
    if len(rates) > 1:
        told = ", ".join(f"{path.name} has {rate} Hz" for rate, path in sorted(rates.items()))
        raise ImportFileError(
            f"{utterances[0].path.parent}: its files have different rates ({told}). Bring them to one rate."
        )
    rate_hz = float(next(iter(rates)))
    cuts = Cuts.of([len(sound.samples) for sound in sounds], rate_hz)
    info = stream_info(
        "sound",
        "audio",
        [("sound", "audio", "")],
        rate_hz,
        program,
        "place in the wav file; files lie one behind the other",
        "int16",
    )

    def piece(place: int) -> NDArray[Any]:
        return sounds[place].samples[:, None]

    trials = []
    for place, each in enumerate(utterances):
        start_s, stop_s = cuts.start_s(place), cuts.stop_s(place)
        trials.append(
            ImportedTrial(
                each.text,
                each.emotion,
                start_s,
                stop_s,
                (ImportedStage("utterance", "speaking", start_s, stop_s),),
                about={"file": each.path.name, **each.about},
            )
        )
    stream = cuts.stream(info, piece, "between two utterances: each is a file of its own")
    return Imported(
        program,
        (stream,),
        (),
        tuple(Source.of(each.path) for each in utterances),
        statements=_statements(sounds),
        trials=tuple(trials),
        tables=tuple(map(Source.of, tables)),
    )


def _statements(sounds: Sequence[Sound]) -> tuple[str, ...]:
    kinds = dict.fromkeys(words for sound in sounds for words in sound.changed)
    counts = {words: sum(words in sound.changed for sound in sounds) for words in kinds}
    return tuple(f"{count} of {len(sounds)} files {words}." for words, count in counts.items())


def any_sound(path: Path) -> Sound:
    """Read a wav file of any channels and bits as one channel of 16 bits; raises ImportFileError, OSError."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            # Chunks with titles and the like mean nothing here; a file that ends too early does.
            warnings.filterwarnings("ignore", "Chunk", wavfile.WavFileWarning)
            warnings.filterwarnings("error", "Reached EOF", wavfile.WavFileWarning)
            rate_hz, held = wavfile.read(path)
    except (*_STUMBLES, wavfile.WavFileWarning) as error:
        raise ImportFileError(
            f"{path}: cannot be read as a wav file: it is damaged, or packed. Mend it, or take it out."
        ) from error
    values = held if held.ndim == 2 else held[:, None]
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ or not 0 < len(values) <= LONGEST_S * rate_hz:
        raise ImportFileError(
            f"{path}: has {len(values) / max(rate_hz, 1):.1f} s at {rate_hz} Hz. An utterance has up to "
            f"{LONGEST_S:g} s, at {LOWEST_HZ} to {HIGHEST_HZ} Hz. Take it out, or cut it."
        )
    changed = []
    if values.shape[1] > 1:
        changed.append("have several channels: their mean is kept")
    if values.dtype != np.int16:
        changed.append("are not of 16 bits: they are kept with 16")
    if values.dtype == np.int16 and values.shape[1] == 1:
        return Sound(int(rate_hz), values[:, 0])
    made = _full_scale(values).mean(axis=1)
    return Sound(int(rate_hz), np.clip(np.rint(made), -32768, 32767).astype(np.int16), tuple(changed))


def _full_scale(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return samples of any type in steps of 16 bits."""
    if values.dtype.kind == "f":
        return np.nan_to_num(values.astype(np.float64)) * 32768.0
    if values.dtype == np.uint8:
        return (values.astype(np.float64) - 128.0) * 256.0
    bits = np.iinfo(values.dtype).bits
    return values.astype(np.float64) / 2.0 ** (bits - 16)
