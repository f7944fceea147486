"""`python -m relevanceai.dashboard`: the process that `relevanceai.launch` starts."""

import sys

from relevanceai.dashboard.server import main

if __name__ == "__main__":
    sys.exit(main())
