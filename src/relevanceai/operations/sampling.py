"""Samples of clusters: the documents that a question about a few clusters looks at."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.units import concatenate_units
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering
from relevanceai.store.sampling import labelled_rows, vectors_at

MOST_DOCUMENTS = 2_000
"""Documents of one cluster that a question looks at, unless it is asked for another number."""


@dataclass(frozen=True, slots=True)
class ClusterSample:
    """Some documents of one cluster, in the order of insertion.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,).
    vectors : float32 array of shape (n_rows, n_dims); several fields side by side, as units.
    members : how many documents the cluster has.
    lacking : how many of those drawn were left out because they have no vector in these fields.
    """

    row_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    members: int
    lacking: int = 0

    @property
    def is_drawn(self) -> bool:
        """Tell whether these are some of the cluster's documents, not all."""
        return len(self.row_ids) + self.lacking < self.members


def sampling_rate(members: Sequence[int], most: int) -> float:
    """Return the share of each cluster's documents to draw, the same for all of them.

    The largest gives `most` documents, and the others as many as fall to them at the same rate.
    A rate of its own for each would change the density between two clusters: thinning only the
    larger leaves a step where they meet, which looks like a valley.

    Examples
    --------
    >>> sampling_rate([10_000, 500], 2_000)
    0.2
    >>> sampling_rate([900, 20], 2_000)
    1.0
    """
    largest = max(members, default=0)
    return min(1.0, most / largest) if largest else 1.0


def cluster_samples(
    store: DocumentStore,
    clustering: Clustering,
    leaves: Sequence[int],
    *,
    most: int = MOST_DOCUMENTS,
    seed: int = 0,
    vector_fields: Sequence[str] | None = None,
) -> dict[int, ClusterSample]:
    """Draw documents of some clusters, all at the rate of `sampling_rate`.

    Parameters
    ----------
    store : a snapshot.
    leaves : the leaves of the clusters.
    most : documents of the largest of them.
    seed : of the draw; a cluster's draw depends on it, the rate, its leaf and its members alone.
    vector_fields : the fields whose vectors to read; None for those of the clustering.

    Notes
    -----
    One pass over the label column, then the rows drawn: the cost beyond 4 bytes a document does not
    depend on the size of the dataset.
    """
    row_ids, labels = labelled_rows(store, clustering)
    members = {leaf: row_ids[labels == leaf] for leaf in leaves}
    rate = sampling_rate([len(rows) for rows in members.values()], most)
    drawn = {}
    for leaf, rows in members.items():
        wanted = int(np.ceil(rate * len(rows) - 1e-9))
        if wanted < len(rows):
            rng = np.random.default_rng([seed, leaf])
            rows = np.sort(rng.choice(rows, wanted, replace=False))
        drawn[leaf] = rows
    names = clustering.vector_fields if vector_fields is None else vector_fields
    samples = {}
    for leaf, rows in drawn.items():
        parts, has_all = vectors_at(store, names, rows)
        vectors = parts[0] if len(parts) == 1 else concatenate_units(parts)
        samples[leaf] = ClusterSample(
            rows[has_all], vectors, len(members[leaf]), int((~has_all).sum())
        )
    return samples
