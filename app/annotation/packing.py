"""A package: one annotator's coded queue to take away, with nothing in it but what the scheme shows.

    evoke-pack-ANNOTATOR/
        pack.json            whose queue, which items in which order, what may be seen of each, and
                             what the curator has answered her
        schemes/             how to label
        items/CODE.h5        excerpts, times from 0 (see `analysis.excerpt`)
        annotations/         what she labels; never in what is packed, so it survives when packed over

Which trial a code stands for stays in the study's plan. Packed again, new items are added.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.excerpt import TRIAL, Cut, write_excerpt
from analysis.exchange.export_files import LeftOut
from analysis.exchange.export_view import REFUSED
from analysis.labels.records import Mark
from analysis.labels.scheme import Scheme
from analysis.labels.scheme_json import to_file_text
from analysis.session_file import Session, SessionFileError, open_session
from app.annotation.answers import answers
from app.annotation.pack_place import FILE, ITEMS, LOGS, SCHEMES, PackedItem, PackError, PackHead
from app.annotation.queue import Item
from app.annotation.schemes import scheme_of
from app.annotation.sight import visible_of
from app.annotation.study_place import StudyPlace
from app.annotation.trials import refusal
from app.annotation.unpacking import take_over
from app.annotation.visible import Visible
from app.study import FinishedSession, Study
from app.study_files import append_line, exclusively, lines_of, utc_now, writing
from app.withdrawal import EXPORTS

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The one time that all files in a zip bear."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Packed:
    """What was packed: where, how many items, which of them are new there, and what was left out and why."""

    path: Path
    items: int
    new: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


def pack(
    study: Study, annotator: str, target: Path, plan: str = "", progress: Progress = lambda _: None
) -> Packed:
    """Pack an annotator's queue into a folder (new, or her package) or a new `.zip`; raises PackError.

    Nothing is left half written: a new package appears whole, and in one that is packed again her labels
    are not touched.
    """
    target = target.absolute()
    inside = study.folder.resolve()
    if inside == target.resolve() or inside in target.resolve().parents:
        raise PackError(f"{target}: lies in the study. A package leaves it: choose another place.")
    if study.amendments().unknown:
        raise PackError(
            f"{study.folder}: holds corrections that this Evoke cannot apply, so nothing was packed."
            " Update Evoke."
        )
    token = study_token(study)
    before = _before(target, token, annotator)
    place = StudyPlace(study)
    queue = [item for item in place.queue(annotator) if plan in ("", item.plan) or item.code in before]
    if not any(plan in ("", item.plan) for item in queue):
        known = ", ".join(place.annotators()) or "nobody"
        where = f"in the plan {plan}" if plan else "in any plan"
        raise PackError(
            f"{annotator} has nothing to label {where} (planned are: {known}). Nothing was packed."
        )
    schemes = {name: scheme_of(study, name) for name in {item.scheme for item in queue}}
    examples = [item for name in sorted(schemes) for item in place.training(annotator, name)]
    with _disk(target), _workshop(target.parent) as work:
        staged = work / _name(annotator)
        (staged / ITEMS).mkdir(parents=True)
        (staged / SCHEMES).mkdir()
        packed, left_out = _write_items(
            study, annotator, [*queue, *examples], schemes, token, staged / ITEMS, before, progress
        )
        for scheme in schemes.values():
            (staged / SCHEMES / f"{scheme.id}.json").write_text(
                to_file_text(scheme), encoding="utf-8", newline="\n"
            )
        edition = sum(each.edition for each in place.plans())
        head = PackHead(token, annotator, {s.id: s.sha256 for s in schemes.values()}, packed, edition)
        (staged / FILE).write_text(head.to_text(), encoding="utf-8", newline="\n")
        codes = {each.item.code for each in packed}
        _note(study, target, annotator, {item.uuid for item in [*queue, *examples]})
        if target.suffix.lower() == ".zip":
            removed: tuple[str, ...] = ()
            _zip(staged, target)
        else:
            removed = _move(staged, target)
    new = tuple(sorted(codes - set(before)))
    gone = [*place.left_out(annotator, plan), *left_out]
    return Packed(target, len(packed), new, removed, tuple(dict.fromkeys(gone)))


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".evoke-pack-", dir=folder) as work:
        yield Path(work)


def study_token(study: Study) -> str:
    """Return what names the study in packages and tells nothing of it."""
    return str(uuid.uuid5(uuid.UUID(study.identity()), "evoke-pack"))


def item_uuid(token: str, code: str) -> str:
    """Return the uuid of an item's excerpt."""
    return str(uuid.uuid5(uuid.UUID(token), code))


