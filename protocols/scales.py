"""What the numeric items of a schedule measure, and from which lowest to which highest point."""

from __future__ import annotations

from protocols.schedule import Schedule

Scale = tuple[str, float, float]
"""Dimension (two with a space between for a grid), lowest and highest point."""


def scales_of(schedule: Schedule) -> dict[str, Scale]:
    """Return the scale of every numeric item of the schedule's questionnaires, by item."""
    scales: dict[str, Scale] = {}
    for stage in schedule.stages:
        for item in stage.content.get("items") or () if stage.kind == "questionnaire" else ():
            points, first = item.get("points"), item.get("first", 1)
            if item.get("scale") == "grid":
                measured = f"{item['x']['dimension']} {item['y']['dimension']}"
                scales[str(item["id"])] = (measured, 1.0, float(points))
            elif points is not None:
                dimension = str(item.get("dimension") or item["id"])
                scales[str(item["id"])] = (dimension, float(first), float(first + points - 1))
    return scales
