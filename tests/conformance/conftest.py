"""Without torch there is nothing to compare: modules that need it are not looked into."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("torch") else ["cases.py", "measures.py"]
