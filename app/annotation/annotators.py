"""Who labels in a study: pseudonyms of people, models, and fused labels as annotators of their own."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import get_args

from analysis.labels.records import AnnotatorKind
from app.study import Study
from app.study_files import StudyError, append_line, exclusively, lines_of, utc_now, writing

FILE = "annotations/annotators.jsonl"
CODE = re.compile(r"[a-z0-9-]{1,16}")
CURATOR = "curator"
"""Who answers questions and settles disagreements: her labels take no part in agreement."""
PREFIXES = {"model": "model-", "fused": "fused-"}
"""How folders of labels that no person gave begin."""


@dataclass(frozen=True, slots=True)
class Annotator:
    """One annotator: a code of her own choice that names nobody; `added` is when (UTC)."""

    code: str
    kind: AnnotatorKind = "human"
    added: str = ""


def annotators(study: Study) -> tuple[Annotator, ...]:
    """Return the annotators of a study in the order of joining; raises StudyError."""
    found: dict[str, Annotator] = {}
    for line in lines_of(study.folder / FILE):
        code, kind = str(line.get("code", "")), line.get("kind", "human")
        if code and kind in get_args(AnnotatorKind):
            found.setdefault(code, Annotator(code, kind, str(line.get("added", ""))))
    return tuple(found.values())


def check_code(code: str, kind: AnnotatorKind = "human") -> None:
    """Raise StudyError for a code that cannot be an annotator's."""
    if not CODE.fullmatch(code.removeprefix(PREFIXES.get(kind, ""))):
        raise StudyError(
            f"'{code}' is no code of an annotator: small letters, digits and -, at most 16. Take a"
            " pseudonym, not a name."
        )
    if kind == "human" and code.startswith(tuple(PREFIXES.values())):
        raise StudyError(f"'{code}' would be taken for a model's or fused labels. Take another code.")


def add_annotator(study: Study, code: str, kind: AnnotatorKind = "human") -> Annotator:
    """Enter an annotator, who may be there already; raises StudyError for a code that cannot be used."""
    check_code(code, kind)
    with writing(study.folder), exclusively(study.folder):
        for known in annotators(study):
            if known.code == code:
                if known.kind != kind:
                    raise StudyError(f"'{code}' is the code of a {known.kind} annotator. Take another.")
                return known
        new = Annotator(code, kind, utc_now())
        (study.folder / FILE).parent.mkdir(parents=True, exist_ok=True)
        append_line(study.folder / FILE, asdict(new))
    return new


def kind_of(code: str) -> AnnotatorKind:
    """Return which kind of annotator a folder of labels belongs to, by its name."""
    for kind in get_args(AnnotatorKind):
        if kind in PREFIXES and code.startswith(PREFIXES[kind]):
            found: AnnotatorKind = kind
            return found
    return "human"
