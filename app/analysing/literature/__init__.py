"""The tables of the papers' kind, made here: one file a paper, each started by `evoke reproduce NAME`."""
