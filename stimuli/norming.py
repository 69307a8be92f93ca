"""Norming: a protocol in which raters score the stimuli of a set, and their scores written into the set."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stimuli.comparing import mean, sd
from stimuli.problems import EvokeError
from stimuli.sets import SCALES, Score, Stimulus, StimulusKind, StimulusSet
from stimuli.writing import is_bundled

MOST_A_SESSION = 1000
PREFIX = "norming-"
ENDS: Mapping[str, tuple[str, str, str]] = {
    "valence": ("How pleasant or unpleasant do you feel?", "unpleasant", "pleasant"),
    "arousal": ("How calm or excited do you feel?", "calm", "excited"),
    "dominance": ("How much are you in control?", "controlled", "in control"),
    "attractiveness": ("How attractive is this face?", "very unattractive", "very attractive"),
    "familiarity": ("How familiar is this to you?", "not at all", "very"),
    "approach": ("Do you want to avoid or to approach it?", "avoid", "approach"),
}
UNPLEASANT_BELOW = 3.0
WARNING = (
    "Some of what you will see is unpleasant: it may show injuries, death or disgusting things."
    " You may stop at any time."
)
SCREENING = "May we show you such content today?"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class NormingError(EvokeError):
    """A norming run that cannot be made, or whose ratings cannot be written back."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What raters are asked: figures for valence, arousal, dominance (5 or 9 points), else a Likert scale."""

    name: str
    points: int = 9
    text: str = ""
    low: str = ""
    high: str = ""

    @classmethod
    def parse(cls, text: str) -> Scale:
        """Read `NAME[:POINTS[:LOW[:HIGH]]]`; raises NormingError."""
        name, *more = (part.strip() for part in text.split(":"))
        usual = 9 if name in SCALES else 7
        points = more[0] if more and more[0] else str(usual)
        if not NAME.fullmatch(name):
            raise NormingError(
                f'"{name[:40]}" is no name of a scale. Use lower-case letters, digits and hyphens.'
            )
        allowed = (5, 9) if name in SCALES else range(2, 12)
        if not points.isdecimal() or int(points) not in allowed:
            said = "5 or 9" if name in SCALES else "2 to 11"
            raise NormingError(f"{name}: {points[:10]} points are not possible. Choose {said}.")
        question, low, high = ENDS.get(name, (name.replace("-", " ").capitalize(), "low", "high"))
        ends = [part for part in more[1:3] if part]
        low, high = [*ends, low, high][:2] if len(ends) == 2 else (low, high)
        return cls(name, int(points), question, low, high)


@dataclass(frozen=True, slots=True)
class NormingRun:
    """A run: which stimuli, which scales, how long each is shown, how many each rater sees (None: all)."""

    ids: tuple[str, ...]
    scales: tuple[Scale, ...]
    show_s: float = 6.0
    per_rater: int | None = None
    pause_every: int = 40


def norming_name(stimuli: StimulusSet) -> str:
    """Return the name of the protocol that norms a set."""
    plain = re.sub(r"[^a-z0-9]+", "-", stimuli.name.lower()).strip("-") or "set"
    return f"{PREFIX}{plain}"[:64].rstrip("-")


def norming_protocol(stimuli: StimulusSet, run: NormingRun, folder: Path) -> str:
    """Return the protocol file of a norming run, to be written into `folder`; raises NormingError."""
    kind = _kind(stimuli, run)
    count = run.per_rater or len(run.ids)
    if not 1 <= count <= min(MOST_A_SESSION, len(run.ids)):
        raise NormingError(
            f"{count} stimuli for each rater: between 1 and {min(MOST_A_SESSION, len(run.ids))} are possible."
        )
    text = _Yaml()
    seconds = count * (1.5 + run.show_s + 4 * len(run.scales))
    text.add(f"# Raters score {count} of {len(run.ids)} {kind}s. About {seconds / 60:.0f} minutes.")
    text.add(f"name: {norming_name(stimuli)}", "version: 1")
    text.add(f"title: {_quoted(f'Rating of {kind}s: {stimuli.name}'[:120])}")
    text.add(f"summary: {_quoted('A norming run. Its ratings are written back with evoke stimuli norm.')}")
    if any((stimuli.items[key].valence or 0) < UNPLEASANT_BELOW for key in run.ids):
        text.add("", "warning:", f"  unpleasant: {_quoted(WARNING)}", "  screening:")
        text.add(f"    - {{id: agrees, text: {_quoted(SCREENING)}}}")
    text.add("", "stimuli:", f"  set: {_quoted(_set_from(stimuli, folder))}", "  categories:")
    text.add(f"    rated: {{ids: [{', '.join(map(_quoted, run.ids))}]}}")
    text.add("", "opening:", "  - kind: instruction", "    name: welcome")
    welcome = f"You will see {count} {kind}s. Tell after each what is asked. Go by your first impression."
    text.add(f"    text: {_quoted(welcome)}")
    text.add("    button: START", "    duration_s: {min_s: 0.5, typical_s: 15}")
    text.add("", "trials:", "  rate:", "    - {kind: fixation, duration_s: 1}")
    text.add(_shown(kind, run.show_s))
    text.add("    - kind: questionnaire", "      name: ratings")
    text.add(f"      duration_s: {{min_s: 0.3, typical_s: {4 * len(run.scales)}}}", "      items:")
    for scale in run.scales:
        text.add(_item(scale))
    text.add("", "blocks:", "  - name: main", "    trial: rate", f"    draw: {{rated: {count}}}")
    text.add("    order: {shuffle: true}")
    if run.pause_every < count:
        stage = "{kind: instruction, name: pause, text: You may rest. Go on when you like., button: GO ON,"
        text.add(f"    pause: {{every: {run.pause_every}, stage: {stage} duration_s: {{typical_s: 20}}}}}}")
    text.add("", "closing:", "  - kind: instruction", "    name: thanks", "    text: That was it. Thank you!")
    text.add("    button: FINISH", "    duration_s: {typical_s: 3}")
    return text.text()


