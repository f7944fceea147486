"""Stability: which clusters come back when a sample is drawn and clustered anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from relevanceai.clustering.graph import sampled_places
from relevanceai.clustering.models import fit_labels
from relevanceai.engine.blas import one_blas_thread
from relevanceai.kernels.recovery import RECOVERED, jaccards
from relevanceai.kernels.units import concatenate_units
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.members import clusters_of_rows
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore
from relevanceai.store.sampling import vectors_at

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 5_000
"""Documents that are drawn for the refits, of all clusters together."""


@dataclass(frozen=True, slots=True)
class ClusterStability:
    """How often a cluster came back: recovered in so many of so many refits.

    `jaccard` is the mean, over the refits, of its best Jaccard similarity with a new cluster; None
    when none of its documents was ever drawn.
    """

    cluster: str
    recovered: int
    refits: int
    jaccard: float | None


def cluster_stability(
    store: DocumentStore,
    centroids: Centroids,
    *,
    n_refits: int = 20,
    most: int = MOST_ROWS,
    n_clusters: int | None = None,
    model: "str | object" = "kmeans",
    model_kwargs: Mapping[str, object] | None = None,
    seed: int = 0,
) -> list[ClusterStability]:
    """Refit a model on resamples, and return how often each cluster came back.

    See `ClusterStabilities.stability`. In the order of `centroids.ids`.
    """
    names = centroids.ids
    if not names:
        return []
    k = len(names) if n_clusters is None else n_clusters
    row_ids, clusters = clusters_of_rows(store, centroids)
    row_ids, clusters = row_ids[clusters >= 0], clusters[clusters >= 0]
    rng = np.random.default_rng(seed)
    places = sampled_places(clusters, most, rng)
    parts, has_all = vectors_at(store, centroids.clustering.vector_fields, row_ids[places])
    vectors = parts[0] if len(parts) == 1 else concatenate_units(parts)
    labels = clusters[places][has_all]
    kwargs = dict(model_kwargs or {})
    if model == "kmeans":
        kwargs.setdefault("n_init", 1)
    found = np.full((n_refits, len(names)), np.nan)
    with progress("Refitting", n_refits, unit="refits", delay_s=1.0) as bar, one_blas_thread():
        for refit in range(n_refits):
            drawn = np.unique(rng.integers(len(vectors), size=len(vectors)))
            others, _ = fit_labels(
                model,
                vectors[drawn],
                n_clusters=min(k, len(drawn)) if isinstance(model, str) else None,
                random_state=int(rng.integers(2**31)),
                model_kwargs=kwargs,
            )
            others = np.where(others < 0, others.max(initial=-1) + 1, others)  # noise: one group
            found[refit] = jaccards(labels[drawn], others, len(names), int(others.max()) + 1)
            bar.update(1)
    there = ~np.isnan(found)
    recovered = (np.nan_to_num(found) >= RECOVERED).sum(axis=0)
    sums = np.nansum(found, axis=0)
    return [
        ClusterStability(
            name,
            int(recovered[place]),
            int(there[:, place].sum()),
            float(sums[place] / there[:, place].sum()) if there[:, place].any() else None,
        )
        for place, name in enumerate(names)
    ]


class ClusterStabilities(HoldsClustering):
    """The question whether clusters come back."""

    def stability(
        self,
        *,
        n_refits: int = 20,
        most: int = MOST_ROWS,
        n_clusters: int | None = None,
        model: "str | object" = "kmeans",
        model_kwargs: Mapping[str, object] | None = None,
        seed: int = 0,
    ) -> "pd.DataFrame":
        """Return how often each cluster comes back when a sample is drawn and clustered anew.

        Parameters
        ----------
        n_refits : how often; 50 for a figure to quote.
        most : documents in the sample, in proportion to the clusters' sizes, 10 of each at least.
        n_clusters : of the refits; None for as many as there are. Another number asks whether the
            clusters are there at another granularity, too.
        model, model_kwargs : what is fitted, as for `Dataset.cluster`; k-means from one start,
            whatever made the clusters.
        seed : of samples and starts.

        Returns
        -------
        DataFrame, a cluster a row in natural order: `cluster`; `recovered`, in how many refits its
        best Jaccard similarity with a new cluster is at least 0.75; `refits`, those in which any of
        its documents was drawn; `jaccard`, the mean of that similarity, NaN where there is none.

        Notes
        -----
        Each refit sees the different documents of a bootstrap of the sample, some 63 % of it. A
        stable cluster need not be a group of its own: k-means cuts a long cloud at the same place
        each time. `compare` tells that.

        References
        ----------
        Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52.
        """
        import pandas as pd

        check_count("n_refits", n_refits)
        check_count("most", most, least=2)
        check_count("seed", seed, least=0)
        store, centroids = self._pinned()
        found = cluster_stability(
            store,
            centroids,
            n_refits=n_refits,
            most=most,
            n_clusters=n_clusters,
            model=model,
            model_kwargs=model_kwargs,
            seed=seed,
        )
        return pd.DataFrame(
            {
                "cluster": [one.cluster for one in found],
                "recovered": [one.recovered for one in found],
                "refits": [one.refits for one in found],
                "jaccard": [float("nan") if one.jaccard is None else one.jaccard for one in found],
            }
        )
