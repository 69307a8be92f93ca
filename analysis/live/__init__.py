"""A trained recognizer on streams that still run: the same code as offline, fed from buffers."""