def _kind(stimuli: StimulusSet, run: NormingRun) -> StimulusKind:
    unknown = [key for key in run.ids if key not in stimuli.items]
    if unknown or not run.ids or not run.scales:
        what = f'the set has no "{unknown[0]}"' if unknown else "choose stimuli and at least one scale"
        raise NormingError(f"A norming run cannot be made: {what}.")
    names = [scale.name for scale in run.scales]
    if len(set(names)) < len(names):
        raise NormingError("A norming run cannot be made: a scale is asked twice. Ask each once.")
    kinds = {stimuli.items[key].kind for key in run.ids}
    if len(kinds) > 1:
        raise NormingError(
            "A norming run cannot be made: it would mix pictures, films and sounds. Choose one."
        )
    return kinds.pop()


def _set_from(stimuli: StimulusSet, folder: Path) -> str:
    if is_bundled(stimuli):
        return stimuli.name
    try:
        return Path(os.path.relpath(stimuli.folder.resolve(), folder.resolve())).as_posix()
    except ValueError as error:
        raise NormingError(
            f"{folder}: the set lies on another drive. Copy it to the drive of the study first."
        ) from error


def _shown(kind: StimulusKind, show_s: float) -> str:
    if kind == "picture":
        return f"    - {{kind: picture, duration_s: {show_s:g}}}"
    return f"    - {{kind: {kind}}}"


def _item(scale: Scale) -> str:
    parts = [f"id: {scale.name}", f"text: {_quoted(scale.text or scale.name)}"]
    parts.append(f"scale: {'sam' if scale.name in SCALES else 'likert'}")
    parts += [f"points: {scale.points}", f"dimension: {scale.name}"]
    parts += [f"low: {_quoted(scale.low)}", f"high: {_quoted(scale.high)}"]
    return f"        - {{{', '.join(parts)}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


class _Yaml:
    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, *lines: str) -> None:
        self._lines += lines

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


Ratings = Mapping[str, Mapping[str, Sequence[float]]]
"""stimulus id -> scale -> one value a rater, in the points of the scale."""


@dataclass(frozen=True, slots=True)
class Normed:
    """The set with its new ratings, how many stimuli were rated, and ids that the set does not have."""

    items: tuple[Stimulus, ...]
    rated: int
    unknown: tuple[str, ...]


def with_ratings(
    stimuli: StimulusSet, ratings: Ratings, points: Mapping[str, int], min_raters: int = 1
) -> Normed:
    """Return the set with means, SDs (n - 1) and numbers of raters; raises NormingError without any.

    Valence, arousal and dominance are stretched from `points` to 1..9; other scales keep theirs. A stimulus
    with fewer than `min_raters` keeps what it had. Ratings are no longer provisional once all of the
    three that the stimulus has were measured. `n` is that of the scale of the three with fewest raters.
    """
    unknown = tuple(key for key in ratings if key not in stimuli.items)
    items, rated = [], 0
    for item in stimuli.items.values():
        enough = {
            scale: values
            for scale, values in ratings.get(item.id, {}).items()
            if len(values) >= max(1, min_raters)
        }
        rated += bool(enough)
        items.append(_rated(item, enough, points) if enough else item)
    if not rated:
        raise NormingError(
            f"No stimulus has ratings of {max(1, min_raters)} or more raters. Finish more norming sessions."
        )
    return Normed(tuple(items), rated, unknown)


def _rated(item: Stimulus, ratings: Mapping[str, Sequence[float]], points: Mapping[str, int]) -> Stimulus:
    changes: dict[str, object] = {}
    scores = {score.scale: score for score in item.scores}
    for scale, values in ratings.items():
        if scale in SCALES:
            factor = 8 / (points.get(scale, 9) - 1)
            changes[scale] = round(1 + (mean(values) - 1) * factor, 4)
            changes[f"{scale}_sd"] = _sd(values, factor)
        else:
            scores[scale] = Score(scale, round(mean(values), 4), _sd(values, 1.0), len(values))
    measured = [scale for scale in SCALES if scale in ratings]
    if measured:
        changes["n"] = min(len(ratings[scale]) for scale in measured)
        left = [scale for scale in SCALES if scale not in ratings and getattr(item, scale) is not None]
        changes["provisional"] = item.provisional and bool(left)
    return replace(item, scores=tuple(scores.values()), **changes)  # type: ignore[arg-type]


def _sd(values: Sequence[float], factor: float) -> float | None:
    return round(sd(values) * factor, 4) if len(values) > 1 else None


def by_rater(rows: Iterable[tuple[str, str, str, float]]) -> dict[str, dict[str, list[float]]]:
    """Gather (rater, stimulus, scale, value) rows into `Ratings`: a rater who saw one twice counts once."""
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for rater, stimulus, scale, value in rows:
        found.setdefault(stimulus, {}).setdefault(scale, {}).setdefault(rater, []).append(value)
    return {
        stimulus: {scale: [mean(values) for values in raters.values()] for scale, raters in scales.items()}
        for stimulus, scales in found.items()
    }
