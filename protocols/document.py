"""The protocol file as a model: what an experimenter may write, field by field.

`protocols/library/*.yaml` are the examples to read first; every field's meaning stands here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from protocols.factors import Factor
from protocols.parts import Identifier, Names, StageBase
from protocols.questions import Option, OptionId
from protocols.stages import AnyStage
from protocols.words import ENGLISH, Label, Language, Text
from stimuli.sets import StimulusKind
from stimuli.validation import Part, mistake

PlainText = Annotated[str, Field(min_length=1, max_length=2000)]
Rating = Annotated[float, Field(ge=1, le=9)]
Range = tuple[Rating, Rating]
Draw = Annotated[dict[Identifier, Annotated[int, Field(ge=1, le=1000)]], Field(min_length=1)]
Stages = Annotated[tuple[AnyStage, ...], Field(max_length=60)]


class Category(Part):
    """Which stimuli of the set form a category; without any condition those that the set calls so.

    `ids` names them one by one; `category`, `valence` and `arousal` (ranges of ratings) choose among all
    of `kind` (left out: what the trials show). `items` names things of the file's `items` instead.
    `pick: listed` draws in the order of the list and not at random. `sessions: 3` deals the category out
    to three sessions, in equal parts as listed. `unpleasant` and `flashes` mark what the norms do not tell:
    such content needs the file's `warning`.
    """

    ids: Annotated[tuple[PlainText, ...], Field(min_length=1)] | None = None
    items: Annotated[tuple[Identifier, ...], Field(min_length=1)] | None = None
    category: PlainText | None = None
    kind: StimulusKind | None = None
    valence: Range | None = None
    arousal: Range | None = None
    pick: Literal["random", "listed"] = "random"
    sessions: Annotated[int, Field(ge=1, le=100)] = 1
    unpleasant: bool = False
    flashes: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Category:
        conditions = self.category or self.valence or self.arousal
        for name in ("ids", "items"):
            if getattr(self, name) is not None and conditions:
                raise mistake(f'"{name}" and conditions cannot be combined.', "Keep one of them.")
        if self.ids is not None and self.items is not None:
            raise mistake('"ids" and "items" cannot be combined.', "Keep one of them.")
        for low, high in filter(None, (self.valence, self.arousal)):
            if low > high:
                raise mistake("a range must rise.", "Write the smaller number first.")
        return self


class Stimuli(Part):
    """The stimulus set (a bundled one by name, or a folder) and the categories drawn from it.

    `originals` names the stimuli that the paper used, by category, where licences keep them out.
    """

    set: PlainText
    categories: Annotated[dict[Identifier, Category], Field(min_length=1)]
    originals: dict[Identifier, tuple[PlainText, ...]] = Field(default_factory=dict)


class Choose(Part):
    """A trial whose stimulus is chosen when it begins, among those of the category `candidates`.

    `by` is the rule, by what the participant answered so far; what was shown is not chosen again. A rule
    may name what it works with after a colon, as `recommended:lab` does.
    """

    candidates: Identifier
    by: Annotated[str, Field(pattern=r"^[a-z][a-z_]*(:[a-z0-9][a-z0-9-]*)?$", max_length=60)] = (
        "nearest_affect"
    )


class Template(Part):
    """The stages that every trial of this name goes through, with the rule that chooses its stimulus."""

    stages: Annotated[Stages, Field(min_length=1)]
    choose: Choose | None = None


def _form(value: Any) -> str:
    return "trial" if isinstance(value, dict | Template) else "stages"


TrialForm = Annotated[
    Annotated[Annotated[Stages, Field(min_length=1)], Tag("stages")] | Annotated[Template, Tag("trial")],
    Discriminator(_form),
]


class Order(Part):
    """How a block's trials are put in order: at random, with at most `max_run` of one category in a row.

    Categories listed `together` ([[happy, joy], [sad, fear]]) count as one for `max_run`.
    """

    shuffle: bool = True
    max_run: Annotated[int, Field(ge=1)] | None = None
    together: tuple[Annotated[tuple[Identifier, ...], Field(min_length=2)], ...] = ()


class Insert(Part):
    """Trials that come after every so many trials of the block, such as a neutral one after every two."""

    every: Annotated[int, Field(ge=1)]
    trial: Identifier
    draw: Draw


class Pause(Part):
    """A stage between trials, after every so many of them; none after the last."""

    every: Annotated[int, Field(ge=1)]
    stage: AnyStage


class Block(Part):
    """Trials that belong together. `draw` says how many of each category, each stimulus once a session.

    `repeat` shows each of them so many times, in one order, never twice running where that can be
    avoided. The results of `practice` trials are kept apart.
    """

    name: Identifier
    trial: Identifier
    draw: Draw
    repeat: Annotated[int, Field(ge=1, le=100)] = 1
    practice: bool = False
    order: Order = Order()
    insert: Insert | None = None
    pause: Pause | None = None
    opening: Stages = ()
    closing: Stages = ()

    @model_validator(mode="after")
    def _inserts_fit(self) -> Block:
        if self.insert is not None:
            trials, inserted = sum(self.draw.values()) * self.repeat, sum(self.insert.draw.values())
            places = trials // self.insert.every
            if inserted != places:
                raise mistake(
                    f"after every {self.insert.every} of {trials} trials makes {places} inserted trials, "
                    f"but {inserted} are drawn.",
                    f"Draw {places} in insert.",
                )
        return self


class Record(Part):
    """When they record: in `all` stages but those that say no, or only in those `stages` that say yes."""

    camera: Literal["all", "stages"] = "all"
    microphone: Literal["all", "stages"] = "all"


class Screening(Part):
    """A question before anything else; another answer than `must_answer` ends the session politely."""

    id: Identifier
    text: Text
    options: tuple[Option, ...] = (Option(id="yes", text=Label("Yes")), Option(id="no", text=Label("No")))
    must_answer: OptionId = "yes"

    @model_validator(mode="after")
    def _is_option(self) -> Screening:
        ids = [option.id for option in self.options]
        if self.must_answer not in ids or len(set(ids)) < 2:
            raise mistake(f'"{self.must_answer}" is none of the options.', f"Options: {', '.join(ids)}.")
        return self


class Caution(Part):
    """What a participant is told and asked before anything else where content is unpleasant or flashes."""

    screening: Annotated[tuple[Screening, ...], Field(min_length=1, max_length=10)]
    unpleasant: Text | None = None
    flashes: Text | None = None


class Document(Part):
    """A whole protocol file.

    `opening` and `closing` are the stages around all blocks; `debriefing` comes last and also runs when a
    session is stopped early. `trials` are the templates that blocks name, `items` the things that trials are
    about where these are no stimuli, each with texts and stimuli by name ("{item.name}" in a trial is
    filled in). `languages` are those that participants may choose from, the first one if nothing is said.
    `notes` say what the paper leaves open and what was chosen. `counterbalance` factors are crossed: the
    participant's slot counts through their combinations, the first factor fastest. `helper_text` is shown
    to those who answer a question on self-harm with yes. `placeholders: allowed` runs with stand-ins for
    missing stimuli, and marks the session.
    """

    name: Identifier
    version: Annotated[int, Field(ge=1)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    stimuli: Stimuli
    trials: Annotated[dict[Identifier, TrialForm], Field(min_length=1)]
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]
    summary: str = ""
    paper: str = ""
    notes: tuple[str, ...] = ()
    languages: Annotated[tuple[Language, ...], Field(min_length=1, max_length=30)] = (ENGLISH,)
    items: dict[Identifier, dict[Identifier, Text]] = Field(default_factory=dict)
    sentences: dict[Identifier, Label] = Field(default_factory=dict)
    record: Record = Record()
    warning: Caution | None = None
    helper_text: Text | None = None
    placeholders: Literal["refused", "allowed"] = "refused"
    opening: Stages = ()
    closing: Stages = ()
    debriefing: Stages = ()
    counterbalance: Annotated[tuple[Factor, ...], Field(max_length=6)] = ()

    def template(self, name: str) -> Template:
        """Return a trial's template; one written as a plain list of stages has no rule to choose."""
        form = self.trials[name]
        return form if isinstance(form, Template) else Template(stages=form)

    def stages(self) -> Iterator[tuple[Names, StageBase, str]]:
        """Yield (place in the file, stage, name of its trial or "") of every stage of the file."""
        for part in ("opening", "closing", "debriefing"):
            yield from (((part, place), stage, "") for place, stage in enumerate(getattr(self, part)))
        for name, form in self.trials.items():
            inside: Names = ("trials", name, "stages") if isinstance(form, Template) else ("trials", name)
            for place, stage in enumerate(self.template(name).stages):
                yield (*inside, place), stage, name
        for index, block in enumerate(self.blocks):
            for part in ("opening", "closing"):
                for place, stage in enumerate(getattr(block, part)):
                    yield ("blocks", index, part, place), stage, ""
            if block.pause is not None:
                yield ("blocks", index, "pause", "stage"), block.pause.stage, ""
