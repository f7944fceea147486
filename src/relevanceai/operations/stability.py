"""How often each cluster comes back when samples of the documents are clustered anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.models import fit_labels
from relevanceai.engine.blas import one_blas_thread
from relevanceai.kernels.cluster_rows import Sampled
from relevanceai.kernels.stability import RECOVERED, best_jaccard
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.samples import all_samples
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

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
    store: DocumentStore,
    centroids: Centroids,
    n_refits: int,
    *,
    n_clusters: int | None = None,
    model: "str | object" = "kmeans",
    model_kwargs: Mapping[str, object] | None = None,
    seed: int = 0,
) -> list[Stability]:
    """Cluster bootstrap samples of the documents anew, and see which clusters come back.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    n_refits : how often, from 1.
    n_clusters : of the refits; None for as many as there are.
    model, model_kwargs : what is fitted, as for `Dataset.cluster`.
    seed : of the samples and of the starts of k-means.

    Returns
    -------
    A Stability for each of `centroids.ids`.

    Notes
    -----
    At most 10,000 documents are drawn, of each cluster the same share (and one at least). For each
    refit as many are drawn from them with replacement, about 63 % of them different, and k-means with
    as many clusters starts anew from one k-means++ draw. So this tells what k-means makes of the
    documents, whatever model the clusters came from, unless another model is asked for.
    """
    n_there = len(centroids.ids)
    if not n_there:
        return []
    count = n_there if n_clusters is None else n_clusters
    kwargs = dict(model_kwargs or {})
    if model == "kmeans":
        kwargs = {"n_init": 1, "max_iter": 50} | kwargs
    rows, labels = _rows_at_one_rate(store, centroids, seed)
    found = np.full((n_refits, n_there), -1.0)
    with (
        progress("Clustering anew", n_refits, unit="refits", delay_s=1.0) as bar,
        one_blas_thread(),
    ):
        for refit in range(n_refits):
            rng = np.random.default_rng((seed, refit))
            drawn = np.unique(rng.integers(0, len(rows), len(rows)))
            again, _ = fit_labels(
                model,
                rows[drawn],
                n_clusters=min(count, len(drawn)) if isinstance(model, str) else None,
                random_state=int(rng.integers(2**31)),
                model_kwargs=kwargs,
            )
            found[refit] = best_jaccard(labels[drawn], n_there, again)
            bar.update(1)
    stable = []
    for cluster in range(n_there):
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


class ClusterStabilities(HoldsClustering):
    """The question whether clusters come back."""

    def stability(
        self,
        *,
        n_refits: int = 20,
        n_clusters: int | None = None,
        model: "str | object" = "kmeans",
        model_kwargs: Mapping[str, object] | None = None,
        seed: int = 0,
    ) -> "pd.DataFrame":
        """Return how often each cluster comes back when a sample is drawn and clustered anew.

        Parameters
        ----------
        n_refits : how often; 50 for a figure to quote.
        n_clusters : of the refits; None for as many as there are. Another number asks whether the
            clusters are there at another granularity, too.
        model, model_kwargs : what is fitted, as for `Dataset.cluster`; k-means from one start,
            whatever made the clusters.
        seed : of samples and starts.

        Returns
        -------
        DataFrame, a cluster a row in natural order: `cluster`; `recovered`, in how many refits its
        best Jaccard similarity with a new cluster is at least 0.75; `refits`, those in which any of
        its documents was drawn; `jaccard`, the mean of that similarity.

        Notes
        -----
        At most 10,000 documents are drawn, the same share of each cluster; each refit sees the
        different ones of a bootstrap of them, some 63 %. A stable cluster need not be a group of its own: k-means cuts a long cloud at the same place
        each time. `compare` tells that.

        References
        ----------
        Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52.
        """
        import pandas as pd

        check_count("n_refits", n_refits)
        check_count("seed", seed, least=0)
        store, centroids = self._pinned()
        found = stabilities(
            store,
            centroids,
            n_refits,
            n_clusters=n_clusters,
            model=model,
            model_kwargs=model_kwargs,
            seed=seed,
        )
        return pd.DataFrame(
            {
                "cluster": centroids.ids,
                "recovered": [one.recovered for one in found],
                "refits": [one.n for one in found],
                "jaccard": [one.jaccard for one in found],
            }
        )
