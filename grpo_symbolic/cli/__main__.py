"""``python -m grpo_symbolic.cli``."""

import sys

from grpo_symbolic.cli.main import main

sys.exit(main())
