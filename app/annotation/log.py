"""The edit log of one annotator about one recording: labels given, changed, taken back and brought again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.labels.checking import problem_of
from analysis.labels.folding import StepKey
from analysis.labels.format import OpKind
from analysis.labels.reader import read_log
from analysis.labels.records import Input, Mark
from analysis.labels.scheme import Tier
from app.annotation import edits
from app.annotation.journal import Journal
from app.annotation.log_file import LogError, told
from app.annotation.merging import foreign_rows
from app.annotation.takes import TakeWriter

__all__ = ["Log", "LogError"]

STICKY = ("import", "accept_model", "carried")
CHANGEABLE = (
    "tier",
    "trial",
    "start_ns",
    "end_ns",
    "label",
    "value",
    "confidence",
    "channels",
    "note",
    "input",
    "to_confirm",
    "asks",
    "model_seen",
)


class Log(Journal):
    """The log of one annotator, recording and scheme version; `open` it.

    Every edit is one transaction, and one step of undo; `with log.together("..."):` makes several one.
    A log that another window writes is `read_only` and `locked_by` says by whom; `warning` says what else
    is wrong. `saved_s` is `time.monotonic()` of the last commit. `changes` counts the changes of what
    `marks` returns.
    """

    def answer(self, tier: str, trial: int, item: str = "") -> Mark | None:
        """Return the answer about a whole trial, None where there is none."""
        return self._state.marks.get(self._answer_id(tier, item, trial))

    def _put(self, kind: OpKind, mark: Mark, how: Mapping[str, Any]) -> Mark:
        values = {
            name: getattr(mark, name)
            for name in Mark.__dataclass_fields__
            if name not in ("id", "annotator", "kind")
        }
        if kind == "delete":
            values["revision"] += 1
        elif kind == "edit":
            values["revision"] += 1
            values["model_seen"] = mark.model_seen or self._work.model
        name = mark.id or f"{self._work.sid[:12]}.{self._seq + 1}"
        if kind != "delete" and (wrong := problem_of(self.scheme, mark)):
            raise LogError(f"This label was not taken: {wrong}.")
        self.emit(kind, mark=name, **values, **how)
        return mark if kind == "delete" else self._state.marks[name]

    def _cut(self, new: Mark, how: Mapping[str, Any]) -> None:
        for mark, pieces in edits.cut_for(self._state, self.scheme, new):
            if not pieces:
                self._put("delete", mark, how)
                continue
            self._put("edit", pieces[0], how)
            for piece in pieces[1:]:
                self._put("add", replace(piece, id="", revision=1), how)

    def _answer_id(self, tier: str, item: str, trial: int) -> str:
        # The same on every computer, so that united logs hold one answer a trial; in a package an item's
        # trial has another number.
        text = "\n".join((self.head.annotator, self.head.scheme, tier, item, "" if item else str(trial)))
        return f"answer.{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def add(
        self,
        tier: str,
        *,
        trial: int = -1,
        item: str = "",
        start_ns: int | None = None,
        end_ns: int | None = None,
        label: str = "",
        value: Mapping[str, Any] | None = None,
        confidence: float | None = None,
        channels: Sequence[str] = (),
        note: str = "",
        input: Input = "key",  # noqa: A002
        derived_from: str = "",
        media_ns: int | None = None,
        play_rate: float = 1.0,
        reaction_ms: float | None = None,
        to_confirm: bool = False,
        model_seen: bool = False,
        asks: str = "",
    ) -> Mark:
        """Give a label; a point may leave out its end. An answer to a trial that has one changes it.

        In an exclusive tier what lies underneath makes room, in the same step. `media_ns` is the time that
        was shown, `play_rate` how fast it played, `reaction_ms` how long the annotator took. Raises
        LogError for a mark that the scheme does not allow.
        """
        known = self._tier(tier)
        if known.kind == "point" and end_ns is None:
            end_ns = start_ns
        how: dict[str, Any] = {
            "media_ns": media_ns,
            "play_rate": play_rate,
            "reaction_ms": reaction_ms,
            "via": input,
        }
        with self.together("accept" if input == "accept_model" else "add"):
            name = self._answer_id(tier, item, trial) if known.kind == "trial" else ""
            old = self._state.marks.get(name)
            values = dict(value or {})
            mark = Mark(
                id=name,
                tier=tier,
                annotator=self.head.annotator,
                kind=self.head.kind,
                trial=trial,
                item=item,
                start_ns=start_ns,
                end_ns=end_ns,
                label=label,
                value=values,
                confidence=confidence,
                channels=tuple(channels),
                note=note,
                input=input,
                derived_from=derived_from,
                model_seen=model_seen or self._work.model or input == "accept_model",
                to_confirm=to_confirm,
                asks=asks,
            )
            if old is None:
                self._cut(mark, how)
                return self._put("add", mark, how)
            return self._edit(
                old,
                {
                    "value": dict(old.value) | values,
                    "confidence": old.confidence if confidence is None else confidence,
                    "note": note or old.note,
                    "derived_from": derived_from or old.derived_from,
                    "to_confirm": to_confirm,
                    "input": input,
                    "model_seen": old.model_seen or model_seen,
                    "asks": asks or old.asks,
                },
                how,
            )

    def _tier(self, name: str) -> Tier:
        try:
            return self.scheme.tier(name)
        except KeyError:
            raise LogError(
                f"This label was not taken: the scheme {self.scheme.id} has no tier '{name}'."
            ) from None

    def _edit(self, old: Mark, fields: Mapping[str, Any], how: Mapping[str, Any]) -> Mark:
        how = {"via": fields.get("input", "key")} | dict(how)
        new = replace(old, **fields)
        # Where a label came from stays true of it, whatever is done to it afterwards.
        if old.input in STICKY:
            new = replace(new, input=old.input)
        self._cut(new, how)
        return self._put("edit", new, how)

    def change(self, name: str, **fields: Any) -> Mark:
        """Change fields of a mark, and `media_ns`, `play_rate`, `reaction_ms` of this edit; raises LogError.

        A mark that was to be confirmed is confirmed by it.
        """
        how: dict[str, Any] = {}
        for key in ("media_ns", "play_rate", "reaction_ms"):
            if key in fields:
                how[key] = fields.pop(key)
        fields.setdefault("to_confirm", False)
        fields.setdefault("input", "key")
        unknown = set(fields) - set(CHANGEABLE)
        if unknown:
            raise LogError(f"A label has no {', '.join(sorted(unknown))} that could be changed.")
        if "channels" in fields:
            fields["channels"] = tuple(fields["channels"])
        with self.together("change"):
            old = self.mark(name)
            if self._tier(fields.get("tier", old.tier)).kind == "point" and "start_ns" in fields:
                fields.setdefault("end_ns", fields["start_ns"])
            return self._edit(old, fields, how)

    def delete(self, name: str) -> None:
        """Delete a mark; raises LogError."""
        with self.together("delete"):
            self._put("delete", self.mark(name), {})

    def split(self, name: str, at_ns: int) -> tuple[Mark, Mark]:
        """Split a segment; raises LogError where the time lies outside it."""
        with self.together("split"):
            try:
                first, second = edits.halves(self.mark(name), at_ns)
            except ValueError as error:
                raise LogError(str(error)) from error
            return self._put("edit", first, {}), self._put("add", replace(second, id="", revision=1), {})

    def merge(self, names: Sequence[str]) -> Mark:
        """Make segments of one label one; what lies between them makes room. Raises LogError."""
        with self.together("merge"):
            marks = [self.mark(name) for name in dict.fromkeys(names)]
            try:
                whole = edits.united(marks)
            except ValueError as error:
                raise LogError(str(error)) from error
            for mark in marks:
                if mark.id != whole.id:
                    self._put("delete", mark, {})
            self._cut(whole, {})
            return self._put("edit", whole, {})

    def accept(self, model_mark: Mark, **changes: Any) -> Mark:
        """Take over a model's mark, changed or not; raises LogError where that was done already."""
        if model_mark.id in self.accepted():
            raise LogError("This label of the model was accepted already. Change the one it became.")
        fields = ("tier", "trial", "item", "start_ns", "end_ns", "label", "value", "channels", "note")
        values = {name: getattr(model_mark, name) for name in fields} | changes
        return self.add(**values, input="accept_model", derived_from=model_mark.id)

    def reject(self, model_mark: Mark, item: str | None = None) -> None:
        """Note that a model's mark is wrong, as a step of an item (None: of the mark's own)."""
        with self.together("reject"):
            self.emit(
                "reject",
                item=model_mark.item if item is None else item,
                derived_from=model_mark.id,
                tier=model_mark.tier,
                label=model_mark.label,
            )

    def ask(self, about: str, text: str) -> None:
        """Ask the curator about a mark (its id) or an item (its code); an empty text takes it back."""
        with self.together("ask"):
            if about in self._state.marks:
                mark = self._state.marks[about]
                self._put("edit", replace(mark, asks=text), {})
            else:
                self.emit("ask", item=about, note=text)

    def confirm(self, name: str) -> Mark:
        """Say that a mark that was carried over is right; raises LogError."""
        with self.together("confirm"):
            return self._edit(self.mark(name), {"to_confirm": False}, {})

    def finish(self, item: str) -> None:
        """Note that an item is done."""
        with self.together("finish"):
            self.emit("finish", item=item)

    def reopen(self, item: str) -> None:
        """Take up an item again that was finished or skipped."""
        with self.together("reopen"):
            self.emit("reopen", item=item)

    def skip(self, item: str, reason: str) -> None:
        """Leave an item out, saying why."""
        with self.together("skip"):
            self.emit("skip", item=item, note=reason)

    def can_undo(self, item: str | None = None) -> str:
        """Say what `undo` would take back, '' where there is nothing."""
        return self._words(self._state.undoable(item))

    def can_redo(self, item: str | None = None) -> str:
        """Say what `redo` would bring back, '' where there is nothing."""
        return self._words(self._state.redoable(item))

    def undo(self, item: str | None = None) -> str:
        """Take back the last step, of one item or (None) of all; return what it was, '' for nothing."""
        return self._move("undo", item)

    def redo(self, item: str | None = None) -> str:
        """Bring back the last step that was taken back; return what it was, '' for nothing."""
        return self._move("redo", item)

    def _move(self, kind: OpKind, item: str | None) -> str:
        with self.together(kind):
            key = self._state.undoable(item) if kind == "undo" else self._state.redoable(item)
            words = self._words(key)
            if key is not None:
                about = self._state.step(key).item
                self.emit(kind, is_step=False, item=about, target_sid=key[0], target_step=key[1])
            return words

    def _words(self, key: StepKey | None) -> str:
        if key is None:
            return ""
        step = self._state.step(key)
        about = next((op for op in reversed(step.ops) if op.tier), None)
        if about is None:
            return step.action
        with contextlib.suppress(KeyError):
            tier = self.scheme.tier(about.tier)
            names = {label.id: label.name for label in tier.labels}
            return f"{step.action} {names.get(about.label, tier.title)}"
        return step.action

    def begin_take(self, tier: str, trial: int = -1, item: str = "", device: str = "") -> TakeWriter:
        """Begin a trace; what the writer is given is on the disk within a second. Raises LogError."""
        known = self._tier(tier)
        if known.kind not in ("trace1d", "trace2d"):
            raise LogError(f"No trace was begun: tier '{tier}' takes none.")
        with self.together("trace"):
            name = f"{self._work.sid[:12]}.{self._seq + 1}"
            self.emit("take", is_step=False, mark=name, tier=tier, trial=trial, item=item, note=device,
                      model_seen=self._work.model)  # fmt: skip
        writer = TakeWriter(self, name, known, trial, item)
        self._writers = [each for each in self._writers if each.is_open] + [writer]
        return writer

    def merge_from(self, other: Path, *, shift_ns: int = 0, trials: Mapping[int, int] | None = None) -> int:
        """Unite with another log of the same annotator and scheme; return how many operations were new.

        Operations are known by their work session and number, so twice, late and in any order come to the
        same. `shift_ns` is added to all times and `trials` renumbers trials, for logs about a piece of the
        recording. Raises LogError for a log about something else, and where one operation differs.
        """
        with told():
            rows = foreign_rows(read_log(other, samples=False), other, shift_ns, trials or {})
        if (rows.head.annotator, rows.head.kind) != (self.head.annotator, self.head.kind):
            raise LogError(f"{other}: holds labels of another annotator ({rows.head.annotator}).")
        if rows.head.scheme_sha256 != self.head.scheme_sha256:
            raise LogError(f"{other}: holds labels by another scheme ({rows.head.scheme}).")
        if (
            "study" == rows.head.place == self.head.place
            and self.head.recording_uuid != rows.head.recording_uuid
        ):
            raise LogError(f"{other}: holds labels of another recording ({rows.head.recording}).")
        with told(), self._transaction() as connection:
            new = rows.unite(connection, self.path)
            self._is_dirty = bool(new)
            if new:
                self._reload()
        return new
