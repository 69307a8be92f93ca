"""The pictures that the page Faces works on, and their boxes: a recording's frames, or a folder's files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from analysis.detection.box_book import CASCADE, DETECTOR, BoxBook, FaceBox
from analysis.detection.picture_sources import FolderPictures, PictureSource, RecordingPictures
from analysis.features.expression_network import EXPRESSIONS
from analysis.session_file import open_session
from analysis.views.faces import FaceFinder
from app.analysing.face_pictures import FOLDER_BOOK, book_path, faces_in_words
from app.console.analyse.known import Material, material_of
from app.console.analyse.waiting import Told
from app.study import Study


@dataclass(frozen=True)
class RecordingName:
    """A recording with camera pictures."""

    name: str
    participant: str
    path: Path


def recordings_of(study: Study, told: Told) -> tuple[RecordingName, ...]:
    """Return the recordings with a camera that may be used."""
    told(0, 0, "recordings")
    material: Material = material_of(study)
    return tuple(
        RecordingName(each.id, each.participant, each.path)
        for each in material.corpus.recordings
        if "face" not in each.refused and any(info.dtype == "jpeg" for info in each.streams)
    )


@dataclass
class Desk:
    """Pictures and their boxes; `close` it."""

    source: PictureSource
    book: BoxBook
    frames: tuple[str, ...]
    held: ExitStack = field(default_factory=ExitStack)

    def close(self) -> None:
        """Close the recording."""
        self.held.close()

    @property
    def boxed(self) -> int:
        """How many pictures have a box."""
        return sum(bool(self.book.boxes(frame)) for frame in self.frames)

    def classes(self) -> tuple[str, ...]:
        """Return expressions that are in use here, those of the expression network first."""
        used = [self.source.expression(frame) for frame in self.frames]
        used += [box.expression for frame in self.book.frames for box in self.book.boxes(frame)]
        return tuple(dict.fromkeys((*EXPRESSIONS, *filter(None, used))))


def open_recording(study: Study, chosen: RecordingName, every: int, told: Told) -> Desk:
    """Open a recording's camera pictures, every `every`-th; raises FacesError."""
    told(0, 0, chosen.name)
    with faces_in_words(), ExitStack() as stack:
        session = stack.enter_context(open_session(chosen.path))
        source = RecordingPictures(chosen.name, chosen.participant, session, every)
        about = {"recording": chosen.name, "participant": chosen.participant}
        book = BoxBook(book_path(study, chosen.name), about)
        # What was boxed with other steps stays in reach.
        frames = sorted({*source.frames, *book.frames}, key=int)
        return Desk(source, book, tuple(frames), stack.pop_all())


def open_folder(folder: Path, told: Told) -> Desk:
    """Open a folder of pictures; raises FacesError."""
    told(0, 0, folder.name)
    with faces_in_words():
        source = FolderPictures(folder)
        return Desk(source, BoxBook(folder / FOLDER_BOOK, {"recording": folder.name}), tuple(source.frames))


@dataclass(frozen=True)
class Proposed:
    """Boxes by picture that a machine proposes, and how many pictures gave none."""

    boxes: dict[str, tuple[FaceBox, ...]]
    without: int


def propose(desk: Desk, frames: Sequence[str], expression: str, told: Told) -> Proposed:
    """Look for a face on pictures without a box, by the cascade; raises FacesError."""
    made: dict[str, tuple[FaceBox, ...]] = {}
    left = [frame for frame in frames if not desk.book.boxes(frame)]
    without = 0
    with faces_in_words(), FaceFinder() as finder:
        for number, frame in enumerate(left):
            told(number, len(left), desk.source.words(frame))
            found = finder.find(desk.source.read(frame))
            if not found:
                without += 1
                continue
            box, name = found[0], desk.source.expression(frame) or expression
            made[frame] = (FaceBox(box.left, box.top, box.width, box.height, name, CASCADE),)
    return Proposed(made, without)


def propose_by(desk: Desk, folder: Path, frames: Sequence[str], told: Told) -> Proposed:
    """Look for a face and its expression on pictures without a box, by a trained detector."""
    from analysis.detection.watching import YoloDetector

    made: dict[str, tuple[FaceBox, ...]] = {}
    left = [frame for frame in frames if not desk.book.boxes(frame)]
    with faces_in_words():
        detector = YoloDetector.load(folder)
        try:
            for number, frame in enumerate(left):
                told(number, len(left), desk.source.words(frame))
                found = detector.detect(desk.source.read(frame))[:1]
                if found:
                    name = detector.classes[found[0].label]
                    made[frame] = (FaceBox(*found[0].box, name, DETECTOR),)
        finally:
            detector.close()
    return Proposed(made, len(left) - len(made))
