"""JSON lines over a loopback socket: commands, health and copies of events between processes.

The supervisor serves, everyone else connects with the token from the session's lock. Samples,
answers and typed text never travel here.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from app import clock

HOST = "127.0.0.1"
CONNECT_TIMEOUT_S = 5.0
SEND_TIMEOUT_S = 2.0
LONGEST_LINE = 4 * 1024 * 1024

Message = dict[str, Any]


class LinkError(Exception):
    """The other end cannot be reached or turned us away."""


class Peer:
    """One open connection; `role` and `name` are what the other end said of itself."""

    def __init__(self, connection: socket.socket) -> None:
        self.role = ""
        self.name = ""
        self.pid = 0
        self._connection = connection
        self._lock = threading.Lock()
        self._buffer = b""
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether the connection still stands as far as this end knows."""
        return not self._closed

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send one message; False once the connection is gone (a stalled reader counts as gone)."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._closed:
                return False
            try:
                self._connection.sendall(line)
            except OSError:
                self.close()
                return False
        return True

    def receive(self, deadline_s: float | None = None) -> Message | None:
        """Wait for the next message; None when the connection has ended (or `deadline_s` has passed)."""
        while deadline_s is None or clock.now() < deadline_s:
            line, found, rest = self._buffer.partition(b"\n")
            if found:
                self._buffer = rest
                try:
                    message = json.loads(line)
                except (ValueError, RecursionError):
                    return None
                return message if isinstance(message, dict) else None
            if len(self._buffer) > LONGEST_LINE:
                return None
            try:
                block = self._connection.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return None
            if not block:
                return None
            self._buffer += block
        return None

    def close(self) -> None:
        """End the connection; safe to call twice and from any thread."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._connection.close()


class LinkServer:
    """Accepts peers that know the token; calls back from one thread a peer.

    `on_message(peer, message)` for each message, the first being the peer's `hello`;
    `on_gone(peer)` once when it has left. Listens on loopback only.
    """

    def __init__(
        self,
        on_message: Callable[[Peer, Message], None],
        on_gone: Callable[[Peer], None],
        token: str | None = None,
    ) -> None:
        self.token = token or secrets.token_hex(16)
        self._on_message = on_message
        self._on_gone = on_gone
        self._peers: list[Peer] = []
        self._lock = threading.Lock()
        self._closed = False
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, name="link server", daemon=True).start()

    def peers(self, role: str | None = None) -> list[Peer]:
        """Return the open peers, of one role if given."""
        with self._lock:
            return [peer for peer in self._peers if role is None or peer.role == role]

    def broadcast(self, message: Mapping[str, Any], role: str | None = None) -> None:
        """Send to every peer, or every peer of one role."""
        for peer in self.peers(role):
            peer.send(message)

    def close(self) -> None:
        """Stop listening and end all connections."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for peer in self.peers():
            peer.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                # A visitor who left at once, or no descriptor free: neither ends the service.
                time.sleep(0.05)
                continue
            connection.settimeout(SEND_TIMEOUT_S)
            peer = Peer(connection)
            threading.Thread(target=self._serve, args=(peer,), name="link peer", daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        hello = peer.receive(clock.now() + CONNECT_TIMEOUT_S)
        if hello is None or not self._knows(hello) or not peer.send({"type": "welcome"}):
            peer.close()
            return
        peer.role, peer.name = str(hello.get("role", "")), str(hello.get("name", ""))
        pid = hello.get("pid", 0)
        peer.pid = pid if isinstance(pid, int) else 0
        with self._lock:
            self._peers.append(peer)
        try:
            message: Message | None = {key: hello[key] for key in hello if key != "token"}
            while message is not None:
                self._on_message(peer, message)
                message = peer.receive()
        finally:
            peer.close()
            with self._lock:
                self._peers.remove(peer)
            self._on_gone(peer)

    def _knows(self, hello: Message) -> bool:
        return hmac.compare_digest(
            str(hello.get("token", "")).encode("utf-8", "surrogatepass"), self.token.encode()
        )


class Link:
    """A child's or console's end: sends, and collects what arrives for its own loop to `poll`."""

    def __init__(self, port: int, token: str, role: str, name: str, pid: int) -> None:
        """Connect, say hello and wait to be let in; raises LinkError."""
        try:
            connection = socket.create_connection((HOST, port), CONNECT_TIMEOUT_S)
        except OSError as error:
            raise LinkError(f"no supervisor on port {port}: {error}") from error
        connection.settimeout(SEND_TIMEOUT_S)
        self._peer = Peer(connection)
        self._arrived: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._gone = threading.Event()
        self._peer.send({"type": "hello", "token": token, "role": role, "name": name, "pid": pid})
        if self._peer.receive(clock.now() + CONNECT_TIMEOUT_S) is None:
            self._peer.close()
            raise LinkError(f"the supervisor on port {port} did not accept us")
        threading.Thread(target=self._read, name="link", daemon=True).start()

    @property
    def is_open(self) -> bool:
        """Whether the supervisor is still there."""
        return not self._gone.is_set()

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send one message; False once the supervisor is gone."""
        return self._peer.send(message)

    def poll(self) -> list[Message]:
        """Return the messages that arrived since the last call, without waiting."""
        messages: list[Message] = []
        with contextlib.suppress(queue.Empty):
            while True:
                message = self._arrived.get_nowait()
                if message is not None:
                    messages.append(message)
        return messages

    def wait(self, timeout_s: float) -> Message | None:
        """Wait for one message, at most `timeout_s`; None if none came or the supervisor has left."""
        with contextlib.suppress(queue.Empty):
            return self._arrived.get(timeout=timeout_s)
        return None

    def close(self) -> None:
        """Leave."""
        self._peer.close()

    def _read(self) -> None:
        while (message := self._peer.receive()) is not None:
            self._arrived.put(message)
        self._gone.set()
        self._arrived.put(None)
