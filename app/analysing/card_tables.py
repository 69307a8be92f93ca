"""A recognizer's card as tables, and its published figures beside a run's own where that is fair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from analysis.corpus.cases import CaseSpec, InputSpec
from analysis.corpus.cutting import TEXT
from analysis.evaluation.run_folder import Run
from analysis.recognizers.recognizer import Card, Published, Setting
from app.analysing.html_page import Table


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a run must be to be on a paper's data by the paper's protocol.

    `unit` is what a decision is about; `on_folds`: settings were tried on the very folds that are reported.
    """

    task: str
    split: str
    k: int
    target: str
    unit: str
    on_folds: bool


PROTOCOLS: Mapping[tuple[str, str], Protocol] = MappingProxyType(
    {
        (
            "SEED",
            "one model for each of 27 experiments (9 people); first 9 clips train, last 6 test; per step",
        ): Protocol("seed", "first-trials", 9, "category", "window", True),
    }
)
"""Published protocols that a run of ours can follow, by data and words of the card. All others are not
stated in full, or their data cannot be had: no difference is ever given for them."""
SAME = MappingProxyType({"accuracy, per cent": ("accuracy", 100.0)})


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A published figure; `own` and `difference` only where data and protocol are the same."""

    published: Published
    own: float | None = None
    why: str = ""

    @property
    def difference(self) -> float | None:
        """Own minus published."""
        return None if self.own is None else self.own - self.published.value

    @property
    def cells(self) -> tuple[Any, ...]:
        """Its row in a table."""
        told = self.published
        return (
            told.data, told.protocol, told.metric, told.value, told.note, self.own, self.difference, self.why,
        )  # fmt: skip


def published_rows(card: Card, run: Run) -> tuple[PublishedRow, ...]:
    """Return a card's published figures; a run's own beside those of the same data and protocol."""
    return tuple(_row(each, run) for each in card.published)


def _row(each: Published, run: Run) -> PublishedRow:
    known = PROTOCOLS.get((each.data, each.protocol))
    if known is None:
        return PublishedRow(
            each, None, "the paper's protocol is not stated in full, or its data are not public"
        )
    asked = run.experiment
    files = [str(value.get("file", "")) for value in (run.facts.get("recordings") or {}).values()]
    if not files or not all(f"_task-{known.task}_" in name for name in files):
        return PublishedRow(each, None, f"other data than {each.data}")
    if (asked.split.kind, asked.split.k) != (known.split, known.k):
        return PublishedRow(each, None, f"another split than {known.split} with {known.k}")
    if asked.target.get("source") != known.target:
        return PublishedRow(each, None, "another target")
    if asked.cases is None or asked.cases.unit != known.unit:
        return PublishedRow(each, None, f"decisions are not about a {known.unit} each")
    if known.on_folds != (asked.search.sets > 0 and not asked.search.nested):
        how = "on" if known.on_folds else "away from"
        return PublishedRow(each, None, f"the paper chose settings {how} the folds that it reports")
    metric, scale = SAME.get(each.metric, ("", 1.0))
    told = ((run.result or {}).get("metrics") or {}).get(metric) or {}
    value = told.get("value")
    return PublishedRow(each, None if value is None else scale * value, "" if metric else "another metric")


def card_tables(card: Card) -> tuple[Table, ...]:
    """Return inputs, layers and settings of a card as tables, without those that would be empty."""
    inputs = tuple((each.name, each.modality, feature_words(each), where_words(each)) for each in card.inputs)
    layers = tuple((each.name, each.printed, each.built, each.why) for each in card.layers)
    settings = tuple((each.name, str(each.default), range_words(each), each.about) for each in card.settings)
    found = (
        Table("inputs", ("input", "of", "feature", "where"), inputs),
        Table("layers", ("layer", "printed", "built", "why"), layers),
        Table("settings", ("setting", "default", "searched", "what_it_is"), settings),
    )
    return tuple(each for each in found if each.rows)


def card_facts(card: Card) -> Iterator[tuple[str, str]]:
    """Yield what a card says in a line each."""
    yield "Source", card.source
    yield "Finds", " or ".join(card.task)
    yield "Case", case_words(card.cases)
    yield "Prepared by", f"{', '.join(card.steps) or 'nothing'} (fitted on training cases only)"
    if card.missing_inputs:
        least = f"; at least {card.least}" if card.least > 1 else ""
        yield "Missing inputs", f"It can predict where an input is missing{least}."
    else:
        yield "Missing inputs", "Every input must be there."
    if card.validation:
        yield "Early stopping", f"by {card.validation:.0%} of the training side, whole groups"
    yield "Our split", split_words(card)


def split_words(card: Card) -> str:
    """Return our usual split, and those of the card's published figures."""
    ours = "Leave one participant out unless told otherwise"
    papers = list(dict.fromkeys(f"{each.data}: {each.protocol}" for each in card.published))
    return f"{ours}. The paper's: {'; '.join(papers)}." if papers else f"{ours}."


def case_words(spec: CaseSpec) -> str:
    """Return what a case is."""
    if spec.unit == "trial":
        return "a trial"
    if spec.unit == "session":
        return "a visit of a participant"
    where = f" of the stage {spec.stage}" if spec.stage else ""
    if spec.unit == "press":
        about = f"its middle {spec.hop_s:g} s from it" if spec.hop_s else "centred on it"
        return f"{spec.window_s or 2:g} s about each press, {about}{where}"
    return f"a window of {spec.window_s:g} s, every {spec.hop_s:g} s{where}"


def feature_words(each: InputSpec) -> str:
    """Return a feature with its settings."""
    settings = ", ".join(f"{name} {value}" for name, value in each.settings.items())
    return each.feature + (f" ({settings})" if settings else "")


def where_words(each: InputSpec) -> str:
    """Return where an input's steps lie."""
    whole = "the whole trial (or window)" if each.modality == TEXT else "the case's span"
    where = f"stage {each.stage}" if each.stage else whole
    where = f"{each.trial}: {where}" if each.trial else where
    return f"{where}, {each.window_s:g} s every {each.hop_s:g} s" if each.window_s else where


def range_words(setting: Setting, none: str = "not searched") -> str:
    """Return within what a setting is searched; `none` where it is not."""
    if setting.choices:
        return " | ".join(map(str, setting.choices))
    if setting.low is None or setting.high is None:
        return none
    scale = {"log10": ", log", "int": ", whole", "linear": ""}[setting.scale]
    return f"{setting.low:g} to {setting.high:g}{scale}"
