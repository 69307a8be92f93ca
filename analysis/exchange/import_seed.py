"""SEED: EEG of 15 people who watched 15 film clips in each of three sessions, raw or as features.

Zheng and Lu, "Investigating Critical Frequency Bands and Channels for EEG-based Emotion Recognition with
Deep Neural Networks", IEEE Transactions on Autonomous Mental Development 7:162 (2015). A file
`1_20131027.mat` is a session of participant 1. In `Preprocessed_EEG` it holds `<name>_eeg1` to `_eeg15`
(62 x samples at 200 Hz), in `ExtractedFeatures` `de_LDS1` to `de_LDS15` (62 x windows x 5 bands) and others;
`label.mat` beside them says 1, 0 or -1 for each clip. Where a folder of eye features with the same file
names lies beside, `eye_1` (numbers x windows) and on come in too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import Imported, ImportedStream, ImportFileError, Source
from analysis.exchange.import_set import Cuts, Member, numbers, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial
from analysis.exchange.mat_file import names_in, read_mat

CHANNELS = (
    "FP1", "FPZ", "FP2", "AF3", "AF4", "F7", "F5", "F3", "F1", "FZ", "F2", "F4", "F6", "F8", "FT7", "FC5",
    "FC3", "FC1", "FCZ", "FC2", "FC4", "FC6", "FT8", "T7", "C5", "C3", "C1", "CZ", "C2", "C4", "C6", "T8",
    "TP7", "CP5", "CP3", "CP1", "CPZ", "CP2", "CP4", "CP6", "TP8", "P7", "P5", "P3", "P1", "PZ", "P2", "P4",
    "P6", "P8", "PO7", "PO5", "PO3", "POZ", "PO4", "PO6", "PO8", "CB1", "O1", "OZ", "O2", "CB2",
)  # fmt: skip
BANDS = ("delta", "theta", "alpha", "beta", "gamma")
CATEGORIES: Mapping[int, str] = {1: "positive", 0: "neutral", -1: "negative"}
RATE_HZ = 200.0
FEATURES = ("de_LDS", "de_movingAve")
"""Of the features these are read, the first that is there."""
LONG_S, LEAST_WINDOWS = 4.0, 120
"""A clip lasts three to four minutes: fewer windows than this are of 4 s, more of 1 s."""
FILE = re.compile(r"(?P<participant>\d{1,2})_(?P<date>\d{8})")
LABELS = "label.mat"
DEVICE, TIME_SOURCE = "ESI NeuroScan", "place in the published file; clips lie one behind the other"


def members(source: Path) -> tuple[Member, ...]:
    """Return the sessions of `Preprocessed_EEG` or `ExtractedFeatures`; raises ImportFileError."""
    folder = source if source.is_dir() else source.parent
    dates: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.mat")):
        known = FILE.fullmatch(path.stem)
        if known is not None:
            dates.setdefault(known["participant"].zfill(2), []).append(path)
    if not dates or (source.is_file() and FILE.fullmatch(source.stem) is None):
        raise ImportFileError(
            f"{source}: holds no file like 1_20131027.mat. Choose Preprocessed_EEG or ExtractedFeatures."
        )
    table = folder / LABELS
    if not table.is_file():
        raise ImportFileError(f"{folder}: {LABELS} is missing. Put SEED's own beside the sessions.")
    labels = _labels(table)
    # By date, not by name: the visits are counted as they were.
    return tuple(
        Member(participant, visit, path, partial(_read, path, labels, Source.of(table)))
        for participant, paths in sorted(dates.items())
        for visit, path in enumerate(sorted(paths, key=_date), start=1)
        if source.is_dir() or path == source
    )


def _date(path: Path) -> str:
    return path.stem.partition("_")[2]


def _read(path: Path, labels: Sequence[int], table: Source) -> Imported:
    names = names_in(path)
    kind = next((kind for kind in FEATURES if f"{kind}1" in names), "")
    streams, cuts, statements = _features(path, kind) if kind else _raw(path)
    if len(cuts.counts) > len(labels):
        raise ImportFileError(f"{path}: holds {len(cuts.counts)} clips, {LABELS} only {len(labels)}.")
    trials = tuple(_trial(place, cuts, labels[place]) for place in range(len(cuts.counts)))
    beside = _eye_file(path) if kind else None
    tables = (table,) if beside is None else (table, Source.of(beside))
    return Imported(
        "SEED", streams, (), (Source.of(path),), trials=trials, statements=statements, tables=tables
    )


def _trial(place: int, cuts: Cuts, label: int) -> ImportedTrial:
    start_s, stop_s = cuts.start_s(place), cuts.stop_s(place)
    stage = ImportedStage("clip", "film", start_s, stop_s)
    return ImportedTrial(f"clip-{place + 1:02d}", CATEGORIES[label], start_s, stop_s, (stage,), stage.name)


_Read = tuple[tuple[ImportedStream, ...], Cuts, tuple[str, ...]]


def _raw(path: Path) -> _Read:
    clips = _numbered(read_mat(path, r".*_eeg\d+"), r".*_eeg", path, "clip of EEG")
    known = [numbers(clip, (len(CHANNELS), -1), path, f"eeg{n}") for n, clip in enumerate(clips, start=1)]
    cuts = Cuts.of([clip.shape[1] for clip in known], RATE_HZ)
    channels = [(name, "eeg", "uV") for name in CHANNELS]
    info = stream_info("eeg", "eeg", channels, RATE_HZ, DEVICE, TIME_SOURCE)
    return (cuts.stream(info, lambda place: known[place].T),), cuts, ()


def _features(path: Path, kind: str) -> _Read:
    clips = _numbered(read_mat(path, rf"{kind}\d+"), kind, path, f"{kind} of a clip")
    shape = (len(CHANNELS), -1, len(BANDS))
    known = [numbers(clip, shape, path, f"{kind}{n}") for n, clip in enumerate(clips, start=1)]
    counts = [clip.shape[1] for clip in known]
    window_s = _window_s(path.parent.name, counts)
    cuts = Cuts.of(counts, 1 / window_s)
    channels = [(f"{name} {band}", "eeg", "") for name in CHANNELS for band in BANDS]
    info = stream_info("eeg-features", "eeg", channels, 1 / window_s, DEVICE, TIME_SOURCE)

    def piece(place: int) -> NDArray[Any]:
        return known[place].transpose(1, 0, 2).reshape(counts[place], -1)

    streams = [cuts.stream(info, piece), *_eye(path, cuts)]
    statement = f"The streams hold features and no signals: {kind}, a row for each window of {window_s:g} s."
    return tuple(streams), cuts, (statement,)


def _window_s(folder: str, counts: Sequence[int]) -> float:
    """Return how long a window is: as the folder's name says, else by how many a clip has."""
    named = re.search(r"_(\d)s$", folder)
    if named and named[1] != "0":
        return float(named[1])
    return 1.0 if np.median(counts) >= LEAST_WINDOWS else LONG_S


