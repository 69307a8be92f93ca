"""Some of a feature's numbers: the setting `which` of features that have many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.features.feature import FeatureError, Steps


def chosen(steps: Steps, which: Sequence[str] | Any, feature: str) -> Steps:
    """Return steps with the numbers named in `which`, in that order; () means all of them.

    Raises FeatureError for a name that there is not.
    """
    if not which:
        return steps
    unknown = [name for name in which if name not in steps.names]
    if unknown:
        raise FeatureError(f"{feature} has no {', '.join(unknown)}. It has: {', '.join(steps.names)}.")
    columns = [steps.names.index(name) for name in which]
    return replace(steps, values=np.ascontiguousarray(steps.values[:, columns]), names=tuple(which))
