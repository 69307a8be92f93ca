"""Simulated participants: signals, answers and keystrokes with a known effect of what was felt."""
