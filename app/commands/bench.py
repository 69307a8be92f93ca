"""`evoke bench NAME`: runs `tests/benchmarks/NAME.py`, which belongs to a checkout."""

from __future__ import annotations

import argparse
import ast
import importlib
from difflib import get_close_matches
from pathlib import Path

from stimuli.problems import EvokeError

BENCHMARKS = Path(__file__).resolve().parents[2] / "tests" / "benchmarks"


class BenchError(EvokeError):
    """There is no such benchmark here."""


def names(folder: Path = BENCHMARKS) -> dict[str, str]:
    """Return every benchmark with the first line of its docstring; raises BenchError without a checkout."""
    if not folder.is_dir():
        raise BenchError(
            "the benchmarks are not installed. They lie in the folder tests of a checkout of Evoke: "
            "run `python3 -m app bench` there."
        )
    found = {}
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def bench(args: argparse.Namespace) -> int:
    """Run one benchmark with its own options, or name them all."""
    known = names()
    if args.list or args.name is None:
        width = max((len(name) for name in known), default=0)
        for name, summary in known.items():
            print(f"{name:<{width}}  {summary}")
        return 0 if args.list else 2
    if args.name not in known:
        close = get_close_matches(args.name, known, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known) or 'none yet'}."
        raise BenchError(f"there is no benchmark '{args.name}'. {hint}")
    module = importlib.import_module(f"tests.benchmarks.{args.name}")
    status: int = module.main(list(args.rest))
    return status
