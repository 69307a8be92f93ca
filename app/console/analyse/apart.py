"""Work in a process of its own that stays ready: what loads large libraries must not hold up the window.

python -m app.console.analyse.apart      the process: tasks on standard input, answers on standard output
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from queue import Empty, SimpleQueue
from typing import IO, Any

from app.console.analyse.waiting import FOR_USERS, Told
from app.console.launcher import child_environment
from stimuli.problems import EvokeError

LOOK_S = 0.05
DIED = "The computation ended unexpectedly; memory may have run out. Try again, with fewer inputs."

Message = tuple[str, Any]
"""("at", (done, of, words)), ("done", result), ("refused", words) or ("failed", traceback)."""


class ApartError(Exception):
    """What was computed apart failed for a reason that nobody foresaw; the text is its traceback."""


class Apart:
    """Has functions called in a child, one at a time; the child is started at the first and kept."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: SimpleQueue[Message | None] = SimpleQueue()
        self._guard = threading.Lock()

    def ask(self, function: str, arguments: tuple[Any, ...], told: Told) -> Any:
        """Return what `function` ("module:name") returns for the arguments and something to tell by.

        Called in a thread. Raises CancelledError (the child is ended), EvokeError with what it refused,
        ApartError for anything else.
        """
        with self._guard:
            process = self._process_now()
            assert process.stdin is not None
            try:
                # Only ever between this process and its own child.
                pickle.dump((function, arguments), process.stdin)
                process.stdin.flush()
                return self._answer(told)
            except OSError as error:
                self._end()
                raise EvokeError(DIED) from error
            except BaseException:
                if told.cancelled():
                    self._end()
                raise

    def close(self) -> None:
        """End the child; whoever waits for it hears that it died."""
        if self._guard.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._guard.release()
        elif (process := self._process) is not None:
            process.kill()

    def _answer(self, told: Told) -> Any:
        while True:
            try:
                message = self._answers.get(timeout=LOOK_S)
            except Empty:
                told(*told.at)
                continue
            if message is None:
                self._end()
                told(*told.at)
                raise EvokeError(DIED)
            kind, value = message
            if kind == "done":
                return value
            if kind == "refused":
                raise EvokeError(value)
            if kind == "failed":
                raise ApartError(value)
            told(*value)

    def _process_now(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._answers = SimpleQueue()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.console.analyse.apart"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=child_environment(),
            )
            threading.Thread(
                target=_listen, args=(self._process, self._answers), name="apart", daemon=True
            ).start()
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _listen(process: subprocess.Popen[bytes], answers: SimpleQueue[Message | None]) -> None:
    assert process.stdout is not None
    with contextlib.suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
        while True:
            answers.put(pickle.load(process.stdout))
    answers.put(None)


def serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    """Do tasks until nobody sends any more."""

    def send(kind: str, value: Any) -> None:
        pickle.dump((kind, value), answers)
        answers.flush()

    while True:
        try:
            function, arguments = pickle.load(tasks)
        except EOFError:
            return
        module, _, name = function.partition(":")
        try:
            call: Callable[..., Any] = getattr(import_module(module), name)
            result = call(*arguments, _Teller(send))
        except FOR_USERS as error:
            send("refused", str(error))
        except Exception:
            import traceback

            send("failed", traceback.format_exc())
        else:
            send("done", result)


class _Teller(Told):
    """Tells the process that asked."""

    def __init__(self, send: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._send = send

    def __call__(self, done: int, of: int, words: str = "") -> None:
        """Tell it where it is news."""
        if (done, of, words) != self.at:
            self.at = (done, of, words)
            self._send("at", self.at)


if __name__ == "__main__":
    # What a library prints must not come between the answers.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, out)
