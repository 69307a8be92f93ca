"""Screens: degrees of visual angle, what is remembered, corner patches, and what a screen cannot show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import screens
from app.screens import Calibration, Patch, problems, size_of, timing_label
from protocols.schedule import Duration, Schedule, Stage, StageKind

DESK = Calibration(width_mm=520.0, width_px=1920, distance_mm=570.0)


def stage(kind: StageKind, content: Mapping[str, Any]) -> Stage:
    return Stage(0, -1, "main", kind, "face", Duration(1, 1, 1), "sun", content)


def schedule(*stages: Stage) -> Schedule:
    return Schedule("plot", 1, "open", "p01", 1, 0, 1, (), stages)


def test_a_degree_at_57_cm_is_about_a_centimetre() -> None:
    assert DESK.pixels(1.0) == pytest.approx(9.95 * 1920 / 520, rel=1e-3)


@given(st.floats(0.01, 170), st.floats(100, 3000), st.floats(100, 3000), st.integers(300, 9000))
def test_pixels_give_the_angle_back(degrees: float, width_mm: float, far_mm: float, width_px: int) -> None:
    known = Calibration(width_mm=width_mm, width_px=width_px, distance_mm=far_mm)
    seen_mm = known.pixels(degrees) * width_mm / width_px
    assert 2 * math.degrees(math.atan(seen_mm / 2 / far_mm)) == pytest.approx(degrees)


@pytest.mark.parametrize(
    "known",
    [
        Calibration(),
        Calibration(width_mm=520, width_px=1920),
        Calibration(width_mm=0, width_px=1, distance_mm=1),
    ],
)
def test_without_size_and_distance_there_are_no_degrees(known: Calibration) -> None:
    with pytest.raises(ValueError, match="not known"):
        known.pixels(1.0)


def test_what_is_remembered_of_a_screen_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVOKE_HOME", str(tmp_path))
    assert screens.calibration("DP-1") == Calibration()
    measured = Calibration(520.0, 1920, 570.0, 21.4, 0.3, "photodiode", "2026-11-21")
    screens.remember("DP-1", measured)
    screens.remember("HDMI-2", DESK)
    assert screens.calibration("DP-1") == measured
    assert screens.calibration("HDMI-2") == DESK


@pytest.mark.parametrize("values", [None, {}, {"width_mm": "wide", "width_px": True, "lag_ms": float("nan")}])
def test_what_makes_no_sense_counts_as_not_known(values: dict[str, Any] | None) -> None:
    assert Calibration.from_json(values) == Calibration()


@pytest.mark.parametrize(
    ("screen", "renderer", "known", "label"),
    [
        ("screen", "llvmpipe (LLVM 15)", Calibration(), "frame buffer (Xvfb)"),
        ("DP-1", "llvmpipe (LLVM 15)", Calibration(), "software (this screen)"),
        ("DP-1", "Radeon", DESK, "software (this screen)"),
        (
            "DP-1",
            "Radeon",
            Calibration(lag_ms=20.0, lag_source="photodiode", lag_date="2026-11-21"),
            "photodiode (this screen, 2026-11-21)",
        ),
        ("DP-1", "Radeon", Calibration(lag_ms=20.0, lag_source="data sheet"), "software (this screen)"),
    ],
)
def test_times_are_labelled_by_how_far_they_are_proved(
    screen: str, renderer: str, known: Calibration, label: str
) -> None:
    assert timing_label(screen, renderer, known) == label


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        (True, (0, 0, 50)),
        ({"corner": "top left"}, (0, 750, 50)),
        ({"corner": "bottom right", "side_px": 30}, (1250, 0, 30)),
        ({"corner": "top right", "side_px": 30}, (1250, 770, 30)),
    ],
)
def test_the_patch_is_where_the_setting_says(setting: object, place: tuple[int, int, int]) -> None:
    patch = Patch.from_setting(setting)
    assert patch is not None and patch.place(1280, 800) == place


@pytest.mark.parametrize("setting", [False, None, {}])
def test_without_the_setting_there_is_no_patch(setting: object) -> None:
    assert Patch.from_setting(setting) is None


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("fit", ("fit", 1.0)),
        (0.5, ("fraction", 0.5)),
        ({"height_px": 300}, ("height_px", 300.0)),
        ({"width_px": 200.0}, ("width_px", 200.0)),
        ({"height_deg": 5.0}, ("height_px", DESK.pixels(5.0))),
        ({"width_deg": 2.0}, ("width_px", DESK.pixels(2.0))),
    ],
)
def test_a_size_is_turned_into_pixels(size: Any, expected: tuple[str, float]) -> None:
    assert size_of({"size": size}, DESK) == expected


def test_degrees_on_an_unknown_screen_are_a_problem_with_a_remedy() -> None:
    wanted = schedule(
        stage("picture", {"size": {"height_deg": 5.0}}), stage("picture", {"size": {"width_deg": 5.0}})
    )
    (text,) = problems(wanted, Calibration(), 1280, 800, 60.0)
    assert 'The stage "face" gives a size in degrees' in text and "settings" in text
    assert problems(wanted, DESK, 1280, 800, 60.0) == []


def test_a_picture_larger_than_the_screen_is_a_problem() -> None:
    wanted = schedule(stage("film", {"size": {"height_px": 900}}))
    (text,) = problems(wanted, Calibration(), 1280, 800, 60.0)
    assert "900 pixels high" in text and "has 800" in text
    assert problems(wanted, Calibration(), 1920, 1080, 60.0) == []


@pytest.mark.parametrize(
    ("rate_hz", "rounding", "refused"),
    [
        (60.0, "refuse", 2),
        (50.0, "refuse", 0),
        (100.0, "refuse", 0),
        (60.0, "nearest", 0),
        (120.0, "refuse", 2),
    ],
)
def test_a_sequence_is_refused_where_its_steps_are_no_whole_frames(
    rate_hz: float, rounding: str, refused: int
) -> None:
    steps = [{"stimulus": "sun", "duration_s": length_s} for length_s in (0.06, 0.08, 0.06)]
    wanted = schedule(stage("sequence", {"steps": steps, "rounding": rounding}))
    found = problems(wanted, Calibration(), 1280, 800, rate_hz)
    assert len(found) == refused
    if rate_hz == 60.0 and refused:
        assert "asks for 60 ms" in found[0] and "can show 66.7 ms (4 frames)" in found[0]
