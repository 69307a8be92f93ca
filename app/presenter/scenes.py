"""What a drawn stage looks like, as frozen values: a background and one drawing in its middle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.presenter.layout import label_of
from app.screens import FIT, Calibration, Size, size_of
from protocols.schedule import Stage

GREY = "#808080"
Verdict = Literal["", "correct", "wrong"]
NOISE_GRAIN_PX = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A stimulus of the set, by its id."""

    stimulus: str
    size: Size = FIT


@dataclass(frozen=True, slots=True)
class Symbol:
    """A fixation cross or another sign, in the ink that stands out from the background."""

    text: str
    background: str = GREY


@dataclass(frozen=True, slots=True)
class Mask:
    """Grains of noise, or lines in all directions; the same for the same seed."""

    pattern: Literal["noise", "lines"] = "noise"
    grain_px: int = NOISE_GRAIN_PX
    seed: int = 0
    size: Size = FIT


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands in the place of a stimulus that cannot be shown."""

    stimulus: str
    background: str = GREY


@dataclass(frozen=True, slots=True)
class Option:
    """An answer of a speeded choice, and what is printed on its key."""

    id: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A question with the keys that answer it; after the press the option `chosen` is marked by `verdict`."""

    prompt: str
    options: tuple[Option, ...] = ()
    background: str = GREY
    stimulus: str = ""
    chosen: str = ""
    verdict: Verdict = ""


@dataclass(frozen=True, slots=True)
class Moving:
    """A frame of a film: the texture `slot` it was uploaded to, drawn `width` x `height` pixels large."""

    slot: int
    width: int
    height: int


Drawing = Picture | Symbol | Mask | Missing | Choice | Moving


@dataclass(frozen=True, slots=True)
class Scene:
    """What is on the screen; `lit` while a stimulus is on, which a photodiode's patch shows."""

    background: str = GREY
    drawing: Drawing | None = None
    lit: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One picture of a rapid sequence; `stimulus` is what its event names."""

    stimulus: str
    scene: Scene
    duration_s: float


def scene_of(stage: Stage, known: Calibration) -> Scene:
    """Return what a drawn stage begins with; raises ValueError for degrees on a screen of unknown size.

    A film begins with its background, a sequence with its first step.
    """
    content = stage.content
    background = str(content.get("background") or GREY)
    match stage.kind:
        case "picture":
            return Scene(background, Picture(stage.stimulus, size_of(content, known)), lit=True)
        case "mask":
            return Scene(background, _mask(content, size_of(content, known)))
        case "fixation" | "sound":
            symbol = str(content.get("symbol", "+" if stage.kind == "fixation" else ""))
            lit = stage.kind == "sound"
            return Scene(background, Symbol(symbol, background) if symbol else None, lit)
        case "choice":
            return choice_scene(stage)
        case "sequence":
            return steps_of(stage, known)[0].scene
        case "film" | "flash":
            return Scene(background, lit=True)
    return Scene(background)


def choice_scene(stage: Stage, chosen: str = "", verdict: Verdict = "") -> Scene:
    """Return the scene of a speeded choice: as it begins, or with its feedback once something is `chosen`."""
    content = stage.content
    background, show = str(content.get("background") or GREY), str(content.get("show", "options"))
    if show == "blank" and not chosen:
        return Scene(background)
    options = tuple(
        Option(str(option["id"]), str(option.get("text", "")), label_of(str(option["key"])))
        for option in content.get("options", ())
    )
    prompt = "" if show == "blank" else str(content.get("prompt", ""))
    shown = options if show == "options" else tuple(option for option in options if option.id == chosen)
    drawing = Choice(prompt, shown, background, stage.stimulus, chosen, verdict)
    return Scene(background, drawing, lit=bool(stage.stimulus))


def steps_of(stage: Stage, known: Calibration) -> tuple[Step, ...]:
    """Return the steps of a rapid sequence, as long as they were asked for."""
    content = stage.content
    background = str(content.get("background") or GREY)
    size = size_of(content, known)
    return tuple(_step(step, background, size) for step in content["steps"])


def _step(values: Mapping[str, Any], background: str, size: Size) -> Step:
    duration_s = float(values["duration_s"])
    if values.get("stimulus"):
        stimulus = str(values["stimulus"])
        return Step(stimulus, Scene(background, Picture(stimulus, size), lit=True), duration_s)
    if values.get("mask"):
        mask = values["mask"]
        content = {**values, **(mask if isinstance(mask, Mapping) else {"pattern": mask})}
        return Step("mask", Scene(background, _mask(content, size)), duration_s)
    blank = values.get("blank")
    return Step("", Scene(blank if isinstance(blank, str) else background), duration_s)


def _mask(content: Mapping[str, Any], size: Size) -> Mask:
    pattern: Literal["noise", "lines"] = "lines" if content.get("pattern") == "lines" else "noise"
    grain_px = int(content.get("grain_px", NOISE_GRAIN_PX))
    return Mask(pattern, max(1, grain_px), int(content.get("pattern_seed", 0)), size)