def relative(visible: Visible, start_s: float) -> Visible:
    """Return limits of a view with times counted from `start_s`, to the microsecond."""

    def moved(span: tuple[float, float]) -> tuple[float, float]:
        return round(span[0] - start_s, 6), round(span[1] - start_s, 6)

    window = None if visible.window_s is None else moved(visible.window_s)
    return replace(visible, window_s=window, muted_s=tuple(moved(span) for span in visible.muted_s))


def _before(target: Path, token: str, annotator: str) -> Mapping[str, PackedItem]:
    """Return the items of the package that is there already; raises PackError for anything else there."""
    if target.suffix.lower() == ".zip":
        if target.exists():
            _demand_untouched(target, token, annotator)
        return {}
    if target.is_file():
        raise PackError(f"{target}: is a file. Choose a new folder, or a name that ends in .zip.")
    if not target.exists() or not any(target.iterdir()):
        return {}
    if not (target / FILE).is_file():
        raise PackError(f"{target}: holds something else already. Choose a new folder.")
    head = PackHead.read(target / FILE)
    _demand_same(target, head, token, annotator)
    return {each.item.code: each for each in head.items}


def _demand_same(target: Path, head: PackHead, token: str, annotator: str) -> None:
    if head.study != token:
        raise PackError(f"{target}: is a package of another study. Choose another place.")
    if head.annotator != annotator:
        raise PackError(
            f"{target}: is the package of {head.annotator}, not of {annotator}. Choose another place."
        )


def _demand_untouched(target: Path, token: str, annotator: str) -> None:
    """Raise PackError unless a zip is a package of hers as it was made, which may be replaced."""
    try:
        with zipfile.ZipFile(target) as packed:
            names = packed.namelist()
            head = PackHead.parse(packed.read(f"{_name(annotator)}/{FILE}"), target)
        is_bare = not any(f"/{LOGS}/" in f"/{name}" for name in names)
        is_same = (head.study, head.annotator) == (token, annotator)
    except (OSError, KeyError, zipfile.BadZipFile, PackError):
        is_bare = is_same = False
    if not (is_bare and is_same):
        raise PackError(f"{target}: is there already and is not overwritten. Choose another name.")


def _write_items(
    study: Study,
    annotator: str,
    items: list[Item],
    schemes: Mapping[str, Scheme],
    token: str,
    folder: Path,
    before: Mapping[str, PackedItem],
    progress: Progress,
) -> tuple[tuple[PackedItem, ...], list[LeftOut]]:
    """Write the excerpts that are not there yet; return all items in their order, and what was left out."""
    sessions = {session.uuid: session for session in study.sessions()}
    by_session: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_session[item.uuid].append(item)
    packed: dict[str, PackedItem] = {}
    left_out: list[LeftOut] = []
    for unique, mine in by_session.items():
        session = sessions[unique]
        with _reading(study, session) as opened:
            for item in mine:
                each, cut = _cut(study, session, opened, item, schemes[item.scheme], token)
                packed[item.code] = replace(each, replies=answers(study, item, annotator))
                known = before.get(item.code)
                # Answers stand in pack.json: for their sake no excerpt is written again.
                if known is None or replace(known, replies={}) != each:
                    out = write_excerpt(opened, folder / f"{item.code}.h5", cut)
                    stem = Path(session.file).stem
                    left_out += [LeftOut(f"{o.what} of {stem}", o.why) for o in out if o.why == REFUSED]
                progress(len(packed) / len(items))
    return tuple(packed[item.code] for item in items), left_out


