"""How often each cluster comes back when samples of the documents are clustered anew."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.models import fit_labels
from relevanceai.engine.blas import one_blas_thread
from relevanceai.kernels.cluster_rows import Sampled
from relevanceai.kernels.stability import RECOVERED, best_jaccard
from relevanceai.operations.nearest import Centroids
from relevanceai.operations.samples import all_samples
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

MOST_ROWS = 10_000
"""Documents that are clustered anew at most, of all clusters together."""


@dataclass(frozen=True, slots=True)
class Stability:
    """How often one cluster came back.

    `recovered` of `n` refits had a cluster whose Jaccard similarity with this one was at least 0.75;
    `jaccard` is the mean of the largest similarities. Refits in which no document of the cluster
    was drawn do not count in `n`.
    """

    recovered: int
    n: int
    jaccard: float

    def __str__(self) -> str:
        return f"{self.recovered} of {self.n}"


def stabilities(
    store: DocumentStore, centroids: Centroids, n_refits: int, *, seed: int = 0
) -> list[Stability]:
    """Cluster bootstrap samples of the documents anew, and see which clusters come back.

    Parameters
    ----------
    n_refits : how often, from 1.
    seed : of the samples and of the starts of k-means.

    Returns
    -------
    A Stability for each of `centroids.ids`.

    Notes
    -----
    At most 10,000 documents are drawn, of each cluster the same share (and one at least). For each
    refit as many are drawn from them with replacement, about 63 % of them different, and k-means with
    as many clusters starts anew from one k-means++ draw. So this tells what k-means makes of the
    documents, whatever model the clusters came from.
    """
    n_clusters = len(centroids.ids)
    rows, labels = _rows_at_one_rate(store, centroids, seed)
    found = np.full((n_refits, n_clusters), -1.0)
    with (
        progress("Clustering anew", n_refits, unit="refits", delay_s=1.0) as bar,
        one_blas_thread(),
    ):
        for refit in range(n_refits):
            rng = np.random.default_rng((seed, refit))
            drawn = np.unique(rng.integers(0, len(rows), len(rows)))
            again, _ = fit_labels(
                "kmeans",
                rows[drawn],
                n_clusters=min(n_clusters, len(drawn)),
                random_state=int(rng.integers(2**31)),
                model_kwargs={"n_init": 1, "max_iter": 50},
            )
            found[refit] = best_jaccard(labels[drawn], n_clusters, again)
            bar.update(1)
    stable = []
    for cluster in range(n_clusters):
        there = found[found[:, cluster] >= 0.0, cluster]
        mean = float(there.mean()) if len(there) else 0.0
        stable.append(Stability(int((there >= RECOVERED).sum()), len(there), mean))
    return stable


def _rows_at_one_rate(
    store: DocumentStore, centroids: Centroids, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return rows of all clusters, the same share of each, and their clusters."""
    rate = min(1.0, MOST_ROWS / max(1, int(centroids.count.sum())))
    wanted = np.maximum(1, np.ceil(rate * centroids.count - 1e-9).astype(np.int64))
    samples: Sampled = all_samples(store, centroids, most=int(wanted.max()), seed=seed)
    parts = [samples.rows(cluster, int(n)) for cluster, n in enumerate(wanted)]
    labels = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
    return np.concatenate(parts), labels
