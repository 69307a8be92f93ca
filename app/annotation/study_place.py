"""A study as a place to annotate in: queues from its plans, logs under `annotations/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.exchange.export_files import LeftOut
from analysis.labels.records import NS, ItemState, LogHead, Mark
from analysis.labels.scheme import Scheme
from analysis.session_file import open_session
from app.annotation import codes, schemes, training
from app.annotation.annotators import PREFIXES, annotators
from app.annotation.plans import Plan, PlanError, plans
from app.annotation.queue import Item, Lane
from app.annotation.sight import shows_nothing, visible_of
from app.annotation.trials import extent_s, refusal
from app.annotation.visible import Visible
from app.study import FinishedSession, Study

if TYPE_CHECKING:
    from analysis.labels.reader import LogContents
    from app.annotation.log import Log

FOLDER = "annotations"


class StudyPlace:
    """Annotating in the study itself. What it knows of plans and sessions it reads when it is asked."""

    def __init__(self, study: Study) -> None:
        self.study = study

    @property
    def folder(self) -> Path:
        """The study's folder."""
        return self.study.folder

    def annotators(self) -> tuple[str, ...]:
        """Return everybody who is registered or has a queue; raises StudyError."""
        known = [each.code for each in annotators(self.study) if each.kind == "human"]
        planned = [person for plan in self.plans() for person in plan.annotators]
        return tuple(dict.fromkeys((*known, *planned)))

    def schemes(self) -> Mapping[str, Scheme]:
        """Return the study's schemes by `name@version`."""
        return {scheme.id: scheme for scheme in schemes.schemes(self.study)}

    def plans(self) -> tuple[Plan, ...]:
        """Return the study's plans, oldest first; raises PlanError."""
        return plans(self.study)

    def queue(self, annotator: str, plan: str = "") -> tuple[Item, ...]:
        """Return what an annotator has to do, in her order; of one plan, or of all. Raises PlanError."""
        return self._queue(annotator, plan)[0]

    def left_out(self, annotator: str, plan: str = "") -> tuple[LeftOut, ...]:
        """Return what was planned for an annotator and must not be shown any more, and why."""
        return self._queue(annotator, plan)[1]

    def _queue(self, annotator: str, name: str) -> tuple[tuple[Item, ...], tuple[LeftOut, ...]]:
        found, gone = [], []
        terms = {session.uuid: refusal(self.study, session) for session in self.study.sessions()}
        for plan in self.plans():
            mine = plan.of(annotator) if name in ("", plan.name) else ()
            scheme = schemes.scheme_of(self.study, plan.scheme) if mine else None
            for dealt in mine:
                why, refused = terms.get(dealt.trial.uuid, ("its recording is gone", ()))
                if not why and scheme is not None and shows_nothing(scheme, refused):
                    why = "the participant has not agreed to what the scheme shows"
                if why:
                    gone.append(LeftOut(f"item {dealt.code}", why))
                else:
                    found.append(plan.item(dealt))
        return tuple(found), tuple(gone)

    def training(self, annotator: str, scheme: str = "") -> tuple[Item, ...]:
        """Return the training examples with their answers; of one scheme, or of all. Raises StudyError."""
        known = {session.uuid for session in self.study.sessions() if not refusal(self.study, session)[0]}
        return tuple(
            item
            for item in training.examples(self.study)
            if item.uuid in known and scheme in ("", item.scheme)
        )

    def whole(self, recording: str, scheme: str) -> Item:
        """Return a whole recording as an item outside of any plan; raises PlanError, SessionFileError."""
        session = self._session(recording=recording)
        with open_session(self.study.folder / session.file) as opened:
            start_s, end_s = extent_s(opened)
        return Item("", recording, session.uuid, -1, round(start_s * NS), round(end_s * NS), scheme)

    def recordings(self) -> tuple[str, ...]:
        """Return the stems of the recordings that may be labelled, in the order of finishing."""
        return tuple(
            Path(session.file).stem
            for session in self.study.sessions()
            if not refusal(self.study, session)[0]
        )

    def session_path(self, item: Item) -> Path:
        """Return the recording that an item lies in; raises PlanError where it is gone."""
        return self.study.folder / self._session(item.uuid, item.recording).file

    def log_path(self, item: Item, annotator: str) -> Path:
        """Return where an annotator's log about an item lies, or would."""
        if item.purpose == "training":
            top = training.folder(self.study) / item.code
        else:
            top = self.study.folder / FOLDER / item.recording
        return top / annotator / f"{item.scheme}.sqlite"

    def log(self, item: Item, annotator: str, write: bool = True) -> Log:
        """Open the annotator's log for an item; raises LogError, StudyError."""
        from app.annotation.log import Log

        scheme = schemes.scheme_of(self.study, item.scheme)
        session = self._session(item.uuid, item.recording)
        path = self.log_path(item, annotator)
        is_training = item.purpose == "training"
        head = LogHead(
            annotator,
            "human",
            Path(session.file).stem,
            session.uuid,
            # Practice stays practice when a recording is written anew without a stream that was taken back.
            "" if is_training else session.sha256,
            item.scheme,
            scheme.sha256,
            "training" if is_training else "study",
        )
        return Log.open(path, head, scheme, write=write)

    def contents(self, item: Item, annotator: str) -> LogContents | None:
        """Read an annotator's log about an item without its traces, None where there is none."""
        from analysis.labels.reader import read_log

        path = self.log_path(item, annotator)
        return read_log(path, samples=False) if path.exists() else None

    def states(self, annotator: str, plan: str = "") -> Mapping[str, ItemState]:
        """Return how far the work on each item of a queue is, by its code."""
        found: dict[str, ItemState] = {}
        read: dict[Path, LogContents | None] = {}
        for item in self.queue(annotator, plan):
            path = self.log_path(item, annotator)
            if path not in read:
                read[path] = self.contents(item, annotator)
            log = read[path]
            found[item.code] = "untouched" if log is None else log.states.get(item.code, "untouched")
        return found

    def visible(self, item: Item, scheme: Scheme) -> Visible:
        """Return what may be seen and heard of an item; raises StudyError, SessionFileError."""
        session = self._session(item.uuid, item.recording)
        why, refused = refusal(self.study, session)
        if why:
            raise PlanError(f"item {item.code or item.recording}: {why}. It cannot be labelled.")
        window_s = item.window_s if item.code else None
        hides_file = scheme.hide & {"file_names", "participant"}
        title = item.code or ("Recording" if hides_file else item.recording)
        with open_session(self.study.folder / session.file) as opened:
            return visible_of(opened, scheme, refused, window_s, title, item.hide)

    def others(self, item: Item, annotator: str) -> tuple[Lane, ...]:
        """Return what other people said of an item, and fused labels; nothing where the scheme hides it.

        Names are letters where the scheme hides names.
        """
        hidden = self._hidden(item)
        if "others" in hidden:
            return ()
        found = {name: lane for name, lane in self._lanes(item) if name != annotator and lane.kind != "model"}
        if not hidden & {"participant", "file_names"}:
            return tuple(found.values())
        people = [name for name, lane in found.items() if lane.kind == "human"]
        named = codes.letters(people, self.study.uuid, item.code, annotator)
        lettered = [
            Lane(named.get(name, lane.name), lane.kind, lane.marks, lane.takes)
            for name, lane in found.items()
        ]
        return tuple(sorted(lettered, key=lambda lane: (lane.kind != "fused", lane.name)))

    def models(self, item: Item) -> tuple[Lane, ...]:
        """Return what models said of an item; nothing where the scheme hides it."""
        if "model" in self._hidden(item):
            return ()
        return tuple(lane for _, lane in self._lanes(item) if lane.kind == "model")

    def _hidden(self, item: Item) -> frozenset[str]:
        return schemes.scheme_of(self.study, item.scheme).hide | item.hide

    def _lanes(self, item: Item) -> Iterator[tuple[str, Lane]]:
        """Yield every log about an item's stretch by its scheme: the folder's name, and what it holds."""
        from analysis.labels.reader import read_log

        top = self.study.folder / FOLDER / item.recording
        for path in sorted(top.glob(f"*/{item.scheme}.sqlite")):
            log = read_log(path)
            marks = tuple(mark for mark in log.marks if _is_about(mark, item))
            takes = tuple(
                take
                for take in log.takes
                if take.state == "done" and (item.trial < 0 or take.trial == item.trial)
            )
            yield path.parent.name, Lane(_shown(path.parent.name), log.head.kind, marks, takes)

    def _session(self, uuid: str = "", recording: str = "") -> FinishedSession:
        for session in self.study.sessions():
            if session.uuid == uuid or (not uuid and Path(session.file).stem == recording):
                return session
        raise PlanError(
            f"{recording}: is not in the study any more (withdrawn or moved). It cannot be labelled."
        )


def _is_about(mark: Mark, item: Item) -> bool:
    if item.trial < 0 or mark.trial >= 0:
        return item.trial < 0 or mark.trial == item.trial
    return mark.start_ns is not None and mark.start_ns < item.end_ns and (mark.end_ns or 0) > item.start_ns


def _shown(folder: str) -> str:
    for prefix in PREFIXES.values():
        folder = folder.removeprefix(prefix)
    return folder
