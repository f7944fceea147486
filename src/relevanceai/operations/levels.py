"""Levels: what ever fewer clusters, and other clusterings, tell of a field, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.nearest import Metric
from relevanceai.kernels.order import linkage_order
from relevanceai.kernels.predicted import merged
from relevanceai.kernels.similarity import as_distances, centroid_similarity
from relevanceai.operations.asked_field import AskedField
from relevanceai.operations.centroids import Centroids, centroids_of
from relevanceai.operations.members import clusters_of_rows
from relevanceai.store.documents import DocumentStore

FEWEST = 30
"""Documents with a value, from which on the question is answered."""

LEVEL = 0.05
"""1 minus the confidence of the intervals; those of all levels hold together."""

_MOST_LEVELS = 12  # numbers of clusters that are tried between 1 and all


@dataclass(frozen=True, slots=True)
class Level:
    """What one number of clusters tells of the field.

    `loss` is the held-out loss a document; `told` how much less that is than without clusters, in
    parts of it; `kept` which part of what the whole clustering tells that is. `lost` is the loss
    above that of the whole clustering, `lost_low` and `lost_high` bound it. `is_enough` when it may
    be none. `right` is the share of documents whose category was the likeliest; None for numbers.
    `merges` names the clusters that became one since the level before.
    """

    n_clusters: int
    loss: float
    told: float
    kept: float | None
    lost: float
    lost_low: float
    lost_high: float
    is_enough: bool
    right: float | None
    merges: str


@dataclass(frozen=True, slots=True)
class Other:
    """What another clustering of the dataset tells of the field, on the documents both have.

    `gain` is how much smaller its loss is than that of this clustering, `told` how much smaller than
    without clusters, each with its bounds; those of all other clusterings hold together. It predicts
    better when both are above nothing: of two clusterings that tell nothing, the coarser has the
    smaller loss.
    """

    alias: str
    field: str
    n_clusters: int
    n_documents: int
    loss: float
    gain: float
    gain_low: float
    gain_high: float
    told: float
    told_low: float
    told_high: float

    @property
    def is_better(self) -> bool:
        """True when it tells more than this clustering, and more than nothing."""
        return self.gain_low > 0 and self.told_low > 0


def along_the_linkage(asked: AskedField, centroids: Centroids, metric: Metric) -> list[Level]:
    """The levels at each number of clusters, or at some and those about the smallest enough."""
    n_clusters = len(centroids.ids)
    _, linkage = linkage_order(as_distances(centroid_similarity(centroids.means, metric), metric))
    numbers = set(range(1, n_clusters + 1))
    n_halvings = 0
    if n_clusters > _MOST_LEVELS:
        steps = np.geomspace(n_clusters, 2, _MOST_LEVELS - 2).round().astype(int).tolist()
        numbers = {n_clusters, n_clusters - 1, *steps, 1}
        n_halvings = n_clusters.bit_length()
    n_intervals = len(numbers) - 1 + n_halvings
    groupings = {n: merged(linkage, n_clusters, n) for n in numbers}
    for _ in range(n_halvings):  # closer to the smallest number that is enough
        levels = levels_of(asked, groupings, centroids.ids, n_intervals)
        enough = next(one.n_clusters for one in reversed(levels) if one.is_enough)
        below = max((n for n in groupings if n < enough), default=enough)
        middle = (enough + below) // 2
        if middle in groupings:
            break
        groupings[middle] = merged(linkage, n_clusters, middle)
    return levels_of(asked, groupings, centroids.ids, n_intervals)


def levels_of(
    asked: AskedField,
    groupings: Mapping[int, NDArray[np.intp]],
    ids: Sequence[str],
    n_intervals: int,
) -> list[Level]:
    """What each number of clusters tells, the finest first."""
    numbers = sorted(groupings, reverse=True)
    found = [asked.losses(groupings[n][asked.clusters]) for n in numbers]
    whole, nothing = found[0][0], found[-1][0]
    told_by_all = float(nothing.mean() - whole.mean())
    z = NormalDist().inv_cdf(1 - LEVEL / 2 / n_intervals)
    levels = []
    for place, (losses, is_right) in enumerate(found):
        lost, low, high = _mean_with_bounds(losses - whole, z)
        told = float(nothing.mean() - losses.mean())
        levels.append(
            Level(
                numbers[place],
                float(losses.mean()),
                told / float(nothing.mean()) if nothing.mean() > 0 else 0.0,
                told / told_by_all if told_by_all > 0 else None,
                lost,
                low,
                high,
                low <= 0,
                None if is_right is None else float(is_right.mean()),
                _merges(groupings[numbers[place - 1]], groupings[numbers[place]], ids)
                if place
                else "",
            )
        )
    return levels


def _mean_with_bounds(values: NDArray[np.float64], z: float) -> tuple[float, float, float]:
    mean = float(values.mean())
    half = z * float(values.std(ddof=1)) / len(values) ** 0.5
    return mean, mean - half, mean + half


def _merges(before: NDArray[np.intp], after: NDArray[np.intp], ids: Sequence[str]) -> str:
    """Which clusters became one, by name; how many groups, where there are many."""
    joined = []
    for group in range(int(after.max()) + 1):
        inside = np.flatnonzero(after == group)
        if len(np.unique(before[inside])) > 1:
            names = [ids[place] for place in inside.tolist()]
            joined.append(" + ".join(names) if len(names) <= 4 else f"{len(names):,} clusters")
    return "; ".join(joined) if len(joined) <= 3 else f"{len(joined):,} merges"


def others_of(store: DocumentStore, centroids: Centroids, asked: AskedField) -> list[Other]:
    """The other clusterings, each on the documents that are in a cluster of both."""
    found = []
    own, _ = asked.losses(asked.clusters)
    without, _ = asked.losses(np.zeros_like(asked.clusters))
    every = [one for one in store.clusterings() if one.token != centroids.clustering.token]
    z = NormalDist().inv_cdf(1 - LEVEL / 2 / (2 * len(every))) if every else 0.0
    for one in every:
        theirs = centroids_of(store, one)
        if not theirs.ids:
            continue
        _, clusters = clusters_of_rows(store, theirs)
        mine = clusters[asked.rows]
        both = mine >= 0
        if both.sum() < FEWEST:
            continue
        # the rest is a group of its own, which is not counted
        groups = np.where(both, mine, len(theirs.ids))
        losses, _ = asked.losses(groups)
        found.append(
            Other(
                one.alias,
                one.field,
                len(np.unique(mine[both])),
                int(both.sum()),
                float(losses[both].mean()),
                *_mean_with_bounds((own - losses)[both], z),
                *_mean_with_bounds((without - losses)[both], z),
            )
        )
    return found
