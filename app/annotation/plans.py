"""Plans: who labels which trials of a study, in which order and seeing what; a file that only grows.

    annotations/plans/NAME.jsonl      the one place that knows which trial an item's code stands for

The first line says by which rules, each further one adds: annotators, items, an item handed on, an
annotator who left. Every line carries a checksum. Lines of a participant who withdraws are erased; nothing
else ever changes or removes one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from analysis.exchange.export_files import LeftOut
from analysis.labels.scheme import HIDEABLE, Scheme
from app.annotation.annotators import CODE, add_annotator, check_code
from app.annotation.dealing import MOST_REPEATS, SHARES, Dealt, Shares, deal
from app.annotation.lines import append_sealed, sealed_lines
from app.annotation.queue import Item
from app.annotation.schemes import add_scheme, scheme_of
from app.annotation.training import known_trials
from app.annotation.trials import MARGINS, Margins, Trial, trials_of
from app.study import Study
from app.study_files import StudyError, exclusively, reading, utc_now, writing

FOLDER = Path("annotations") / "plans"
ANNOTATOR = CODE
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class PlanError(StudyError):
    """A plan cannot be made, read or changed."""


@dataclass(frozen=True, slots=True)
class Handed:
    """An item that somebody gave to somebody else."""

    code: str
    giver: str
    taker: str


@dataclass(frozen=True)
class Plan:
    """A plan as it stands: its rules, everything dealt, and what happened to it since.

    `scheme` is `name@version`, `hide` what is hidden beyond the scheme, `rounds` who took part in each
    dealing, `left` who annotates no more, `handings` how often something was handed on,
    `older` the versions of the scheme that it was moved on from.
    """

    name: str
    scheme: str
    seed: int
    shares: Shares = SHARES
    margins: Margins = MARGINS
    hide: frozenset[str] = frozenset()
    created: str = ""
    rounds: tuple[tuple[str, ...], ...] = ()
    dealt: tuple[Dealt, ...] = ()
    handed: tuple[Handed, ...] = ()
    left: tuple[str, ...] = ()
    handings: int = 0
    older: tuple[str, ...] = ()

    @property
    def edition(self) -> int:
        """How often it was changed; it never becomes less, also not by a withdrawal."""
        return len(self.rounds) + self.handings + len(self.older)

    @property
    def schemes(self) -> tuple[str, ...]:
        """Every version of the scheme that was labelled by, the present one last."""
        return (*self.older, self.scheme)

    @property
    def annotators(self) -> tuple[str, ...]:
        """Everybody who has or had a queue in it, in the order of joining."""
        people = [person for names in self.rounds for person in names]
        return tuple(dict.fromkeys((*people, *(each.taker for each in self.handed))))

    @property
    def active(self) -> tuple[str, ...]:
        """Those who still annotate."""
        return tuple(person for person in self.annotators if person not in self.left)

    @cached_property
    def holders(self) -> Mapping[str, str]:
        """Who has each item now, by its code."""
        now = {dealt.code: dealt.annotator for dealt in self.dealt}
        for each in self.handed:
            if each.code in now:
                now[each.code] = each.taker
        return now

    @cached_property
    def by_code(self) -> Mapping[str, Dealt]:
        """Everything dealt, by the item's code."""
        return {dealt.code: dealt for dealt in self.dealt}

    def of(self, annotator: str) -> tuple[Dealt, ...]:
        """Return an annotator's queue: what was dealt to her, then what was handed to her."""
        own = [d for d in self.dealt if d.annotator == annotator and self.holders[d.code] == annotator]
        got = dict.fromkeys(each.code for each in self.handed if each.taker == annotator)
        mine = [self.by_code[code] for code in got if self.holders.get(code) == annotator]
        return (*own, *(dealt for dealt in mine if dealt.annotator != annotator))

    def item(self, dealt: Dealt) -> Item:
        """Return an entry of a queue as annotators get it."""
        trial = dealt.trial
        where = (trial.recording, trial.uuid, trial.trial, trial.start_ns, trial.end_ns)
        return Item(dealt.code, *where, self.scheme, dealt.purpose, plan=self.name, hide=self.hide)


@dataclass(frozen=True, slots=True)
class Made:
    """What came of making or growing a plan: the plan, what is new in it, and what was left out and why."""

    plan: Plan
    new: tuple[Dealt, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)


def plans(study: Study) -> tuple[Plan, ...]:
    """Return all plans of a study, oldest first; raises PlanError."""
    with reading(study.folder):
        paths = sorted((study.folder / FOLDER).glob("*.jsonl"))
    found = [read_plan(path) for path in paths]
    return tuple(sorted(found, key=lambda plan: (plan.created, plan.name)))


