"""Frozen analysis plans: what will be tested, written down before it is.

derivatives/plans/NAME.json      a plan; never changed, another one gets another name
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from analysis.corpus.corpus import Corpus
from analysis.evaluation.experiment import Experiment
from app.settings import write_atomically
from app.study import Study
from app.study_files import StudyError, exclusively, utc_now, writing

FOLDER = "derivatives/plans"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class PlanError(StudyError):
    """A plan cannot be frozen, found or read; the text is the one clear message."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An analysis as it was meant.

    `experiments` are one for each recognizer; what their targets gave is not part of a plan, since
    participants may still come: `target_sha256` is "". `excluded` are participants' codes with the reason.
    `recordings` (id -> SHA-256) and `participants` are those that there were when it was frozen; a withdrawn
    participant is taken out of them, and `before` holds the checksums that the plan had until then.
    """

    name: str
    frozen_utc: str
    metric: str
    experiments: tuple[Experiment, ...]
    excluded: Mapping[str, str]
    participants: tuple[str, ...]
    recordings: Mapping[str, str]
    note: str = ""
    before: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary, without the checksum."""
        return {
            "name": self.name,
            "frozen_utc": self.frozen_utc,
            "metric": self.metric,
            "experiments": [experiment.to_json() for experiment in self.experiments],
            "excluded": dict(self.excluded),
            "participants": list(self.participants),
            "recordings": dict(self.recordings),
            "note": self.note,
        }

    @property
    def sha256(self) -> str:
        """Of everything in it."""
        text = json.dumps(self.to_json(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def covers(self, experiment: Experiment) -> bool:
        """Whether an experiment is one of those planned, whatever its target gave."""
        return as_planned(experiment) in [as_planned(each) for each in self.experiments]


def as_planned(experiment: Experiment) -> str:
    """Return what makes two experiments the same in a plan: everything but the answers of the target."""
    return replace(experiment, target_sha256="").sha256


def freeze_plan(
    study: Study,
    name: str,
    experiments: Iterable[Experiment],
    corpus: Corpus,
    *,
    excluded: Mapping[str, str] | None = None,
    note: str = "",
) -> Plan:
    """Freeze a plan with the time and who took part so far; raises PlanError where the name is taken."""
    if not NAME.fullmatch(name):
        raise PlanError(
            f"'{name}' is no name for a plan. Use small letters, digits, dots and hyphens, 40 at most."
        )
    planned = tuple(replace(experiment, target_sha256="") for experiment in experiments)
    if not planned:
        raise PlanError(f"plan {name}: there is nothing in it. Choose at least one recognizer.")
    metrics = {experiment.metric for experiment in planned}
    if len(metrics) > 1:
        raise PlanError(f"plan {name}: it has one primary metric, not {' and '.join(sorted(metrics))}.")
    plan = Plan(
        name=name,
        frozen_utc=utc_now(),
        metric=metrics.pop(),
        experiments=planned,
        excluded=dict(excluded or {}),
        participants=corpus.participants,
        recordings={recording.id: recording.sha256 for recording in corpus.recordings},
        note=note,
    )
    path = study.folder / FOLDER / f"{name}.json"
    with writing(study.folder), exclusively(study.folder):
        if path.exists():
            raise PlanError(f"plan {name}: is frozen already, and plans never change. Take another name.")
        path.parent.mkdir(parents=True, exist_ok=True)
        content = plan.to_json() | {"sha256": plan.sha256}
        write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return plan


def load_plan(study: Study, name: str) -> Plan:
    """Return a plan; raises PlanError where it is not there, or was changed since it was frozen."""
    path = study.folder / FOLDER / f"{name}.json"
    if not path.is_file():
        known = [each.stem for each in sorted(path.parent.glob("*.json"))]
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known) or 'none'}."
        raise PlanError(f"{study.name}: there is no plan '{name}'. {hint}")
    return _read(path)


def plans_of(study: Study) -> tuple[Plan, ...]:
    """Return the plans of a study, oldest first; raises PlanError."""
    found = [_read(path) for path in sorted((study.folder / FOLDER).glob("*.json"))]
    return tuple(sorted(found, key=lambda plan: (plan.frozen_utc, plan.name)))


def plan_of(
    study: Study, experiment: Experiment, before_utc: str, participants: Iterable[str] = ()
) -> Plan | None:
    """Return the first plan that holds an experiment and was frozen before a time; None: exploratory.

    The experiment must be whole, as a run's is. A plan that leaves some of the `participants` out is passed
    over.
    """
    there = set(participants)
    for plan in plans_of(study):
        is_same = plan.covers(experiment) and not there & set(plan.excluded)
        if is_same and plan.frozen_utc <= before_utc:
            return plan
    return None


def _read(path: Path) -> Plan:
    told = f"{FOLDER}/{path.name}"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        plan = Plan(
            name=str(values["name"]),
            frozen_utc=str(values["frozen_utc"]),
            metric=str(values["metric"]),
            experiments=tuple(Experiment.from_json(each) for each in values["experiments"]),
            excluded=dict(values["excluded"]),
            participants=tuple(values["participants"]),
            recordings=dict(values["recordings"]),
            note=str(values.get("note", "")),
            before=tuple(map(str, values.get("before", ()))),
        )
        known = str(values["sha256"])
    except (OSError, UnicodeDecodeError) as error:
        raise PlanError(f"{told}: cannot be read.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise PlanError(f"{told}: is no frozen plan. Restore it from a backup.") from error
    if known != plan.sha256 or plan.name != path.stem:
        raise PlanError(f"{told}: was changed after it was frozen. Restore it from a backup.")
    return plan
