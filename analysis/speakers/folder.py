"""A folder of speakers: FOLDER/SPEAKER/*.wav, every sub-folder one voice; sounds at any rate and width."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.features.feature import Signal
from analysis.features.speaker_frames import RATE_HZ, Kind, sound_of, speaker_frames
from analysis.speakers.settings import SpeakersError

Frames = NDArray[np.float32]
LEAST_SPEAKERS = 2


@dataclass(frozen=True, slots=True)
class Utterance:
    """The frames (n, 60) of one file of a speaker, and how long the sound is."""

    speaker: str
    name: str
    frames: Frames
    seconds: float


def read_sound(path: Path) -> NDArray[np.float32]:
    """Return a wav file as sound (n,) of full scale 1 at 16 kHz, its channels' mean; raises SpeakersError."""
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            # Parts of a file that say nothing of the sound may be of any kind.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate_hz, values = wavfile.read(path)
    except (OSError, ValueError, EOFError, struct.error) as error:
        raise SpeakersError(f"{path}: is no sound that can be read ({error}). Use wav files.") from error
    if values.dtype.kind == "i":
        # 24 bits come in the upper part of 32.
        made = values.astype(np.float32) / np.float32(2.0 ** (8 * values.dtype.itemsize - 1))
    elif values.dtype.kind == "u":
        made = (values.astype(np.float32) - 128.0) / 128.0
    else:
        made = values.astype(np.float32)
    if made.ndim == 1:
        made = made[:, None]
    if not len(made) or rate_hz < 8000:
        raise SpeakersError(f"{path}: {len(made)} samples at {rate_hz} Hz are no speech. Take the file out.")
    names = tuple(f"c{place}" for place in range(made.shape[1]))
    sound, _ = sound_of(Signal("speech", float(rate_hz), 0.0, made, names, ("",) * len(names)))
    return sound


def files_of(folder: Path) -> dict[str, list[Path]]:
    """Return the wav files of each speaker; raises SpeakersError where there are fewer than two speakers."""
    if not folder.is_dir():
        raise SpeakersError(f"{folder}: there is no such folder. Choose one with a sub-folder a speaker.")
    found = {
        place.name: sorted(path for path in place.iterdir() if path.suffix.lower() == ".wav")
        for place in sorted(folder.iterdir())
        if place.is_dir() and not place.name.startswith(".")
    }
    found = {name: files for name, files in found.items() if files}
    if len(found) < LEAST_SPEAKERS:
        raise SpeakersError(
            f"{folder}: holds wav files of {len(found)} speakers, and two at least are needed. Put each "
            "speaker's files into a sub-folder of the speaker's name."
        )
    return found


def read_utterances(
    folder: Path,
    kind: Kind,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Utterance, ...]:
    """Return the frames of every file of a folder of speakers; raises SpeakersError.

    Files in which nobody speaks have no frames.
    """
    files = [(name, path) for name, own in files_of(folder).items() for path in own]
    found = []
    for done, (name, path) in enumerate(files):
        progress(done, len(files))
        sound = read_sound(path)
        frames = speaker_frames(sound, kind)
        found.append(Utterance(name, path.name, frames, len(sound) / RATE_HZ))
    progress(len(files), len(files))
    return tuple(found)


def divided(
    utterances: Sequence[Utterance], share: float, *, speakers_apart: bool, seed: int
) -> tuple[tuple[Utterance, ...], tuple[Utterance, ...]]:
    """Return what is trained on and what is held out for verification.

    `speakers_apart`: whole speakers are held out (two at least, and two at least are left); otherwise a share
    of each speaker's utterances, two at least where there are four. Share 0 holds out nothing. Raises
    SpeakersError where there are too few speakers.
    """
    if share <= 0:
        return tuple(utterances), ()
    random = np.random.default_rng(seed)
    names = sorted({each.speaker for each in utterances})
    if speakers_apart:
        count = max(2, round(share * len(names)))
        if len(names) - count < LEAST_SPEAKERS:
            raise SpeakersError(
                f"{len(names)} speakers are too few to hold out {count} of them. Hold out utterances instead."
            )
        gone = set(random.permutation(names)[:count].tolist())
        held = [each.speaker in gone for each in utterances]
    else:
        held = [False] * len(utterances)
        for name in names:
            own = [place for place, each in enumerate(utterances) if each.speaker == name]
            count = max(2, round(share * len(own))) if len(own) >= 4 else 0
            for place in random.permutation(own)[:count]:
                held[int(place)] = True
    train = tuple(each for each, is_held in zip(utterances, held, strict=True) if not is_held)
    return train, tuple(each for each, is_held in zip(utterances, held, strict=True) if is_held)
