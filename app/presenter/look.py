"""How the participant's screen is set up: what the session's plan says, else this computer's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.plan import SessionPlan
from app.presenter.style import PaletteName


@dataclass(frozen=True, slots=True)
class Look:
    """The forms' palette and text size (1 = usual), the screen's name, and its corner patch as it is set.

    `calibration` is what is known of the screen (`app.screens.Calibration`), {} if it is to be looked up.
    """

    palette: PaletteName
    text_scale: float
    screen: str
    corner_patch: bool | Mapping[str, Any]
    calibration: Mapping[str, Any]


def look_of(plan: SessionPlan, chosen: Mapping[str, Any]) -> Look:
    """Return the look of a session; `chosen` are this user's settings."""
    look = plan.look
    palette = look.get("palette") or chosen.get("participant_palette")
    scale = look.get("text_scale") or chosen.get("participant_text_scale") or 1.0
    patch = look["corner_patch"] if "corner_patch" in look else chosen.get("corner_patch", False)
    return Look(
        palette="dark" if palette == "dark" else "light",
        text_scale=float(scale),
        screen=str(look.get("screen") or chosen.get("participant_screen") or ""),
        corner_patch=patch if isinstance(patch, Mapping) else bool(patch),
        calibration=dict(look.get("calibration") or {}),
    )
