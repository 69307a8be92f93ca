"""Empatica E4 wristbands through the vendor's streaming server: one stream a signal."""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Mapping
from typing import Literal

import numpy as np

from analysis.records import StreamInfo
from app import clock
from app.devices import e4_protocol as protocol
from app.devices.entries import E4Params
from app.devices.losses import Loss, skipped
from app.devices.source import Chunk, DeviceError, NameSource
from app.devices.unix_clock import CountedClock

POLL_S = 0.05
ANSWER_S = 4.0
QUIET_S = 3.0
WAIT_FOR_RETURN_S = 20.0
"""A lost wristband that the server finds again goes on in the same connection."""
BEHIND_S = 1.0
TIME_SOURCE = (
    "server's stamp (unix time of its first packet, counted on at the nominal rate) mapped by clock pairs "
    "that the bridge took at each poll"
)
CONNECTION_LOST = "wristband lost"
SKIPPED = "left out by the streaming server"


def e4_streams(params: E4Params, device_id: str, name_source: NameSource) -> tuple[StreamInfo, ...]:
    """Describe the streams of an E4, as many as signals are wanted; nothing is opened."""
    return tuple(
        StreamInfo(
            id=f"{device_id}-{signal.name}",
            kind=signal.name,
            origin="recorded",
            channels=(*signal.channels, "board_time_unix_s"),
            units=(*signal.units, "s"),
            channel_kinds=(*signal.kinds, "time"),
            rate_hz=signal.rate_hz,
            dtype="float64",
            device="Empatica E4",
            serial=params.serial,
            time_source=TIME_SOURCE,
            source_id=name_source(f"{device_id}-{signal.name}"),
            details={"transport": "E4 streaming server"},
        )
        for signal in _signals(params)
    )


def _signals(params: E4Params) -> tuple[protocol.Signal, ...]:
    return tuple(signal for signal in protocol.SIGNALS if signal.name in params.signals)


