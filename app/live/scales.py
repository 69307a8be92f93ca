"""From where to where the numbers of a recognizer go: what its participants or annotators could answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.session_file import SessionFileError, open_session
from app.analysing.targets import ON_NINE
from app.annotation.schemes import SchemeError, scheme_of
from app.study import Study

if TYPE_CHECKING:
    from analysis.evaluation.trained import Trained

Scale = tuple[float, float]
"""The lowest and the highest answer."""
NORMS: Scale = (1.0, 9.0)


def scales_of(trained: Trained, study: Study | None) -> Mapping[str, Scale]:
    """Return the scales of a recognizer's numbers by their names, those that its study tells."""
    target = trained.experiment.target
    source, of = str(target.get("source", "")), tuple(str(each) for each in target.get("of") or ())
    if trained.classes or study is None or not of:
        return {}
    if source == "norm":
        # As every set of ours stores them.
        return dict.fromkeys(trained.outputs, NORMS)
    if source == "rating":
        names = of if len(of) == len(trained.outputs) else ()
        found = _of_items(study, set(names), trained.about.get("recordings") or {})
    elif source in ("annotator", "fused", "trace") and len(of) == 3:
        names = tuple(of[1].split(","))
        found = _of_scheme(study, of[0], names)
    else:
        return {}
    pairs = zip(trained.outputs, names, strict=False)
    return {output: found[name] for output, name in pairs if name in found}


def _of_items(study: Study, items: set[str], recordings: Mapping[str, object]) -> dict[str, Scale]:
    """Return the scales of items of questionnaires, as the recordings that were trained on say them."""
    found: dict[str, Scale] = {}
    for session in study.sessions():
        path = study.folder / session.file
        if path.stem in recordings and not items <= found.keys():
            found = {**dict(_asked(path)), **found}
    return {name: found[name] for name in items & found.keys()}


def _asked(path: Path) -> Iterator[tuple[str, Scale]]:
    try:
        with open_session(path) as session:
            program = str((session.attributes.get("imported_from") or {}).get("program", ""))
            protocol = session.protocol
    except (SessionFileError, OSError):
        return
    for name in ON_NINE.get(program, ()):
        yield name, (1.0, 9.0)
    for stage in (protocol.get("schedule") or {}).get("stages", ()):
        for item in (stage.get("content") or {}).get("items") or ():
            points = item.get("points") if isinstance(item, dict) else None
            if isinstance(points, int) and points > 1:
                first = float(item.get("first", 1))
                yield str(item.get("id")), (first, first + points - 1)


def _of_scheme(study: Study, scheme: str, names: tuple[str, ...]) -> dict[str, Scale]:
    """Return the scales of an annotation scheme's questions or traces, by "tier.part"."""
    try:
        tiers = scheme_of(study, scheme).tiers
    except SchemeError:
        return {}
    scales = {
        f"{tier.name}.{each.name}": (each.low, each.high)
        for tier in tiers
        for each in tier.dimensions
        if tier.bounded
    }
    for tier in tiers:
        for question in tier.questions:
            if question.scale is not None:
                scales[f"{tier.name}.{question.id}"] = (question.scale.low, question.scale.high)
    return {name: scales[name] for name in names if name in scales}
