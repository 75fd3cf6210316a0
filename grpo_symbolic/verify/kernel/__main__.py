"""``python -m grpo_symbolic.verify.kernel DIR``: check every certificate of a folder."""

import sys

from grpo_symbolic.verify.kernel.checks import main

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) == 2 else f"usage: {__doc__}")