class E4:
    """One wristband of a streaming server. Which one is settled at the first connection."""

    poll_s = POLL_S

    def __init__(self, params: E4Params, device_id: str, name_source: NameSource) -> None:
        self.streams = e4_streams(params, device_id, name_source)
        self._params = params
        self._id = device_id
        self._serial = params.serial
        self._socket: socket.socket | None = None
        self._lines = protocol.Lines()
        self._waiting: deque[protocol.Message] = deque()
        self._clock = CountedClock()
        self._damaged = 0
        self._first_lag_s: float | None = None
        self._condition: Literal["", "lost", "off"] = ""
        self._interrupted: set[str] = set()
        self._last_s: dict[str, float] = {}
        self._last_unix_s: dict[str, float] = {}
        self._losses: list[Loss] = []
        self._lost: dict[str, int] = {}

    @property
    def identity(self) -> Mapping[str, str]:
        """What the device has said of itself."""
        return {"serial": self._serial} if self._serial else {}

    @property
    def quiet_s(self) -> float:
        """Silence after which a new connection is made: longer while the server looks for the wristband."""
        return WAIT_FOR_RETURN_S if self._condition == "lost" else QUIET_S

    @property
    def notice(self) -> str:
        """One sentence about what is not as it should be, or empty."""
        if self._condition == "lost":
            return f"The server has lost E4 {self._serial}: bring it nearer, charge it."
        if self._condition == "off":
            return f"E4 {self._serial} was switched off at its button. Switch it on again."
        if self._clock.differs_s is not None:
            return (
                f"The streaming server's clock differs by {self._clock.differs_s:+.1f} s from this "
                "computer's; the E4's times are set by their arrival."
            )
        if self._first_lag_s is not None and self._clock.lag_s - self._first_lag_s > BEHIND_S:
            return (
                f"The E4's stamps fall behind, {self._clock.lag_s:.1f} s by now: the server counts samples "
                "and does not tell which it missed. Bring the wristband nearer to the receiver."
            )
        return f"{self._damaged} damaged lines from the streaming server." if self._damaged else ""

    def open(self) -> None:
        """Connect, bind a wristband, subscribe to the signals; raises DeviceError."""
        where = f"{self._params.host}:{self._params.port}"
        try:
            self._socket = socket.create_connection((self._params.host, self._params.port), ANSWER_S)
        except OSError as error:
            raise DeviceError(
                f"device {self._id}: there is no E4 streaming server at {where}. "
                "Start the server, switch its streaming on, and check host and port."
            ) from error
        self._lines, self._waiting = protocol.Lines(), deque()
        self._clock, self._condition, self._first_lag_s = CountedClock(), "", None
        try:
            self._subscribe()
        except DeviceError:
            self.close()
            raise
        self._interrupted = set(self._last_unix_s)

    def poll(self) -> list[Chunk]:
        """Return what has come since the last call, a chunk a signal; raises DeviceError."""
        self._read(wait_s=0.0)
        pair = clock.anchor(3)
        rows: dict[str, list[list[float]]] = {}
        while self._waiting:
            message = self._waiting.popleft()
            if isinstance(message, protocol.Data):
                self._take(message, rows.setdefault(message.signal, []))
            elif isinstance(message, protocol.Notice) and message.serial == self._serial:
                self._note(message.kind)
                self._interrupted |= set(self._last_unix_s)
        newest = [found[-1][-1] for name, found in rows.items() if protocol.BY_NAME[name].rate_hz]
        # Beats and tags are stamped with what happened seconds ago: the clock goes by the regular ones.
        self._clock.update(max(newest, default=None), pair)
        if rows and not newest:
            self._clock.update(max(found[-1][-1] for found in rows.values()), pair)
        if rows:
            self._condition = ""
            if self._first_lag_s is None:
                self._first_lag_s = self._clock.lag_s
        return [self._chunk(name, found) for name, found in rows.items() if found]

    def lost(self, stream_id: str) -> int:
        """Return how many samples of a stream its stamps show to be missing."""
        return self._lost.get(stream_id, 0)

    def losses(self) -> list[Loss]:
        """Return the losses found since the last call."""
        found, self._losses = self._losses, []
        return found

    def close(self) -> None:
        """Unbind the wristband and hang up."""
        connection, self._socket = self._socket, None
        if connection is None:
            return
        with contextlib.suppress(OSError):
            connection.sendall(f"device_disconnect{protocol.END}".encode())
        connection.close()

    def _subscribe(self) -> None:
        self._bind(protocol.serials(self._ask("device_list")))
        # Paused, so that all signals begin together.
        self._ask("pause ON")
        for signal in _signals(self._params):
            reply = self._ask(f"device_subscribe {signal.command} ON")
            if reply.error:
                raise DeviceError(
                    f"device {self._id}: the E4 server refuses the signal {signal.name} ({reply.error}). "
                    "Leave it out of `signals`, or start the server again."
                )
        self._ask("pause OFF")

    def _note(self, kind: Literal["lost", "back", "off"]) -> None:
        """Take a notice of the server; a wristband switched off is also told to be lost."""
        if not (kind == "lost" and self._condition == "off"):
            self._condition = "" if kind == "back" else kind

    def _bind(self, visible: tuple[str, ...]) -> None:
        if not visible:
            raise DeviceError(
                f"device {self._id}: the streaming server sees no E4. "
                "Switch the wristband on, plug the receiver in, and connect it in the server's window."
            )
        serial = self._serial or visible[0]
        reply = self._ask(f"device_connect {serial}")
        if reply.error:
            others = ", ".join(visible)
            raise DeviceError(
                f"device {self._id}: the E4 {serial} cannot be had ({reply.error}). The server sees {others}."
            )
        self._serial = serial

    def _ask(self, command: str) -> protocol.Reply:
        """Send a command and return its answer; samples that come in between are kept."""
        assert self._socket is not None
        name = command.split()[0]
        try:
            self._socket.sendall(f"{command}{protocol.END}".encode())
        except OSError as error:
            raise self._gone() from error
        end_s = clock.now() + ANSWER_S
        while (left_s := end_s - clock.now()) > 0:
            self._read(left_s)
            for message in self._waiting:
                if isinstance(message, protocol.Reply) and message.command == name:
                    self._waiting.remove(message)
                    return message
        raise DeviceError(
            f"device {self._id}: the program at port {self._params.port} does not answer {name}. "
            "Is it the E4 streaming server? Start it again."
        )

    def _read(self, wait_s: float) -> None:
        assert self._socket is not None
        self._socket.settimeout(wait_s)
        try:
            content = self._socket.recv(65536)
            if not content:
                raise self._gone()
        except (BlockingIOError, TimeoutError):
            return
        except OSError as error:
            raise self._gone() from error
        for line in self._lines.feed(content):
            message = protocol.parse(line)
            if message is None:
                self._damaged += 1
            else:
                self._waiting.append(message)

    def _gone(self) -> DeviceError:
        return DeviceError(
            f"device {self._id}: the E4 streaming server has hung up. Look at its window, start it again."
        )

    def _take(self, message: protocol.Data, rows: list[list[float]]) -> None:
        signal = protocol.BY_NAME[message.signal]
        if message.place and rows and rows[-1][-1] == message.time_s and np.isnan(rows[-1][message.place]):
            rows[-1][message.place] = message.values[0]
            return
        row = [np.nan] * len(signal.channels)
        row[message.place : message.place + len(message.values)] = message.values
        rows.append([*row, message.time_s])

    def _chunk(self, name: str, rows: list[list[float]]) -> Chunk:
        stream_id, rate_hz = f"{self._id}-{name}", protocol.BY_NAME[name].rate_hz
        data = np.array(rows)
        times = self._clock.map(data[:, -1])
        cause = CONNECTION_LOST if name in self._interrupted else SKIPPED
        for row, missing in skipped(data[:, -1], self._last_unix_s.get(name), rate_hz):
            last_s = self._last_s.get(name, float(times[0])) if row == 0 else float(times[row - 1])
            self._losses.append(Loss(stream_id, last_s, float(times[row]), missing, cause))
            self._lost[stream_id] = self.lost(stream_id) + missing
            cause = SKIPPED
        self._interrupted.discard(name)
        self._last_s[name], self._last_unix_s[name] = float(times[-1]), float(data[-1, -1])
        return Chunk(stream_id, times, data)
