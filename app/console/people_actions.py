"""What can be done to participants and what is agreed with them: opens dialogs, keeps what they made."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QWidget

from app import participants
from app.console.amendment_dialog import AmendmentDialog
from app.console.consent_dialog import ConsentDialog
from app.console.notifier import Notifier
from app.console.participant_dialog import ParticipantDialog
from app.console.protocol_facts import ProtocolFacts
from app.console.study_actions import StudyHolder
from app.console.study_page import StudyPage
from app.console.study_settings import StudySettingsDialog
from app.console.version_dialog import VersionDialog
from app.console.withdrawal_dialog import WithdrawalDialog, erased_words
from app.study import Study
from stimuli.problems import EvokeError

Open = Callable[[QDialog, Callable[[], object] | None], None]
FIRST = "Open the study first whose participants are meant."


class PeopleActions:
    """Dialogs about the participants of the study in hand."""

    def __init__(
        self, holder: StudyHolder, page: StudyPage, parent: QWidget, notifier: Notifier, open_dialog: Open
    ) -> None:
        self._holder = holder
        self._page = page
        self._parent = parent
        self._notifier = notifier
        self._open = open_dialog
        page.list.asked.connect(self._on_asked)
        page.next.consent_asked.connect(self.ask_consent)
        page.next.version_asked.connect(self.ask_version)
        page.settings_asked.connect(self.do_study_settings)

    def do_add_participant(self) -> None:
        """Enter a newcomer."""
        self._edit("")

    def do_study_settings(self) -> None:
        """Sessions, the participants' form, the participant's screen."""
        study = self._study()
        if study is not None:
            self._open(StudySettingsDialog(study, self._parent), self._anew)

    def do_withdraw(self) -> None:
        """Erase what a participant has left in the study."""
        self._with_chosen("withdraw")

    def do_correct(self) -> None:
        """Correct what was recorded of a participant."""
        self._with_chosen("correct")

    def ask_consent(self, code: str, facts: ProtocolFacts) -> None:
        """Ask a participant about a version of a protocol."""
        study = self._study()
        if study is None:
            return
        card = self._page.next
        language = str(card.language.currentData() or "")
        dialog = ConsentDialog(study, code, facts, card.consent.state, language, self._parent)
        self._open(dialog, lambda: card.take_consent(dialog.given))

    def ask_version(self, facts: ProtocolFacts) -> None:
        """Make a changed protocol a new version."""
        study = self._study()
        if study is not None:
            self._open(VersionDialog(study, facts, self._parent), self._page.next.check)

    def _on_asked(self, name: str, code: str) -> None:
        if name in ("add", "edit"):
            self._edit(code)
        elif name == "correct":
            self._correct(code)
        elif name == "withdraw":
            self._withdraw(code)

    def _with_chosen(self, name: str) -> None:
        choice = self._page.list.choice()
        if choice is None:
            self._notifier.say("Choose a participant on the study page first.", "info")
        else:
            self._on_asked(name, choice.person.code)

    def _study(self) -> Study | None:
        if self._holder.study is None:
            self._notifier.say(FIRST, "info")
        return self._holder.study

    def _edit(self, code: str) -> None:
        study = self._study()
        if study is None:
            return
        try:
            person = participants.person(study, code) if code else None
            if code and person is None:
                # Known by a recording alone: the entry is made now, under the code that was recorded.
                person = participants.add(study, code)
            languages = self._page.next.languages()
            dialog = ParticipantDialog(study, person, languages, self._parent)
        except EvokeError as error:
            self._notifier.say(str(error), "alarm")
            return
        self._open(dialog, lambda: self._on_edited(dialog))

    def _on_edited(self, dialog: ParticipantDialog) -> None:
        self._anew()
        if dialog.saved is not None:
            self._page.list.select(dialog.saved.code)

    def _correct(self, code: str) -> None:
        study = self._study()
        if study is not None:
            self._open(AmendmentDialog(study, code, self._parent), self._anew)

    def _withdraw(self, code: str) -> None:
        study = self._study()
        if study is None:
            return
        dialog = WithdrawalDialog(study, code, self._parent)
        self._open(dialog, lambda: self._on_withdrawn(dialog))

    def _on_withdrawn(self, dialog: WithdrawalDialog) -> None:
        found = dialog.done_with
        self._anew()
        if found is None:
            return
        for text in found.unreachable:
            self._notifier.say(text, "warning")
        self._notifier.say(erased_words(found), "good")

    def _anew(self) -> None:
        self._holder.refresh_study()
        if self._holder.study is not None:
            self._page.next.refresh(self._holder.study)
