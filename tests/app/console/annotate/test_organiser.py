"""Plans, packages, progress, the curator and carrying over: real studies, real clicks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS, Mark
from analysis.labels.scheme import Scheme
from app.annotation import schemes, training
from app.annotation.annotators import annotators
from app.annotation.curating import matters
from app.annotation.dealing import Shares
from app.annotation.feedback import Judged
from app.annotation.log import Log
from app.annotation.plans import make_plan, plan_of
from app.annotation.progress import Same
from app.annotation.queue import Item
from app.annotation.study_place import StudyPlace
from app.console.annotate.carry_dialog import CarryDialog, offers, what, where
from app.console.annotate.curator_page import CuratorPage
from app.console.annotate.pack_dialog import CollectDialog, PackDialog, collected_words
from app.console.annotate.plan_dialog import PlanDialog
from app.console.annotate.plan_hand_on import HandOnDialog
from app.console.annotate.plan_outlook import hours
from app.console.annotate.practice_dialog import PracticeDialog
from app.console.annotate.progress_page import ProgressPage, ago, same_words
from app.console.annotate.training_panel import TrainingPanel, off_words
from app.console.annotate.who_dialog import WhoDialog, code_problem
from app.console.window import MainWindow
from app.study import Study

PEOPLE = ("rater-a", "rater-b")
QUESTION = "Is the end still part of it?"


def click(button: QWidget) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def tick(qtbot: QtBot, box: QAbstractButton) -> None:
    """Click on the box itself, once it is in its place."""
    qtbot.waitUntil(lambda: box.isVisible() and box.height() > 10)
    before = box.isChecked()
    QTest.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert box.isChecked() != before


def bundled(name: str) -> Scheme:
    return next(scheme for scheme in schemes.bundled() if scheme.name == name)


def answered(log: Log, item: Item, scheme: Scheme, value: int) -> None:
    tier = scheme.tiers[0]
    log.add(tier.name, trial=item.trial, item=item.code, value={each.id: value for each in tier.questions})
    log.finish(item.code)


@pytest.fixture
def sam(faces: Study) -> Scheme:
    """The scheme that the study is labelled by."""
    return schemes.add_scheme(faces, bundled("sam"))


@pytest.fixture
def planned(faces: Study, sam: Scheme) -> Study:
    """Everybody labels all trials; the first has done one item and asked, the second differs by far."""
    make_plan(faces, "first", sam, PEOPLE, 1, Shares(1.0, 0.0))
    place = StudyPlace(faces)
    first = place.queue(PEOPLE[0])[0]
    for person, value in zip(PEOPLE, (2, 8), strict=True):
        item = next(i for i in place.queue(person) if (i.uuid, i.trial) == (first.uuid, first.trial))
        with place.log(item, person) as log:
            answered(log, item, sam, value)
            if person == PEOPLE[0]:
                log.ask(item.code, QUESTION)
    return faces


def cell(page: ProgressPage, row: int, column: int) -> str:
    item = page.table.item(row, column)
    assert item is not None
    return item.text()


# Who


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("", "Write"),
        ("rater-a", "somebody"),
        ("Anna", "small letters"),
        ("anna k", "small letters"),
        ("a" * 17, "17 characters"),
        ("a" * 16, ""),
        ("r2", ""),
    ],
)
def test_a_pseudonym_is_checked_before_it_is_taken(code: str, wrong: str) -> None:
    assert code_problem(code, PEOPLE).startswith(wrong) if not wrong else wrong in code_problem(code, PEOPLE)
    assert bool(code_problem(code, PEOPLE)) == bool(wrong)


def test_an_annotator_is_chosen_or_added_and_told_not_to_use_a_name(qtbot: QtBot) -> None:
    dialog = WhoDialog(PEOPLE, "rater-b")
    qtbot.addWidget(dialog)
    dialog.show()
    assert "not your name" in dialog.note.text()
    click(dialog.go)
    assert (dialog.code, dialog.is_new) == ("rater-b", False)
    dialog = WhoDialog(PEOPLE)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.go.isEnabled()
    QTest.keyClicks(dialog.line, "Bob")
    assert "small letters" in dialog.problem.text() and not dialog.go.isEnabled()
    dialog.line.clear()
    QTest.keyClicks(dialog.line, "owl")
    QTest.keyClick(dialog.line, Qt.Key.Key_Return)
    assert (dialog.code, dialog.is_new) == ("owl", True)


# Plans


def test_a_plan_is_what_its_preview_says_and_grows_by_appending(
    faces: Study, sam: Scheme, qtbot: QtBot
) -> None:
    scheme = schemes.add_scheme(faces, replace(sam, hide=sam.hide - {"model", "others"}))
    dialog = PlanDialog(faces, scheme.id)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.summary.text() == "Tick who annotates, or add somebody."
    for code in PEOPLE:
        QTest.keyClicks(dialog.newcomer, code)
        QTest.keyClick(dialog.newcomer, Qt.Key.Key_Return)
    dialog.overlap.setValue(50)
    hidden = [name for name, tick in dialog.hidden.ticks.items() if not tick.isEnabled()]
    assert set(hidden) == scheme.hide == set(dialog.hidden.chosen())
    tick = dialog.hidden.ticks["model"]
    QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    first, second = dialog.sessions.ticks.values()
    click(second)
    qtbot.waitUntil(lambda: dialog.outlook is not None and dialog.outlook.sessions == 1, timeout=10000)
    qtbot.waitUntil(dialog.go_button.isEnabled)
    promised = {share.annotator: share.items for share in dialog.outlook.shares} if dialog.outlook else {}
    assert dialog.outlook is not None and dialog.outlook.trials == 2
    click(dialog.go_button)
    assert dialog.made is not None and not dialog.isVisible()
    plan = plan_of(faces, dialog.made.plan.name)
    assert {name: len(plan.of(name)) for name in PEOPLE} == promised
    assert plan.hide == {"model"}
    assert {dealt.trial.recording for dealt in plan.dealt} == {first.text()}
    assert [each.code for each in annotators(faces)] == list(PEOPLE)
    before = [dealt.code for dealt in plan.dealt]
    dialog = PlanDialog(faces)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.plan.setCurrentIndex(1)
    assert not dialog.seed.isEnabled() and dialog.name.text() == plan.name
    qtbot.waitUntil(dialog.go_button.isEnabled, timeout=10000)
    click(dialog.go_button)
    grown = plan_of(faces, plan.name)
    assert [dealt.code for dealt in grown.dealt][: len(before)] == before
    assert len({dealt.trial.recording for dealt in grown.dealt}) == 2


def test_a_plan_goes_on_by_a_newer_version_and_labels_are_offered_to_be_carried_over(
    planned: Study, sam: Scheme, qtbot: QtBot
) -> None:
    dialog = PlanDialog(planned)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.moving.isVisible(), "nothing is newer"
    dialog.plan.setCurrentIndex(1)
    assert not dialog.moving.isVisible()
    before = plan_of(planned, "first")
    newer = schemes.add_scheme(planned, replace(sam, title="Feelings, again"))
    dialog = PlanDialog(planned)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.plan.setCurrentIndex(1)
    assert dialog.scheme.currentData() == sam.id
    assert dialog.moving.isVisible() and newer.id in dialog.moving.text()
    assert "to confirm" in dialog.moving_note.text()
    qtbot.waitUntil(lambda: dialog.outlook is not None, timeout=10000)
    assert not dialog.go_button.isEnabled(), "nothing new, and nobody said to go on"
    tick = dialog.moving
    QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert dialog.go_button.text() == f"Go on by {newer.id}" and dialog.scheme.currentData() == newer.id
    qtbot.waitUntil(dialog.go_button.isEnabled, timeout=10000)
    click(dialog.go_button)
    after = plan_of(planned, "first")
    assert (after.scheme, after.dealt) == (newer.id, before.dealt)
    place = StudyPlace(planned)
    done = next(i for i in place.queue(PEOPLE[0]) if i.trial == before.of(PEOPLE[0])[0].trial.trial)
    with place.log(done, PEOPLE[0]) as log:
        (offer,) = offers(log)
        assert len(offer.marks) == 1


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "–"), (20, "1 min"), (1800, "30 min"), (5399, "90 min"), (9000, "2.5 h")]
)
def test_work_is_told_in_minutes_and_hours(seconds: float, words: str) -> None:
    assert hours(seconds) == words


def test_what_a_leaver_has_not_finished_is_handed_on(planned: Study, qtbot: QtBot) -> None:
    plan = plan_of(planned, "first")
    dialog = HandOnDialog(planned, "rater-a")
    qtbot.addWidget(dialog)
    dialog.show()
    assert f"3 of {len(plan.of('rater-a'))} items of rater-a are open" in dialog.summary.text()
    dialog.taker.setCurrentIndex(dialog.taker.findData("rater-a"))
    assert not dialog.go_button.isEnabled()
    dialog.taker.setCurrentIndex(dialog.taker.findData("rater-b"))
    click(dialog.go_button)
    assert dialog.done_with is not None
    # Everybody has these trials anyway.
    assert dialog.done_with.codes == () and len(dialog.done_with.stayed) == 4
    assert plan_of(planned, "first").left == ("rater-a",)


# Packages


def test_packing_asks_for_whom_and_refuses_a_place_in_the_study(planned: Study, qtbot: QtBot) -> None:
    dialog = PackDialog(planned, "rater-b")
    qtbot.addWidget(dialog)
    dialog.show()
    line = dialog.arguments()
    assert line[:6] == ["pack", str(planned.folder), "--for", "rater-b", "--plan", "first"]
    assert line[-1].endswith("faces-rater-b.zip") and dialog.go_button.isEnabled()
    dialog.place.setText(str(planned.folder / "away.zip"))
    assert "lies in the study" in dialog.problem.text() and not dialog.go_button.isEnabled()
    dialog.reject()


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        ({"annotator": "a", "new": {"x": 3, "y": 0}}, ["1 of 2 items of a brought something new."]),
        ({"annotator": "a", "new": {"x": 0}}, ["Nothing new from a: the study has all of it already."]),
        (
            {"annotator": "a", "new": {}, "refused": [{"what": "item q", "why": "is gone"}], "notes": ["N."]},
            ["Nothing new from a: the study has all of it already.", "Not taken: item q is gone.", "N."],
        ),
    ],
)
def test_what_was_collected_is_told_in_words(found: dict[str, object], lines: list[str]) -> None:
    assert collected_words(json.dumps(found)).splitlines() == lines
    assert collected_words("said something\n") == "said something"


@pytest.mark.slow
def test_a_queue_goes_out_and_its_labels_come_in(
    planned: Study, sam: Scheme, qtbot: QtBot, tmp_path: Path
) -> None:
    from app.annotation.pack_place import PackPlace

    out = PackDialog(planned, "rater-b")
    qtbot.addWidget(out)
    out.show()
    out.place.setText(str(tmp_path / "away"))
    click(out.go_button)
    qtbot.waitUntil(lambda: not out.errand.is_running, timeout=60000)
    assert out.problem.text() == ""
    out.reject()
    place = PackPlace(tmp_path / "away")
    item = place.queue("rater-b")[0]
    with place.log(item, "rater-b") as log:
        answered(log, item, sam, 5)
    heard: list[bool] = []
    for words in ("1 of", "Nothing new"):
        back = CollectDialog(planned)
        qtbot.addWidget(back)
        back.collected.connect(lambda: heard.append(True))
        back.show()
        assert not back.go_button.isEnabled()
        back.place.setText(str(tmp_path / "away"))
        click(back.go_button)
        errand = back.errand
        qtbot.waitUntil(lambda: not errand.is_running, timeout=60000)  # noqa: B023
        assert back.report.toPlainText().startswith(words), back.problem.text()
        back.reject()
    assert len(heard) == 2


# Progress


def test_progress_is_told_for_each_annotator_and_read_anew(planned: Study, sam: Scheme, qtbot: QtBot) -> None:
    page = ProgressPage(planned)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: len(page.found) == 2, timeout=10000)
    assert [cell(page, 0, column) for column in (0, 1, 3, 4, 5, 7)] == [
        "rater-a", "1 of 4", "3", "0", "1", "just now",
    ]  # fmt: skip
    assert not page.pack.isEnabled()
    second = page.table.item(1, 0)
    assert second is not None
    where_it_is = page.table.visualItemRect(second).center()
    QTest.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=where_it_is)
    asked: list[str] = []
    page.pack_asked.connect(asked.append)
    page.hand_on_asked.connect(asked.append)
    click(page.pack)
    click(page.hand_on)
    assert asked == ["rater-b", "rater-b"]
    place = StudyPlace(planned)
    with place.log(place.queue("rater-b")[-1], "rater-b") as log:
        item = next(i for i in place.queue("rater-b") if place.log_path(i, "rater-b") == log.path)
        log.skip(item.code, "too dark")
    click(page.again)
    qtbot.waitUntil(lambda: cell(page, 1, 4) == "1", timeout=10000)
    assert page.chosen == "rater-b"
    page.close()


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("utc", "words"),
    [
        ("", "never"),
        ("2026-11-21T11:59:40.000+00:00", "just now"),
        ("2026-11-21T11:15:00+00:00", "45 min ago"),
        ("2026-11-21T02:00:00+00:00", "10 h ago"),
        ("2026-11-20T02:00:00+00:00", "1 day ago"),
        ("2026-11-16T02:00:00+00:00", "5 days ago"),
        ("2026-10-01T02:00:00+00:00", "2026-10-01"),
    ],
)
def test_when_somebody_worked_last(utc: str, words: str) -> None:
    assert ago(utc, NOW) == words


@pytest.mark.parametrize(
    ("same", "done", "planned", "words"),
    [
        ((), 0, 0, "no repeats planned"),
        ((), 0, 3, "0 of 3 repeats done"),
        ((Same("Glad?", 4, 3, 0.5),), 4, 4, "Glad? 3 of 4 alike, 0.5 steps apart"),
        ((Same("Which?", 4, 3), Same("None", 0, 0)), 4, 4, "Which? 3 of 4 alike"),
    ],
)
def test_how_often_the_same_was_said_twice(
    same: tuple[Same, ...], done: int, planned: int, words: str
) -> None:
    assert same_words(same, done, planned) == words


# Curator


def texts_of(widget: QWidget) -> str:
    """Return every text, title, tool tip and accessible name that a window holds."""
    found = [widget.windowTitle()]
    for each in widget.findChildren(QWidget):
        found += [each.toolTip(), each.accessibleName(), each.accessibleDescription()]
        if isinstance(each, QLabel | QPushButton):
            found.append(each.text())
    return "\n".join(found)


def test_the_curator_sees_letters_answers_and_resolves(
    planned: Study, sam: Scheme, qtbot: QtBot, qapp: QApplication
) -> None:
    page = CuratorPage(planned)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.list.view.count() == 4, timeout=10000)
    listed = [page.list.view.item(row).text() for row in range(4)]
    assert QUESTION in listed[0] and listed[0][0] in "AB"
    shown = texts_of(page) + "\n".join(listed)
    assert not any(person in shown for person in PEOPLE)
    assert "P01" not in shown and "P02" not in shown
    QTest.keyClicks(page.line, "Yes, until the face is still.")
    click(page.keep)
    qtbot.waitUntil(lambda: page.list.note.text() == "3 of 4 open.", timeout=10000)
    page.list.view.setCurrentRow(1)
    assert sorted(said_by(page)) == ["2", "8"]
    assert page.box is not None and page.box.scale is not None
    page.box.scale.chosen.emit(5)
    qtbot.waitUntil(lambda: page.list.note.text() == "2 of 4 open.", timeout=10000)
    settled = [each for each in matters(planned, sam) if each.is_resolved]
    assert {each.answer for each in settled} == {"Yes, until the face is still.", "5"}
    place = StudyPlace(planned)
    for person in PEOPLE:
        item = place.queue(person)[0]
        assert all(mark.annotator == person for mark in place.log(item, person, write=False).marks())
    assert (planned.folder / "annotations" / settled[0].item.recording / "curator").is_dir()
    page.close()


def said_by(page: CuratorPage) -> list[str]:
    from app.console.parts import Elided

    return [each.whole for each in page.said.findChildren(Elided)]


@pytest.mark.slow
def test_the_curator_looks_at_the_moment(planned: Study, qtbot: QtBot) -> None:
    page = CuratorPage(planned)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.list.view.count() == 4, timeout=10000)
    matter = page.list.current
    assert matter is not None
    click(page.jump)
    qtbot.waitUntil(lambda: page.desk is not None and page.recording is not None, timeout=30000)
    assert page.desk is not None
    assert page.desk.axis.extent_s == pytest.approx(matter.item.window_s, abs=1e-3)
    assert not any(person in texts_of(page) for person in PEOPLE)
    page.close()
    assert page.recording is None


def test_the_curator_takes_the_marks_of_a_moment_over(faces: Study, qtbot: QtBot) -> None:
    scheme = schemes.add_scheme(faces, bundled("artefacts"))
    tier = scheme.tiers[0]
    make_plan(faces, "first", scheme, PEOPLE, 1, Shares(1.0, 0.0))
    place = StudyPlace(faces)
    first = place.queue(PEOPLE[0])[0]
    for person in PEOPLE:
        item = next(i for i in place.queue(person) if (i.uuid, i.trial) == (first.uuid, first.trial))
        with place.log(item, person) as log:
            if person == PEOPLE[0]:
                start_ns, end_ns = item.start_ns + NS // 2, item.start_ns + 2 * NS
                label = tier.labels[0].id
                log.add(
                    tier.name, trial=item.trial, item=item.code, start_ns=start_ns, end_ns=end_ns, label=label
                )
            log.finish(item.code)
    page = CuratorPage(faces)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.list.view.count() == 1, timeout=10000)
    (matter,) = matters(faces, scheme)
    told = f"{tier.title}, 0.5–2.0 s (1 of 2 marked nothing)"
    assert page.list.view.item(0).text() == page.heading.text() == told
    assert sorted(said_by(page)) == sorted([f"{tier.labels[0].name}, 0.5–2.0 s", "nothing here"])
    assert not any(person in texts_of(page) for person in PEOPLE)
    buttons = {each.accessibleName(): each for each in page.said.findChildren(QPushButton)}
    click(buttons[f"{matter.said[0].letter} is right"])
    qtbot.waitUntil(lambda: page.list.note.text() == "Everything is resolved.", timeout=10000)
    (settled,) = matters(faces, scheme)
    assert settled.answer == tier.labels[0].name
    page.close()


# Practice and new versions


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        (Judged("t", "Q", "5", "5", True, 0.0), "exactly"),
        (Judged("t", "Q", "8", "5", False, 3.0), "3 too high"),
        (Judged("t", "Q", "4.5", "5", True, -0.5), "0.5 too low"),
        (
            Judged("t", "Smile", "Smile", "Smile", True, None, 0.3, -1.2),
            "begins 0.3 s too late, ends 1.2 s too early",
        ),
        (Judged("t", "Smile", "", "Smile", False), "was not marked"),
        (Judged("t", "Smile", "Smile", "", False), "nothing is to be marked here"),
        (Judged("t", "Q", "joy", "fear", False), ""),
    ],
)
def test_how_far_off_an_answer_was(judged: Judged, words: str) -> None:
    assert off_words(judged) == words


def test_practice_shows_the_right_answers_and_is_kept_apart(sam: Scheme, qtbot: QtBot) -> None:
    tier = sam.tiers[0]
    first, *rest = [question.id for question in tier.questions]
    reference = Mark("r", tier.name, "reference", value=dict.fromkeys((first, *rest), 5))
    given = Mark("m", tier.name, "rater-a", value={first: 9, rest[0]: 5})
    item = Item("cdfghj", "r", "u", 0, 0, 1, sam.id, "training", (reference,))
    panel = TrainingPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_item(sam, item, (given,), is_last=True)
    assert panel.heading.text() == "Practice: 1 of 3 right"
    cells = [[panel.table.item(row, column) for column in (2, 3, 4)] for row in range(3)]
    shown = [[cell.text() for cell in row if cell is not None] for row in cells]
    assert shown == [["9", "5", "4 too high"], ["5", "5", "exactly"], ["nothing", "5", "was not marked"]]
    assert "never counted" in panel.note.text() and panel.next.text() == "Done with practice"
    heard: list[bool] = []
    panel.next_asked.connect(lambda: heard.append(True))
    click(panel.next)
    assert heard


def test_practice_items_are_chosen_with_somebodys_answers(planned: Study, sam: Scheme, qtbot: QtBot) -> None:
    dialog = PracticeDialog(planned)
    qtbot.addWidget(dialog)
    dialog.show()
    assert [dialog.author.itemText(row) for row in range(dialog.author.count())] == list(PEOPLE)
    dialog.author.setCurrentIndex(dialog.author.findData(PEOPLE[1]))
    (name,) = dialog.trials.ticks
    assert "trial" in name and not dialog.trials.ticks[name].isChecked()
    tick(qtbot, dialog.trials.ticks[name])
    click(dialog.keep)
    assert dialog.changed_count == 1
    (example,) = training.examples(planned)
    assert [dict(mark.value)["valence"] for mark in example.reference] == [8]
    assert [item.code for item in StudyPlace(planned).training("newcomer")] == [example.code]
    again = PracticeDialog(planned)
    qtbot.addWidget(again)
    again.show()
    assert again.trials.ticks[name].isChecked()
    tick(qtbot, again.trials.ticks[name])
    click(again.keep)
    assert training.examples(planned) == ()


def test_without_labels_there_is_nothing_to_practise_on(faces: Study, sam: Scheme, qtbot: QtBot) -> None:
    dialog = PracticeDialog(faces)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.keep.isEnabled() and dialog.words.text().startswith("Nobody has finished")


def test_a_new_version_offers_labels_of_the_old_one_to_be_confirmed(
    planned: Study, sam: Scheme, qtbot: QtBot
) -> None:
    kept = sam.tiers[0].questions[:2]
    newer = schemes.add_scheme(planned, replace(sam, tiers=(replace(sam.tiers[0], questions=kept),)))
    place = StudyPlace(planned)
    item = next(i for i in place.queue("rater-a") if place.log_path(i, "rater-a").exists())
    with place.log(replace(item, scheme=newer.id), "rater-a") as log:
        (found,) = offers(log)
        dialog = CarryDialog(log, found)
        qtbot.addWidget(dialog)
        dialog.show()
        assert dialog.go_button.text() == "Carry 1 over"
        lost = dialog.table.item(0, 4)
        assert lost is not None and sam.tiers[0].questions[2].id in lost.text()
        click(dialog.ticks[0])
        assert not dialog.go_button.isEnabled()
        click(dialog.ticks[0])
        click(dialog.go_button)
        (mark,) = log.marks()
        assert mark.to_confirm and not mark.is_gold and set(mark.value) == {each.id for each in kept}
        assert dialog.carried == 1 and offers(log) == ()
        assert where(mark) == mark.item
        assert kept[0].text in what(mark, newer)


# The window


def test_the_menu_opens_each_window_once_and_none_without_a_study(
    window: MainWindow, planned: Study, qtbot: QtBot
) -> None:
    names = ("edit_schemes", "plan_annotation", "hand_on", "pack", "collect", "progress", "curate")
    assert not any(window.actions_by_name[name].isEnabled() for name in names)
    window.open_study(planned.folder)
    assert all(window.actions_by_name[name].isEnabled() for name in names)
    for name, kind in (
        ("plan_annotation", PlanDialog),
        ("hand_on", HandOnDialog),
        ("collect", CollectDialog),
    ):
        window.trigger(name)
        assert isinstance(window._dialog, kind)
        window._dialog.reject()
    window.trigger("progress")
    window.trigger("progress")
    shown = [each for each in window.findChildren(ProgressPage) if each.isVisible()]
    assert len(shown) == 1
    qtbot.waitUntil(lambda: bool(shown[0].found), timeout=10000)
    shown[0].table.selectRow(0)
    click(shown[0].pack)
    assert isinstance(window._dialog, PackDialog)
    assert window._dialog.annotator.currentData() == "rater-a"
    window._dialog.reject()
    window.trigger("edit_schemes")
    editor = window.of_annotation._windows["schemes"]
    assert editor.isVisible()
    assert window.of_annotation.may_close()
    assert not editor.isVisible()
