"""What differs between clusters: the fields of their documents compared, in sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from relevanceai.contrast.differences import Differences, differences
from relevanceai.contrast.fields import LeftOut
from relevanceai.errors import InvalidInputError
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.members import (
    checked_fields,
    clusters_of_rows,
    sampled_rows,
    values_of,
)
from relevanceai.operations.naming import nearest_siblings
from relevanceai.operations.nearest import chosen_ids
from relevanceai.store.documents import DocumentStore

N_SIBLINGS = 3
"""With so many nearest clusters a cluster is compared when no other is named."""


class ClusterDifferences(HoldsClustering):
    """What differs between the documents of clusters."""

    def differences(
        self,
        cluster: str,
        others: Sequence[str] | str | None = None,
        *,
        fields: Sequence[str] | str | None = None,
        kinds: Mapping[str, str] | None = None,
        most: int = 2_000,
        seed: int = 0,
    ) -> Differences:
        """Say what differs between a cluster and another, in words, categories, numbers and dates.

        Parameters
        ----------
        cluster : the id of a cluster.
        others : another, or several, which are taken together; None for the three whose centroids
            are nearest (Euclidean).
        fields : the fields to compare; None for all but vectors, pictures and the field whose labels
            the clustering was made from.
        kinds : what to compare some fields as, such as `{"rating": "category"}`: "text",
            "category", "tags", "boolean", "number", "date", or "skip". Others are settled from
            their values.
        most : at most so many documents of each cluster are looked at, drawn with `seed`.

        Returns
        -------
        Differences: `print` shows the strongest, `.facts` has all with their figures, `.left_out`
        what took no part and why. See `relevanceai.contrast.differences.differences`.

        Raises
        ------
        NotFoundError : a cluster or a field that does not exist; lists those that do.
        InvalidInputError : a cluster compared with itself; a field of vectors; an unknown kind.
        """
        check_count("most", most)
        store, centroids = self._pinned()
        (one,) = chosen_ids(centroids, [cluster], dataset=store.name)
        if others is None:
            place = centroids.ids.index(one)
            near = nearest_siblings(centroids)[place][:N_SIBLINGS]
            rest = [centroids.ids[other] for other in near]
            if not rest:
                raise InvalidInputError(
                    f"There is nothing to compare {one!r} with: clustering "
                    f"{centroids.clustering.alias!r} has one cluster. Cluster with more."
                )
        else:
            rest = chosen_ids(centroids, others, dataset=store.name)
            if not rest:
                raise InvalidInputError(
                    "others has no cluster in it. Name one, or leave it out to compare with the "
                    "nearest."
                )
        if one in rest:
            raise InvalidInputError(f"{one!r} does not differ from itself. Name another cluster.")
        return cluster_differences(
            store, centroids, one, rest, fields=fields, kinds=kinds, most=most, seed=seed
        )


def cluster_differences(
    store: DocumentStore,
    centroids: Centroids,
    cluster: str,
    others: Sequence[str],
    *,
    fields: Sequence[str] | str | None = None,
    kinds: Mapping[str, str] | None = None,
    most: int = 2_000,
    seed: int = 0,
) -> Differences:
    """Return what differs between a cluster and others; see `ClusterDifferences.differences`.

    Parameters
    ----------
    store, centroids : one snapshot and the centroids of it.
    cluster, others : ids that exist, each once; without others nothing is compared.
    fields : what is compared; None for all but the field that brought labels came from.
    kinds : what to compare some fields as; see `contrast.differences.differences`.
    most, seed : so many documents of each cluster at most, drawn with this seed.
    """
    brought = centroids.clustering.model.get("source") if fields is None else None
    asked = [one for one in checked_fields(store, fields, "fields") if one != brought]
    row_ids, clusters = clusters_of_rows(store, centroids)
    first = centroids.ids.index(cluster)
    rest = [centroids.ids.index(one) for one in others]
    wanted = np.where(np.isin(clusters, [first, *rest]), clusters, -1).astype(np.int32)
    drawn, owner = sampled_rows(row_ids, wanted, most, seed=seed)
    columns: dict[str, list[object]] = {name: [] for name in asked}
    for document in values_of(store, drawn, asked):
        for name, values in columns.items():
            values.append(document.get(name))
    second = others[0] if len(others) == 1 else f"its {len(others)} nearest siblings"
    if len(others) > 1 and set(rest) != set(nearest_siblings(centroids)[first][: len(rest)]):
        second = f"{len(others)} others"
    found = differences(columns, owner == first, names=(cluster, second), kinds=kinds)
    left_out = [
        *found.left_out,
        *(
            LeftOut(one.name, f"holds {'vectors' if one.kind == 'vector' else one.kind}")
            for one in store.fields()
            if fields is None and one.kind in ("vector", "bytes")
        ),
        *(
            LeftOut(one.name, "is what the clustering was made from")
            for one in store.fields()
            if one.name == brought
        ),
    ]
    members = int(centroids.count[[first, *rest]].sum())
    method = found.method
    if len(drawn) < members:
        method += f" {len(drawn):,} of {members:,} documents were looked at ({most:,} a cluster)."
    return replace(found, left_out=left_out, method=method)
