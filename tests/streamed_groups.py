"""Groups of vectors that are far apart, as an array and as a source of batches."""

import numpy as np

from relevanceai.batch import VectorBatch


def groups(n_groups=5, n_each=60, n_dims=6, *, offset=0.0, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.permutation(np.repeat(np.arange(n_groups), n_each))
    middles = 4.0 * np.eye(max(n_groups, n_dims))[:n_groups, :n_dims]
    rows = offset + middles[true] + 0.2 * rng.standard_normal((len(true), n_dims))
    return rows.astype(np.float32), true


class Stream:
    """Rows as a source, handed out a few at a time."""

    def __init__(self, rows, step=37, labels=None):
        self._rows = rows
        self._step = step
        self._labels = np.zeros(len(rows), np.int32) if labels is None else labels
        self.n_rows, self.n_dims = rows.shape

    def batches(self, start, stop):
        for first in range(start, stop, self._step):
            part = slice(first, min(stop, first + self._step))
            ids = np.arange(part.start, part.stop)
            yield VectorBatch(ids, self._rows[part], self._labels[part])


def is_same_partition(labels, true):
    pairs = set(zip(labels.tolist(), true.tolist(), strict=True))
    return len(pairs) == len(set(labels.tolist())) == len(set(true.tolist()))
