"""Scores of instruments, and answers that somebody has to look after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def score(content: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return {instrument, total, subscales} of a questionnaire's answers by item.

    `content["scoring"]` holds `total` (items, none for no total), `subscales` (items by name), `reverse`
    (items counted from the other end) and `method` (sum or mean). A score that lacks an answer is None:
    nothing is made up for what was declined.
    """
    rules: Mapping[str, Any] = content.get("scoring") or {}
    items = {str(item["id"]): item for item in content["items"]}
    reverse = frozenset(rules.get("reverse") or ())
    numbers = {name: _number(item, values.get(name), name in reverse) for name, item in items.items()}
    method = str(rules.get("method") or "sum")
    return {
        "instrument": str(content["instrument"]),
        "total": _combined(rules.get("total") or (), numbers, method),
        "subscales": {
            str(name): _combined(members, numbers, method)
            for name, members in (rules.get("subscales") or {}).items()
        },
    }


def attention(content: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the code of an answer that somebody has to look after, "" for none.

    `content["attention"]` is {item, above, code}.
    """
    rule = content.get("attention")
    if not rule:
        return ""
    items: dict[str, Mapping[str, Any]] = {str(item["id"]): item for item in content["items"]}
    name = str(rule["item"])
    number = _number(items.get(name, {}), values.get(name))
    return str(rule["code"]) if number is not None and number > float(rule["above"]) else ""


def _number(item: Mapping[str, Any], value: Any, is_reversed: bool = False) -> float | None:
    """Return what an answer counts, None where it is no number."""
    low, high = 0.0, 0.0
    if item.get("scale") == "choice":
        counts = {option["id"]: option.get("value") for option in item["options"]}
        value = None if isinstance(value, list) else counts.get(value)
        known = [count for count in counts.values() if count is not None]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
    elif "points" in item:
        low = int(item.get("first", 1))
        high = low + int(item["points"]) - 1
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return low + high - value if is_reversed else value


def _combined(members: Sequence[str], numbers: Mapping[str, float | None], method: str) -> float | None:
    counted = [number for name in members if (number := numbers.get(name)) is not None]
    if not members or len(counted) < len(members):
        return None
    return sum(counted) / len(counted) if method == "mean" else sum(counted)