def plan_of(study: Study, name: str) -> Plan:
    """Return a plan by its name; raises PlanError."""
    path = _path(study, name)
    if not path.exists():
        known = ", ".join(plan.name for plan in plans(study)) or "none yet"
        raise PlanError(
            f"{study.folder}: has no plan {name!r} (there is: {known}). Write one of them, or make it."
        )
    return read_plan(path)


def make_plan(
    study: Study,
    name: str,
    scheme: Scheme,
    annotators: Iterable[str],
    seed: int = 1,
    shares: Shares = SHARES,
    margins: Margins = MARGINS,
    hide: Collection[str] = (),
    without: Collection[tuple[str, int]] = (),
) -> Made:
    """Make a plan of all trials that may be labelled; raises PlanError.

    `without` are trials (uuid, index) to leave out besides training examples.
    """
    people = _checked(annotators)
    if not NAME.fullmatch(name):
        raise PlanError(f"plan {name!r}: a name has small letters, digits and '-' (such as faces-1).")
    if not people:
        raise PlanError(f"plan {name}: nobody is to annotate. Name annotators, with commas.")
    if not 0 <= shares.overlap <= 1 or not 0 <= shares.repeats <= MOST_REPEATS:
        raise PlanError(
            f"plan {name}: the overlap is from 0 to 100 per cent, repeats are at most {MOST_REPEATS:.0%}."
        )
    if scheme_of(study, scheme.id).sha256 != scheme.sha256:
        raise PlanError(
            f"plan {name}: the study has another scheme {scheme.id}. Save this one as a new version."
        )
    unknown = sorted(set(hide) - set(HIDEABLE))
    if unknown:
        raise PlanError(f"plan {name}: {unknown[0]!r} cannot be hidden. Write some of {', '.join(HIDEABLE)}.")
    with writing(study.folder):
        (study.folder / FOLDER).mkdir(parents=True, exist_ok=True)
        with exclusively(study.folder):
            if _path(study, name).exists():
                raise PlanError(f"plan {name}: is there already. Let it grow, or give another name.")
            plan = Plan(name, scheme.id, seed, shares, margins, frozenset(hide), _now())
            made = _deal(study, plan, scheme, people, without)
        _enter(study, people)
        add_scheme(study, scheme)
    return made


def grow(
    study: Study,
    plan: Plan,
    scheme: Scheme,
    annotators: Iterable[str] = (),
    without: Collection[tuple[str, int]] = (),
) -> Made:
    """Append the trials recorded since, and annotators who join; nothing planned before changes.

    Raises PlanError.
    """
    joining = _checked(annotators)
    with writing(study.folder), exclusively(study.folder):
        plan = plan_of(study, plan.name)
        people = tuple(dict.fromkeys((*plan.active, *joining)))
        if not people:
            raise PlanError(f"plan {plan.name}: everybody has left. Name annotators who join.")
        made = _deal(study, plan, scheme, people, without)
    _enter(study, people)
    return made


def move_on(study: Study, plan: Plan, scheme: Scheme) -> Plan:
    """Let a plan go on by a newer version of its scheme, with the same codes and order; raises PlanError.

    What was labelled by the older version stays as it is; `app.annotation.carrying` offers it.
    """
    if scheme_of(study, scheme.id).sha256 != scheme.sha256:
        raise PlanError(f"plan {plan.name}: the study has another scheme {scheme.id}. Save this one first.")
    add_scheme(study, scheme)
    with writing(study.folder), exclusively(study.folder):
        plan = plan_of(study, plan.name)
        name, _, version = plan.scheme.partition("@")
        if scheme.id == plan.scheme:
            return plan
        if scheme.name != name or scheme.version < int(version):
            raise PlanError(
                f"plan {plan.name}: labels by {plan.scheme}, and {scheme.id} is no newer version of it. Make"
                " another plan for another scheme."
            )
        return append(study, plan, [{"type": "scheme", "scheme": scheme.id, "time": utc_now()}])


def append(study: Study, plan: Plan, lines: Iterable[Mapping[str, Any]]) -> Plan:
    """Append lines to a plan's file, all or none; the caller holds the study's lock."""
    path = _path(study, plan.name)
    append_sealed(path, lines)
    return read_plan(path)


def read_plan(path: Path) -> Plan:
    """Read a plan's file; raises PlanError naming the line that is damaged."""
    try:
        found = path.stat()
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror}.") from error
    return _read(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=16)
