"""What is agreed with participants: consent by version, languages, rehearsals, continuing, versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import resources
from app import participants, versions
from app.consent import STREAMS, USES, Consent, Modality, consent_for, give
from app.console.consent_dialog import ConsentDialog
from app.console.languages import language_name
from app.console.next_session import NextSessionCard
from app.console.protocol_facts import ConsentState, ProtocolFacts, consent_state
from app.console.request import NextSession, judge_code, look_into
from app.console.version_dialog import VersionDialog
from app.console.window import MainWindow
from app.participant_fields import fields_from_yaml
from app.study import Study
from protocols import library
from tests.helpers.visits import BROKEN, finished

FACTS = ProtocolFacts(
    "demo",
    3,
    "A demonstration",
    ("en", "de"),
    {"camera": "camera, all the time", "typed_text": "2 typing stages", "body": "eeg, wristband"},
    warning="Some pictures are unpleasant.",
)
MODALITIES: tuple[Modality, ...] = ("camera", "typed_text", "body")


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask no process what devices are there: how that is done is told in test_looking."""
    monkeypatch.setattr("app.console.device_rows.look_around", lambda network: None)


@pytest.fixture
def own(people: Study) -> Study:
    """A study of people with a protocol file of its own, and devices."""
    text = library()["demo"].read_text(encoding="utf-8")
    (people.folder / "own.protocol.yaml").write_text(text, encoding="utf-8")
    devices = resources.path("devices/demo.yaml").read_text(encoding="utf-8")
    (people.folder / "devices.yaml").write_text(devices, encoding="utf-8")
    return people.with_settings(protocol="own.protocol.yaml", devices="devices.yaml", visits=2)


@pytest.fixture
def card(own: Study, qtbot: QtBot) -> Iterator[NextSessionCard]:
    """The card of the next session, its checks made."""
    made = NextSessionCard(lambda: None)
    qtbot.addWidget(made)
    made.show_study(own)
    made.show()
    qtbot.waitUntil(lambda: made._findings is not None, timeout=15000)
    yield made
    qtbot.waitUntil(lambda: made._findings is not None, timeout=15000)


def ask(study: Study, qtbot: QtBot, state: ConsentState | None = None) -> ConsentDialog:
    """Return the form for participant 07."""
    dialog = ConsentDialog(study, "07", FACTS, state or ConsentState(), "de")
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_every_answer_must_be_given_and_somebody_confirms(people: Study, qtbot: QtBot) -> None:
    dialog = ask(people, qtbot)
    assert tuple(dialog.streams) == MODALITIES
    assert tuple(dialog.uses) == USES
    assert dialog.problem.text() == "7 answers left."
    dialog.accept()
    assert dialog.isVisible()
    QTest.mouseClick(dialog.all_yes, Qt.MouseButton.LeftButton)
    assert dialog.problem.text() == "Say who confirms it."
    assert not dialog.keep.isEnabled()
    dialog.streams["camera"].no.click()
    dialog.uses["open_data"].no.click()
    QTest.keyClicks(dialog.by, "KL")
    QTest.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    kept = consent_for(people, "07", "demo", 3)
    assert kept is not None
    assert kept == dialog.given
    assert dict(kept.streams) == {"camera": False, "voice": False, "typed_text": True, "body": True}
    assert dict(kept.uses) == {"study": True, "lab": True, "open_data": False, "teaching": True}
    assert (kept.language, kept.by) == ("de", "KL")
    assert kept.date


def test_who_confirmed_last_is_remembered_and_answers_that_hold_are_shown(
    people: Study, qtbot: QtBot
) -> None:
    first = ask(people, qtbot)
    first._answer_all()
    first.streams["camera"].no.click()
    first.by.setText("KL")
    first.accept()
    again = ask(people, qtbot, consent_state(people, "07", FACTS))
    assert again.by.text() == "KL"
    assert again.streams["camera"].answer is False
    assert again.streams["body"].answer is True
    assert again.keep.isEnabled()


def test_an_older_versions_answers_are_asked_for_anew(people: Study, qtbot: QtBot) -> None:
    give(people, Consent("07", "demo", 2, date="2026-05-01T09:00:00Z"))
    state = consent_state(people, "07", FACTS)
    assert state.words == "Only of version 2 (2026-05-01): ask again."
    assert not state.holds
    dialog = ask(people, qtbot, state)
    assert all(choice.answer is None for choice in (*dialog.streams.values(), *dialog.uses.values()))


def test_what_was_not_asked_is_not_called_refused(people: Study) -> None:
    give(
        people, Consent("07", "demo", 3, streams={"camera": False, "body": True, "typed_text": True}, by="KL")
    )
    words = consent_state(people, "07", FACTS).words
    assert words.endswith("Refused: pictures of the face.")


