"""AMIGOS, preprocessed: EEG, ECG and skin response of 40 people who watched 16 short and 4 long films.

Miranda-Correa et al., "AMIGOS: A Dataset for Affect, Personality and Mood Research on Individuals and
Groups", IEEE Transactions on Affective Computing 12:479 (2021). `Data_Preprocessed_Pxx.mat` holds
`joined_data`, a cell a film (samples x 17 at 128 Hz, the first 5 s before the film; empty where it was not
seen) and `labels_selfassessment`, a cell a film (12 numbers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.exchange.import_session import Imported, ImportFileError, Source
from analysis.exchange.import_set import Cuts, Member, files_in, numbers, stream_info
from analysis.exchange.import_trials import ImportedStage, ImportedTrial
from analysis.exchange.mat_file import read_mat

EEG = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4",
)  # fmt: skip
PERIPHERAL = (("ECG right", "ecg", ""), ("ECG left", "ecg", ""), ("GSR", "eda", ""))
RATINGS = (
    "arousal", "valence", "dominance", "liking", "familiarity",
    "neutral", "disgust", "happiness", "surprise", "anger", "fear", "sadness",
)  # fmt: skip
RATE_HZ, BASELINE_S, SHORT_FILMS = 128.0, 5.0, 16
NAME = re.compile(r"Data_Preprocessed_(P\d{2})")
TIME_SOURCE = "place in the published file; films lie one behind the other"


def members(source: Path) -> tuple[Member, ...]:
    """Return the participants of a folder (also one folder for each of them); raises ImportFileError."""
    pattern = "Data_Preprocessed_P[0-9][0-9].mat"
    if source.is_dir() and not any(source.glob(pattern)):
        pattern = f"*/{pattern}"
    files = files_in(source, pattern, "Data_Preprocessed_Pxx.mat of AMIGOS")
    return tuple(Member(path.stem.rpartition("_")[2], 1, path, partial(_read, path)) for path in files)


def _read(path: Path) -> Imported:
    found = read_mat(path, "joined_data|labels_selfassessment|VideoIDs")
    films, rated = (_cells(found, name, path) for name in ("joined_data", "labels_selfassessment"))
    names = _film_names(found.get("VideoIDs"), len(films))
    width = len(EEG) + len(PERIPHERAL)
    known = [place for place, film in enumerate(films) if _has_rows(film)]
    if not known:
        raise ImportFileError(f"{path}: holds no signals of any film. There is nothing to import.")
    data = [numbers(films[place], (-1, width), path, f"film {place + 1}") for place in known]
    cuts = Cuts.of([len(film) for film in data], RATE_HZ)

    def piece(place: int, first: int, stop: int) -> NDArray[Any]:
        return data[place][:, first:stop]

    eeg = stream_info(
        "eeg", "eeg", [(name, "eeg", "uV") for name in EEG], RATE_HZ, "Emotiv EPOC", TIME_SOURCE
    )
    body = stream_info("peripheral", "peripheral", PERIPHERAL, RATE_HZ, "Shimmer 2R", TIME_SOURCE)
    streams = (
        cuts.stream(eeg, partial(piece, first=0, stop=len(EEG))),
        cuts.stream(body, partial(piece, first=len(EEG), stop=width)),
    )
    missing = [place for place in range(len(films)) if place not in known]
    statements = [f"Film {names[place]} ({place + 1}): the file holds no signals." for place in missing]
    trials = []
    for row, place in enumerate(known):
        answers = _answers(rated[place] if place < len(rated) else None, path, place)
        if not answers:
            statements.append(f"Film {names[place]} ({place + 1}): the file holds no self-assessment.")
        trials.append(_trial(row, place, names[place], cuts, answers))
    return Imported(
        "AMIGOS", streams, (), (Source.of(path),), trials=tuple(trials), statements=tuple(statements)
    )


def _cells(found: Mapping[str, Any], name: str, path: Path) -> tuple[Any, ...]:
    cells = found.get(name)
    if not isinstance(cells, tuple):
        raise ImportFileError(f"{path}: holds no cells named {name}. It is no preprocessed file of AMIGOS.")
    return cells


def _has_rows(film: Any) -> bool:
    return isinstance(film, np.ndarray) and film.size > 0


def _film_names(cells: Any, count: int) -> Sequence[str]:
    if isinstance(cells, tuple) and len(cells) == count and all(isinstance(each, str) for each in cells):
        return [f"film-{each.strip() or place + 1}" for place, each in enumerate(cells)]
    return [f"film-{place + 1:02d}" for place in range(count)]


def _answers(cell: Any, path: Path, place: int) -> dict[str, float]:
    if not _has_rows(cell):
        return {}
    row = numbers(np.atleast_2d(cell), (1, len(RATINGS)), path, f"self-assessment {place + 1}")[0]
    return dict(zip(RATINGS, row.tolist(), strict=True))


def _trial(row: int, place: int, name: str, cuts: Cuts, answers: Mapping[str, float]) -> ImportedTrial:
    start_s, stop_s = cuts.start_s(row), cuts.stop_s(row)
    film_s = min(start_s + BASELINE_S, stop_s)
    return ImportedTrial(
        name,
        "",
        start_s,
        stop_s,
        (
            ImportedStage("baseline", "fixation", start_s, film_s),
            ImportedStage("film", "film", film_s, stop_s),
        ),
        "film",
        answers,
        about={"block": "short" if place < SHORT_FILMS else "long", "file_index": place + 1},
    )
