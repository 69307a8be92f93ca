"""The experimenter's windows."""
