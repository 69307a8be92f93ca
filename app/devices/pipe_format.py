"""How pictures go through a pipe: time (float64, clock of all streams), length in bytes, then the bytes."""

from __future__ import annotations

import struct

HEAD = struct.Struct("<dI")
