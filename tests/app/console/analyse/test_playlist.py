"""The step Playlist: a list for somebody, a clicked aim, rankers beside each other, keeping and saving."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from analysis.recommendation.planted import planted_viewers
from app import recommenders
from app.analysing import recommending
from app.analysing.recommending import Material
from app.console.analyse import playlist_work
from app.console.analyse.page import AnalysePage
from app.console.analyse.playlist_page import NO_AIM, POINT, PlaylistPage
from app.study import Study
from tests.helpers.analyse_page import choose, click, rows, settled, step

CATALOGUE = planted_viewers(6, 12, 9)
RECORDINGS = tuple(f"sub-{who}" for who in CATALOGUE.participants)


@pytest.fixture
def playlist(page: AnalysePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaylistPage]:
    material = Material(CATALOGUE, RECORDINGS, 0, ("Liking was not asked: valence stands for it.",))
    monkeypatch.setattr(playlist_work, "material_of", lambda *_: material)
    shown = step(page, "playlist", qtbot)
    assert isinstance(shown, PlaylistPage)
    yield shown


def listed(page: PlaylistPage) -> list[str]:
    return [row[1] for row in rows(page.list.table)]


def test_a_study_without_such_ratings_says_what_gives_them(page: AnalysePage, qtbot: QtBot) -> None:
    shown = step(page, "playlist", qtbot)
    assert isinstance(shown, PlaylistPage)
    assert shown.empty.isVisible() and "The protocol film-ranking asks for them" in shown.empty.text()
    assert not shown.trouble.isVisible()
    assert not shown.make_button.isEnabled() and not shown.export.isEnabled()


def test_a_list_leaves_out_what_was_seen_and_says_why(playlist: PlaylistPage, qtbot: QtBot) -> None:
    who = CATALOGUE.participants[1]
    choose(playlist.who, who, qtbot)
    click(playlist.make_button)
    settled(playlist, qtbot)
    seen = {each.clip for each in CATALOGUE.of(who)}
    assert len(listed(playlist)) == 3 and not seen & set(listed(playlist))
    assert f"for {who} (viewings known: 9)" in playlist.list.words.text()
    assert "what people alike liked" in rows(playlist.list.table)[0][10]
    playlist.again.setChecked(True)
    click(playlist.make_button)
    settled(playlist, qtbot)
    assert len(listed(playlist)) == 5


def test_a_click_on_the_plane_aims_there_and_makes_the_list(playlist: PlaylistPage, qtbot: QtBot) -> None:
    assert playlist.choice.target is None and playlist.aim.currentData() == NO_AIM
    choose(playlist.ranker, "target", qtbot)
    playlist.figure.drawing.grab()
    assert playlist.plane is not None and playlist.plane.axes is not None
    x, y = playlist.plane.axes.at(0.9, -0.9)
    zoom = playlist.figure.drawing.zoom
    QTest.mouseClick(
        playlist.figure.drawing, Qt.MouseButton.LeftButton, pos=QPoint(round(x * zoom), round(y * zoom))
    )
    settled(playlist, qtbot)
    assert playlist.aim.currentData() == POINT
    assert playlist.valence.value() == pytest.approx(0.9, abs=0.02)
    assert playlist.arousal.value() == pytest.approx(-0.9, abs=0.02)
    # The probe far into pleasant and calm.
    assert listed(playlist)[0] == "clip-01"


@pytest.mark.slow
def test_an_emotion_fills_in_its_point_and_limits_are_kept_to(playlist: PlaylistPage, qtbot: QtBot) -> None:
    choose(playlist.ranker, "target", qtbot)
    choose(playlist.aim, "tension", qtbot)
    assert (playlist.valence.value(), playlist.arousal.value()) == (-0.55, 0.5)
    playlist.minutes.setValue(2.0)
    playlist.apart.setChecked(True)
    click(playlist.make_button)
    settled(playlist, qtbot)
    assert len(listed(playlist)) == 2 and "2.0 min" in playlist.list.words.text()
    for row in range(playlist.kinds.count()):
        playlist.kinds.item(row).setCheckState(Qt.CheckState.Unchecked)
    click(playlist.make_button)
    settled(playlist, qtbot)
    assert playlist.trouble.isVisible() and playlist.trouble.text.startswith("No clip is left")


@pytest.mark.slow
def test_rankers_are_compared_with_intervals(playlist: PlaylistPage, qtbot: QtBot) -> None:
    click(playlist.compare_button)
    settled(playlist, qtbot)
    told = rows(playlist.rankers.table)
    assert len(told) == 2 * len(recommending.RANKED)
    assert {row[1] for row in told} == set(recommending.RANKED)
    assert "[" in told[0][5] and told[0][7] == "6"


@pytest.mark.slow
def test_a_recommender_is_kept_and_listed_and_a_name_is_taken_once(
    playlist: PlaylistPage, faces: Study, qtbot: QtBot
) -> None:
    said: list[str] = []
    playlist.said.connect(lambda text, _: said.append(text))
    playlist.name.setText("films")
    click(playlist.keep_button)
    settled(playlist, qtbot)
    ((kept,), _) = recommenders.kept(faces.folder)
    assert (kept.name, kept.ranker, kept.people) == ("films", "hybrid", 6)
    assert playlist.kept.text() == "Kept: films" and "by: recommended:films" in said[-1]
    click(playlist.keep_button)
    settled(playlist, qtbot)
    assert playlist.trouble.isVisible() and "Choose another name" in playlist.trouble.text


@pytest.mark.slow
def test_a_list_is_saved_as_csv_and_as_json(playlist: PlaylistPage, qtbot: QtBot, tmp_path: Path) -> None:
    click(playlist.make_button)
    settled(playlist, qtbot)
    for name in ("list.csv", "list.json"):
        playlist.write_to(str(tmp_path / name))
    with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    values = json.loads((tmp_path / "list.json").read_text(encoding="utf-8"))
    assert [line["clip"] for line in lines] == [each["clip"] for each in values["clips"]] == listed(playlist)
    assert values["ranker"] == "hybrid" and values["participant"] == ""
    playlist.write_to(str(tmp_path / "nowhere" / "list.csv"))
    assert playlist.trouble.isVisible() and "cannot be written" in playlist.trouble.text
