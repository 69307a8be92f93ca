"""The table of faults: every name with the function that causes it and returns its row."""

FAULTS: dict[str, str] = {}
"""Fault name -> `module:function`; the function takes an empty folder and returns `scenarios.Row`."""
