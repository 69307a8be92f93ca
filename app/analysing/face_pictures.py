"""Boxed pictures to learn faces from: of a study, of a folder with one folder a class, or drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from analysis.detection.box_book import CASCADE, FOLDER, SUFFIX, BoxBook, FaceBox
from analysis.detection.gathering import Boxed
from analysis.detection.picture_sources import FolderPictures, RecordingPictures
from analysis.detection.problems import DetectionError
from analysis.session_file import SessionFileError, open_session
from analysis.simulate.drawn_expressions import draw_people
from analysis.views.faces import Box, FaceError, FaceFinder
from app.study import Study
from stimuli.problems import EvokeError

FOLDER_BOOK = f"faces{SUFFIX}"
"""In a folder of pictures the boxes lie beside them: a study keeps no path to anywhere else."""
WHOLE = Box(0.0, 0.0, 1.0, 1.0)
NOBODY = "whole"
"""Who made the box where the whole picture is taken for the face."""
DRAWN = (
    "drawn people: our own drawings, one face each at any size and place of 320 x 240, of whom skin, hair, "
    "clothes and proportions are by chance; four expressions by brows, lids and mouth. Nobody's photograph"
)
Told = Callable[[int, int, str], None]


class FacesError(EvokeError):
    """Pictures with faces cannot be read or learnt from; the text is the one clear message."""


@contextmanager
def faces_in_words() -> Iterator[None]:
    """Turn what the room of detectors raises on purpose into one clear message."""
    try:
        yield
    except (DetectionError, FaceError, SessionFileError) as error:
        raise FacesError(str(error)) from error


def book_path(study: Study, recording: str) -> Path:
    """Return where the boxes of a recording lie."""
    return study.folder / FOLDER / f"{recording}{SUFFIX}"


def books_of(study: Study) -> tuple[BoxBook, ...]:
    """Return every file of boxes of a study; raises FacesError for a damaged one."""
    with faces_in_words():
        return tuple(BoxBook(path) for path in sorted((study.folder / FOLDER).glob(f"*{SUFFIX}")))


def largest(boxes: Sequence[FaceBox]) -> FaceBox | None:
    """Return the largest box, None of none: of several faces it is the one that is meant."""
    return max(boxes, key=lambda each: each.width * each.height, default=None)


def rest(boxes: Sequence[FaceBox]) -> tuple[Box, ...]:
    """Return the boxes of the other faces."""
    chosen = largest(boxes)
    return tuple(each.box for each in boxes if each is not chosen)


def study_pictures(study: Study, told: Told = lambda done, of, words: None) -> tuple[Boxed, ...]:
    """Return every boxed frame of a study's recordings that has an expression, the largest face of each.

    The other boxed faces of a frame go along as such. Recordings that are gone (withdrawn, say) give none.
    Raises FacesError.
    """
    files = {Path(session.file).stem: study.folder / session.file for session in study.sessions()}
    amended = study.amendments()
    made: list[Boxed] = []
    books = books_of(study)
    for number, book in enumerate(books):
        name = str(book.about.get("recording", ""))
        told(number, len(books), name)
        path = files.get(name)
        if path is None or not path.is_file():
            continue
        person = amended.code_of(str(book.about.get("participant", "")))
        with faces_in_words(), open_session(path) as session:
            pictures = RecordingPictures(name, person, session)
            for frame in book.frames:
                boxes = book.boxes(frame)
                box = largest(boxes)
                if box is not None and box.expression:
                    content = pictures.read(frame)
                    made.append(
                        Boxed(
                            name, frame, person, box.expression, box.box, _held(content), box.source,
                            rest(boxes),
                        )
                    )  # fmt: skip
    return tuple(made)


def _held(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def folder_pictures(folder: Path, told: Told = lambda done, of, words: None) -> tuple[Boxed, ...]:
    """Return every picture of a folder's classes, with the box drawn in Faces, else the cascade's.

    Where the cascade finds nothing the whole picture is the box: sets of faces are often cut out already.
    Raises FacesError.
    """
    made: list[Boxed] = []
    with faces_in_words(), FaceFinder() as finder:
        source = FolderPictures(folder)
        book = BoxBook(folder / FOLDER_BOOK)
        for number, frame in enumerate(source.frames):
            told(number, len(source.frames), frame)
            drawn = largest(book.boxes(frame))
            expression = (drawn.expression if drawn else "") or source.expression(frame)
            if not expression or (frame in book.frames and drawn is None):
                continue
            if drawn is not None:
                box, by = drawn.box, drawn.source
            else:
                found = finder.find(source.read(frame))
                box, by = (found[0], CASCADE) if found else (WHOLE, NOBODY)
            made.append(
                Boxed(
                    source.name, frame, source.person(frame), expression, box, _reader(source, frame), by,
                    rest(book.boxes(frame)),
                )
            )  # fmt: skip
    return tuple(made)


def _reader(source: FolderPictures, frame: str) -> Callable[[], bytes]:
    return lambda: source.read(frame)


def drawn_pictures(people: int, pictures: int, seed: int) -> tuple[Boxed, ...]:
    """Draw people with four expressions, so many pictures of each."""
    from app.devices.opencv import load_opencv

    cv2 = load_opencv("drawn faces")
    return tuple(
        Boxed("drawn", f"{number}", each.person, each.expression, each.box, _held(each.picture))
        for number, each in enumerate(draw_people(cv2, people, pictures, seed))
    )
