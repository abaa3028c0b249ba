"""`python -m tasklist` runs the console script."""

from __future__ import annotations

import sys

from tasklist.cli import main

if __name__ == "__main__":
    sys.exit(main())