def test_without_the_use_for_this_study_nothing_can_be_recorded(people: Study, qtbot: QtBot) -> None:
    dialog = ask(people, qtbot)
    dialog._answer_all()
    dialog.by.setText("KL")
    dialog.uses["study"].no.click()
    assert "no session can be recorded" in dialog.problem.text()
    assert dialog.keep.isEnabled()
    dialog.accept()
    state = consent_state(people, "07", FACTS)
    assert state.consent is not None
    assert not state.holds
    assert "nothing can be recorded" in state.words


def test_the_card_shows_consent_of_this_version_and_closes_refused_streams(
    card: NextSessionCard, own: Study
) -> None:
    card.code.setText("07")
    assert card.consent.words.text() == "None yet."
    assert card._findings is not None
    facts = card._findings.facts
    assert facts is not None
    assert set(facts.records or ()) == set(STREAMS)
    streams = dict.fromkeys(STREAMS, True) | {"camera": False}
    given = give(own, Consent("07", facts.name, facts.version, "en", streams, by="KL"))
    card.take_consent(given)
    assert "Refused: pictures of the face." in card.consent.words.text()
    words = dict(zip((d.id for d in card._findings.devices), card.device_rows.words(), strict=True))
    assert words["camera"] == "camera: not opened, the participant refused it"
    assert "refused" not in words["eeg"]
    assert card.connect_button.isEnabled()


def test_a_rehearsal_needs_neither_code_nor_consent(card: NextSessionCard, own: Study, qtbot: QtBot) -> None:
    card.code.clear()
    assert not card.connect_button.isEnabled()
    with qtbot.waitSignal(card.connect_asked) as asked:
        QTest.mouseClick(card.rehearse_button, Qt.MouseButton.LeftButton)
    assert asked.args is not None
    line = asked.args[0].arguments(own)
    assert "--rehearse" in line
    assert "--participant" not in line


def test_a_broken_session_is_continued_and_may_be_left(
    card: NextSessionCard, own: Study, qtbot: QtBot
) -> None:
    run = finished("02", 1, **BROKEN)
    card.continue_session(run)
    assert card.code.text() == "02"
    assert not card.code.isEnabled()
    assert card.run.text() == "goes on with run 1: 12 trials left"
    assert card.connect_button.text() == "Connect and continue"
    assert not card.is_free
    line = card.chosen().arguments(own)
    assert line[line.index("--continue") + 1] == run.file
    assert "--participant" not in line
    QTest.mouseClick(card.leave, Qt.MouseButton.LeftButton)
    assert card.code.isEnabled()
    assert "--continue" not in card.chosen().arguments(own)


def test_the_language_is_chosen_and_kept_with_the_participant(own: Study, qtbot: QtBot) -> None:
    text = (own.folder / "own.protocol.yaml").read_text(encoding="utf-8")
    assert "languages" not in text
    card = NextSessionCard(lambda: None)
    qtbot.addWidget(card)
    card.show_study(own)
    qtbot.waitUntil(lambda: card._findings is not None, timeout=15000)
    findings = card._findings
    assert findings is not None
    assert not card._rows.isRowVisible(card._language_row), "one language needs no choice"
    from dataclasses import replace

    assert findings.facts is not None
    card._findings = replace(findings, facts=replace(findings.facts, languages=("en", "de")))
    participants.add(own, "07", language="de")
    card.code.setText("07")
    assert card.language.currentData() == "de"
    line = card.chosen().arguments(own)
    assert line[line.index("--language") + 1] == "de"
    card.language.setCurrentIndex(0)
    card.language.activated.emit(0)
    person = participants.person(own, "07")
    assert person is not None
    assert person.language == "en"


@pytest.mark.parametrize(("code", "name"), [("en", "English (en)"), ("de", "German (de)"), ("xx", "xx")])
def test_languages_have_names(code: str, name: str) -> None:
    assert language_name(code) == name


