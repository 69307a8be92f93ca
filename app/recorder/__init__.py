"""The recorder process: inlets and rings into the session file; finishing and recovery."""
