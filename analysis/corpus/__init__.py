"""What is recognised, as tables: recordings, trials, the cases made of them, the inputs of each case."""
