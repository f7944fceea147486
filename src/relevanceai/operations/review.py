"""The review of a clustering: what a colleague would want to know, from all questions at once."""

import numpy as np

from relevanceai.kernels.two_means import LEAST_TO_SPLIT
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.naming import cluster_names
from relevanceai.operations.pairs import pairs_of
from relevanceai.operations.review_answer import LISTED, Review
from relevanceai.operations.samples import all_samples
from relevanceai.operations.splits import split_candidates_of
from relevanceai.operations.stability import stabilities
from relevanceai.progress import slow
from relevanceai.store.documents import DocumentStore

MOST_NAMED = 1_000
"""Of more clusters only so many, the largest, are named, and those that are listed."""

REFITS, MOST_REFITTED = 10, 200
"""How often samples are clustered anew for the report, and of how many clusters at most."""


def review_of(
    store: DocumentStore, centroids: Centroids, *, stability: int | None = None, seed: int = 0
) -> Review:
    """Review a clustering; see `ClusterReview.report`. `store` is a snapshot, that of the centroids."""
    clustering = centroids.clustering
    drawn = all_samples(store, centroids, seed=seed) if centroids.ids else None
    labels, valid = store.labels(clustering)
    pairs = pairs_of(store, centroids, seed=seed, drawn=drawn)
    is_large = len(centroids.ids) > MOST_NAMED
    splits = split_candidates_of(
        store,
        centroids,
        describe=LISTED,
        seed=seed,
        least=LEAST_TO_SPLIT if is_large else 0,
        drawn=drawn,
    )
    only = None
    if is_large:
        largest = np.argsort(-centroids.count, kind="stable")[:MOST_NAMED]
        only = {centroids.ids[int(place)] for place in largest}
        to_merge = [one for one in pairs if one.verdict != "separate"][:LISTED]
        only |= {name for one in to_merge for name in (one.cluster, one.other)}
        only |= {one.cluster for one in splits[:LISTED]}
    if stability is None:
        stability = REFITS if 1 < len(centroids.ids) <= MOST_REFITTED else 0
    stable = stabilities(store, centroids, stability, seed=seed) if stability else []
    return Review(
        dataset=store.name,
        alias=clustering.alias,
        vector_fields=tuple(clustering.vector_fields),
        documents=int(centroids.count.sum()),
        noise=int((valid & (labels < 0)).sum()),
        unclustered=int((~valid).sum()),
        sizes=dict(zip(centroids.ids, centroids.count.tolist(), strict=True)),
        names=tuple(cluster_names(store, centroids, seed=seed, only=only)),
        pairs=tuple(pairs),
        splits=tuple(splits),
        stability=dict(zip(centroids.ids, stable, strict=False)),
    )


class ClusterReview(HoldsClustering):
    """The question what to look at first."""

    def report(self, *, stability: int | None = None, seed: int = 0) -> Review:
        """Print what to know about this clustering and what to look at first, and return it.

        Sizes; the pairs of neighbouring clusters that are not shown to be separate, in the order of
        `pairs`, each with its first reason; the separate pairs of which a cluster does not come back
        when samples are clustered anew; the clusters that look like two; names that do not tell a
        cluster from its nearest sibling; what to do next. At most five of each.

        Parameters
        ----------
        stability : how often to cluster a sample anew; 0 for not at all, None for 10 times where there
            are at most 200 clusters. A cluster that comes back in fewer than half is unstable.
        seed : of samples and splits; the same seed gives the same report.

        Returns
        -------
        Review: `text`, what was printed; `pairs`, `splits`, `names`, `stability`, all that was found;
        `shaky`, the separate pairs with an unstable cluster; `next_steps`; `to_dict()`.

        Notes
        -----
        The cost of `pairs`, `split_candidates`, `names` and the refits, with one sample for the
        first two. Of more than 1,000 clusters only the 1,000 largest and those listed are named, and
        those of fewer than 80 documents are not cut; the report says so.
        """
        found = self.review(stability=stability, seed=seed)
        print(found.text)
        return found

    def review(self, *, stability: int | None = None, seed: int = 0) -> Review:
        """Return what `report` prints, and print nothing."""
        if stability is not None:
            check_count("stability", stability, least=0)
        check_count("seed", seed, least=0)
        with slow("Reviewing the clustering"):
            store, centroids = self._pinned()
            return review_of(store, centroids, stability=stability, seed=seed)
