"""The report of a study: what is on it is true, and every number has its file."""

from __future__ import annotations

import csv
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from analysis.session_summary import summary
from app import cli
from app.analysing.corpora import study_corpus
from app.analysing.html_page import Page
from app.analysing.report import quality
from app.analysing.report.flow import participants_flow, trials_flow
from app.analysing.report.methods import paragraphs
from app.analysing.report.study_report import ReportError, report_study
from app.analysing.targets import make_target, recipe_named
from app.participants import exclude
from app.study import Study
from tests.helpers.agreeing import make
from tests.helpers.labelled import BVP, EDA, make_study


@pytest.fixture(scope="module")
def labelled_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with four participants, three annotators and labels of every kind."""
    return make(tmp_path_factory.mktemp("study") / "faces")


class Strict(HTMLParser):
    """Fails where an element is not closed in order; gathers what is linked and loaded."""

    VOID = frozenset({"meta", "link", "img", "br", "rect", "line", "circle", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "link", "img")
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(labelled_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report, written once."""
    return report_study(labelled_study, tmp_path_factory.mktemp("out") / "report").page


def test_the_page_is_whole_and_needs_nothing_from_outside(written: Path) -> None:
    page = Strict()
    page.feed(written.read_text(encoding="utf-8"))
    assert page.open == []
    outside = [link for link in page.links if not link.startswith(("#", "csv/"))]
    assert outside == []
    for link in page.links:
        if link.startswith("csv/"):
            assert (written.parent / link).is_file(), link


def test_every_table_file_has_a_head_and_rows_of_its_width(written: Path) -> None:
    files = sorted((written.parent / "csv").glob("*.csv"))
    assert {file.stem for file in files} >= {
        "flow-participants", "flow-trials", "ratings", "physiology", "physiology-effects", "streams",
        "timing", "agreement-sam-1",
    }  # fmt: skip
    for file in files:
        rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
        assert len(rows) > 1, file.name
        assert {len(row) for row in rows} == {len(rows[0])}, file.name


def test_ratings_are_those_of_the_trials(labelled_study: Study, written: Path) -> None:
    rows = csv.DictReader((written.parent / "csv/ratings.csv").read_text(encoding="utf-8").splitlines())
    told = {(row["of"], row["name"]): row for row in rows if row["item"] == "valence"}
    trials = study_corpus(labelled_study).trials
    for category in ("positive", "negative", "neutral"):
        known = [trial.ratings["valence"] for trial in trials if trial.category == category]
        assert float(told["category", category]["mean"]) == pytest.approx(sum(known) / len(known))
        assert int(told["category", category]["answers"]) == len(known)


def test_it_says_nobody_by_name_and_nothing_of_this_computer(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    assert str(written.parent) not in text
    assert not re.search(r"/home/|/tmp/|/root/", text)


def test_the_flow_tells_every_reason_and_adds_up(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 3, 4, streams=(EDA,))
    exclude(study, "P02", "did not see the pictures")
    corpus = study_corpus(study)
    people = participants_flow(study, corpus)
    assert [(step.name, step.count) for step in people] == [
        ("entered", 3), ("with a finished session", 3), ("in the analysis", 2),
    ]  # fmt: skip
    ((why, count),) = people[-1].lost
    assert count == 1
    assert "did not see the pictures" in why
    target = make_target(study, corpus, recipe_named(study, corpus, "category"))
    trials = trials_flow(corpus, (target,))
    assert [step.count for step in trials] == [8, 8, 8]
    for before, after in itertools.pairwise(trials):
        assert before.count - after.count == sum(count for _, count in after.lost)


def test_a_study_without_anything_has_a_report_too(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "empty", "Empty", "people", protocol="pictures")
    text = report_study(study, tmp_path / "out").page.read_text(encoding="utf-8")
    assert "There is no recording to tell of." in text
    assert "Nothing has been labelled by people." in text


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    study = make_study(tmp_path / "faces", 1, 2, streams=(BVP,))
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ReportError, match="is not empty"):
        report_study(study, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_the_command_names_page_and_tables(
    labelled_study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["report", str(labelled_study.folder), "--out", str(tmp_path / "r"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["report"]).is_file()
    assert all(Path(table).is_file() for table in told["tables"])


def test_the_draft_says_nothing_that_no_file_says(written: Path) -> None:
    text = re.sub(r"<[^>]+>", "", written.read_text(encoding="utf-8"))
    draft = text[text.index("Written from the files alone") :]
    assert "counter-balanced" not in draft
    assert "gave informed consent" not in draft
    assert "3 annotators labelled trials" in draft


def test_every_rate_that_was_recorded_is_told(labelled_study: Study) -> None:
    recorded = {"rates": {"eda": {(4.0, 1), (15.0, 1)}}, "lost": 0, "onset_p99_ms": None}
    told = " ".join(paragraphs(labelled_study, study_corpus(labelled_study), recorded, 1, ()))
    assert "recorded eda (1 channel at 4 Hz or 1 channel at 15 Hz) on one clock" in told
    assert "One annotator labelled trials with Evoke; agreement is not known." in told


def test_a_gap_of_unknown_length_is_a_gap(labelled_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that never came back has no end of its gap."""

    def told(path: Path) -> dict[str, Any]:
        found = summary(path)
        for stream in found["streams"]:
            stream["gaps"] = [{"from_s": 3.0, "to_s": None, "samples": 0, "cause": "lost"}]
        return found

    monkeypatch.setattr(quality, "summary", told)
    page = Page("a study", "")
    corpus = study_corpus(labelled_study)
    recorded = quality.add_quality(page, corpus)
    streams = len(page.tables["streams"].rows)
    assert recorded["lost"] == streams > 0
    assert f"{streams} of them with gaps" in page.html()
