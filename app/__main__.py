"""`python -m app`: makes sure of its environment, then the command line.

This file alone must be readable by any Python 3, so that an old one can say what is wrong.
"""

import sys

OLDEST = (3, 11)


def main() -> int:
    """Run the command line of this process; return its exit status."""
    if sys.version_info < OLDEST:
        needed = ".".join(str(number) for number in OLDEST)
        found = ".".join(str(number) for number in sys.version_info[:3])
        sys.stderr.write(
            "evoke: needs Python "
            + needed
            + " or later, this is Python "
            + found
            + " ("
            + sys.executable
            + ")."
            " Install a newer Python and start again with it, for example: python" + needed + " -m app\n"
        )
        return 1
    from app import bootstrap

    return bootstrap.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
