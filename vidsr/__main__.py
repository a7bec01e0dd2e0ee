"""`python -m vidsr`: the same as the command `vidsr`."""

from vidsr.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
