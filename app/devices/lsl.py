"""LSL from the outside: who publishes what, and how far our own streams are seen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import settings

QUIET = """\
[log]
level = -2
"""
# On one machine LSL finds streams by asking every port of its range: the usual 32 ports are 32 streams of
# all programs together, and what comes after them is not found.
THIS_MACHINE = """\
[ports]
IPv6 = disable
PortRange = 128
[multicast]
ResolveScope = machine
ListenAddress = 127.0.0.1
[lab]
KnownPeers = {127.0.0.1}
"""
USUAL_PLACES = (Path("lsl_api.cfg"), Path("~/lsl_api/lsl_api.cfg"), Path("/etc/lsl_api/lsl_api.cfg"))


@dataclass(frozen=True, slots=True)
class Visible:
    """An LSL stream that somebody publishes now."""

    name: str
    type: str
    source_id: str
    hostname: str
    channels: int
    rate_hz: float

    @property
    def match(self) -> Mapping[str, str]:
        """What a devices file would say to mean this stream."""
        keys = {"source_id": self.source_id} if self.source_id else {"name": self.name, "type": self.type}
        return {key: value for key, value in keys.items() if value}


def keep_on_this_machine() -> None:
    """Let streams of this process be seen on this computer only; call before pylsl is imported.

    A configuration that the user has chosen by `LSLAPICFG` stays.
    """
    if not os.environ.get("LSLAPICFG"):
        _configure("lsl-machine.cfg", THIS_MACHINE + QUIET)


def keep_quiet() -> None:
    """Let LSL report errors only, where the user has no configuration; call before pylsl is imported."""
    if not os.environ.get("LSLAPICFG") and not any(place.expanduser().exists() for place in USUAL_PLACES):
        _configure("lsl-quiet.cfg", QUIET)


def _configure(name: str, text: str) -> None:
    path = settings.home() / name
    settings.write_atomically(path, text)
    os.environ["LSLAPICFG"] = str(path)


def visible_streams(wait_s: float = 1.0) -> tuple[Visible, ...]:
    """Return the LSL streams that answer within `wait_s`, by name."""
    from pylsl import resolve_streams

    found = {
        Visible(
            info.name(),
            info.type(),
            info.source_id(),
            info.hostname(),
            info.channel_count(),
            info.nominal_srate(),
        )
        for info in resolve_streams(wait_s)
    }
    return tuple(sorted(found, key=lambda stream: (stream.name, stream.source_id)))