def test_a_changed_protocol_is_refused_until_it_is_a_new_version(own: Study, qtbot: QtBot) -> None:
    path = own.folder / "own.protocol.yaml"
    before = path.read_text(encoding="utf-8")
    first = look_into(own, "own.protocol.yaml", None, None)
    assert first.facts is not None
    assert first.facts.lock_words.endswith("nobody recorded yet")
    versions.lock(own, first.facts.name, first.facts.version, before)
    own.add_finished(finished("01", 1, protocol_version=first.facts.version))
    path.write_text(before.replace("title: ", "title: New ", 1), encoding="utf-8")
    changed = look_into(own, "own.protocol.yaml", None, None)
    assert changed.refused
    assert not changed.refused_in_rehearsal
    assert changed.facts is not None
    assert [text.partition(":")[0] for text in changed.facts.changes] == ["title"]
    dialog = VersionDialog(own, changed.facts)
    qtbot.addWidget(dialog)
    dialog.show()
    shown = dialog.changes.item(0)
    assert shown is not None
    assert shown.text().startswith("title: ")
    assert not dialog.make.isEnabled()
    QTest.keyClicks(dialog.reason, "clearer title")
    QTest.mouseClick(dialog.make, Qt.MouseButton.LeftButton)
    assert dialog.made is not None
    assert dialog.made.reason == "clearer title"
    again = look_into(own, "own.protocol.yaml", None, None)
    assert not again.refused
    assert again.facts is not None
    assert again.facts.version == first.facts.version + 1
    assert again.facts.lock_words.startswith(f"version {again.facts.version}, new")


def test_a_bundled_protocol_is_changed_in_a_copy(own: Study, qtbot: QtBot) -> None:
    dialog = VersionDialog(own, FACTS)
    qtbot.addWidget(dialog)
    dialog.reason.setText("whatever")
    assert not dialog.make.isEnabled()
    assert "Put a copy of it there" in dialog.problem.text()


def test_the_card_offers_the_new_version(window: MainWindow, own: Study, qtbot: QtBot) -> None:
    path = own.folder / "own.protocol.yaml"
    text = path.read_text(encoding="utf-8")
    facts = look_into(own, "own.protocol.yaml", None, None).facts
    assert facts is not None
    versions.lock(own, facts.name, facts.version, text)
    own.add_finished(finished("01", 1, protocol_version=facts.version))
    path.write_text(text.replace("title: ", "title: New ", 1), encoding="utf-8")
    window.open_study(own.folder)
    card = window.study_view.next
    qtbot.waitUntil(lambda: card.version.button.isVisible(), timeout=15000)
    assert any("Version: " in card.checks.item(row).text() for row in range(card.checks.count()))
    QTest.mouseClick(card.version.button, Qt.MouseButton.LeftButton)
    dialog = window._dialog
    assert isinstance(dialog, VersionDialog)
    dialog.reason.setText("clearer title")
    dialog.accept()
    qtbot.waitUntil(lambda: card._findings is not None and not card._findings.refused, timeout=15000)
    assert not card.version.button.isVisible()


def test_missing_fields_and_exclusion_are_said_with_the_code(people: Study) -> None:
    fields = fields_from_yaml([{"name": "age", "label": "Age", "required": True}], "test")
    study = people.with_settings(participant_fields=fields)
    participants.add(study, "07")
    assert judge_code(study, "07", "demo").text.endswith("Not known yet: age.")
    participants.exclude(study, "07", "fell asleep")
    verdict = judge_code(study, "07", "demo")
    assert verdict.is_good
    assert "excluded (fell asleep)" in verdict.text


def test_selecting_somebody_prepares_the_next_session(window: MainWindow, own: Study, qtbot: QtBot) -> None:
    participants.add(own, "01")
    participants.add(own, "02")
    window.open_study(own.folder)
    page = window.study_view
    qtbot.waitUntil(lambda: page.next._findings is not None, timeout=15000)
    page.list.select("02")
    assert page.next.code.text() == "02"
    page.next.continue_session(finished("01", 1, **BROKEN))
    page.list.select("02", 2)
    assert page.next.code.text() == "01", "somebody is being prepared"
    page.next.leave_continuing()


def test_the_command_of_each_way_to_begin(people: Study) -> None:
    ordinary = NextSession("demo", "07", 2, Path("/d.yaml"), language="de").arguments(people)
    assert ordinary[:2] == ["run", "demo"]
    assert ordinary[ordinary.index("--participant") + 1] == "07"
    assert ordinary[ordinary.index("--session") + 1] == "2"
    rehearsal = NextSession("demo", "07", 2, rehearse=True).arguments(people)
    assert "07" not in rehearsal
    goes_on = NextSession("demo", "07", 2, language="de", continues="sub-07/ses-01/x.h5").arguments(people)
    assert goes_on[-2:] == ["--continue", "sub-07/ses-01/x.h5"]
    assert "--language" not in goes_on


def test_the_commands_are_what_the_command_line_takes(people: Study) -> None:
    from app.cli import make_parser

    for wanted in (
        NextSession("demo", "07", 2, Path("d.yaml"), "no camera", "de"),
        NextSession("demo", "", 1, rehearse=True),
        NextSession("demo", "07", 1, continues="sub-07/ses-01/x.h5"),
    ):
        make_parser().parse_args(wanted.arguments(people))
