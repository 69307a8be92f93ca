"""The parent of a session's processes: prepares, checks, starts, watches, restarts and stops them."""
