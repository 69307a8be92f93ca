"""Empatica's E4 streaming server with its wristbands, as far as a client can see them.

Speaks the vendor's protocol (2019) over a real socket: devices, connecting, subscribing, pausing, its
errors, its notices. Stamps are counted from the wall time of a wristband's first packet at the nominal
rate, packets come in batches. Everything that goes wrong with the real one can be made to go wrong.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TICK_S = 0.02
RATES_HZ = {"acc": 32.0, "bvp": 64.0, "gsr": 4.0, "tmp": 4.0}
WORDS = {"acc": "E4_Acc", "bvp": "E4_Bvp", "gsr": "E4_Gsr", "tmp": "E4_Temperature"}
SIGNALS = (*RATES_HZ, "ibi", "bat", "tag")
FILES = {"acc": "ACC.csv", "bvp": "BVP.csv", "gsr": "EDA.csv", "tmp": "TEMP.csv"}

Worn = dict[str, NDArray[np.float64]]


def recorded(archive: Path, from_s: float = 600.0, seconds: float = 60.0) -> Worn:
    """Read a stretch of a real E4 export: rows (n, channels) in the server's units, by signal."""
    found: Worn = {}
    with zipfile.ZipFile(archive) as folder:
        for signal, name in FILES.items():
            rows = np.loadtxt(folder.read(name).decode().splitlines()[2:], delimiter=",", ndmin=2)
            first, last = (round(at * RATES_HZ[signal]) for at in (from_s, from_s + seconds))
            found[signal] = rows[first:last]
    return found


