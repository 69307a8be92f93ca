"""Where electrodes sit: the 10-10 system on a sphere, computed from its arcs, and flat on a head map.

The names and divisions follow Jurcak, Tsuzuki & Dan, NeuroImage 34 (2007) 1600-1611: the head's equator
(through Fpz, T7, Oz, T8) and the midline are divided in steps of a tenth; the rows between are the arcs
through three known points, divided in equal steps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Vector = NDArray[np.float64]

OLD_NAMES: Mapping[str, str] = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}
"""Names of the first 10-20 system that were changed later."""
RIM = 1.0
"""The equator of the head, where Fpz, T7, T8 and Oz sit, is a circle of this radius on the flat map."""

_TENTH_ROUND = math.radians(18)
_TENTH_UP = math.radians(22.5)
_ROWS: tuple[tuple[str, str, int], ...] = (
    ("AF", "AFz", 1),
    ("F", "Fz", 2),
    ("FC", "FCz", 3),
    ("C", "Cz", 4),
    ("CP", "CPz", 5),
    ("P", "Pz", 6),
    ("PO", "POz", 7),
)
_MIDLINE = ("Fpz", "AFz", "Fz", "FCz", "Cz", "CPz", "Pz", "POz", "Oz")
_SIDES = ("Fp1", "AF7", "F7", "FT7", "T7", "TP7", "P7", "PO7", "O1")
_BUNDLES = re.compile(r"[a-h](1[1-9]|2\d|3[0-2])")
_IN_BUNDLE = re.compile(r"[a-h]([1-9]|[12]\d|3[0-2])")
_NOISE = re.compile(r"^(eeg|ch|channel)[\s:_.-]+|[\s:_.-]+(ref|le|re|avg|av|a1|a2|m1|m2)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a recording's electrodes sit; `unknown` are the names that no table knows.

    `positions` maps each known channel, under its own name, to (x, y): nose up, the participant's right
    to the right, the head's equator at radius 1.
    """

    positions: Mapping[str, Point]
    unknown: tuple[str, ...]


def place(channels: Iterable[str], among: Iterable[str] = ()) -> Placement:
    """Look up channels by name, in any case, old names too; what is not known is listed, never guessed.

    Spaces, a leading "EEG" and a trailing reference ("-REF", "-A1") do not matter. `among` are all channels
    of the recording, where `channels` are some of them: they tell which cap it was.
    """
    wanted = tuple(channels)
    table = positions()
    bundles = has_bundles((*wanted, *among))
    found: dict[str, Point] = {}
    unknown = []
    for channel in wanted:
        name = plain_name(channel)
        if name in table and not (bundles and in_bundle(channel)):
            found[channel] = table[name]
        else:
            unknown.append(channel)
    return Placement(found, tuple(unknown))


def has_bundles(channels: Iterable[str]) -> bool:
    """Return whether a cap is labelled by BioSemi's bundles of 32, A1 to H32.

    Some of these labels (C1 to C6, F1 to F10) are names of the 10-10 system too, but sit elsewhere. Told by
    labels that only the bundles have, A11 to H32.
    """
    return any(_BUNDLES.fullmatch(plain_name(channel)) for channel in channels)


def in_bundle(channel: str) -> bool:
    """Return whether a channel's name is one that BioSemi's bundles have."""
    return _IN_BUNDLE.fullmatch(plain_name(channel)) is not None


def plain_name(channel: str) -> str:
    """Return a channel's electrode in lower case and by its present name: "EEG T3-REF" is "t7"."""
    name = channel.strip()
    name = _NOISE.sub("", _NOISE.sub("", name)) or name
    name = name.replace(" ", "").lower()
    return OLD_NAMES.get(name, name)


@lru_cache(maxsize=1)
def positions() -> Mapping[str, Point]:
    """Return the flat position of every known electrode by its name in lower case."""
    return {name.lower(): _flat(vector) for name, vector in on_sphere().items()}


@lru_cache(maxsize=1)
def on_sphere() -> Mapping[str, Vector]:
    """Return unit vectors (x right, y nose, z up) by name: 10-10 positions of a round head."""
    places: dict[str, Vector] = {}
    for number, name in enumerate(_MIDLINE):
        angle = math.pi / 2 - _TENTH_UP * number
        places[name] = np.array([0.0, math.sin(angle), math.cos(angle)])
    for number, name in enumerate(_SIDES):
        angle = _TENTH_ROUND * (number + 1)
        places[name] = np.array([-math.sin(angle), math.cos(angle), 0.0])
        places[_mirrored(name)] = np.array([math.sin(angle), math.cos(angle), 0.0])
    for row, middle, number in _ROWS:
        left, right = _SIDES[number], _mirrored(_SIDES[number])
        for steps, digit in ((1, 5), (2, 3), (3, 1)):
            places[f"{row}{digit}"] = _arc(places[left], places[middle], places[right], steps / 8)
            places[f"{row}{digit + 1}"] = _arc(places[right], places[middle], places[left], steps / 8)
    return places | _beyond()


def _beyond() -> dict[str, Vector]:
    """Return the row a tenth below the equator (T9, T10 and so on), and the mastoids in it."""
    low = -_TENTH_UP
    places: dict[str, Vector] = {}
    for number, name in enumerate(_SIDES[1:-1], start=1):
        angle = _TENTH_ROUND * (number + 1)
        flat = math.cos(low)
        named = re.sub("7$", "9", name)
        places[named] = np.array([-flat * math.sin(angle), flat * math.cos(angle), math.sin(low)])
        places[re.sub("9$", "10", named)] = places[named] * np.array([-1, 1, 1])
    for name, twin in (("M1", "TP9"), ("M2", "TP10")):
        places[name] = places[twin]
    places["Iz"] = np.array([0.0, -math.cos(low), math.sin(low)])
    places["Nz"] = np.array([0.0, math.cos(low), math.sin(low)])
    return places


def _mirrored(name: str) -> str:
    return f"{name[:-1]}{int(name[-1]) + 1}"


def _arc(start: Vector, middle: Vector, stop: Vector, share: float) -> Vector:
    """Return the point at `share` of the way on the circle through three points of the sphere.

    Equal steps are taken on each half by itself, as a tape measure would.
    """
    normal = np.cross(middle - start, stop - start)
    normal /= np.linalg.norm(normal)
    centre = normal * float(normal @ start)
    first, second = start - centre, middle - centre
    radius = float(np.linalg.norm(first))
    across = np.cross(normal, first)
    angle = math.atan2(float(second @ across) / radius, float(second @ first) / radius)
    turn = angle * share * 2
    return np.asarray(centre + first * math.cos(turn) + across * math.sin(turn), np.float64)


def _flat(vector: Vector) -> Point:
    """Lay the sphere flat: the angle from the top becomes the distance from the middle (azimuthal)."""
    x, y, z = (float(part) for part in vector)
    across = math.hypot(x, y)
    if across < 1e-12:
        return (0.0, 0.0)
    distance = math.acos(max(-1.0, min(1.0, z))) / (math.pi / 2) * RIM
    return (x / across * distance, y / across * distance)
