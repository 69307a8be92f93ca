"""Every fault of the fault table, caused once: what was lost, how soon it was told, what was said.

    evoke bench faults [--only NAME ...] [--json]

The same functions that the tests in `tests/faults` assert on; LabRecorder's behaviour under the same
faults is known from its own runs and is not repeated here.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import tempfile
import textwrap
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.recorder import CHECKOUT, LSL_CONFIG
from tests.faults.scenarios import Row
from tests.faults.table import FAULTS

WIDTH = 108
FILE = {True: "file readable", False: "file NOT READABLE", None: "no file was begun"}


def cause(target: str, folder: Path) -> Row:
    """Run one fault's function, `module:function`, in an empty folder."""
    module, _, function = target.partition(":")
    made: Callable[[Path], Row] = getattr(importlib.import_module(module), function)
    return made(folder)


def told(row: Row) -> str:
    """Lay out a row."""

    def counts(of: dict[str, int]) -> str:
        return ", ".join(f"{stream} {count}" for stream, count in of.items() if count) or "nothing"

    alarm = "-" if row.alarm_s is None else f"{row.alarm_s:.1f} s"
    head = (
        f"{row.fault}\n  lost: {counts(dict(row.lost))}; gap rows: {counts(dict(row.gaps))};"
        f" told after: {alarm}; status {row.status}; {FILE[row.readable]}"
    )
    said = textwrap.fill(row.message, WIDTH, initial_indent="  said: ", subsequent_indent="        ")
    return head + ("\n" + said if row.message else "")


def main(argv: list[str]) -> int:
    """Cause the faults one after the other; the exit status is 1 where one could not be told of."""
    parser = argparse.ArgumentParser(
        prog="evoke bench faults", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--only", nargs="+", choices=sorted(FAULTS), default=sorted(FAULTS), metavar="NAME")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args(argv)
    rows, failed = {}, []
    with tempfile.TemporaryDirectory(prefix="evoke-faults-") as place:
        config = Path(place) / "lsl_api.cfg"
        config.write_text(LSL_CONFIG % Path(place).name, encoding="ascii")
        os.environ |= {
            "LSLAPICFG": str(config),
            "EVOKE_HOME": str(Path(place) / "home"),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")])),
        }
        for name in options.only:
            folder = Path(place) / name.replace(" ", "-")
            folder.mkdir()
            began_s = time.monotonic()
            try:
                row = cause(FAULTS[name], folder)
            except Exception:
                failed.append(name)
                sys.stderr.write(f"{name}: could not be caused or told:\n{traceback.format_exc()}\n")
                continue
            rows[name] = asdict(row)
            if not options.json:
                print(f"{told(row)}\n  ({name}, {time.monotonic() - began_s:.0f} s)", flush=True)
    if options.json:
        print(json.dumps({"faults": rows, "failed": failed}))
    else:
        print(f"\n{len(rows)} faults, {len(failed)} of {len(options.only)} could not be caused or told")
    return 1 if failed else 0
