"""Reads session files and evaluates recognizers. Knows files, never live objects, no other room."""
