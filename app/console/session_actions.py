"""What an experimenter can do to the session that runs: each action of the table is a `do_` method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QDialog, QWidget

from app.console.attention import AttentionDialog
from app.console.conduct import Conduct
from app.console.live_page import LivePage

Open = Callable[[QDialog, Callable[[], object] | None], None]


class SessionActions:
    """Commands to the session in hand; `show` brings the recording page to the front."""

    def __init__(
        self, conduct: Conduct, live: LivePage, show: Callable[[], None], open_dialog: Open, parent: QWidget
    ) -> None:
        self._conduct = conduct
        self._live = live
        self._show = show
        self._open = open_dialog
        self._parent = parent

    def ask_attention(self, attention: Mapping[str, Any]) -> None:
        """Ask what was done about an answer that called for attention, and have it noted."""
        dialog = AttentionDialog(attention, self._parent)
        self._open(dialog, lambda: self._conduct.note_attention(dialog.id, dialog.text))

    def do_start(self) -> None:
        """Begin the session, with the reason where a check has failed."""
        if self._live.panel.may_start:
            self._conduct.command("start", self._live.panel.reason_text)
        else:
            self._show()
            self._live.panel.point_at_reason()

    def do_pause(self) -> None:
        """Pause, or go on."""
        self._conduct.pause_or_resume()

    def do_skip(self) -> None:
        """Go on to the next stage."""
        self._conduct.command("skip")

    def do_abort(self) -> None:
        """Ask whether to end now; the session goes on meanwhile."""
        self._show()
        self._live.ask_abort()

    def do_repeat(self) -> None:
        """Repeat the trial after the participant's window was lost."""
        self._conduct.command("repeat")

    def do_next(self) -> None:
        """Go on with the next trial after the participant's window was lost."""
        self._conduct.command("next")

    def do_end(self) -> None:
        """End in order after the participant's window was lost."""
        self._conduct.command("end")

    def do_note(self) -> None:
        """Put the cursor where notes are written."""
        self._show()
        self._live.docks["notes"].show()
        self._live.notes.line.setFocus()

    def do_mark_movement(self) -> None:
        """Note that the participant moved."""
        self._live.notes.mark("mark_movement")

    def do_mark_noise(self) -> None:
        """Note a noise."""
        self._live.notes.mark("mark_noise")

    def do_mark_speech(self) -> None:
        """Note that somebody spoke."""
        self._live.notes.mark("mark_speech")

    def do_mark_artefact(self) -> None:
        """Note a disturbed signal."""
        self._live.notes.mark("mark_artefact")

    def do_taller(self) -> None:
        """Taller signals."""
        self._live.change_zoom(2.0)

    def do_flatter(self) -> None:
        """Flatter signals."""
        self._live.change_zoom(0.5)

    def do_longer(self) -> None:
        """Show more seconds."""
        self._live.change_span(1)

    def do_shorter(self) -> None:
        """Show fewer seconds."""
        self._live.change_span(-1)
