"""`evoke report`: a study as one page with a CSV file for every number, or a run of a recognizer."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from app.analysing.report.study_report import report_study
from app.study import Study


def report(options: argparse.Namespace) -> int:
    """Write the report of a study, or of a run."""
    if (options.study / "experiment.json").is_file():
        from app.analysing.run_report import report_run

        page = report_run(options.study, options.out)
        tables: tuple[Path, ...] = tuple(sorted((page.parent / "csv").glob("*.csv")))
    else:
        written = report_study(Study.open(options.study), options.out, _say)
        page, tables = written.page, written.tables
    if options.json:
        print(json.dumps({"report": str(page), "tables": [str(table) for table in tables]}))
    else:
        print(f"{page}\n{len(tables)} tables in {page.parent / 'csv'}")
    return 0


def _say(what: str, share: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{share:4.0%} {what:<30}" + ("\n" if share >= 1 else ""))
        sys.stderr.flush()