def invented(seconds: float = 60.0) -> Worn:
    """Make up a wearer: every value differs from the one before, so that rows can be told apart."""
    t = {signal: np.arange(round(seconds * rate)) / rate for signal, rate in RATES_HZ.items()}
    return {
        "bvp": np.round(60 * np.sin(2 * np.pi * 1.1 * t["bvp"]) + t["bvp"], 2)[:, None],
        "gsr": np.round(2.5 + 0.3 * np.sin(t["gsr"] / 5) + 0.001 * t["gsr"], 6)[:, None],
        "tmp": np.round(33 + 0.02 * t["tmp"], 2)[:, None],
        "acc": np.stack([np.round(20 * np.sin(t["acc"])), np.full(len(t["acc"]), -3), 60 + t["acc"] // 1], 1),
    }


@dataclass
class Wristband:
    """An E4 on somebody's wrist. `delay_s` is the time its packets are under way, `batch_s` their length.

    Real ones lose their connection by themselves, after ten minutes or so: `stays_s` is how long this one
    keeps it, `away_s` how long it is gone then.
    """

    serial: str
    worn: Worn = field(default_factory=invented)
    delay_s: float = 0.05
    batch_s: float = 0.25
    is_near: bool = True
    is_on: bool = True
    started_s: float | None = None
    sent: dict[str, int] = field(default_factory=dict)
    held_until_s: float = 0.0
    stays_s: float = float("inf")
    away_s: float = 0.5
    turns_s: float | None = None

    def value(self, signal: str, index: int) -> NDArray[np.float64]:
        """Return sample `index`, the recording being worn over and over."""
        rows = self.worn[signal]
        found: NDArray[np.float64] = rows[index % len(rows)]
        return found


@dataclass
class Client:
    """A connection: the wristband it is bound to and what it subscribed to."""

    connection: socket.socket
    bound: str = ""
    subscribed: set[str] = field(default_factory=set)
    is_paused: bool = False
    asked: list[str] = field(default_factory=list)


class E4Server:
    """The server. `comma` makes it write decimals the European way; `refused` signals cannot be had."""

    def __init__(self, *wristbands: Wristband, comma: bool = False, refused: tuple[str, ...] = ()) -> None:
        self.wristbands = {band.serial: band for band in wristbands}
        self.comma = comma
        self.refused = refused
        self.clients: list[Client] = []
        self.sent_rows: dict[str, int] = dict.fromkeys(RATES_HZ, 0)
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [
            threading.Thread(target=self._accept, daemon=True),
            threading.Thread(target=self._stream, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Quit the server, hanging up on everybody."""
        self._ending.set()
        self._listener.close()
        self.hang_up()
        self._threads[1].join(5)

    def hang_up(self) -> None:
        """Close every connection, as a server does that is quit."""
        with self._lock:
            for client in self.clients:
                with contextlib.suppress(OSError):
                    client.connection.shutdown(socket.SHUT_RDWR)
                client.connection.close()
            self.clients.clear()

    def lose(self, serial: str) -> None:
        """Let a wristband go out of range."""
        with self._lock:
            self.wristbands[serial].is_near = False
            self._tell(serial, f"R connection lost to device {serial}")

    def find(self, serial: str) -> None:
        """Let it come back: it has gone on counting, what it measured meanwhile is gone."""
        with self._lock:
            band = self.wristbands[serial]
            band.is_near = band.is_on = True
            self._forget_due(band)
            self._tell(serial, f"R connection re-established to device {serial}")

    def switch_off(self, serial: str) -> None:
        """Press the wristband's button until it is off."""
        with self._lock:
            self.wristbands[serial].is_near = self.wristbands[serial].is_on = False
            self._tell(serial, f"R device {serial} turned off via button")
            self._tell(serial, f"R connection lost to device {serial}")

    def hold(self, serial: str, seconds: float) -> None:
        """Let packets of the next seconds come late, all at once."""
        self.wristbands[serial].held_until_s = time.time() + seconds

    def skip(self, serial: str, signal: str, rows: int) -> None:
        """Leave the next rows of a signal out, counting on."""
        with self._lock:
            band = self.wristbands[serial]
            band.sent[signal] = band.sent.get(signal, 0) + rows

    def press(self, serial: str) -> float:
        """Press the button shortly: a tag. Returns its stamp."""
        stamp_s = time.time()
        self._tell(serial, f"E4_Tag {self._number(stamp_s)}", "tag")
        return stamp_s

    def beat(self, serial: str, stamp_s: float, interval_s: float) -> None:
        """Send a beat as the server does: its interval and, with the same stamp, the heart rate."""
        stamp = self._number(stamp_s)
        self._tell(serial, f"E4_Ibi {stamp} {self._number(interval_s)}", "ibi")
        self._tell(serial, f"E4_Hr {stamp} {self._number(60 / interval_s)}", "ibi")

    def battery(self, serial: str, share: float) -> None:
        """Send how full the battery is, 0 to 1."""
        self._tell(serial, f"E4_Battery {self._number(time.time())} {self._number(share)}", "bat")

    def say(self, text: bytes) -> None:
        """Send bytes that no server should."""
        with self._lock:
            for client in list(self.clients):
                self._send(client, text)

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            client = Client(connection)
            with self._lock:
                self.clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: Client) -> None:
        rest = b""
        while not self._ending.is_set():
            try:
                content = client.connection.recv(4096)
            except OSError:
                break
            if not content:
                break
            *lines, rest = (rest + content).split(b"\n")
            for line in lines:
                words = line.decode().split()
                if words:
                    self._answer(client, words)
        with self._lock:
            if client in self.clients:
                self.clients.remove(client)
        client.connection.close()

    def _answer(self, client: Client, words: list[str]) -> None:
        with self._lock:
            client.asked.append(" ".join(words))
            match words:
                case ["device_list"]:
                    near = [band for band in self.wristbands.values() if band.is_near]
                    listed = "".join(f" | {band.serial} Empatica_E4" for band in near)
                    text = f"device_list {len(near)}{listed}"
                case ["device_connect", serial]:
                    text = f"device_connect {self._bind(client, serial)}"
                case ["device_disconnect"]:
                    text = (
                        "device_disconnect OK"
                        if client.bound
                        else "device_disconnect ERR No connected device."
                    )
                    client.bound = ""
                case ["device_subscribe", signal, state]:
                    text = f"device_subscribe {signal} {self._subscribe(client, signal, state)}"
                case ["pause", state] if client.bound:
                    client.is_paused = state == "ON"
                    text = f"pause {state}"
                case ["pause", _]:
                    text = "pause ERR You are not connected to any device"
                case _:
                    text = f"{words[0]} ERR unknown command"
            self._send(client, f"R {text}\r\n".encode())

    def _bind(self, client: Client, serial: str) -> str:
        band = self.wristbands.get(serial)
        if band is None or not band.is_near:
            return "ERR The device requested for connection is not available."
        client.bound = serial
        return "OK"

    def _subscribe(self, client: Client, signal: str, state: str) -> str:
        if not client.bound:
            return "ERR You are not connected to any device"
        if signal not in SIGNALS or signal in self.refused:
            return "ERR The requested stream is not available"
        (client.subscribed.add if state == "ON" else client.subscribed.discard)(signal)
        return "OK"

    def _stream(self) -> None:
        while not self._ending.wait(TICK_S):
            with self._lock:
                for band in self.wristbands.values():
                    self._advance(band, time.time())

    def _advance(self, band: Wristband, now: float) -> None:
        if not band.is_on:
            return
        if band.started_s is None:
            band.started_s = now
        band.turns_s = band.turns_s or now + band.stays_s
        if now > band.turns_s:
            (self.lose if band.is_near else self.find)(band.serial)
            band.turns_s = now + (band.stays_s if band.is_near else band.away_s)
        if now < band.held_until_s or not band.is_near:
            return
        ready_s = (now - band.delay_s - band.started_s) // band.batch_s * band.batch_s
        lines = []
        for signal, rate_hz in RATES_HZ.items():
            for index in range(band.sent.get(signal, 0), int(ready_s * rate_hz)):
                stamp = self._number(band.started_s + index / rate_hz)
                numbers = [self._number(float(value)) for value in band.value(signal, index)]
                if signal == "acc":
                    numbers = [str(int(value)) for value in band.value(signal, index)]
                lines.append((signal, f"{WORDS[signal]} {stamp} {' '.join(numbers)}\r\n"))
                band.sent[signal] = index + 1
                self.sent_rows[signal] += 1
        for client in list(self.clients):
            if client.bound == band.serial and not client.is_paused and lines:
                wanted = [line for signal, line in lines if signal in client.subscribed]
                self._send(client, "".join(wanted).encode())

    def _forget_due(self, band: Wristband) -> None:
        assert band.started_s is not None
        for signal, rate_hz in RATES_HZ.items():
            missed = int((time.time() - band.started_s) * rate_hz)
            band.sent[signal] = max(band.sent.get(signal, 0), missed)

    def _tell(self, serial: str, line: str, signal: str = "") -> None:
        with self._lock:
            for client in list(self.clients):
                if client.bound == serial and (not signal or signal in client.subscribed):
                    self._send(client, f"{line}\r\n".encode())

    def _send(self, client: Client, content: bytes) -> None:
        with contextlib.suppress(OSError):
            client.connection.sendall(content)

    def _number(self, value: float) -> str:
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return text.replace(".", ",") if self.comma else text


@contextlib.contextmanager
def e4_server(
    *wristbands: Wristband, comma: bool = False, refused: tuple[str, ...] = ()
) -> Iterator[E4Server]:
    """Run a block with a streaming server."""
    server = E4Server(*wristbands, comma=comma, refused=refused)
    try:
        yield server
    finally:
        server.close()
