"""The pages of the layout Analyse."""
