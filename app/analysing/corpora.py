"""The corpus of a study: which of its sessions and trials recognizers may learn from, and why others not."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from analysis.amendments import FILE as AMENDMENTS
from analysis.corpus.corpus import Corpus, CorpusError, Left
from analysis.corpus.loading import Loaded, gathered, load_recording
from analysis.corpus.texts import TRANSCRIPTS
from app.annotation.trials import refusal
from app.consent import Modality
from app.plan import LIVE_SUFFIX
from app.study import WITHDRAWALS, FinishedSession, Study
from app.study_files import lines_of
from app.withdrawal import EVERYTHING


def study_corpus(study: Study, progress: Callable[[float], None] = lambda _: None) -> Corpus:
    """Return the finished sessions of a study and their trials, corrections applied.

    Left out, and said in `left_out`: rehearsals, sessions of people who are excluded or who have not agreed,
    files that are gone, what is not finished, whoever withdrew (recording ""). Streams that a participant has
    refused are in no recording. `progress` gets the share that is read. Raises StudyError, CorpusError.
    """
    sessions = study.sessions()
    loaded: list[Loaded] = []
    left: list[Left] = []
    for place, session in enumerate(sessions):
        progress(place / len(sessions))
        stem = Path(session.file).stem
        why, refused = refusal(study, session)
        if why:
            left.append(Left(stem, -1, why))
            continue
        try:
            loaded.append(_loaded(study, session, refused))
        except CorpusError as error:
            left.append(Left(stem, -1, str(error)))
    left += _unfinished(study)
    gone = sum(EVERYTHING in line.get("kinds", ()) for line in lines_of(study.folder / WITHDRAWALS))
    if gone:
        left.append(Left("", -1, f"{gone} {'withdrawal' if gone == 1 else 'withdrawals'}: erased"))
    progress(1.0)
    return gathered(study.name, loaded, left)


def _unfinished(study: Study) -> list[Left]:
    why = "is not finished: it is running, or `evoke recover` is needed"
    live = sorted(study.folder.glob(f"sub-*/ses-*/*{LIVE_SUFFIX}"))
    return [Left(folder.name.removesuffix(LIVE_SUFFIX), -1, why) for folder in live]


def _loaded(study: Study, session: FinishedSession, refused: tuple[Modality, ...]) -> Loaded:
    path = study.folder / session.file
    try:
        now = path.stat()
        amended = (study.folder / AMENDMENTS).stat().st_mtime_ns if _has_amendments(study) else 0
        said = _changed_ns(study.folder / TRANSCRIPTS / f"{path.stem}.csv")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}.") from error
    return _loaded_in(path, session.sha256, refused, now.st_mtime_ns, now.st_size, amended, said)


def _changed_ns(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _has_amendments(study: Study) -> bool:
    return (study.folder / AMENDMENTS).exists()


@lru_cache(maxsize=8192)
def _loaded_in(path: Path, sha256: str, refused: tuple[Modality, ...], *_: int) -> Loaded:
    """Read a recording as it is at a time: every page of the panel asks for the corpus."""
    return load_recording(path, sha256=sha256, refused=refused)
