"""The papers whose systems Evoke has: their tables as printed, and what was made here of the same kind."""
