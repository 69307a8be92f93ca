"""The dialog of a plan keeps what was typed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.annotation import schemes
from app.console.annotate.plan_dialog import PlanDialog
from app.study import Study


def test_a_typed_name_is_kept_when_a_scheme_is_chosen_after_it(faces: Study, qtbot: QtBot) -> None:
    sam = schemes.add_scheme(faces, next(each for each in schemes.bundled() if each.name == "sam"))
    other = schemes.add_scheme(faces, replace(sam, name="other", title="Other"))
    dialog = PlanDialog(faces, sam.id)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.name.text() == sam.name
    dialog.scheme.setCurrentIndex(dialog.scheme.findData(other.id))
    assert dialog.name.text() == "other", "nobody typed: it follows the scheme"
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, "pilot")
    dialog.scheme.setCurrentIndex(dialog.scheme.findData(sam.id))
    assert dialog.name.text() == "pilot"
