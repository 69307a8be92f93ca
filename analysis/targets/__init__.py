"""Targets: named recipes that say what a recognizer is to find, and the answers that they give."""
