"""Features: numbers out of signals, each with its definition, its version and its doubts."""
