"""The review window: everything that was recorded under one cursor."""
