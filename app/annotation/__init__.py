"""Annotation schemes, edit log and agreement wiring; free of Qt."""
