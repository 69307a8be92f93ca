"""The annotators' windows: queue, questions, lanes, traces, schemes, agreement."""
