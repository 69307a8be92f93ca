"""Studies that several annotators have labelled, with known agreement.

python -m tests.helpers.agreeing FOLDER      makes such a study, to look at
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from analysis.labels.records import NS, AnnotatorKind, LogHead
from analysis.labels.scheme import Scheme
from app.annotation.log import Log
from app.annotation.schemes import add_scheme, bundled
from app.study import Study
from tests.helpers.labelled import EDA, LEAD_S, TRIAL_S, make_study
from tests.helpers.recordings import START_S

TRACE_HZ = 20.0


def labelled(folder: Path, participants: int = 2, trials: int = 4) -> Study:
    """Make a study of people that nobody has labelled yet; its recordings are small."""
    return make_study(folder, participants, trials, streams=(EDA,))


def scheme_in(study: Study, name: str) -> Scheme:
    """Give the study a bundled scheme and return it."""
    return add_scheme(study, next(scheme for scheme in bundled() if scheme.name == name))


def stems(study: Study) -> list[str]:
    """Return the stems of the recordings in the order of finishing."""
    return [Path(session.file).stem for session in study.sessions()]


def log_of(study: Study, scheme: Scheme, place: int, annotator: str, kind: AnnotatorKind = "human") -> Log:
    """Open the log of an annotator about the recording in this place."""
    session = study.sessions()[place]
    stem = Path(session.file).stem
    head = LogHead(annotator, kind, stem, session.uuid, session.sha256, scheme.id, scheme.sha256)
    path = study.folder / "annotations" / stem / annotator / f"{scheme.id}.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    return Log.open(path, head, scheme)


def rate(
    study: Study, scheme: Scheme, annotator: str, answers: Mapping[tuple[int, int], Mapping[str, object]]
) -> None:
    """Let an annotator answer: by (recording, trial) what was answered to each question."""
    tier = next(tier for tier in scheme.tiers if tier.kind == "trial")
    for place in sorted({recording for recording, _ in answers}):
        with log_of(study, scheme, place, annotator) as log:
            for (recording, trial), value in answers.items():
                if recording == place:
                    log.add(tier.name, trial=trial, value=value)


def mark(
    study: Study,
    scheme: Scheme,
    annotator: str,
    recording: int,
    spans: Sequence[tuple[float, float, str]],
    tier: str = "",
) -> None:
    """Let an annotator mark segments (start and end in seconds from the recording's start, label)."""
    name = tier or next(tier.name for tier in scheme.tiers if tier.kind in ("segment", "point"))
    with log_of(study, scheme, recording, annotator) as log:
        for start_s, end_s, label in spans:
            start_ns, end_ns = (round((START_S + each) * NS) for each in (start_s, end_s))
            log.add(name, start_ns=start_ns, end_ns=end_ns, label=label)
        log.finish("")


def trace(
    study: Study, scheme: Scheme, annotator: str, recording: int, length_s: float, lag_s: float = 0.0,
    noise: float = 0.0, level: float = 0.0,
) -> None:  # fmt: skip
    """Let an annotator trace the same slow curve of a recording, some time late and with some noise."""
    tier = next(tier for tier in scheme.tiers if tier.kind.startswith("trace"))
    random = np.random.default_rng(sum(map(ord, annotator)) + recording)
    t = np.arange(0, length_s, 1 / TRACE_HZ)
    with log_of(study, scheme, recording, annotator) as log:
        writer = log.begin_take(tier.name, device="mouse")
        columns = []
        for place, dimension in enumerate(tier.dimensions):
            middle, half = (dimension.low + dimension.high) / 2, (dimension.high - dimension.low) / 2
            late = t - lag_s + 1.3 * place
            bumps = [np.exp(-(((late - at) / 1.5) ** 2)) for at in (3.0, 9.5 + recording, 20.0)]
            curve = 0.6 * bumps[0] - 0.5 * bumps[1] + 0.8 * bumps[2]
            curve = curve + level + noise * random.normal(size=len(t))
            values = middle + half * np.clip(curve, -1, 1)
            columns.append(values)
        for time_s, row in zip(t, np.column_stack(columns), strict=True):
            t_ns = round((START_S + time_s) * NS)
            writer.append(t_ns, t_ns, [float(value) for value in row])
        writer.end("done")


def trial_start_s(trial: int) -> float:
    """Return when a trial starts, seconds from the recording's start."""
    return LEAD_S + trial * TRIAL_S


def make(folder: Path) -> Study:
    """Make a study with three annotators, four participants and labels of every kind."""
    study = labelled(folder, 4, 6)
    random = np.random.default_rng(3)
    sam, emotions = scheme_in(study, "sam"), scheme_in(study, "basic-emotions")
    actions, valence = scheme_in(study, "facial-actions"), scheme_in(study, "continuous-valence")
    truth = {(place, trial): random.integers(2, 9, 3) for place in range(4) for trial in range(6)}
    question = emotions.tiers[0].questions[0]
    classes = [label.id for label in question.labels]
    labels = [label.id for label in actions.tiers[0].labels]
    for number, annotator in enumerate(("ann", "bo", "cem")):
        answers = {
            key: {
                asked.id: int(np.clip(value + random.integers(-1, 2) + (number == 2), 1, 9))
                for asked, value in zip(sam.tiers[0].questions, values, strict=False)
            }
            for key, values in truth.items()
            if not (number == 2 and key[0] == 3)
        }
        rate(study, sam, annotator, answers)
        chosen = {
            key: {
                question.id: classes[
                    int(values[0] if random.random() < 0.75 else random.integers(7)) % len(classes)
                ]
            }
            for key, values in truth.items()
        }
        rate(study, emotions, annotator, chosen)
        for place in range(4):
            spans = [
                (
                    trial_start_s(trial) + 0.4 + 0.15 * number * random.random(),
                    trial_start_s(trial) + 2.2 + 0.4 * random.random(),
                    labels[(trial + (number == 2 and trial == 4)) % 3],
                )
                for trial in range(6)
                if not (number == 1 and trial == 3)
            ]
            mark(study, actions, annotator, place, spans)
            trace(
                study,
                valence,
                annotator,
                place,
                25.0,
                lag_s=(0.5, 1.5, 2.5)[number],
                noise=0.03,
                level=0.05 * number,
            )
    return study


if __name__ == "__main__":
    sys.stdout.write(f"{make(Path(sys.argv[1])).folder}\n")