def _read(path: Path, *_: int) -> Plan:
    """Read a plan's file as it is at a time; thousands of items take long, and queues are asked for often."""
    head: dict[str, Any] = {}
    rounds: list[tuple[str, ...]] = []
    dealt: dict[str, Dealt] = {}
    handed: list[Handed] = []
    left: list[str] = []
    handings = 0
    versions: list[str] = []
    for number, line in sealed_lines(path, PlanError):
        try:
            match line.pop("type"):
                case "plan":
                    head = line
                    versions.append(str(line["scheme"]))
                case "scheme":
                    versions.append(str(line["scheme"]))
                case "round":
                    rounds.append(tuple(line["annotators"]))
                    left = [person for person in left if person not in rounds[-1]]
                case "item":
                    entry = _dealt(line)
                    dealt[entry.code] = entry
                case "handed":
                    handed.append(Handed(line["code"], line["giver"], line["taker"]))
                case "handing":
                    handings += 1
                case "left":
                    left.append(str(line["annotator"]))
        except (KeyError, TypeError, ValueError) as error:
            raise PlanError(
                f"{path}:{number}: cannot be read ({error}). Restore the file from a backup."
            ) from error
    try:
        return Plan(
            str(head["name"]),
            versions[-1],
            int(head["seed"]),
            Shares(**head["shares"]),
            Margins(**head["margins"]),
            frozenset(head["hide"]),
            str(head["created"]),
            tuple(rounds),
            tuple(dealt.values()),
            tuple(handed),
            tuple(left),
            handings,
            tuple(versions[:-1]),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise PlanError(f"{path}: its first line is damaged. Restore the file from a backup.") from error


def _deal(
    study: Study, plan: Plan, scheme: Scheme, people: tuple[str, ...], without: Collection[tuple[str, int]]
) -> Made:
    without = frozenset(without) | known_trials(study, scheme.id)
    trials, left_out = trials_of(study, scheme, plan.margins)
    open_trials = tuple(trial for trial in trials if trial.key not in without)
    out = [*left_out]
    for trial in trials:
        if trial.key in without:
            out.append(
                LeftOut(f"trial {trial.trial + 1} of session {trial.recording}", "is a training example")
            )
    others = [each for each in plans(study) if each.name != plan.name]
    new = deal(
        open_trials,
        people,
        plan.seed,
        plan.shares,
        name=plan.name,
        before=plan.dealt,
        batch=len(plan.rounds) + 1,
        handed=[
            (each.taker, plan.by_code[each.code].trial.key)
            for each in plan.handed
            if each.code in plan.by_code
        ],
        taken={dealt.code for other in others for dealt in other.dealt},
    )
    if not plan.rounds and not new:
        why = f" ({out[0].what}: {out[0].why})" if out else ""
        raise PlanError(f"plan {plan.name}: there is no trial to label{why}. Nothing was planned.")
    lines: list[Mapping[str, Any]] = [] if plan.rounds else [_head(plan)]
    if new or set(people) - set(plan.active):
        lines.append({"type": "round", "annotators": list(people), "time": utc_now()})
        lines += [_item_line(dealt) for dealt in new]
    grown = append(study, plan, lines) if lines else plan
    return Made(grown, new, tuple(out))


def _checked(annotators: Iterable[str]) -> tuple[str, ...]:
    people = tuple(dict.fromkeys(name.strip() for name in annotators if name.strip()))
    for person in people:
        check_code(person)
    return people


def _now() -> str:
    # Finer than other tables: plans are told in the order of making.
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _enter(study: Study, people: Iterable[str]) -> None:
    for person in people:
        add_annotator(study, person)


def _path(study: Study, name: str) -> Path:
    if not NAME.fullmatch(name):
        raise PlanError(f"plan {name!r}: a name has small letters, digits and '-' (such as faces-1).")
    return study.folder / FOLDER / f"{name}.jsonl"


def _head(plan: Plan) -> dict[str, Any]:
    return {
        "type": "plan",
        "format": 1,
        "name": plan.name,
        "scheme": plan.scheme,
        "seed": plan.seed,
        "shares": asdict(plan.shares),
        "margins": asdict(plan.margins),
        "hide": sorted(plan.hide),
        "created": plan.created,
    }


def _item_line(dealt: Dealt) -> dict[str, Any]:
    return {"type": "item", "code": dealt.code, "annotator": dealt.annotator, **asdict(dealt.trial)} | {
        "purpose": dealt.purpose,
        "shared": dealt.shared,
        "batch": dealt.batch,
    }


def _dealt(line: Mapping[str, Any]) -> Dealt:
    trial = Trial(
        str(line["recording"]),
        str(line["uuid"]),
        int(line["trial"]),
        int(line["start_ns"]),
        int(line["end_ns"]),
    )
    purpose = line["purpose"]
    if purpose not in ("label", "repeat"):
        raise ValueError(f"no purpose is {purpose!r}")
    return Dealt(
        str(line["code"]), str(line["annotator"]), trial, purpose, bool(line["shared"]), int(line["batch"])
    )
