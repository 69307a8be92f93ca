"""Electrode positions against published spherical coordinates; names; the surface between them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.views.electrodes import has_bundles, on_sphere, place, plain_name, positions
from analysis.views.head import interpolate

# Spherical 10-20 coordinates (inclination, azimuth in degrees) as EEG programs list them; there the
# equator through T7 has an inclination of 92 degrees, here of 90.
PUBLISHED = {
    "Fp1": (-92, -72),
    "Fp2": (92, 72),
    "F7": (-92, -36),
    "F3": (-60, -51),
    "Fz": (46, 90),
    "F4": (60, 51),
    "F8": (92, 36),
    "T7": (-92, 0),
    "C3": (-46, 0),
    "Cz": (0, 0),
    "C4": (46, 0),
    "T8": (92, 0),
    "P7": (-92, 36),
    "P3": (-60, 51),
    "Pz": (46, -90),
    "P4": (60, -51),
    "P8": (92, -36),
    "O1": (-92, 72),
    "Oz": (92, -90),
    "O2": (92, -72),
    "FC5": (-72, -21),
    "CP1": (-32, 45),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_positions_are_the_published_ones_within_two_degrees(name: str) -> None:
    inclination, azimuth = (math.radians(angle) for angle in PUBLISHED[name])
    inclination *= 90 / 92
    across = math.sin(inclination)
    known = np.array([across * math.cos(azimuth), across * math.sin(azimuth), math.cos(inclination)])
    apart = math.degrees(math.acos(min(1.0, float(known @ on_sphere()[name]))))
    assert apart < 2.0


def test_the_head_is_symmetrical_and_its_names_are_complete() -> None:
    table = on_sphere()
    for left, right in (("F3", "F4"), ("PO7", "PO8"), ("FT9", "FT10"), ("CP1", "CP2"), ("M1", "M2")):
        np.testing.assert_allclose(table[left] * [-1, 1, 1], table[right], atol=1e-12)
    for vector in table.values():
        assert np.linalg.norm(vector) == pytest.approx(1.0)
    assert len(positions()) == len(table) > 80


def test_flat_positions_have_the_equator_on_the_rim() -> None:
    flat = positions()
    assert flat["cz"] == (0.0, 0.0)
    assert flat["t8"] == pytest.approx((1.0, 0.0))
    assert flat["fpz"] == pytest.approx((0.0, 1.0))
    assert flat["c3"] == pytest.approx((-0.5, 0.0))
    assert math.hypot(*flat["tp9"]) > 1.0


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("Fp1", "fp1"),
        ("FP1", "fp1"),
        (" t3 ", "t7"),
        ("T6", "p8"),
        ("EEG C3-REF", "c3"),
        ("EEG T5-A1", "p7"),
        ("Oz", "oz"),
    ],
)
def test_names_are_known_in_any_spelling(channel: str, name: str) -> None:
    assert plain_name(channel) == name
    assert channel in place([channel]).positions


def test_what_is_not_known_is_listed_never_guessed() -> None:
    placed = place(["Fz", "F3-C3", "ECG", "A1", "X9", ""])
    assert tuple(placed.positions) == ("Fz",)
    assert placed.unknown == ("F3-C3", "ECG", "A1", "X9", "")


BIOSEMI = tuple(f"{bundle}{number}" for bundle in "ABCDEFGH" for number in range(1, 33))


def test_labels_of_a_biosemi_cap_are_not_sites_of_the_10_10_system() -> None:
    assert place(BIOSEMI).positions == {}
    assert place(("C3", "F4")).unknown == ()
    assert place(("C3", "F4"), BIOSEMI).unknown == ("C3", "F4")
    assert place(("Fz", "C3", "F10", "D32")).unknown == ("C3", "F10", "D32")


@pytest.mark.parametrize(
    ("channels", "bundles"),
    [
        (("A1", "A2", "C1", "C6", "F10", "FC1"), False),
        (("A10", "F9", "C5"), False),
        (("A1", "A11"), True),
        (("EEG H32",), True),
        (("H33", "I12", "A111"), False),
    ],
)
def test_bundles_are_told_by_labels_that_only_they_have(channels: tuple[str, ...], bundles: bool) -> None:
    assert has_bundles(channels) == bundles


SPOTS = [(0.0, 0.5), (0.5, -0.3), (-0.5, -0.3), (0.1, 0.0), (-0.4, 0.4)]


def test_the_surface_goes_through_the_electrodes_and_a_plane_stays_one() -> None:
    values = [1.0, 2.0, 5.0, -3.0, 4.0]
    np.testing.assert_allclose(interpolate(SPOTS, values, np.array(SPOTS)), values, atol=1e-9)
    plane = [2 + 3 * x - y for x, y in SPOTS]
    at = np.array([[0.2, 0.2], [-0.7, 0.1]])
    np.testing.assert_allclose(interpolate(SPOTS, plane, at), [2.4, -0.2], atol=1e-9)


def test_few_electrodes_twins_and_missing_values_make_a_surface_too() -> None:
    at = np.array([[0.0, 0.4], [0.4, -0.2]])
    assert interpolate(SPOTS[:2], [1.0, 2.0], at).tolist() == [1.0, 2.0]
    assert interpolate([(0.0, 0.0), (0.1, 0.1), (0.3, 0.3)], [1.0, 2.0, 3.0], at).tolist() == [3.0, 2.0]
    assert np.isnan(interpolate([], [], at)).all()
    twins = interpolate([*SPOTS, SPOTS[0]], [1.0, 2.0, 5.0, -3.0, 4.0, 3.0], np.array(SPOTS[:1]))
    assert twins[0] == pytest.approx(2.0)
    missing = interpolate(SPOTS, [1.0, math.nan, 5.0, -3.0, 4.0], np.array(SPOTS[:1]))
    assert missing[0] == pytest.approx(1.0)
