"""Stimulus sets, their manifests and the bundled open set. Knows resources only."""
