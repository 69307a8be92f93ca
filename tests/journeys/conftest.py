"""A journey through the whole workstation: one window, as `evoke` opens it, on a display of its own."""

from __future__ import annotations

from tests.app.console.conftest import nothing_left_open as nothing_left_open
from tests.app.console.conftest import window as window
from tests.helpers.display import display as display
from tests.helpers.display import qapp_cls as qapp_cls
