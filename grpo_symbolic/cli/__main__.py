"""``python -m grpo_symbolic.cli``."""

import sys

from grpo_symbolic.cli.program import main

sys.exit(main())
