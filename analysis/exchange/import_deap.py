"""DEAP, preprocessed: EEG and bodily signals of 32 people who watched 40 music videos of one minute.

Koelstra et al., "DEAP: A Database for Emotion Analysis using Physiological Signals", IEEE Transactions on
Affective Computing 3:18 (2012). `sXX.dat` is a pickle of Python 2, `sXX.mat` the same for MATLAB: `data`
(40 videos x 40 channels x 8064 samples at 128 Hz, the first 3 s before the video) and `labels` (40 x 4). The
videos come in the order of their numbers, not in that in which they were seen.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import Imported, ImportFileError, Source
from analysis.exchange.import_set import Cuts, Member, files_in, numbers, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial
from analysis.exchange.mat_file import read_mat
from analysis.exchange.restricted_pickle import load

EEG = (
    "Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz",
    "Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2",
)  # fmt: skip
PERIPHERAL = (
    ("hEOG", "eog", "uV"),
    ("vEOG", "eog", "uV"),
    ("zEMG", "emg", "uV"),
    ("tEMG", "emg", "uV"),
    ("GSR", "eda", "Ohm"),
    ("respiration", "respiration", ""),
    ("plethysmograph", "bvp", ""),
    ("temperature", "temperature", ""),
)
RATINGS = ("valence", "arousal", "dominance", "liking")
RATE_HZ, VIDEOS, SAMPLES, BASELINE_S = 128.0, 40, 8064, 3.0
TABLE = "participant_ratings.csv"
DEVICE, TIME_SOURCE = "BioSemi ActiveTwo", "place in the published file; videos lie one behind the other"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the table of ratings adds to a video: when it came, from 1, and how well it was known."""

    order: int
    familiarity: float


def members(source: Path) -> tuple[Member, ...]:
    """Return the participants of a folder of `.dat` (else `.mat`) files; raises ImportFileError."""
    try:
        files = files_in(source, "s[0-9][0-9].dat", "sXX.dat of DEAP")
    except ImportFileError:
        files = files_in(source, "s[0-9][0-9].mat", "sXX.dat or sXX.mat of DEAP")
    folder = files[0].parent
    places = (folder, folder.parent, folder / "metadata_csv", folder.parent / "metadata_csv")
    table = next((place / TABLE for place in places if (place / TABLE).is_file()), None)
    seen = {} if table is None else _table(table)
    tables = () if table is None else (Source.of(table),)
    return tuple(
        Member(path.stem, 1, path, partial(_read, path, seen.get(int(path.stem[1:]), {}), tables))
        for path in files
    )


def _read(path: Path, seen: Mapping[int, Seen], tables: tuple[Source, ...]) -> Imported:
    found = load(path) if path.suffix == ".dat" else read_mat(path, "data|labels")
    if not isinstance(found, Mapping) or not {"data", "labels"} <= set(found):
        raise ImportFileError(f"{path}: holds no data and labels. It is no file of DEAP.")
    channels = len(EEG) + len(PERIPHERAL)
    data = numbers(found["data"], (VIDEOS, channels, SAMPLES), path, "data")
    labels = numbers(found["labels"], (VIDEOS, len(RATINGS)), path, "labels")
    cuts = Cuts.of([SAMPLES] * VIDEOS, RATE_HZ)

    def piece(place: int, first: int, stop: int) -> NDArray[Any]:
        return data[place, first:stop].T

    eeg = [(name, "eeg", "uV") for name in EEG]
    streams = (
        cuts.stream(
            stream_info("eeg", "eeg", eeg, RATE_HZ, DEVICE, TIME_SOURCE),
            partial(piece, first=0, stop=len(EEG)),
        ),
        cuts.stream(
            stream_info("peripheral", "peripheral", PERIPHERAL, RATE_HZ, DEVICE, TIME_SOURCE),
            partial(piece, first=len(EEG), stop=channels),
        ),
    )
    trials = tuple(_trial(place, cuts, labels[place], seen.get(place + 1)) for place in range(VIDEOS))
    statements = () if seen else (f"No {TABLE} lies beside it: familiarity and order are not known.",)
    return Imported(
        "DEAP", streams, (), (Source.of(path),), trials=trials, statements=statements, tables=tables
    )


def _trial(place: int, cuts: Cuts, rated: NDArray[np.float64], seen: Seen | None) -> ImportedTrial:
    start_s, stop_s = cuts.start_s(place), cuts.stop_s(place)
    film_s = start_s + BASELINE_S
    ratings = dict(zip(RATINGS, rated.tolist(), strict=True))
    if seen is not None:
        ratings["familiarity"] = seen.familiarity
    return ImportedTrial(
        f"video-{place + 1:02d}",
        "",
        start_s,
        stop_s,
        (
            ImportedStage("baseline", "fixation", start_s, film_s),
            ImportedStage("video", "film", film_s, stop_s),
        ),
        "video",
        ratings,
        0 if seen is None else seen.order,
    )


def _table(path: Path) -> dict[int, dict[int, Seen]]:
    """Return what is said of each video (Experiment_id) by participant."""
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig", errors="replace")))
    found: dict[int, dict[int, Seen]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            who, video, order = (int(row[name]) for name in ("Participant_id", "Experiment_id", "Trial"))
            text = (row["Familiarity"] or "").strip()
            known = float(text) if re.fullmatch(r"[\d.]+", text) else float("nan")
        except (KeyError, TypeError, ValueError) as error:
            raise ImportFileError(
                f"{path}:{line}: has no Participant_id, Trial, Experiment_id and Familiarity. Take DEAP's own"
                " table, or take it away."
            ) from error
        found.setdefault(who, {})[video] = Seen(order, known)
    return found
