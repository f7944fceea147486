"""The columns of the smallest values of each row, compiled."""

from typing import Any

import numpy as np
from numba import types

from relevanceai.kernels.compiled import FLOATS, compiled


@compiled(types.void(FLOATS, types.int64, types.Array(types.int32, 2, "C")))
def smallest_columns(values: Any, start: Any, found: Any) -> None:
    """Write the columns of the smallest values of each row, but for its own, in order."""
    n_rows, n_columns = values.shape
    k = found.shape[1]
    best = np.empty(k, np.float32)
    for row in range(n_rows):
        held = 0
        for column in range(n_columns):
            value = values[row, column]
            if column == start + row or (held == k and value >= best[k - 1]):
                continue
            place = held if held < k else k - 1
            while place > 0 and best[place - 1] > value:
                best[place] = best[place - 1]
                found[row, place] = found[row, place - 1]
                place -= 1
            best[place] = value
            found[row, place] = column
            if held < k:
                held += 1
