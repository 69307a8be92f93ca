"""Where a table's networks are trained otherwise than their cards say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from analysis.recognizers.table import recognizer_class


def differences(name: str, settings: Mapping[str, Any], besides: Collection[str] = ()) -> str:
    """Return the settings that are not those of a recognizer's card, each with the card's in brackets.

    `besides` are settings that are told elsewhere; "" where there is no difference.
    """
    usual = recognizer_class(name).card.defaults()
    others = {
        each: value for each, value in settings.items() if each not in besides and value != usual.get(each)
    }
    return ", ".join(f"{each} {_told(value)} ({_told(usual.get(each))})" for each, value in others.items())


def _told(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