def _cut(
    study: Study, session: FinishedSession, opened: Session, item: Item, scheme: Scheme, token: str
) -> tuple[PackedItem, Cut]:
    _, refused = refusal(study, session)
    start_s, end_s = item.window_s
    visible = visible_of(opened, scheme, refused, (start_s, end_s), item.code, item.hide)
    cut = Cut(
        item.code,
        item_uuid(token, item.code),
        start_s,
        end_s,
        item.trial,
        visible.kinds,
        visible.muted_s,
        refused,
        visible.condition,
        visible.answers,
        visible.order,
    )
    # What others and models said stays in the study.
    seen = replace(relative(visible, start_s), others=False, model=False)
    coded = replace(
        item,
        recording=item.code,
        uuid=cut.uuid,
        trial=TRIAL,
        start_ns=0,
        end_ns=item.end_ns - item.start_ns,
        purpose="training" if item.purpose == "training" else "label",
        reference=tuple(_coded(mark, item) for mark in item.reference),
        plan="",
        hide=frozenset(),
    )
    return PackedItem(coded, seen), cut


def _coded(mark: Mark, item: Item) -> Mark:
    """Return a mark of a right answer as the package tells it: in the item's time, by nobody."""

    def moved(time_ns: int | None) -> int | None:
        return None if time_ns is None else time_ns - item.start_ns

    return replace(
        mark,
        id=f"{item.code}.{mark.tier}.{moved(mark.start_ns)}",
        annotator="reference",
        trial=TRIAL,
        item=item.code,
        start_ns=moved(mark.start_ns),
        end_ns=moved(mark.end_ns),
        derived_from="",
        asks="",
    )


def _reading(study: Study, session: FinishedSession) -> Session:
    try:
        return open_session(study.folder / session.file)
    except SessionFileError as error:
        raise PackError(f"{error} Nothing was packed.") from error


@contextmanager
def _disk(target: Path) -> Iterator[None]:
    """Turn the disk's refusals into one clear message."""
    try:
        yield
    except (OSError, SessionFileError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PackError(f"{target}: cannot be packed ({reason}).") from error


def _name(annotator: str) -> str:
    return f"evoke-pack-{annotator}"


def _move(staged: Path, target: Path) -> tuple[str, ...]:
    """Bring what was staged to its place; return the items that went from there."""
    if target.exists() and any(target.iterdir()):
        return take_over(staged, target)
    if target.exists():
        target.rmdir()
    staged.rename(target)
    return ()


def _zip(staged: Path, target: Path) -> None:
    partial = staged.parent / "packed.zip"
    with zipfile.ZipFile(partial, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for path in sorted(path for path in staged.rglob("*") if path.is_file()):
            name = f"{staged.name}/{path.relative_to(staged).as_posix()}"
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, packed.open(info, "w", force_zip64=True) as entry:
                shutil.copyfileobj(source, entry, 1 << 20)
    partial.replace(target)


def _note(study: Study, target: Path, annotator: str, uuids: Iterable[str]) -> None:
    """Note whose recordings go out, so that a withdrawal can name the package."""
    amendments = study.amendments()
    sessions = [session for session in study.sessions() if session.uuid in set(uuids)]
    codes = {amendments.code_of(s.participant, s.uuid, s.file) for s in sessions}
    line = {
        "time": utc_now(),
        "name": target.name,
        "format": "pack",
        "use": "study",
        "annotator": annotator,
        "participants": [f"sub-{code}" for code in sorted(codes)],
    }
    with writing(study.folder), exclusively(study.folder):
        told = [{**known, "time": ""} for known in lines_of(study.folder / EXPORTS)]
        if line | {"time": ""} not in told:
            append_line(study.folder / EXPORTS, line)
