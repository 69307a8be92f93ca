"""Windows need a display."""

from __future__ import annotations

from tests.helpers.display import display as display
from tests.helpers.display import qapp_cls as qapp_cls
