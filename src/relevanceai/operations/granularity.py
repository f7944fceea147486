"""Do we need that granularity? What finer clusters tell of a field that coarser ones do not."""

from collections.abc import Sequence

import numpy as np

from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.nearest import Metric
from relevanceai.operations.asked import check_count, checked_metric
from relevanceai.operations.asked_field import asked_of
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.granularity_answer import Granularity, answered, undecided
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.levels import FEWEST, along_the_linkage, levels_of, others_of
from relevanceai.operations.members import checked_fields
from relevanceai.operations.nearest import chosen_ids
from relevanceai.store.documents import DocumentStore


class AsksGranularity(HoldsClustering):
    """Whether a clustering is finer than a question needs."""

    def granularity(
        self,
        field: str | None = None,
        *,
        kind: str | None = None,
        merge: Sequence[str] | None = None,
        metric: Metric = "cosine",
        most: int = 20_000,
        seed: int = 0,
    ) -> Granularity:
        """Ask whether finer clusters predict a field better than coarser ones.

        Parameters
        ----------
        field : what the clusters should tell: a field of categories, booleans, numbers or dates. To
            leave it out is an error that lists the fields.
        kind : what to take it as, "category", "boolean", "number" or "date"; None finds it.
        merge : ids of clusters to be merged: then keeping them is compared with merging them, on
            their documents alone. None compares with ever fewer clusters, merged along the linkage
            of the centroids, and with the other clusterings of the dataset.
        metric : of the linkage, as in `linkage_order`.
        most : at most so many documents are used, drawn with `seed`.

        Returns
        -------
        Granularity, with `answer` in plain words; `print` shows the levels; `to_frame()`.

        Raises
        ------
        NotFoundError : a field or cluster that does not exist.
        InvalidInputError : a field that cannot be predicted this way (text, ids, more than 200
            categories, one value everywhere), with what to do.

        Notes
        -----
        Each document's value is predicted from its cluster by the documents of nine other tenths:
        categories by their shares, scored by log-loss in bits; numbers by the median, scored by the
        absolute miss. Losses are paired by document; intervals are normal ones of the mean
        difference, and hold together for all levels at 95 % (Bonferroni). Documents without a
        value, and those in no cluster, take no part and are counted. The clusters themselves were
        made from all documents, without the field.
        """
        store, centroids = self._pinned()
        checked_metric(metric)
        check_count("most", most)
        if field is None:
            names = checked_fields(store, None, "field")
            raise InvalidInputError(
                "granularity() asks what the clusters tell of one field: a category, a number, a date. "
                f"Pass field=. Dataset {store.name!r} has: {listed(names)}."
            )
        if not isinstance(field, str):
            raise InvalidInputError(
                f"field is the name of one field, but got {field!r:.60}. Ask for one at a time."
            )
        checked_fields(store, [field], "field")
        if merge is None:
            chosen = None
        else:
            chosen = chosen_ids(centroids, merge, dataset=store.name)
            if len(chosen) < 2:
                raise InvalidInputError(
                    f"merge is a list of two or more cluster ids, but got {merge!r:.60}."
                )
        return granularity(
            store, centroids, field, kind=kind, merge=chosen, metric=metric, most=most, seed=seed
        )


def granularity(
    store: DocumentStore,
    centroids: Centroids,
    field: str,
    *,
    kind: str | None = None,
    merge: Sequence[str] | None = None,
    metric: Metric = "cosine",
    most: int = 20_000,
    seed: int = 0,
) -> Granularity:
    """Answer `AsksGranularity.granularity` for a snapshot of the dataset."""
    wanted = None if merge is None else [centroids.ids.index(one) for one in merge]
    asked = asked_of(store, centroids, field, kind, wanted, most, seed)
    n_clusters = len(centroids.ids) if wanted is None else len(wanted)
    if len(asked.rows) < FEWEST or n_clusters < 2:
        return undecided(field, asked, n_clusters)
    if wanted is None:
        levels = along_the_linkage(asked, centroids, metric)
    else:
        place = np.zeros(len(centroids.ids), np.intp)
        place[wanted] = np.arange(len(wanted))
        groupings = {n_clusters: place, 1: np.zeros(len(centroids.ids), np.intp)}
        levels = levels_of(asked, groupings, centroids.ids, 1)
    others = [] if wanted is not None else others_of(store, centroids, asked)
    return answered(field, asked, levels, others, merge)
