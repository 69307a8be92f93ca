"""Collecting: what an annotator labelled in her package goes into the study, twice or late without harm.

Everything is looked at first: a package that is damaged, or of another study, changes nothing. Then each
log is united with the one that the study has of her, operation by operation, its times moved to the
recording's clock.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from analysis.exchange.export_files import LeftOut
from analysis.labels.format import LabelFileError
from analysis.labels.reader import read_log
from app.annotation import training
from app.annotation.log import Log
from app.annotation.pack_place import FILE, LOGS, TRAINING, PackError, PackHead
from app.annotation.packing import study_token
from app.annotation.plans import Plan
from app.annotation.queue import Item
from app.annotation.schemes import scheme_of
from app.annotation.study_place import StudyPlace
from app.consent import ConsentError
from app.study import Study


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of it: operations that were new by item, what was refused and why, and what to know."""

    annotator: str
    new: dict[str, int]
    refused: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "annotator": self.annotator,
            "items": len(self.new),
            "new": self.new,
            "refused": [each.to_json() for each in self.refused],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class _Found:
    """A log in a package, and the item of the study that it is about."""

    path: Path
    item: Item


def collect(source: Path, study: Study) -> Collected:
    """Take over what was labelled in a package (its folder, or a zip of it); raises PackError."""
    with _folder_of(source) as folder:
        head = PackHead.read(folder / FILE)
        if head.study != study_token(study):
            raise PackError(f"{source}: is a package of another study. Nothing was changed.")
        found, refused, notes = _logs(folder, head, study)
        new = _unite(found, head.annotator, StudyPlace(study))
    return Collected(head.annotator, new, tuple(refused), tuple(notes))


@contextmanager
def _folder_of(source: Path) -> Iterator[Path]:
    """Give the package's folder; of a zip, what is needed of it, unpacked for the while."""
    if not source.exists():
        raise PackError(f"{source}: there is no such package. Check the path.")
    if source.is_dir():
        inner = [path.parent for path in source.glob(f"*/{FILE}")]
        yield source if (source / FILE).is_file() or len(inner) != 1 else inner[0]
        return
    with tempfile.TemporaryDirectory() as spare:
        try:
            with zipfile.ZipFile(source) as packed:
                unpacked = _unzip(packed, Path(spare))
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
            raise PackError(f"{source}: is damaged or no zip ({error}). Nothing was changed.") from error
        if unpacked is None:
            raise PackError(f"{source}: holds no package (no {FILE} in it). Nothing was changed.")
        yield unpacked


