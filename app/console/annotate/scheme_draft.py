"""A scheme while it is being edited: its parts by path, and changes that return a new scheme. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from analysis.labels.scheme import Dimension, Label, Question, Scheme, Tier, TierKind

Path = tuple[str | int, ...]
"""Where a part stands: () the scheme, ("tiers", 0) a tier, ("tiers", 0, "labels", 2) one of its labels."""
Part = Scheme | Tier | Label | Question | Dimension

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8f7a00", "#6b6b6b")
"""Colours for new labels that colour-blind annotators can tell apart (after Okabe and Ito)."""
KEYS = "123456789"
KINDS: dict[TierKind, str] = {
    "trial": "Questions about the whole trial",
    "segment": "Segments with a beginning and an end",
    "point": "Points in time",
    "trace1d": "Trace of one dimension",
    "trace2d": "Trace of two dimensions",
}


FIRST_QUESTION = Question(
    "valence",
    "How pleasant is it for the person?",
    "scale",
    Dimension("scale", 1.0, 9.0, "unpleasant", "pleasant", 1.0),
    figures="valence",
)


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree: where the part stands, what it is called, what stands in it."""

    path: Path
    title: str
    kind: str
    children: tuple[Node, ...] = ()


def part(scheme: Scheme, path: Path) -> Any:
    """Return the part at a path; raises LookupError or AttributeError where there is none."""
    found: Any = scheme
    for step in path:
        found = found[step] if isinstance(step, int) else getattr(found, step)
    return found


def with_part(scheme: Scheme, path: Path, new: Any) -> Scheme:
    """Return the scheme with another part at a path."""
    changed = _with(scheme, path, new)
    assert isinstance(changed, Scheme)
    return changed


