"""The pictures of the open set as drawings: SVG text made by plain functions. Films and sounds: `clips`.

Sessions show the bundled files of `stimuli/open`, which `python -m tests.stimuli.render_open_set` makes
from these drawings; nothing is drawn while a session runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stimuli.drawing import neutral, pleasant, unpleasant
from stimuli.drawing.canvas import Canvas
from stimuli.drawing.faces import MODELS, Expression, Model, face


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture with what its makers expect people to feel, on 1..9: nobody was asked yet."""

    id: str
    category: str
    draw: Callable[[], Canvas]
    valence: float
    arousal: float
    dominance: float

    @property
    def description(self) -> str:
        """What can be seen, in a few words."""
        return (self.draw.__doc__ or "").strip().rstrip(".")

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        return self.draw().svg(self.description)


SCENES = (
    Scene("meadow", "pleasant", pleasant.meadow, 7.3, 3.6, 6.2),
    Scene("puppy", "pleasant", pleasant.puppy, 7.9, 4.8, 6.4),
    Scene("beach", "pleasant", pleasant.beach, 7.5, 4.0, 6.3),
    Scene("flowers", "pleasant", pleasant.flowers, 7.0, 3.4, 6.0),
    Scene("smile", "pleasant", pleasant.smile, 7.4, 4.6, 6.3),
    Scene("balloons", "pleasant", pleasant.balloons, 7.2, 4.5, 6.1),
    Scene("storm", "unpleasant", unpleasant.storm, 3.4, 5.8, 3.9),
    Scene("graveyard", "unpleasant", unpleasant.graveyard, 2.8, 4.4, 4.0),
    Scene("spider", "unpleasant", unpleasant.spider, 3.0, 6.4, 3.7),
    Scene("sad-child", "unpleasant", unpleasant.sad_child, 2.7, 4.6, 4.2),
    Scene("dead-tree", "unpleasant", unpleasant.dead_tree, 3.3, 3.9, 4.4),
    Scene("broken-toy", "unpleasant", unpleasant.broken_toy, 3.1, 4.2, 4.3),
    Scene("chair", "neutral", neutral.chair, 5.0, 2.4, 5.6),
    Scene("cup", "neutral", neutral.cup, 5.3, 2.6, 5.7),
    Scene("umbrella", "neutral", neutral.umbrella, 5.2, 2.6, 5.6),
    Scene("stairs", "neutral", neutral.stairs, 4.9, 2.7, 5.3),
    Scene("shelf", "neutral", neutral.shelf, 5.2, 2.5, 5.6),
    Scene("lamp", "neutral", neutral.lamp, 5.1, 2.3, 5.6),
)


@dataclass(frozen=True, slots=True)
class FacePicture:
    """A model's face with an expression; ratings as for scenes, the same for every model."""

    id: str
    model: Model
    expression: Expression
    valence: float
    arousal: float
    dominance: float

    @property
    def category(self) -> str:
        """The expression, told apart from the categories of scenes."""
        return f"face-{self.expression}"

    @property
    def description(self) -> str:
        """What can be seen."""
        mood = {"neutral": "calm", "happy": "happy", "disgust": "disgusted", "sad": "sad"}[self.expression]
        return f"A drawn face, {mood}"

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        return face(self.model, self.expression).svg(self.description)


FEELINGS: dict[Expression, tuple[float, float, float]] = {
    "neutral": (5.0, 2.8, 5.3),
    "happy": (6.9, 4.4, 6.0),
    "disgust": (3.4, 4.9, 4.6),
    "sad": (3.3, 3.8, 4.2),
}
SPEECH_MODEL = "face-14"

# The last model serves the picture tasks (calm, happy, sad), the others the micro-expressions.
FACES = tuple(
    FacePicture(f"{model.id}-{expression}", model, expression, *FEELINGS[expression])
    for model in MODELS
    for expression in FEELINGS
    if expression != ("disgust" if model.id == SPEECH_MODEL else "sad")
)