def _eye_file(path: Path) -> Path | None:
    """Return the file of eye features that lies beside; the folder of EEG may itself be named after both."""
    places = [*path.parent.iterdir(), *path.parent.parent.iterdir()]
    files = [place / path.name for place in places if place.is_dir() and "eye" in place.name.lower()]
    return next((each for each in files if each.is_file() and not each.samefile(path)), None)


def _eye(path: Path, cuts: Cuts) -> list[ImportedStream]:
    file = _eye_file(path)
    if file is None:
        return []
    clips = _numbered(read_mat(file, r"eye_?\d+"), r"eye_?", file, "eye features of a clip")
    width = clips[0].shape[0] if isinstance(clips[0], np.ndarray) and clips[0].ndim else 0
    known = [numbers(clip, (width, -1), file, f"eye_{n}") for n, clip in enumerate(clips, start=1)]
    if tuple(clip.shape[1] for clip in known) != cuts.counts:
        raise ImportFileError(
            f"{file}: has other numbers of windows than {path.name}. Take both of one kind."
        )
    channels = [(f"eye-{place:02d}", "eye", "") for place in range(1, width + 1)]
    info = stream_info("eye-features", "eye", channels, cuts.rate_hz, "SMI glasses", TIME_SOURCE)
    return [cuts.stream(info, lambda place: known[place].T)]


def _numbered(found: Mapping[str, Any], stem: str, path: Path, what: str) -> list[Any]:
    """Return variables in the order of the numbers behind their names, which count from 1."""
    by_number = {
        int(known[1]): found[name] for name in found if (known := re.fullmatch(rf"{stem}(\d+)", name))
    }
    if not by_number or sorted(by_number) != list(range(1, len(by_number) + 1)):
        raise ImportFileError(f"{path}: holds not every {what} from 1 on. Download the file again.")
    return [by_number[number] for number in sorted(by_number)]


def _labels(path: Path) -> tuple[int, ...]:
    found = read_mat(path, "label")
    if "label" not in found:
        raise ImportFileError(f"{path}: holds no variable label. Take SEED's own.")
    values = np.asarray(numbers(np.atleast_2d(found["label"]), (-1, -1), path, "label")).ravel()
    if not np.isin(values, list(CATEGORIES)).all():
        raise ImportFileError(f"{path}: a label is not 1, 0 or -1. Take SEED's own.")
    return tuple(int(value) for value in values)
