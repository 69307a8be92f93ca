"""What the forms of the scheme editor ask: a table for each kind of part. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier
from app.console.annotate.scheme_draft import KINDS, Part

Kind = Literal["text", "area", "number", "flag", "choice", "colour", "set"]

HIDDEN: Mapping[str, str] = {
    "condition": "Condition: stimulus and category",
    "participant": "Code of the participant",
    "file_names": "Names of files",
    "others": "Labels of other annotators",
    "model": "Labels of models",
    "order": "Number and time of the trial",
    "answers": "What the participant answered",
}
SHOWN: Mapping[str, str] = {
    "camera": "Camera",
    "sound": "Sound",
    "eeg": "EEG",
    "wristband": "Wristband signals",
    "signals": "Other signals",
    "keys": "Keystrokes",
    "events": "Events",
    "stimulus": "The stimulus",
}
OVERLAPS: Mapping[str, str] = {
    "exclusive": "No: a new one cuts what lies underneath",
    "allow": "Yes: they may overlap",
}
QUESTIONS: Mapping[str, str] = {"scale": "Scale", "choice": "One of several labels", "text": "Free text"}
FIGURES: Mapping[str, str] = {
    "": "None, plain numbers",
    "valence": "Faces: unpleasant to pleasant",
    "arousal": "Figures: calm to excited",
    "dominance": "Figures: small to large in control",
}
SPACES: Mapping[bool, str] = {False: "Square", True: "Disc: the corners are left out"}
LINES: Mapping[bool, str] = {
    True: "Scale with two ends",
    False: "Relative, without ends: only change counts",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One field of a form; `choices` maps a stored value to its words."""

    key: str
    title: str
    kind: Kind
    tip: str = ""
    choices: Mapping[Any, str] | None = None


SCHEME: tuple[Asked, ...] = (
    Asked("title", "Title", "text", "What the scheme is called in lists."),
    Asked("name", "Name", "text", "Names its files: small letters, digits and hyphens."),
    Asked("question", "Question", "text", "The one question that annotators keep in mind."),
    Asked("instructions", "Instructions", "area", "What annotators read before they begin."),
    Asked("hide", "Hidden", "set", "What annotators must not learn while they answer.", HIDDEN),
    Asked("show", "Shown", "set", "What they see and hear of the recording.", SHOWN),
    Asked(
        "sound_with_stimulus",
        "Sound is heard while a stimulus plays, although the condition is hidden",
        "flag",
        "Left off, sound is muted as long as it could tell which stimulus plays.",
    ),
)
TIER: tuple[Asked, ...] = (
    Asked("title", "Title", "text", "What annotators see."),
    Asked("name", "Name", "text", "Names it in the data: small letters, digits and hyphens."),
    Asked("kind", "Kind", "choice", "What is made in this tier.", KINDS),
)
MARKS: tuple[Asked, ...] = (
    Asked("overlap", "May overlap", "choice", "What happens where two of them meet.", OVERLAPS),
    Asked("free_text", "A note may stand instead of a label, or beside it", "flag"),
    Asked("channels", "Channels may be named", "flag", "Such as the electrodes with an artefact."),
)
TRACE: tuple[Asked, ...] = (Asked("rate_hz", "Rate in Hz", "number", "How often the hand is read."),)
BOUNDED = Asked("bounded", "Scale", "choice", "A relative trace is moved by wheel or keys.", LINES)
DISC = Asked("disc", "Space", "choice", "What the two dimensions span.", SPACES)
LAST: tuple[Asked, ...] = (
    Asked("cannot_tell", "'Cannot tell' is offered (key 0)", "flag"),
    Asked("required", "An item is finished only with an answer here", "flag"),
)
LABEL: tuple[Asked, ...] = (
    Asked("name", "Name", "text", "What annotators see."),
    Asked("id", "Stored as", "text", "What stands in the data; never changed by a new name."),
    Asked("key", "Key", "text", "One digit from 1 to 9 or one letter."),
    Asked("colour", "Colour", "colour", "Such as #0072b2. A new colour makes no new version."),
    Asked("definition", "Definition", "area", "When this label is given."),
    Asked("example", "Example", "area", "One clear case."),
)
QUESTION: tuple[Asked, ...] = (
    Asked("text", "Question", "text", "What annotators are asked."),
    Asked("id", "Stored as", "text", "What stands in the data."),
    Asked("kind", "Answered by", "choice", "How it is answered.", QUESTIONS),
    Asked("required", "Needs an answer", "flag"),
)
FIGURE = Asked("figures", "Figures", "choice", "A row of drawn figures above the numbers.", FIGURES)
DIMENSION: tuple[Asked, ...] = (
    Asked("name", "Name", "text", "Such as valence; names the column in the data."),
    Asked("low", "Low end", "number"),
    Asked("low_text", "Words at the low end", "text"),
    Asked("high", "High end", "number"),
    Asked("high_text", "Words at the high end", "text"),
    Asked("step", "Step of a key", "number", "0: a twentieth of the scale."),
)
SCALE: tuple[Asked, ...] = (
    Asked("low", "Lowest number", "number"),
    Asked("low_text", "Words at the low end", "text"),
    Asked("high", "Highest number", "number"),
    Asked("high_text", "Words at the high end", "text"),
    Asked("step", "Step", "number", "1 for whole numbers."),
)


def asked(held: Part) -> tuple[Asked, ...]:
    """Return what the form of a part asks, in order."""
    if isinstance(held, Scheme):
        return SCHEME
    if isinstance(held, Label):
        return LABEL
    if isinstance(held, Dimension):
        return DIMENSION
    if isinstance(held, Question):
        return QUESTION + ((FIGURE,) if held.kind == "scale" else ())
    if held.kind in ("point", "segment"):
        return TIER + MARKS + LAST
    if held.kind in ("trace1d", "trace2d"):
        return TIER + ((BOUNDED,) if held.kind == "trace1d" else (DISC,)) + TRACE + LAST
    return TIER + LAST


def differences(old: Scheme, new: Scheme) -> tuple[str, ...]:
    """Return in words what differs between two schemes, colours, names and versions left out."""
    found: list[str] = []
    for each in SCHEME:
        if each.key != "name" and getattr(old, each.key) != getattr(new, each.key):
            found.append(each.title.split(",")[0])
    before, after = {tier.name: tier for tier in old.tiers}, {tier.name: tier for tier in new.tiers}
    for name, tier in after.items():
        if name not in before:
            found.append(f"new tier '{tier.title or name}'")
        elif _plain(before[name]) != _plain(tier):
            found.append(f"tier '{tier.title or name}'")
    found += [f"without tier '{tier.title or name}'" for name, tier in before.items() if name not in after]
    if list(before) != list(after) and set(before) == set(after):
        found.append("order of the tiers")
    return tuple(found)


def _plain(held: Any) -> Any:
    """Return a part as nested values without its colours."""
    if isinstance(held, Sequence) and not isinstance(held, str):
        return [_plain(each) for each in held]
    if isinstance(held, Tier | Label | Question | Dimension):
        return {each.name: _plain(getattr(held, each.name)) for each in fields(held) if each.name != "colour"}
    return held
