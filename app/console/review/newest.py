"""Pictures made in a thread: the newest wanted one is made next, older wishes are dropped and counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

LOOK_MS = 6

Key = TypeVar("Key")
Made = TypeVar("Made")


class _Bench(Generic[Key, Made]):
    """The thread's side. It touches nothing of Qt's objects: the owner may be destroyed at any moment."""

    def __init__(self, make: Callable[[Key], Made]) -> None:
        self._make = make
        self._change = threading.Condition()
        self._wanted: Key | None = None
        self._busy: Key | None = None
        self._done: tuple[Key, Made | Exception] | None = None
        self._closing: Callable[[], None] | None = None
        self._is_over = False
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def ask(self, key: Key) -> None:
        with self._change:
            if self._is_over or key in (self._wanted, self._busy):
                return
            self.dropped += self._wanted is not None
            self._wanted = key
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
                self._thread.start()
            self._change.notify()

    def take(self) -> tuple[Key, Made | Exception] | None:
        with self._change:
            done, self._done = self._done, None
            return done

    @property
    def is_idle(self) -> bool:
        with self._change:
            return self._wanted is None and self._busy is None and self._done is None

    def stop(self, closing: Callable[[], None] | None = None) -> None:
        with self._change:
            self._is_over, self._wanted, self._closing = True, None, closing
            self._change.notify()
            thread = self._thread
        if thread is None and closing is not None:
            closing()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._wanted is not None or self._is_over)
                if self._is_over:
                    break
                key, self._wanted = self._wanted, None
                self._busy = key
            assert key is not None
            made: Made | Exception
            try:
                made = self._make(key)
            except Exception as error:
                made = error
            with self._change:
                self._done, self._busy = (key, made), None
        if self._closing is not None:
            self._closing()


class Newest(QObject):
    """Makes what is asked for by `make(key)` in a thread; `arrived(key, made)` or `failed(key, error)`.

    `dropped` counts wishes that a newer one replaced before they were begun.
    """

    arrived = Signal(object, object)
    failed = Signal(object, object)

    def __init__(self, make: Callable[[Key], Made], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bench: _Bench[Key, Made] = _Bench(make)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._on_look)
        bench = self._bench
        self.destroyed.connect(lambda: bench.stop())

    @property
    def dropped(self) -> int:
        """How many wishes were replaced by newer ones."""
        return self._bench.dropped

    @property
    def is_idle(self) -> bool:
        """Whether nothing is wanted, made or waiting to be taken."""
        return self._bench.is_idle

    def ask(self, key: object) -> None:
        """Want this one next."""
        self._bench.ask(key)  # type: ignore[arg-type]
        if not self._look.isActive():
            self._look.start()

    def close(self, closing: Callable[[], None] | None = None) -> None:
        """End the thread; `closing` is called there when nothing is made any more."""
        self._look.stop()
        self._bench.stop(closing)

    def _on_look(self) -> None:
        done = self._bench.take()
        if done is None:
            if self._bench.is_idle:
                self._look.stop()
            return
        key, made = done
        if isinstance(made, Exception):
            self.failed.emit(key, made)
        else:
            self.arrived.emit(key, made)
