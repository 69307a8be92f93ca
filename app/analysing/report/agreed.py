"""How far the annotators agree, for every scheme that was labelled by."""

from __future__ import annotations

from typing import Any

from analysis.agreement.report import assess
from analysis.agreement.telling import COLUMNS, rows_of
from app.analysing.html_page import Page, Table, table_of
from app.analysing.svg import Estimate, forest
from app.annotation.agreeing import gather, labelled_schemes, read_labels, variables
from app.annotation.schemes import SchemeError, scheme_of
from app.study import Study
from app.study_files import StudyError

FIRST = "all"


def add_agreement(page: Page, study: Study) -> int:
    """Add the section to a page; return how many annotators there are."""
    page.section("Agreement of annotators")
    schemes = labelled_schemes(study)
    if not schemes:
        page.text("Nothing has been labelled by people.")
        return 0
    everybody: set[str] = set()
    for name in schemes:
        page.heading(name)
        try:
            labels = read_labels(study, scheme_of(study, name))
        except (SchemeError, StudyError) as error:
            page.warning(str(error))
            continue
        everybody.update(labels.raters)
        rows: list[dict[str, Any]] = []
        for variable in variables(labels.scheme):
            gathered = gather(labels, variable)
            if len(gathered.table.raters) < 2:
                continue
            report = assess(gathered.table)
            rows += rows_of(variable.id, report, {})
        if not rows:
            page.text("One annotator alone: there is nothing to compare.")
            continue
        table: Table = table_of(f"agreement-{name.replace('@', '-')}", rows, COLUMNS)
        whole = [row for row in rows if row["annotators"] == FIRST]
        page.figure(
            forest(
                [
                    Estimate(
                        f"{row['variable']}: {row['coefficient']}", row["value"], row["low"], row["high"],
                        str(row["reason"] or ""),
                    )
                    for row in whole
                ],
                f"Agreement by {name}",
                "coefficient",
                0.0,
            ),
            "Each coefficient with its interval (bootstrap over trials, 95 %).",
            table,
        )  # fmt: skip
    return len(everybody)
