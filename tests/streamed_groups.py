"""Groups of vectors that are far apart, as an array and as a stream of batches."""

import numpy as np

from relevanceai.batch import VectorBatch


def groups(n_groups=5, n_each=60, n_dims=6, *, offset=0.0, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.permutation(np.repeat(np.arange(n_groups), n_each))
    middles = 4.0 * np.eye(max(n_groups, n_dims))[:n_groups, :n_dims]
    rows = offset + middles[true] + 0.2 * rng.standard_normal((len(true), n_dims))
    return rows.astype(np.float32), true


def stream(rows, step=37, labels=None):
    labels = np.zeros(len(rows), np.int32) if labels is None else labels

    def batches():
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            ids = np.arange(start, start + len(rows[part]))
            yield VectorBatch(ids, rows[part], labels[part])

    return batches


def is_same_partition(labels, true):
    pairs = set(zip(labels.tolist(), true.tolist(), strict=True))
    return len(pairs) == len(set(labels.tolist())) == len(set(true.tolist()))
