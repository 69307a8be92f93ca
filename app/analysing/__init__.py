"""Studies and their recognizers: corpora, targets, plans, runs, reports, simulated participants; no Qt."""
