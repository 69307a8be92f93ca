"""Lifelines: an idle connection to every LSL sender that breaks when the sender dies, and a clock question.

The library reconnects by itself and says so a second or more after the fact, to whatever stream has
the same name and source id, and asks a sender's clock only every two seconds. A connection of our own
to the same port is closed by the system in the moment in which the sender's process ends; a stalled
sender, or one behind a pulled cable, leaves the question for its clock unanswered.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import threading
from dataclasses import dataclass, field

import psutil
from pylsl import StreamInfo as LslInfo

from app import clock

ASK_EVERY_S = 0.5
CONNECT_S = 0.5
# A sender that closes idle connections and is there all the same cannot be watched like this.
RECONNECTIONS = 3
PATIENCE_S = 1.6


@dataclass(eq=False, slots=True)
class Lifeline:
    """What is known of a sender apart from its rows; `cut_s` is when its connection broke.

    `answered_s` is when it last answered the question for its clock, None if it never did. Whoever needs
    it no more clears `is_wanted`.
    """

    uid: str
    address: str
    data_port: int
    service_port: int
    cut_s: float | None = None
    answered_s: float | None = None
    is_wanted: bool = True
    number: int = 0
    reconnections: int = 0
    socket: socket.socket | None = field(default=None, repr=False)


class Lifelines:
    """Keeps the lifelines of all senders, in one thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._asking.setblocking(False)
        self._selector.register(self._asking, selectors.EVENT_READ, None)
        self._lines: dict[int, Lifeline] = {}
        self._count = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._run, name="lifelines", daemon=True).start()

    def hold(self, lsl: LslInfo) -> Lifeline | None:
        """Connect to the sender of a stream whose inlet is open; None where it cannot be watched."""
        data_port, service_port = (_port(lsl, f"v4{kind}_port") for kind in ("data", "service"))
        if not data_port:
            return None
        for address in _addresses(lsl.hostname(), data_port):
            if _uid_at(address, data_port) == lsl.uid():
                line = Lifeline(lsl.uid(), address, data_port, service_port)
                line.socket = _connected(address, data_port)
                if line.socket is None:
                    return None
                with self._lock:
                    self._count += 1
                    line.number = self._count
                    self._lines[line.number] = line
                return line
        return None

    def _run(self) -> None:
        known: dict[int, Lifeline] = {}
        asked_s = 0.0
        while True:
            with self._lock:
                self._lines = {number: line for number, line in self._lines.items() if line.is_wanted}
                lines = dict(self._lines)
            self._follow(known, lines)
            now = clock.now()
            if now - asked_s >= ASK_EVERY_S:
                if now - asked_s > 2 * ASK_EVERY_S:
                    # It was us who did not ask.
                    for line in lines.values():
                        line.answered_s = None if line.answered_s is None else now
                asked_s = now
                for line in lines.values():
                    self._ask(line, now)
            for key, _ in self._selector.select(max(0.0, asked_s + ASK_EVERY_S - clock.now())):
                if key.data is None:
                    self._hear(lines)
                else:
                    self._check(key.data)

    def _follow(self, known: dict[int, Lifeline], lines: dict[int, Lifeline]) -> None:
        for number in known.keys() - lines.keys():
            self._close(known.pop(number))
        for number in lines.keys() - known.keys():
            line = known[number] = lines[number]
            if line.socket is not None:
                self._selector.register(line.socket, selectors.EVENT_READ, line)

    def _ask(self, line: Lifeline, now: float) -> None:
        with contextlib.suppress(OSError):
            question = f"LSL:timedata\r\n{line.number} {now!r}\r\n".encode("ascii")
            self._asking.sendto(question, (line.address, line.service_port))

    def _hear(self, lines: dict[int, Lifeline]) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            while True:
                answer, _ = self._asking.recvfrom(1024)
                line = lines.get(int(answer.split()[0]))
                if line is not None:
                    line.answered_s = clock.now()

    def _check(self, line: Lifeline) -> None:
        """Look at a connection with news: nobody sends on it, so it has ended."""
        ended_s = clock.now()
        self._close(line)
        line.reconnections += 1
        if _uid_at(line.address, line.data_port) != line.uid:
            line.cut_s = ended_s
        elif line.reconnections < RECONNECTIONS:
            line.socket = _connected(line.address, line.data_port)
            if line.socket is not None:
                self._selector.register(line.socket, selectors.EVENT_READ, line)

    def _close(self, line: Lifeline) -> None:
        if line.socket is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(line.socket)
            line.socket.close()
            line.socket = None


def _port(lsl: LslInfo, name: str) -> int:
    found = re.search(rf"<{name}>(\d+)</{name}>", lsl.as_xml())
    return int(found[1]) if found else 0


def _addresses(host: str, data_port: int) -> list[str]:
    """Return where the sender may be: the library does not say, but its connection to it does."""
    found = ["127.0.0.1"] if host == socket.gethostname() else []
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.Process().net_connections("tcp4"):
            if connection.raddr and connection.raddr.port == data_port:
                found.append(connection.raddr.ip)
    return list(dict.fromkeys(found))


def _connected(address: str, port: int) -> socket.socket | None:
    try:
        return socket.create_connection((address, port), CONNECT_S)
    except OSError:
        return None


def _uid_at(address: str, port: int) -> str:
    """Return the uid of the stream that is served at a port, '' where there is none."""
    connection = _connected(address, port)
    if connection is None:
        return ""
    answer = b""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(CONNECT_S)
        connection.sendall(b"LSL:shortinfo\r\n\r\n")
        while b"</uid>" not in answer and (piece := connection.recv(65536)):
            answer += piece
    found = re.search(rb"<uid>([^<]+)</uid>", answer)
    return found[1].decode("ascii", "replace") if found else ""
