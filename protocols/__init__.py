"""Protocol files: schema, loading, constrained randomisation, expansion into a schedule."""

from pathlib import Path


def library() -> dict[str, Path]:
    """Return the bundled protocol files by name."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "library").glob("*.yaml"))}
