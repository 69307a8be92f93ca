"""The monitor: judges the newest seconds of every stream while a session runs."""
