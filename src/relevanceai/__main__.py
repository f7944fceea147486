"""`python -m relevanceai` is `relevanceai`."""

import sys

from relevanceai.cli import main

if __name__ == "__main__":
    sys.exit(main())
