"""Tables of a paper's kind: made by one command, kept in a study, never subtracted from other data's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.literature import paper as papers_file
from analysis.literature.paper import PAPERS, Ours, Paper, Printed
from analysis.reproduce.attempt import REPRODUCTIONS
from app.analysing.literature import reproducing
from app.analysing.literature.reading import matching, read_papers
from app.analysing.literature.reproducing import LITERATURE, MAKERS, LiteratureError, Made, Order, kept, make
from app.cli_analysis import REPRODUCED
from app.console.analyse.page import PAGES
from app.study import Study

PRINTED = Printed("Scores", "their people", "by trial", ("model", "UAR"), (("CNN", 50.0), ("MMD", 60.0)))
PAPER = Paper("made-up", "A paper", "Somebody, 2020", "It recognises.", (PRINTED,), (("unclear", "clear"),))
OURS = Ours(
    "Ours", "our people", "leave one out", ("model", "UAR"), (("CNN", 41.5), ("MMD", None)), ("chance",)
)


def maker(order: Order) -> Made:
    order.said("made")
    rows = (*OURS.rows, ("quick", 1.0)) if order.is_quick else OURS.rows
    return Made((replace(OURS, rows=rows),), {"scores.svg": "<svg/>"})


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Study]:
    monkeypatch.setattr(papers_file, "PAPERS", {"made-up": f"{__name__}:PAPER"})
    monkeypatch.setattr("app.analysing.literature.reading.PAPERS", {"made-up": f"{__name__}:PAPER"})
    monkeypatch.setattr(reproducing, "MAKERS", {"made-up": f"{__name__}:maker"})
    yield Study.create(tmp_path / "own", "own", "people", protocol="")


def test_whoever_is_in_a_table_can_be_asked_for_by_the_command() -> None:
    assert set(REPRODUCED) == {*REPRODUCTIONS, *MAKERS}
    assert set(MAKERS) == set(PAPERS)
    assert {paper.step for paper in papers_file.papers()} <= {"", *(step.name for step in PAGES)}


def test_what_is_made_is_kept_and_read_again(study: Study) -> None:
    made = make("made-up", Order(study), study)
    found = kept(study, "made-up")
    assert found is not None
    assert found.tables == made.tables == (OURS,)
    assert [path.read_text() for path in found.figures] == ["<svg/>"]
    make("made-up", Order(study, is_quick=True), study)
    again = kept(study, "made-up")
    assert again is not None
    assert again.tables[0].rows[-1] == ("quick", 1.0)


def test_nothing_is_kept_before_it_is_made(study: Study) -> None:
    assert kept(study, "made-up") is None
    assert [each.ours for each in read_papers(study)] == [None]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tables": [{"title": 1}]}'])
def test_a_broken_file_is_named_and_the_papers_are_shown_without_it(study: Study, content: str) -> None:
    path = study.folder / LITERATURE / "made-up.json"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LiteratureError, match=r"made-up\.json.*evoke reproduce made-up"):
        kept(study, "made-up")
    (read,) = read_papers(study)
    assert read.ours is None
    assert "made-up.json" in read.trouble


SEARCHES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("CNN", "MMD")),
    ("mmd", ("MMD",)),
    ("60", ("MMD",)),
    ("their cnn", ("CNN",)),
    ("their people", ("CNN", "MMD")),
    ("cnn mmd", ()),
    ("lstm", ()),
)


@pytest.mark.parametrize(("wanted", "found"), SEARCHES)
def test_each_word_must_stand_in_the_row_or_above_it(wanted: str, found: tuple[str, ...]) -> None:
    table = matching(PRINTED, wanted)
    assert tuple(row[0] for row in table.rows) == found if table else not found


def test_a_difference_is_given_only_where_data_and_protocol_are_the_papers(study: Study) -> None:
    apart = matching(OURS, "")
    assert apart is not None
    assert apart.columns == OURS.columns
    same = matching(replace(OURS, published="Scores"), "")
    assert same is not None
    assert same.columns == ("model", "UAR", "UAR, less printed")
    assert same.rows == (("CNN", 41.5, -8.5), ("MMD", None, None))
