"""Files of the licensed data sets in their exact format, with content that says where it belongs.

Python 2 wrote the pickles; what it wrote is made here by a pickler of Python 3 that gives arrays and texts
the form they had then.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEAP_SHAPE = (40, 40, 8064)


class Python2Pickler:
    """Writes dictionaries, texts, numbers and arrays as cPickle's protocol 2 did: texts are byte strings."""

    def __init__(self) -> None:
        self._out = io.BytesIO()

    def dumps(self, value: Any) -> bytes:
        """Return a pickle."""
        self._out.write(b"\x80\x02")
        self._save(value)
        return self._out.getvalue() + b"."

    def _save(self, value: Any) -> None:
        write = self._out.write
        if isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, Mapping):
            write(b"}(")
            for key, each in value.items():
                self._save(key)
                self._save(each)
            write(b"u")
        elif isinstance(value, str):
            self._text(value.encode("latin1"))
        elif isinstance(value, int):
            write(b"J" + struct.pack("<i", value))
        else:
            raise TypeError(f"Python 2 is not told about {type(value).__name__}")

    def _text(self, content: bytes) -> None:
        if len(content) < 256:
            self._out.write(b"U" + bytes([len(content)]) + content)
        else:
            self._out.write(b"T" + struct.pack("<i", len(content)) + content)

    def _array(self, value: NDArray[Any]) -> None:
        write = self._out.write
        write(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01(")
        for length in value.shape:
            self._save(int(length))
        write(b"t")
        write(b"cnumpy\ndtype\n")
        self._text(value.dtype.str[1:].encode())
        write(b"K\x00K\x01\x87R(K\x03U\x01<NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb")
        write(b"\x89")
        self._text(np.ascontiguousarray(value).tobytes())
        write(b"tb")


def python2_pickle(value: Any) -> bytes:
    """Return what Python 2 would have written."""
    return Python2Pickler().dumps(value)


def deap_value(video: Any, channel: Any, sample: Any) -> Any:
    """Return what the files of DEAP hold at a place: it tells the place, in numbers that float32 can hold."""
    return video * 400_000 + channel * 10_000 + sample


def deap_arrays(participant: int = 0) -> dict[str, NDArray[np.float64]]:
    """Return `data` and `labels` of a participant, whose number is added to every value."""
    video, channel, sample = np.ogrid[:40, :40, :8064]
    labels = 1 + np.arange(160).reshape(40, 4) / 20
    return {"labels": labels, "data": deap_value(video, channel, sample).astype(np.float64) + participant}


def deap_dat(path: Path, participant: int = 0) -> Path:
    """Write `sXX.dat`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(python2_pickle(deap_arrays(participant)))
    return path


def deap_mat(path: Path) -> Path:
    """Write `sXX.mat`."""
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, deap_arrays(), do_compression=True)
    return path


def deap_ratings(path: Path, participant: int, unknown: Sequence[int] = ()) -> Path:
    """Write `participant_ratings.csv`: video v was seen as number 41 - v, familiarity v % 5 + 1."""
    rows = ["Participant_id,Trial,Experiment_id,Start_time,Valence,Arousal,Dominance,Liking,Familiarity"]
    for video in range(1, 41):
        known = "" if video in unknown else str(video % 5 + 1)
        rows.append(f"{participant},{41 - video},{video},{video * 1000},1.0,2.0,3.0,4.0,{known}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


SEED_LABELS = (1, 0, -1, -1, 0, 1, -1, 0, 1, 1, 0, -1, 0, 1, -1)


def seed_labels(folder: Path) -> Path:
    """Write `label.mat`."""
    from scipy.io import savemat

    folder.mkdir(parents=True, exist_ok=True)
    savemat(folder / "label.mat", {"label": np.array([SEED_LABELS])})
    return folder / "label.mat"


def seed_value(clip: Any, channel: Any, column: Any) -> Any:
    """Return what SEED's files hold at a place."""
    return clip * 1_000_000 + channel * 10_000 + column


def seed_raw(path: Path, samples: Sequence[int], name: str = "djc", wave: float = 0.0) -> Path:
    """Write a session of `Preprocessed_EEG`; clip n has `samples[n - 1]` samples.

    With `wave` every clip has waves of its own on top, so high for each clip before it.
    """
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    content = {}
    for clip, count in enumerate(samples, start=1):
        channel, sample = np.ogrid[:62, :count]
        own = wave * clip * np.sin(sample * (0.1 + clip / 40) + channel)
        content[f"{name}_eeg{clip}"] = seed_value(clip, channel, sample).astype(np.float64) + own
    savemat(path, content)
    return path


def seed_features(path: Path, windows: Sequence[int], session: int = 0) -> Path:
    """Write a session of `ExtractedFeatures`: de_LDS and, ten times as large, de_movingAve and psd_LDS.

    The number of the session is added to every value.
    """
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    content: dict[str, NDArray[np.float64]] = {}
    for clip, count in enumerate(windows, start=1):
        channel, window, band = np.ogrid[:62, :count, :5]
        values = seed_value(clip, channel, window * 10 + band).astype(np.float64) + session
        content |= {
            f"de_LDS{clip}": values,
            f"de_movingAve{clip}": 10 * values,
            f"psd_LDS{clip}": 10 * values,
        }
    savemat(path, content)
    return path


def seed_eye(path: Path, windows: Sequence[int], numbers: int = 31) -> Path:
    """Write eye features of the same session."""
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    content = {}
    for clip, count in enumerate(windows, start=1):
        number, window = np.ogrid[:numbers, :count]
        content[f"eye_{clip}"] = seed_value(clip, number, window).astype(np.float64)
    savemat(path, content)
    return path


def amigos_value(film: Any, column: Any, sample: Any) -> Any:
    """Return what AMIGOS' files hold at a place."""
    return film * 500_000 + column * 10_000 + sample


def amigos_rated(film: int) -> NDArray[np.float64]:
    """Return answers to a film that fit its scales: five from 1 to 9, and one of seven emotions."""
    ratings = 1 + (film * np.array([3, 5, 7, 2, 4])) % 9
    return np.concatenate([ratings, np.arange(7) == film % 7]).astype(np.float64)


def amigos_mat(
    path: Path,
    samples: Sequence[int],
    unrated: Sequence[int] = (),
    film_names: Sequence[str] = (),
    participant: int = 0,
    answers_of: Callable[[int], NDArray[np.float64]] | None = None,
) -> Path:
    """Write `Data_Preprocessed_Pxx.mat`: film n of 20 has `samples[n - 1]` samples, none where that is 0.

    Behind participant 0 each has a wave of its own on top; `answers_of` gives other answers to a film.
    """
    from scipy.io import savemat

    path.parent.mkdir(parents=True, exist_ok=True)
    films, rated = np.empty((1, 20), object), np.empty((1, 20), object)
    for place in range(20):
        count = samples[place] if place < len(samples) else 0
        sample, column = np.ogrid[:count, :17]
        films[0, place] = (
            amigos_value(place + 1, column, sample) + 400 * participant * np.sin(sample / (9 + participant))
            if count
            else np.zeros((0, 0))
        )
        answers = place + 1 + np.arange(12) / 100 if answers_of is None else answers_of(place + 1)
        rated[0, place] = np.zeros((0, 0)) if place + 1 in unrated or not count else answers[None, :]
    content: dict[str, Any] = {"joined_data": films, "labels_selfassessment": rated}
    content["labels_ext_annotation"] = np.empty((1, 20), object)
    for place in range(20):
        content["labels_ext_annotation"][0, place] = np.zeros((3, 3))
    if film_names:
        names = np.empty((1, 20), object)
        names[0, :] = list(film_names)
        content["VideoIDs"] = names
    savemat(path, content)
    return path


WESAD_LABELS = (0, 1, 0, 2, 6, 3, 0, 4, 0, 4, 7)
"""The order of labels in `wesad_arrays`; each lasts a second."""


def wesad_arrays(chest_hz: int = 700) -> dict[str, Any]:
    """Return what `SX.pkl` holds of as many seconds as there are labels; every number tells its row."""
    seconds = len(WESAD_LABELS)

    def column(rate_hz: int, first: float, width: int = 1) -> NDArray[np.float64]:
        rows = np.arange(seconds * rate_hz, dtype=np.float64)[:, None]
        return first + rows + 100_000 * np.arange(width)

    return {
        "signal": {
            "chest": {
                "ACC": column(chest_hz, 0.0, 3),
                "ECG": column(chest_hz, 0.25),
                "EMG": column(chest_hz, 0.5),
                "EDA": column(chest_hz, 0.75),
                "Temp": column(chest_hz, 20_000.0).astype(np.float32),
                "Resp": column(chest_hz, 40_000.0),
            },
            "wrist": {
                "ACC": column(32, 0.0, 3),
                "BVP": column(64, 0.5),
                "EDA": column(4, 1.5),
                "TEMP": column(4, 2.5),
            },
        },
        "label": np.repeat(WESAD_LABELS, chest_hz).astype(np.int32),
        "subject": "S2",
    }


def wesad_pkl(path: Path, content: Any = None) -> Path:
    """Write `SX.pkl`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(python2_pickle(wesad_arrays() if content is None else content))
    return path
