"""Studies with plans, and the Annotate page with somebody's queue open in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from analysis.labels.records import NS, LogHead, Mark
from app.annotation import schemes
from app.annotation.dealing import Shares
from app.annotation.log import Log
from app.annotation.plans import make_plan
from app.annotation.queue import Item
from app.annotation.study_place import StudyPlace
from app.console import theme
from app.console.annotate.lanes import LaneView
from app.console.annotate.page import AnnotatePage
from app.console.annotate.page_entry import wishes
from app.study import Study
from tests.helpers.labelled import Facts, make_study

FACTS = Facts()
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
PEOPLE = tuple(f"rater-{number}" for number in range(1, 13))


def planned_study(
    folder: Path,
    names: Sequence[str] = ("sam", "basic-emotions"),
    facts: Facts = FACTS,
    people: Sequence[str] = PEOPLE,
) -> Study:
    """Make a study of two sessions with two trials each, planned whole for everybody by bundled schemes."""
    study = make_study(folder, 2, 2, facts)
    for scheme in schemes.bundled():
        if scheme.name in names:
            make_plan(study, scheme.name, scheme, people, seed=5, shares=Shares(overlap=1.0, repeats=0.0))
    return Study.open(study.folder)


def shown_page(
    qapp: QApplication, study: Study, qtbot: QtBot, palette: str = "light"
) -> Iterator[AnnotatePage]:
    """Yield the page with a study, in a window of its own; for fixtures to `yield from`."""
    theme.apply(qapp, palette, 1.0)
    page = AnnotatePage()
    page.resize(1280, 780)
    page.show()
    qtbot.waitExposed(page)
    page.show_study(study)
    yield page
    page.closing()
    page.close()
    page.deleteLater()
    qapp.sendPostedEvents(None, 52)
    theme.apply(qapp, "light", 1.0)


def wait_open(page: AnnotatePage, qtbot: QtBot, code: str | None = None) -> Item:
    """Wait until an item (another than `code`) is open, and return it."""

    def is_open() -> bool:
        assert not page.banner.text, page.banner.text
        return page.log is not None and page.item is not None and page.item.code != code

    qtbot.waitUntil(is_open, timeout=15_000)
    page.activateWindow()
    page.setFocus()
    qtbot.waitUntil(page.hasFocus)
    assert page.item is not None
    return page.item


def begin(page: AnnotatePage, qtbot: QtBot, who: str, plan: str) -> Item:
    """Open somebody's queue of a plan, and wait for its first item."""
    assert page.place is not None
    wish = next(each for each in wishes(page.place, who) if each.name == plan)
    page.begin(who, wish)
    return wait_open(page, qtbot)


def press(page: QWidget, *keys: Qt.Key, mods: Qt.KeyboardModifier = NONE) -> None:
    """Press and release keys on the widget in hand."""
    for key in keys:
        QTest.keyClick(page.focusWidget() or page, key, mods)


def type_text(page: QWidget, text: str) -> None:
    """Type letters and signs on the widget in hand."""
    QTest.keyClicks(page.focusWidget() or page, text)


def spot(lanes: LaneView, row: int, share: float) -> QPoint:
    """Return the middle of a lane at a share of what is visible."""
    top = lanes.tops()[row] + lanes.rows[row].height_px // 2
    time_s = lanes.axis.start_s + share * lanes.axis.width_s
    return QPoint(round(lanes.axis.x_of(time_s, lanes.across_px)), top)


def drag(lanes: LaneView, start: QPoint, end: QPoint) -> None:
    """Drag with the left button."""
    QTest.mousePress(lanes, LEFT, pos=start)
    QTest.mouseMove(lanes, (start + end) / 2)
    QTest.mouseMove(lanes, end)
    QTest.mouseRelease(lanes, LEFT, pos=end)


def add_model(
    study: Study, item: Item, tier: str, spans: Sequence[tuple[float, float, str, float]], name: str = "net"
) -> list[Mark]:
    """Write labels of a model about an item: from and to as shares of it, label, confidence."""
    scheme = schemes.scheme_of(study, item.scheme)
    session = next(each for each in study.sessions() if each.uuid == item.uuid)
    stem = Path(session.file).stem
    path = StudyPlace(study).folder / "annotations" / stem / f"model-{name}" / f"{item.scheme}.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = LogHead(f"model-{name}", "model", stem, item.uuid, session.sha256, item.scheme, scheme.sha256)
    low_s, high_s = item.window_s
    with Log.open(path, head, scheme) as log:
        return [
            log.add(
                tier,
                trial=item.trial,
                start_ns=round((low_s + start * (high_s - low_s)) * NS),
                end_ns=round((low_s + end * (high_s - low_s)) * NS),
                label=label,
                confidence=confidence,
                input="import",
            )
            for start, end, label, confidence in spans
        ]


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    """Wait for a state."""
    qtbot.waitUntil(condition, timeout=15_000)
