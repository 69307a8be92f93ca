"""`evoke stimuli import|select|norm`: sets of stimuli made, chosen from and rated."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from stimuli.problems import EvokeError
from stimuli.sets import Stimulus, StimulusSet, load_set


def stimuli(args: argparse.Namespace) -> int:
    """Do what `args.what` says; return 0, or 1 where rows were left out."""
    return {"import": _import, "select": _select, "ends": _ends, "norm": _norm}[args.what](args)


def _import(args: argparse.Namespace) -> int:
    from stimuli.import_folder import Defaults
    from stimuli.import_sources import make_draft
    from stimuli.writing import write_draft

    low, high = args.scale
    defaults = Defaults(args.category, args.licence, args.attribution, (low, high))
    chosen = dict(_pair(text) for text in args.column)
    draft = make_draft(args.source, args.files, args.table, defaults, chosen)
    folder = args.out or args.files
    written = write_draft(
        draft, folder, copy=args.copy, skip_bad=args.skip_bad, again=args.replace, progress=_progress
    )
    sys.stderr.write("\r")
    out = sys.stderr if args.json else sys.stdout
    for note in draft.notes:
        print(f"note: {note}", file=out)
    for problem in written.skipped:
        print(f"left out: {problem}", file=out)
    old = f"; the old manifest is {written.old.name}" if written.old else ""
    print(f"{folder}: {written.stimuli} stimuli, {len(written.skipped)} rows left out{old}.", file=out)
    if args.json:
        skipped = [asdict(problem) for problem in written.skipped]
        known = {"folder": str(folder), "stimuli": written.stimuli, "skipped": skipped}
        print(json.dumps(known | {"columns": draft.columns, "notes": draft.notes}, ensure_ascii=False))
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise EvokeError(f"{text}: is not of the form NAME=VALUE.")
    return name.strip(), value.strip()


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty() and (done == total or not done % 20):
        sys.stderr.write(f"\r{done} of {total} ")
        sys.stderr.flush()


def parse_group(text: str, found: StimulusSet) -> tuple[str, tuple[str, ...]]:
    """Read `NAME` or `NAME:CATEGORY` or `NAME:DIMENSION=LOW..HIGH,...`; return its name and ids.

    Without a condition the group is the category of its name. Raises EvokeError.
    """
    name, _, rest = text.partition(":")
    conditions = [part.strip() for part in (rest or name).split(",") if part.strip()]
    items = list(found.items.values())
    for condition in conditions:
        dimension, equals, value = condition.partition("=")
        if not equals:
            items = [item for item in items if item.category == condition]
        elif dimension in ("kind", "model", "expression", "category"):
            items = [item for item in items if getattr(item, dimension) == value]
        else:
            items = [item for item in items if _is_between(item, dimension, value)]
    if not items:
        raise EvokeError(f'{found.folder}: no stimulus is in the group "{text}".')
    return name.strip(), tuple(item.id for item in items)


def _is_between(item: Stimulus, dimension: str, text: str) -> bool:
    from stimuli.selection import known_values

    low, dots, high = text.partition("..")
    try:
        ends = float(low or "-inf"), float(high or "inf")
    except ValueError:
        dots = ""
    if not dots:
        raise EvokeError(f"{dimension}={text}: write a range such as {dimension}=6..9.")
    value = known_values([item])[item.id].get(dimension)
    return value is not None and ends[0] <= value <= ends[1]


def _select(args: argparse.Namespace) -> int:
    from stimuli.checking import inspect
    from stimuli.comparing import p_words
    from stimuli.selection import MEASURED, Request, as_categories, known_values, select

    found = load_set(args.set)
    groups = dict(parse_group(text, found) for text in args.group)
    tolerances = _tolerances(args.match)
    measured = inspect(found, _progress).measured() if set(tolerances) & set(MEASURED) else {}
    values = known_values(list(found.items.values()), measured)
    chosen = select(Request(groups, args.n, tolerances, args.seed, args.spread), values)
    if args.json:
        known = {"ids": chosen.ids, "seed": args.seed, "pairs": [asdict(pair) for pair in chosen.pairs]}
        print(json.dumps(_finite(known | {"summary": chosen.summary}), ensure_ascii=False))
        return 0
    print(as_categories(chosen.ids), end="")
    print(f"\n{'':<14}{'group':<16}{'mean':>8}{'SD':>8}{'lowest':>8}{'highest':>9}")
    for dimension, by_group in chosen.summary.items():
        for name, (mean, sd, lowest, highest) in by_group.items():
            print(f"{dimension:<14}{name:<16}{mean:>8.3f}{sd:>8.3f}{lowest:>8.2f}{highest:>9.2f}")
    for pair in chosen.pairs:
        test = pair.comparison
        matched = "" if pair.tolerance is None else f", asked for {pair.tolerance:g}"
        print(
            f"{pair.dimension}: {pair.one} - {pair.other} {test.difference:+.3f}{matched};"
            f" t({test.df}) = {test.t:.2f}, p {p_words(test.p)}, d = {test.d:.2f}"
        )
    return 0


def _tolerances(texts: Sequence[str]) -> dict[str, float]:
    found = {}
    for text in texts:
        name, value = _pair(text)
        try:
            found[name] = float(value)
        except ValueError as error:
            raise EvokeError(f"{text}: the tolerance is not a number.") from error
    return found


def _finite(value: object) -> object:
    """Replace what JSON cannot hold by null."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, Mapping):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _ends(args: argparse.Namespace) -> int:
    from stimuli.comparing import p_words
    from stimuli.selection import as_categories, ends

    found = load_set(args.set)
    items = list(found.items.values())
    if args.among:
        wanted = set(parse_group(f"among:{args.among}", found)[1])
        items = [item for item in items if item.id in wanted]
    chosen = ends(items, args.scale, args.k)
    test = chosen.comparison
    if args.json:
        print(json.dumps(_finite(asdict(chosen)), ensure_ascii=False))
        return 0
    print(as_categories({"high": chosen.top, "low": chosen.bottom}), end="")
    print(
        f"\nhigh {chosen.top_mean:.3f} (SD {chosen.top_sd:.3f}), low {chosen.bottom_mean:.3f}"
        f" (SD {chosen.bottom_sd:.3f}), paired t({test.df}) = {test.t:.3f}, p {p_words(test.p)}"
    )
    return 0


def _norm(args: argparse.Namespace) -> int:
    from app.norming import write_back, write_run
    from app.study import Study
    from stimuli.norming import NormingRun, Scale

    found, study = load_set(args.set), Study.open(args.study)
    if not args.write_back:
        ids = parse_group(f"rated:{args.among}", found)[1] if args.among else tuple(found.items)
        scales = tuple(Scale.parse(text) for text in args.scale or ("valence", "arousal", "dominance"))
        run = NormingRun(ids, scales, args.show, args.per_rater or min(len(ids), 120))
        path = write_run(study, found, run)
        print(f"{path}: written. Run it with: evoke run {path.name} --study DIR --participant ID")
        return 0
    done = write_back(study, found, protocol=args.protocol, min_raters=args.min_raters, out=args.out)
    for reason in done.collected.left_out:
        print(f"left out: {reason}")
    if done.unknown:
        print(f"left out: the set has no {', '.join(done.unknown[:10])}")
    kept = f" The old manifest is {done.old.name}." if done.old else ""
    print(f"{done.folder}: {done.rated} stimuli rated by {done.collected.raters} raters.{kept}")
    return 0
