"""The interval of a figure: participants drawn again, with everything that is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from analysis.agreement.bootstrap import CancelledError as BootstrapCancelled
from analysis.agreement.bootstrap import bootstrap
from analysis.agreement.outcome import Sums
from analysis.recognizers.recognizer import CancelledError


def interval_of(
    sums: Sums, participants: Sequence[str], seed: int, cancelled: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Return the 95 % interval of a figure, JSON-ready, method named; raises CancelledError."""
    try:
        each = bootstrap(sums, participants, noun="participants", seed=seed, cancelled=cancelled)
    except BootstrapCancelled as error:
        raise CancelledError("stopped") from error
    return {
        "low": each.low,
        "high": each.high,
        "method": f"{each.method} bootstrap over participants" if each.low is not None else "",
        "participants": each.clusters,
        "resamples": each.resamples,
        "undefined": each.undefined,
        "reason": each.reason,
    }


def told_of(
    sums: Sums, participants: Sequence[str], seed: int, cancelled: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Return a figure with its interval: value, n, reason, interval."""
    found = sums.outcome()
    interval = interval_of(sums, participants, seed, cancelled)
    return {"value": found.value, "n": found.n, "reason": found.reason, "interval": interval}
