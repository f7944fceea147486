"""How many processors this process may use."""

import os


def processors(most: int) -> int:
    """Return how many threads are worth starting: the processors it may use, at most `most`."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    return max(1, min(count, most))
