"""`python -m enactive.agents`: the `enactive` command."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
