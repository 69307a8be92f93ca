"""Whether people were filmed while they spoke: a protocol may record the camera only before that."""

from __future__ import annotations

import numpy as np

from analysis.corpus.corpus import Corpus, CorpusError
from analysis.corpus.signals import read_signal
from analysis.session_file import SessionFileError, open_session

SPEAKING = "speaking"
"""The stage in which people speak, by its kind."""


def films_speaking(corpus: Corpus, stage: str = SPEAKING) -> bool:
    """Whether the camera ran in most stages in which people speak; raises CorpusError."""
    there = []
    for recording in corpus.recordings:
        spans = [
            span
            for trial in corpus.trials
            if trial.recording == recording.id
            for span in trial.stages.get(stage, ())
        ]
        if not spans or "face" in recording.refused:
            continue
        try:
            with open_session(recording.path) as session:
                signal = read_signal(session, "face", [info.id for info in recording.streams])
        except SessionFileError as error:
            raise CorpusError(str(error)) from error
        times_s = np.zeros(0) if signal is None or signal.times_s is None else signal.times_s
        ends = np.searchsorted(times_s, np.array(spans))
        there += (ends[:, 1] > ends[:, 0]).tolist()
    return bool(there) and float(np.mean(there)) > 0.5