def _with(whole: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        entries = list(whole)
        entries[step] = _with(entries[step], rest, new)
        return tuple(entries)
    return replace(whole, **{step: _with(getattr(whole, step), rest, new)})


def changed(scheme: Scheme, path: Path, **fields: Any) -> Scheme:
    """Return the scheme with some fields of a part changed."""
    return with_part(scheme, path, replace(part(scheme, path), **fields))


def added(scheme: Scheme, path: Path, new: Any, at: int | None = None) -> tuple[Scheme, Path]:
    """Return the scheme with one more entry in the list at `path`, and the entry's path."""
    entries = list(part(scheme, path))
    at = len(entries) if at is None else at
    entries.insert(at, new)
    return with_part(scheme, path, tuple(entries)), (*path, at)


def removed(scheme: Scheme, path: Path) -> Scheme:
    """Return the scheme without the entry at a path."""
    listed, at = path[:-1], path[-1]
    entries = list(part(scheme, listed))
    del entries[int(at)]
    return with_part(scheme, listed, tuple(entries))


def moved(scheme: Scheme, path: Path, by: int) -> tuple[Scheme, Path]:
    """Return the scheme with an entry further up (-1) or down (1), and its path then."""
    listed, at = path[:-1], int(path[-1])
    entries = list(part(scheme, listed))
    to = min(max(at + by, 0), len(entries) - 1)
    entries.insert(to, entries.pop(at))
    return with_part(scheme, listed, tuple(entries)), (*listed, to)


def tree(scheme: Scheme) -> Node:
    """Return all parts as they stand in one another."""
    tiers = tuple(_tier(each, ("tiers", at)) for at, each in enumerate(scheme.tiers))
    return Node((), scheme.title or "Scheme", "scheme", tiers)


def _tier(tier: Tier, path: Path) -> Node:
    inside: list[Node] = []
    for at, question in enumerate(tier.questions if tier.kind == "trial" else ()):
        here = (*path, "questions", at)
        choices = _labels(question.labels, here) if question.kind == "choice" else ()
        inside.append(Node(here, question.text or f"question {at + 1}", "question", tuple(choices)))
    if tier.kind in ("point", "segment"):
        inside += _labels(tier.labels, path)
    if tier.kind in ("trace1d", "trace2d"):
        wanted = tier.dimensions[: 2 if tier.kind == "trace2d" else 1]
        inside += [
            Node((*path, "dimensions", at), each.name or f"dimension {at + 1}", "dimension")
            for at, each in enumerate(wanted)
        ]
    return Node(path, tier.title or tier.name or "tier", "tier", tuple(inside))


def _labels(labels: Iterable[Label], path: Path) -> list[Node]:
    return [
        Node((*path, "labels", at), each.name or f"label {at + 1}", "label") for at, each in enumerate(labels)
    ]


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all that stands in it."""
    yield node
    for child in node.children:
        yield from walk(child)


def lists_of(held: Part) -> tuple[tuple[str, str], ...]:
    """Return (field, what one entry is called) of the lists that a part may hold."""
    if isinstance(held, Scheme):
        return (("tiers", "tier"),)
    if isinstance(held, Tier):
        if held.kind == "trial":
            return (("questions", "question"),)
        return (("labels", "label"),) if held.kind in ("point", "segment") else ()
    if isinstance(held, Question) and held.kind == "choice":
        return (("labels", "label"),)
    return ()


def new_entry(held: Part, name: str) -> Any:
    """Return a new entry for the list `name` of a part, different from those that are there."""
    if name == "tiers" and isinstance(held, Scheme):
        return new_tier("segment", [each.name for each in held.tiers])
    if name == "questions" and isinstance(held, Tier):
        taken = [each.id for each in held.questions]
        return replace(FIRST_QUESTION, id=free("question", taken), text="New question", figures="")
    assert isinstance(held, Tier | Question)
    taken, keys = [each.id for each in held.labels], {each.key for each in held.labels}
    key = next((key for key in KEYS if key not in keys), "")
    name = free("New label", [each.name for each in held.labels])
    return Label(free("label", taken), name, COLOURS[len(taken) % len(COLOURS)], key)


def new_tier(kind: TierKind, taken: Iterable[str]) -> Tier:
    """Return a tier of a kind with what it needs at least."""
    title = {"trial": "Rating", "segment": "Segments", "point": "Points"}.get(kind, "Trace")
    return as_kind(Tier(free(slug(title), taken), "segment", title), kind)


def as_kind(tier: Tier, kind: TierKind) -> Tier:
    """Return a tier of another kind; what the new kind cannot hold goes, what it needs comes."""
    fields: dict[str, Any] = {"kind": kind}
    if kind not in ("point", "segment"):
        fields |= {"labels": (), "free_text": False, "channels": False}
    elif not tier.labels:
        fields["labels"] = (Label("label", "Label", COLOURS[0], "1"),)
    if kind != "trial":
        fields["questions"] = ()
    elif not tier.questions:
        fields["questions"] = (FIRST_QUESTION,)
    wanted = {"trace1d": 1, "trace2d": 2}.get(kind, 0)
    usual = (
        Dimension("valence", -1.0, 1.0, "unpleasant", "pleasant"),
        Dimension("arousal", -1.0, 1.0, "calm", "excited"),
    )
    kept = tier.dimensions[:wanted]
    fields["dimensions"] = kept + usual[len(kept) : wanted]
    if kind != "trace1d":
        fields["bounded"] = True
    if kind != "trace2d":
        fields["disc"] = False
    return replace(tier, **fields)


def copied(scheme: Scheme, taken: Iterable[str]) -> Scheme:
    """Return a scheme under a name of its own, as version 1."""
    taken = list(taken)
    if scheme.name not in taken:
        return replace(scheme, version=1)
    return replace(scheme, name=free(scheme.name, taken), version=1, title=f"{scheme.title} (copy)")


def free(wanted: str, taken: Iterable[str]) -> str:
    """Return a name that nobody has: `wanted`, or with the next number."""
    taken = set(taken)
    if wanted not in taken:
        return wanted
    return next(name for number in range(2, len(taken) + 3) if (name := f"{wanted}-{number}") not in taken)


def slug(text: str) -> str:
    """Return a text as a name: small letters, digits, hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def empty(taken: Iterable[str] = ()) -> Scheme:
    """Return a scheme to begin with."""
    return Scheme(
        name=free("scheme", taken),
        version=1,
        title="New scheme",
        question="What does the participant feel?",
        tiers=(new_tier("trial", ()),),
        hide=frozenset({"condition", "participant", "file_names", "others", "model", "order", "answers"}),
    )
