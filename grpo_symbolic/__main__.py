"""``python -m grpo_symbolic``: the command line."""

import sys

from grpo_symbolic.cli import main

if __name__ == "__main__":
    sys.exit(main())
