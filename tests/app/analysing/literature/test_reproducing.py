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
from app.analysing.literature.reproducing import (
    EARLIER,
    LITERATURE,
    MAKERS,
    LiteratureError,
    Made,
    Order,
    kept,
    make,
)
from app.cli_analysis import REPRODUCED
from app.console.analyse.page import PAGES
from app.study import Study

PRINTED = Printed("Scores", "their people", "by trial", ("model", "UAR"), (("CNN", 50.0), ("MMD", 60.0)))
PAPER = Paper("made-up", "A paper", "Somebody, 2020", "It recognises.", (PRINTED,), (("unclear", "clear"),))
OURS = Ours(
    "Ours", "our people", "leave one out", ("model", "UAR"), (("CNN", 41.5), ("MMD", None)), ("chance",)
)


SVG = '<svg xmlns="x" width="300" height="200" viewBox="0 0 300 200"><title>CNN &amp; MMD</title></svg>'


def maker(order: Order) -> Made:
    order.said("made")
    rows = (*OURS.rows, ("quick", 1.0)) if order.is_quick else OURS.rows
    return Made((replace(OURS, rows=rows),), {"scores.svg": SVG})


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
    assert [path.read_text() for path in found.figures] == [SVG]
    ((figure,),) = (each.figures for each in read_papers(study))
    assert (figure.title, figure.about, figure.size) == ("scores", "CNN & MMD", (300.0, 200.0))
    assert figure.make(10.0, 10.0).svg() == SVG


def test_the_smallest_form_lies_apart_says_so_and_replaces_only_its_own_kind(study: Study) -> None:
    make("made-up", Order(study, is_quick=True), study)
    only = kept(study, "made-up")
    assert only is not None and only.is_quick
    assert only.tables[0].title == "Ours (smallest form)"
    make("made-up", Order(study), study)
    make("made-up", Order(study, is_quick=True), study)
    (read,) = read_papers(study)
    assert [each.is_quick for each in read.ours] == [False, True]
    assert [table.title for table in read.tables] == ["Ours", "Ours (smallest form)"]
    assert [len(table.rows) for table in read.tables] == [2, 3]
    assert [figure.title for figure in read.figures] == ["scores", "scores (smallest form)"]
    assert kept(study, "made-up") == read.ours[0]
    assert not (study.folder / LITERATURE / EARLIER).exists()


def test_whole_tables_that_are_made_anew_stay_beside_with_their_figures(study: Study) -> None:
    folder = study.folder / LITERATURE
    for _ in range(3):
        make("made-up", Order(study), study)
    aside = sorted((folder / EARLIER).glob("*.json"))
    assert len(aside) == 2 and all((path.with_suffix("") / "scores.svg").is_file() for path in aside)
    assert sorted(path.name for path in folder.iterdir()) == [EARLIER, "made-up", "made-up.json"]


@pytest.mark.parametrize("content", [None, "no figure"])
def test_a_figure_that_is_gone_or_none_is_named(study: Study, content: str | None) -> None:
    make("made-up", Order(study), study)
    path = study.folder / LITERATURE / "made-up" / "scores.svg"
    path.unlink() if content is None else path.write_text(content)
    (read,) = read_papers(study)
    assert [table.title for table in read.tables] == ["Ours"] and read.figures == ()
    assert "scores.svg" in read.trouble


def test_nothing_is_kept_before_it_is_made(study: Study) -> None:
    assert kept(study, "made-up") is None
    assert [each.ours for each in read_papers(study)] == [()]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tables": [{"title": 1}]}'])
def test_a_broken_file_is_named_and_the_papers_are_shown_without_it(study: Study, content: str) -> None:
    path = study.folder / LITERATURE / "made-up.json"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(LiteratureError, match=r"made-up\.json.*evoke reproduce made-up"):
        kept(study, "made-up")
    (read,) = read_papers(study)
    assert read.ours == ()
    assert read.trouble.count("made-up.json") == 1


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
