"""ClusterLabels: the label of every document, and the cluster that new vectors would go to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.ids import OUTLIER
from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.units import concatenate_units
from relevanceai.operations.arrays import numbers_of
from relevanceai.operations.held import HoldsClustering
from relevanceai.store.arrays import ArrayStore

if TYPE_CHECKING:
    import pandas as pd

_METRICS = ("l2", "cosine")


class ClusterLabels:
    """Labels out: of the documents there are, and of vectors that are not among them."""

    def labels(self: HoldsClustering) -> "pd.Series[Any]":
        """Return the cluster id of every document.

        Returns
        -------
        Series of text, named "cluster": `outlier` for noise, missing for what is not clustered. Its
        index is the `_id`, in the order of insertion. Of `from_arrays` it is the index of the
        DataFrame that was passed as documents, or of the Series of labels, or else counts the rows:
        so `df["cluster"] = ops.labels()` puts every label to its own row.

        Examples
        --------
        >>> from relevanceai import ClusterOps
        >>> ops = ClusterOps.from_arrays([[1.0], [2.0], [9.0]], [0, 0, 1])
        >>> ops.labels().tolist()
        ['cluster-0', 'cluster-0', 'cluster-1']
        """
        import pandas as pd

        store = self._store.snapshot()
        clustering = self._clustering()
        leaves, valid = store.labels(clustering)
        names = np.array([*clustering.ids, OUTLIER, None], dtype=object)  # -1 is noise below
        places = np.where(leaves < 0, len(clustering.ids), leaves)
        values = names[np.where(valid, places, len(clustering.ids) + 1)]
        if isinstance(store, ArrayStore):
            return pd.Series(values, index=store.documents.index, name="cluster")
        order = np.argsort(store.all_row_ids(), kind="stable")
        ids = np.array(store.ids(), dtype=object)
        return pd.Series(values[order], index=pd.Index(ids[order], name="_id"), name="cluster")

    def predict(
        self: HoldsClustering,
        vectors: "NDArray[np.floating] | Mapping[str, NDArray[np.floating]]",
        *,
        metric: str = "l2",
    ) -> "pd.DataFrame":
        """Return the cluster that new vectors would go to: the one whose centroid is nearest.

        Nothing is written. `assign_new()` does the same for documents of the dataset.

        Parameters
        ----------
        vectors : array of shape (n_rows, n_dims), or one vector; for a clustering of several vector
            fields a dict of one array each, or the arrays side by side, which are scaled to unit
            norm field by field, as the clustering's were.
        metric : "l2", Euclidean distance, as k-means assigns; or "cosine", 1 - cosine similarity,
            which is 1 with a zero vector.

        Returns
        -------
        DataFrame with a row a vector: `cluster` and its `distance`; `other`, the next nearest
        cluster, with its `other_distance`; and `margin`, how much further that one is. A margin of
        0 is a tie, which goes to the cluster that comes first. With one cluster `other` is None,
        and its distance and the margin are infinite.

        Raises
        ------
        InvalidInputError : vectors of another width, with NaN or infinity; an unknown metric; no
            cluster has members.

        Notes
        -----
        Distances are float64. O(n_rows * n_clusters * n_dims), and a pass over the clustering where
        its centroids are not known yet.

        Examples
        --------
        >>> from relevanceai import ClusterOps
        >>> ops = ClusterOps.from_arrays([[1.0], [3.0], [9.0]], ["low", "low", "high"])
        >>> ops.predict([[4.0]]).iloc[0].to_dict()
        {'cluster': 'low', 'distance': 2.0, 'other': 'high', 'other_distance': 5.0, 'margin': 3.0}
        """
        import pandas as pd

        from relevanceai.kernels.nearest_other import nearest_other, targets

        if metric not in _METRICS:
            raise InvalidInputError(
                f"Unknown metric {metric!r:.60} of predict. Use one of {listed(_METRICS)}."
            )
        store, centroids = self._pinned()
        if not centroids.ids:
            raise InvalidInputError(
                f"No cluster of {centroids.clustering.label_path!r} has a member, so there is no "
                "centroid to be near to."
            )
        fields = {
            name: store.vector_field(name).width for name in centroids.clustering.vector_fields
        }
        rows = _new_rows(vectors, fields)
        among = targets(centroids.means, "cosine" if metric == "cosine" else "l2")
        nobody = np.full(len(rows), -1, np.int32)
        own, _, _ = nearest_other(rows, nobody, among)
        other, distance, other_distance = nearest_other(rows, own.astype(np.int32), among)
        names = np.array([*centroids.ids, None], dtype=object)  # -1: there is no other
        return pd.DataFrame(
            {
                "cluster": names[own],
                "distance": distance,
                "other": names[other],
                "other_distance": other_distance,
                "margin": other_distance - distance,
            }
        )


def _new_rows(vectors: object, fields: Mapping[str, int]) -> NDArray[np.float32]:
    """The vectors to be predicted as the clustering sees them, checked."""
    if isinstance(vectors, Mapping):
        if set(vectors) != set(fields):
            raise InvalidInputError(
                f"predict was given vectors of {listed(map(str, vectors))}, but the clustering is "
                f"of {listed(fields)}."
            )
        parts = [_matrix(vectors[name], width, repr(name)) for name, width in fields.items()]
    else:
        whole = _matrix(vectors, sum(fields.values()), " and ".join(map(repr, fields)))
        parts = np.split(whole, np.cumsum(list(fields.values()))[:-1], axis=1)
    if len({len(part) for part in parts}) > 1:
        raise InvalidInputError(
            f"predict was given {listed(str(len(part)) for part in parts)} vectors of its fields. "
            "Pass one a row of each."
        )
    return parts[0] if len(parts) == 1 else concatenate_units(parts)


def _matrix(vectors: object, width: int, what: str) -> NDArray[np.float32]:
    numbers = numbers_of(vectors, "vectors")
    if not numbers.ndim:
        raise InvalidInputError(f"predict takes an array of vectors, but got {vectors!r:.60}.")
    with np.errstate(over="ignore"):
        rows = np.ascontiguousarray(numbers, dtype=np.float32)
    rows = rows[None] if rows.ndim == 1 and len(rows) == width else rows
    if rows.ndim != 2 or rows.shape[1] != width:
        raise InvalidInputError(
            f"predict was given an array of shape {rows.shape}, but the vectors of {what} have "
            f"{width:,} dimensions. Pass an array of shape (n, {width})."
        )
    if not np.isfinite(rows).all():
        row = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise InvalidInputError(
            f"The vector at index {row:,} holds NaN, infinity or a number beyond float32."
        )
    return rows
