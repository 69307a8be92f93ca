"""Labels of recordings: schemes, marks, traces, and reading the logs that hold them."""