def _unzip(packed: zipfile.ZipFile, spare: Path) -> Path | None:
    tops = [PurePosixPath(name).parent for name in packed.namelist() if PurePosixPath(name).name == FILE]
    if not tops:
        return None
    top = min(tops, key=lambda path: len(path.parts))
    for info in packed.infolist():
        name = PurePosixPath(info.filename)
        if info.is_dir() or not name.is_relative_to(top) or ".." in name.parts or name.is_absolute():
            continue
        inner = name.relative_to(top)
        if inner.parts[0] in (FILE, LOGS):
            target = spare / Path(*inner.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with packed.open(info) as content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
    return spare


def _logs(folder: Path, head: PackHead, study: Study) -> tuple[list[_Found], list[LeftOut], list[str]]:
    """Look at every log; raises PackError for one that is damaged."""
    plans = StudyPlace(study).plans()
    examples = {item.code: item for item in training.examples(study)}
    found: list[_Found] = []
    refused: list[LeftOut] = []
    notes: list[str] = []
    for path, code, is_training in _paths(folder):
        annotator, scheme = path.parent.name, path.stem
        if annotator != head.annotator:
            refused.append(LeftOut(f"item {code}", f"was labelled by {annotator}, whose package this is not"))
            continue
        item = examples.get(code) if is_training else _item(plans, code, scheme)
        why = _refusal(study, item, head.annotator, plans, is_training)
        if why or item is None:
            refused.append(LeftOut(f"item {code}", why))
            continue
        _check(path, item, scheme, study)
        found.append(_Found(path, item))
        notes += _notes(plans, code, head.annotator)
    return found, refused, notes


def _paths(folder: Path) -> Iterator[tuple[Path, str, bool]]:
    top = folder / LOGS
    for path in sorted(top.glob("*/*/*.sqlite")):
        if path.parts[-3] != TRAINING:
            yield path, path.parts[-3], False
    for path in sorted((top / TRAINING).glob("*/*/*.sqlite")):
        yield path, path.parts[-3], True


def _item(plans: tuple[Plan, ...], code: str, scheme: str) -> Item | None:
    for plan in plans:
        if code in plan.by_code:
            item = plan.item(plan.by_code[code])
            # What was labelled by an older version of the scheme comes home as what it is.
            return replace(item, scheme=scheme) if scheme in plan.schemes else item
    return None


def _refusal(
    study: Study, item: Item | None, annotator: str, plans: tuple[Plan, ...], is_training: bool
) -> str:
    if item is None:
        return "is not in the study any more (its participant was withdrawn)"
    if not is_training and not any(_had(plan, item.code, annotator) for plan in plans):
        return f"was never in the queue of {annotator}"
    session = next((s for s in study.sessions() if s.uuid == item.uuid), None)
    if session is None or not (study.folder / session.file).exists():
        return "is not in the study any more (its participant was withdrawn)"
    try:
        refusal_of_use(study, item.uuid)
    except ConsentError as error:
        return str(error)
    return ""


def refusal_of_use(study: Study, uuid: str) -> None:
    """Raise ConsentError where a participant does not let the study use her recording any more."""
    from app.consent import demand_use

    amendments = study.amendments()
    for session in study.sessions():
        if session.uuid == uuid:
            demand_use(study, session, amendments.code_of(session.participant, uuid, session.file), "study")


def _had(plan: Plan, code: str, annotator: str) -> bool:
    if code not in plan.by_code:
        return False
    given = [each for each in plan.handed if each.code == code]
    return annotator in (plan.by_code[code].annotator, *(each.taker for each in given))


def _notes(plans: tuple[Plan, ...], code: str, annotator: str) -> Iterator[str]:
    for plan in plans:
        holder = plan.holders.get(code, annotator)
        if holder != annotator:
            yield (
                f"item {code}: was handed on to {holder} meanwhile. What {annotator} labelled is kept too."
            )


def _check(path: Path, item: Item, scheme: str, study: Study) -> None:
    try:
        log = read_log(path)
    except LabelFileError as error:
        raise PackError(f"{error}") from error
    if scheme != item.scheme or log.head.scheme_sha256 != scheme_of(study, item.scheme).sha256:
        raise PackError(f"{path}: was labelled by another scheme than {item.scheme}. Nothing was changed.")
    if log.head.annotator != path.parent.name or log.head.recording != item.code:
        raise PackError(f"{path}: does not lie where it was made. Nothing was changed.")


def _unite(found: list[_Found], annotator: str, place: StudyPlace) -> dict[str, int]:
    paths = dict.fromkeys(place.log_path(each.item, annotator) for each in found)
    new_files = [path for path in paths if not path.exists()]
    new: dict[str, int] = {}
    with ExitStack() as stack:
        logs: dict[Path, Log] = {}
        for each in found:
            path = place.log_path(each.item, annotator)
            if path not in logs:
                logs[path] = stack.enter_context(place.log(each.item, annotator))
        busy = next((path for path, log in logs.items() if log.read_only), None)
        if busy is not None:
            why = logs[busy].locked_by or logs[busy].warning
            stack.close()
            for path in new_files:
                path.unlink(missing_ok=True)
            raise PackError(f"{busy}: cannot be written: {why} Nothing was changed.")
        for each in found:
            log = logs[place.log_path(each.item, annotator)]
            moved = {0: each.item.trial}
            count = log.merge_from(each.path, shift_ns=each.item.start_ns, trials=moved)
            new[each.item.code] = new.get(each.item.code, 0) + count
    return new
