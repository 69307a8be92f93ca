"""Opening, reading and committing to a log: every edit is on the disk before it is acknowledged."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import socket
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from analysis.labels.folding import LogState, TakeHead
from analysis.labels.format import INSERT_OP, INSERT_WORK, Op, OpKind, Work, compact, op_row, work_row
from analysis.labels.reader import LogContents, head_of, load, ops_of, read_log, state_of, takes_of
from analysis.labels.records import ItemState, LogHead, Mark, Take
from analysis.labels.scheme import Scheme
from app import distributions
from app.annotation import log_file
from app.annotation.log_file import LogError, saving, told
from app.annotation.takes import TakeWriter
from app.annotation.visible import Visible

RENEW_S = 600.0
"""So often the lock is renewed and the file takes in what lies beside it, while there are edits."""


class Journal:
    """A log as it is opened, read and committed to; what can be done to labels: `app.annotation.log.Log`.

    Every edit is one transaction, and one step of undo. A log that another window writes is `read_only`
    and `locked_by` says by whom; `warning` says what else is wrong. `saved_s` is `time.monotonic()` of the
    last commit. `changes` counts the changes of what `marks` returns.
    """

    def __init__(self, path: Path, head: LogHead, scheme: Scheme) -> None:
        self.path, self.head, self.scheme = path, head, scheme
        self.read_only, self.locked_by, self.warning = True, "", ""
        self.saved_s = time.monotonic()
        self.changes = 0
        self._connection: sqlite3.Connection | None = None
        self._guard = threading.RLock()
        self._state = LogState(head.annotator, head.kind)
        self._contents: LogContents | None = None
        self._token = ""
        self._work = Work("", "")
        self._is_work_saved = False
        self._seq = 0
        self._depth = 0
        self._is_dirty = False
        self._step = 0
        self._action = ""
        self._data_version = 0
        self._renewed_s = time.monotonic()
        self._sorted: tuple[Mark, ...] | None = None
        self._writers: list[TakeWriter] = []

    @classmethod
    def open(cls, path: Path, head: LogHead, scheme: Scheme, *, write: bool = True) -> Self:
        """Open the log at `path`; one that is to be written is made where there is none.

        It can only be read when somebody writes it already, its folder cannot be written, or it was made
        for other bytes of the recording than `head.recording_sha256`. Raises LogError for a file that is
        damaged, of a newer Evoke, or about something else than `head`.
        """
        log = cls(path, head, scheme)
        if not write:
            log._read()
            return log
        try:
            connection = log_file.connect(path, head, scheme)
        except OSError as error:
            # Without the path: it names the recording, which may be hidden from who reads this.
            log.warning = (
                f"The folder of your labels cannot be written ({error.strerror}), so they can only be read."
                " Ask for the right to write in it, or for a package of your own."
            )
            log._read()
            return log
        except LogError:
            if not path.exists() or not path.stat().st_size:
                raise
            with told():
                read_log(path, samples=False)
            log.warning = "The folder of your labels cannot be written, so they can only be read."
            log._read()
            return log
        try:
            with told():
                log._check_head(head_of(connection, path))
            token, owner = ("", "") if log.warning else log_file.claim(connection, path)
            log.locked_by = owner
            if not token:
                connection.close()
                log._read()
                return log
            log._connection, log._token, log.read_only = connection, token, False
            weakref.finalize(log, log_file.OPEN_HERE.discard, token)
            log._begin_work(Work(secrets.token_hex(16), ""))
            with told():
                log._reload()
            log._end_left_takes()
        except BaseException:
            log_file.OPEN_HERE.discard(log._token)
            connection.close()
            raise
        return log

    def _check_head(self, found: LogHead) -> None:
        for name, words in (
            ("annotator", "of another annotator"),
            ("kind", "of another kind of annotator"),
            ("scheme", "by another scheme"),
            ("scheme_sha256", "by another scheme of the same name and version"),
            ("recording_uuid", "about another recording"),
        ):
            mine, theirs = getattr(self.head, name), getattr(found, name)
            if mine and theirs and mine != theirs:
                raise LogError(
                    f"{self.path}: holds labels {words} ({theirs}, not {mine}). Nothing was changed; move the"
                    " file to where it belongs."
                )
        mine, theirs = self.head.recording_sha256, found.recording_sha256
        if mine and theirs and mine != theirs:
            self.warning = (
                "The recording is not the one that was labelled: its checksum has changed. The labels can"
                " only be read."
            )
        self.head = found

    def _read(self) -> None:
        if not self.path.exists() or not self.path.stat().st_size:
            return
        with told():
            contents = read_log(self.path, samples=False)
            self._check_head(contents.head)
            self._state = LogState(self.head.annotator, self.head.kind, contents.ops)
            self._contents = contents
        self._changed()

    def refresh(self) -> None:
        """Read again what others have written since, where this log can only be read."""
        if self.read_only:
            self._read()

    def close(self) -> None:
        """Let the next one write. Traces that still run end as interrupted."""
        if self._connection is None:
            return
        for writer in self._writers:
            # One that has ended takes no notice.
            writer.end("interrupted")
        with self._guard:
            log_file.release(self._connection, self._token)
            self._connection.close()
            self._connection, self.read_only = None, True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def marks(self, item: str | None = None) -> tuple[Mark, ...]:
        """Return the marks of an item or (None) all of them, in order of time; answers come first."""
        if self._sorted is None:
            self._sorted = tuple(
                sorted(
                    self._state.marks.values(), key=lambda m: (-1 if m.start_ns is None else m.start_ns, m.id)
                )
            )
        return self._sorted if item is None else tuple(m for m in self._sorted if m.item == item)

    def mark(self, name: str) -> Mark:
        """Return one mark; raises LogError where it is gone."""
        try:
            return self._state.marks[name]
        except KeyError:
            raise LogError("This label is not there any more: it was deleted or taken back.") from None

    def item_state(self, item: str) -> ItemState:
        """Return how far the work on an item is."""
        return self._state.item_state(item)

    def questions(self) -> dict[str, str]:
        """Return the questions to the curator about items, by item; those about marks are `Mark.asks`."""
        return self._state.questions()

    def rejected(self) -> frozenset[str]:
        """Return the ids of the marks of models that were rejected."""
        return self._state.rejected()

    def accepted(self) -> frozenset[str]:
        """Return the ids of the marks of models that were accepted."""
        return self._state.accepted()

    def takes(self, item: str | None = None) -> tuple[Take, ...]:
        """Return the takes of an item or (None) of all, with the samples saved so far; raises LogError."""
        heads = [head for head in self._state.takes() if item is None or head.item == item]
        with told(), self._guard:
            if self._connection is not None:
                return takes_of(self._connection, self.path, self.head.annotator, heads)
            if self._contents is None:
                return ()
            return tuple(take for take in read_log(self.path).takes if item is None or take.item == item)

    def take_heads(self, item: str | None = None) -> tuple[TakeHead, ...]:
        """Return the takes without their samples."""
        return tuple(head for head in self._state.takes() if item is None or head.item == item)

    def works(self) -> tuple[Work, ...]:
        """Return the stretches of work with what was visible."""
        if self._connection is None:
            return () if self._contents is None else self._contents.works
        with told(), self._guard:
            return load(self._connection, self.path, samples=False).works

    def history(self) -> Iterator[Op]:
        """Yield every operation from the first on, what was undone too; raises LogError."""
        if self._connection is None:
            yield from () if self._contents is None else self._contents.ops
            return
        with told(), self._guard:
            found = ops_of(self._connection, self.path)
        yield from found

    def see(self, visible: Visible, streams: Sequence[str], others: bool, model: bool) -> None:
        """Note what is visible from now on; it is kept with the next edit."""
        limits = asdict(visible) | {"kinds": sorted(visible.kinds)}
        new = Work("", "", visible=compact(limits), streams=tuple(streams), others=others, model=model)
        same = ("visible", "streams", "others", "model")
        if any(getattr(new, name) != getattr(self._work, name) for name in same):
            self._begin_work(replace(new, sid=secrets.token_hex(16)))

    def _begin_work(self, work: Work) -> None:
        host = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._work = replace(work, opened_utc=now, host=host, version=distributions.version())
        self._is_work_saved, self._seq = False, 0

    @contextmanager
    def together(self, action: str) -> Iterator[None]:
        """Make everything inside one step and one commit; on an exception none of it has happened.

        Raises LogError where the log can only be read or the disk refuses.
        """
        with self._guard:
            if self._depth:
                yield
                return
            with self._transaction() as connection:
                if not self._is_work_saved:
                    connection.execute(INSERT_WORK, work_row(self._work))
                    self._is_work_saved = True
                self._depth, self._step, self._action = 1, self._seq + 1, action
                try:
                    yield
                finally:
                    self._depth = 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done inside if it has set `_is_dirty`; else, and on an exception, take it back."""
        connection = self._connection
        if connection is None:
            raise LogError(self.locked_by or self.warning or "These labels can only be read.")
        before = (self._seq, self._is_work_saved)
        self._is_dirty = False
        with self._guard:
            try:
                with saving(self.path):
                    connection.execute("BEGIN IMMEDIATE")
                    self._catch_up()
                    yield connection
                    if not self._is_dirty:
                        connection.execute("ROLLBACK")
                        self._seq, self._is_work_saved = before
                        return
                    is_due = time.monotonic() - self._renewed_s > RENEW_S
                    if is_due:
                        log_file.renew(connection, self._token)
                    connection.execute("COMMIT")
                    if is_due:
                        # Second copies take the file alone, without what lies beside it.
                        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                        self._renewed_s = time.monotonic()
                self.saved_s = time.monotonic()
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                self._seq, self._is_work_saved = before
                if self._is_dirty:
                    with told():
                        self._reload()
                raise

    def _catch_up(self) -> None:
        """Read what another process has united with this log since."""
        assert self._connection is not None
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        if version != self._data_version:
            with told():
                self._reload()

    def _reload(self) -> None:
        assert self._connection is not None
        self._state = state_of(self.head, ops_of(self._connection, self.path), self.path)
        (self._data_version,) = self._connection.execute("PRAGMA data_version").fetchone()
        self._changed()

    def _changed(self) -> None:
        self._sorted = None
        self.changes += 1

    def emit(self, kind: OpKind, is_step: bool = True, **values: Any) -> Op:
        """Append one operation; inside `together`."""
        assert self._connection is not None and self._depth
        self._seq += 1
        op = Op(
            sid=self._work.sid,
            seq=self._seq,
            lamport=self._state.lamport + 1,
            step=self._step if is_step else 0,
            kind=kind,
            action=self._action,
            mono_ns=time.monotonic_ns(),
            utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
            **values,
        )
        self._is_dirty = True
        self._connection.execute(INSERT_OP, op_row(op))
        self._state.apply(op)
        self._changed()
        return op

    def _end_left_takes(self) -> None:
        left = [head for head in self._state.takes() if head.state == "open"]
        if left:
            with self.together("interrupted"):
                for head in left:
                    self.emit("end", is_step=False, mark=head.id, item=head.item, tier=head.tier,
                              trial=head.trial, label="interrupted")  # fmt: skip

    def save_chunk(self, row: Sequence[Any], statement: str) -> None:
        """Put a piece of a trace on the disk; raises LogError. For `TakeWriter`."""
        with self._guard:
            if self._connection is None:
                raise LogError("The trace was not saved: these labels are closed.")
            with saving(self.path):
                self._connection.execute(statement, tuple(row))
            self.saved_s = time.monotonic()
