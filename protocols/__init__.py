"""Protocol files: schema, loading, constrained randomisation, expansion into a schedule."""
