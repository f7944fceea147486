"""ClusterOps: the questions one asks of a clustering, answered with numbers and documents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Document, VectorBatch
from relevanceai.clustering.ids import OUTLIER
from relevanceai.clustering.moments import moments_of
from relevanceai.engine.batches import vector_batches
from relevanceai.engine.reduce import reduce
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.nearest import SIMILARITIES, Metric, NearestRows
from relevanceai.kernels.order import linkage_order
from relevanceai.kernels.similarity import as_distances, centroid_similarity, closest_pairs
from relevanceai.operations.visit import Visit
from relevanceai.pictures import picture_fields
from relevanceai.show import DocumentTable, names_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering
from relevanceai.store.names import slug

if TYPE_CHECKING:
    import pandas as pd

METRICS = get_args(Metric)


class HasStore(Protocol):
    """What `from_dataset` needs of a dataset."""

    def opened(self) -> DocumentStore:
        """Return the dataset's store; raise NotFoundError when there is no such dataset."""
        ...

    @property
    def workspace(self) -> Path:
        """The folder of the workspace that the dataset lives in."""
        ...


@dataclass(frozen=True, slots=True)
class Centroids:
    """The clusters that have members, in natural order of their ids.

    `leaves[c]` is the stored leaf of cluster `ids[c]`, `means[c]` its centroid: float64 array of
    shape (n_clusters, n_dims). `count[c]` is the number of its members.
    """

    clustering: Clustering
    ids: list[str]
    leaves: NDArray[np.intp]
    means: NDArray[np.float64]
    count: NDArray[np.int64]


class ClusterOps:
    """One clustering of one dataset, and what can be asked of it.

    Made by `ClusterOps.from_dataset(dataset, alias=..., vector_fields=[...])`,
    `dataset.ClusterOps(...)`, `client.ClusterOps(dataset, ...)`, or returned by
    `dataset.cluster(...)`.

    Every number rests on all members of a cluster: a centroid is the plain mean of their vectors,
    in float64, not rescaled. Noise (`outlier`) and documents that are not clustered take no part.
    With several vector fields each vector is scaled to unit norm and the fields are put side by
    side, so that each has the same say. Each call answers for the dataset as it is now.
    """

    def __init__(
        self, store: DocumentStore, workspace: Path, vector_fields: Sequence[str], alias: str
    ) -> None:
        self._store = store
        self._workspace = workspace
        self.vector_fields = tuple(vector_fields)
        self.alias = alias

    @classmethod
    def from_dataset(
        cls,
        dataset: HasStore,
        *,
        alias: str | None = None,
        vector_fields: Sequence[str] | str | None = None,
    ) -> Self:
        """Open a clustering of a dataset.

        Parameters
        ----------
        dataset : a `Dataset`.
        alias : the clustering's name; None when there is only one it can be.
        vector_fields : the vector fields it was made from, in any order; None likewise.

        Raises
        ------
        NotFoundError : no such dataset, vector field or clustering; the message lists what exists.
        InvalidInputError : several clusterings fit and neither says which.
        """
        store = dataset.opened()
        wanted = [vector_fields] if isinstance(vector_fields, str) else vector_fields
        found = _found(store, alias, wanted)
        return cls(store, dataset.workspace, found.vector_fields, found.alias)

    # what it is --------------------------------------------------------------------------------

    def __repr__(self) -> str:
        fields = ", ".join(self.vector_fields)
        return (
            f"{type(self).__name__}(dataset={self.dataset_name!r}, vector_fields=[{fields}], "
            f"alias={self.alias!r})"
        )

    @property
    def dataset_name(self) -> str:
        """The name of the dataset."""
        return self._store.name

    @property
    def dataset_slug(self) -> str:
        """The dataset's name as a URL segment."""
        return slug(self._store.name)

    @property
    def field_slug(self) -> str:
        """The vector fields as a URL segment."""
        return self._clustering().field_slug

    @property
    def alias_slug(self) -> str:
        """The alias as a URL segment."""
        return self._clustering().alias_slug

    @property
    def media_folder(self) -> Path:
        """The only folder from which pictures named by path are opened."""
        return self._store.media_folder

    @property
    def revision(self) -> str:
        """A text that changes whenever something this object shows may have changed."""
        return self._store.revision()

    # the clusters ------------------------------------------------------------------------------

    def list_cluster_ids(self) -> list[str]:
        """Return the ids of the clusters that have members, in natural order, without `outlier`."""
        return self._centroids().ids

    def sizes(self) -> dict[str, int]:
        """Return the number of documents of each cluster, in natural order.

        `outlier` comes last and only when there is noise. One pass over the label column.
        """
        centroids = self._centroids()
        sizes = {
            cluster_id: int(count)
            for cluster_id, count in zip(centroids.ids, centroids.count, strict=True)
        }
        labels, valid = self._store.labels(centroids.clustering)
        noise = int(((labels < 0) & valid).sum())
        return {**sizes, OUTLIER: noise} if noise else sizes

    def centroids(self) -> list[Document]:
        """Return the centroid of each cluster: `{"_id": "cluster-0", "<vector field>": [...]}`.

        Several vector fields are one list, under their names joined with dots. Means over all
        members, in float64, not rescaled; in natural order of the ids.
        """
        found = self._centroids()
        name = found.clustering.field
        return [
            {"_id": cluster_id, name: mean.tolist()}
            for cluster_id, mean in zip(found.ids, found.means, strict=True)
        ]

    def centroid_similarity(self, metric: Metric = "cosine") -> "pd.DataFrame":
        """Return how close every centroid is to every other, as a labelled DataFrame.

        Parameters
        ----------
        metric : "cosine" (in [-1, 1]; 0 with a zero centroid) and "dp", the dot product, grow with
            likeness; "l2" (Euclidean) and "l1" (sum of absolute differences) are distances.

        Returns
        -------
        float64 DataFrame of shape (n_clusters, n_clusters), ids on both axes in natural order.
        """
        import pandas as pd

        found = self._centroids()
        return pd.DataFrame(
            centroid_similarity(found.means, _checked_metric(metric)),
            index=found.ids,
            columns=found.ids,
        )

    def closest_centroids(self, n: int = 8, metric: Metric = "cosine") -> "pd.DataFrame":
        """Return the n pairs of clusters whose centroids are closest.

        Parameters
        ----------
        n : how many pairs; fewer when there are fewer.
        metric : as for `centroid_similarity`.

        Returns
        -------
        DataFrame with the columns `cluster`, `other` (of the pair, the cluster that comes later in
        natural order stands first) and `similarity`, falling, or for l2 and l1 `distance`, rising.
        Ties stand in natural order.
        """
        import pandas as pd

        check_count("n", n, least=0)
        is_similarity = _checked_metric(metric) in SIMILARITIES
        found = self._centroids()
        matrix = centroid_similarity(found.means, metric)
        i, j, values = closest_pairs(matrix, n, largest_first=is_similarity)
        return pd.DataFrame(
            {
                "cluster": [found.ids[index] for index in j],
                "other": [found.ids[index] for index in i],
                "similarity" if is_similarity else "distance": values,
            }
        )

    def linkage_order(self, metric: Metric = "cosine") -> list[str]:
        """Return the cluster ids in the order of average linkage: close ones stand side by side."""
        found = self._centroids()
        matrix = centroid_similarity(found.means, _checked_metric(metric))
        order, _ = linkage_order(as_distances(matrix, metric))
        return [found.ids[index] for index in order]

    # the documents -----------------------------------------------------------------------------

    def closest(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        select_fields: Sequence[str] | None = None,
        page_size: int = 3,
        page: int = 1,
        similarity_metric: Metric = "cosine",
        filters: Sequence[Mapping[str, object]] | None = None,
        include_vector: bool = False,
        min_score: float | None = None,
        verbose: bool = True,
    ) -> dict[str, dict[str, Any]]:
        """Return the documents of each cluster that are closest to its centroid.

        Parameters
        ----------
        cluster_ids : which clusters; None for all, in natural order.
        select_fields : fields to return besides `_id` and `_search_score`; None for all.
        page_size, page : documents per cluster, and which page of them, from 1.
        similarity_metric : "cosine" (0 with a zero vector), "dp", "l2" or "l1".
        filters : only documents that pass (see `relevanceai.store.filters`); the centroid stays
            that of all members.
        include_vector : return the vector fields too; with `select_fields`, name them there.
        min_score : leave out similarities below it, for l2 and l1 distances above it; of `furthest`
            too. Pages are cut from what is left.
        verbose : print where the dashboard shows the same, starting it when it is not running.

        Returns
        -------
        `{"results": {"cluster-0": {"results": [document, ...]}, ...}}`. Each document carries
        `_search_score`: its similarity (cosine, dp) or distance (l2, l1) to the centroid.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        InvalidInputError : an unknown metric, a filter of another form, a page below 1.

        Notes
        -----
        Ties go by the order in which documents were inserted. One pass over the vectors of the
        clustering; memory grows with page * page_size per cluster only.
        """
        return self._nearest(
            False,
            cluster_ids,
            select_fields,
            page_size,
            page,
            similarity_metric,
            filters,
            include_vector,
            min_score,
            verbose,
        )

    def furthest(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        select_fields: Sequence[str] | None = None,
        page_size: int = 3,
        page: int = 1,
        similarity_metric: Metric = "cosine",
        filters: Sequence[Mapping[str, object]] | None = None,
        include_vector: bool = False,
        min_score: float | None = None,
        verbose: bool = True,
    ) -> dict[str, dict[str, Any]]:
        """Return the documents of each cluster that are furthest from its centroid.

        Arguments, result and errors are those of `closest`; the order is the other way round.
        """
        return self._nearest(
            True,
            cluster_ids,
            select_fields,
            page_size,
            page,
            similarity_metric,
            filters,
            include_vector,
            min_score,
            verbose,
        )

    list_closest = closest
    list_furthest = furthest

    def show_closest(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        image_fields: Sequence[str] | str | None = None,
        text_fields: Sequence[str] | str | None = None,
        *,
        page_size: int = 3,
        page: int = 1,
        similarity_metric: Metric = "cosine",
        filters: Sequence[Mapping[str, object]] | None = None,
        image_width: int = 60,
    ) -> DocumentTable:
        """Return the closest documents as a table that a notebook shows as HTML.

        Parameters
        ----------
        cluster_ids, page_size, page, similarity_metric, filters : as for `closest`.
        image_fields : fields shown as pictures; None finds them.
        text_fields : fields shown after `cluster_id` and `_id`; None for no more.
        image_width : the width of a picture in pixels.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        """
        texts = [name for name in names_of(text_fields) if name not in ("cluster_id", "_id")]
        pictures = None if image_fields is None else names_of(image_fields)
        self._check_fields([*(pictures or ()), *texts])
        found = self.closest(
            cluster_ids,
            None if pictures is None else [*pictures, *texts],
            page_size,
            page,
            similarity_metric,
            filters,
            verbose=False,
        )["results"]
        documents = [
            {**document, "cluster_id": cluster_id}
            for cluster_id, cluster in found.items()
            for document in cluster["results"]
        ]
        if pictures is None:
            pictures = [
                name for name in picture_fields(documents, self.media_folder) if name not in texts
            ]
        return DocumentTable(
            documents,
            [*pictures, "cluster_id", "_id", *texts],
            image_fields=pictures,
            image_width=image_width,
            media_folder=self.media_folder,
        )

    # inside ------------------------------------------------------------------------------------

    def _clustering(self) -> Clustering:
        return _found(self._store, self.alias, self.vector_fields)

    def _centroids(self) -> Centroids:
        clustering = self._clustering()
        moments = moments_of(self._store, clustering)
        leaves = np.flatnonzero(moments.count > 0)
        return Centroids(
            clustering,
            [clustering.ids[leaf] for leaf in leaves],
            leaves,
            moments.centroids()[leaves],
            moments.count[leaves],
        )

    def _nearest(
        self,
        is_furthest: bool,
        cluster_ids: Sequence[str] | str | None,
        select_fields: Sequence[str] | None,
        page_size: int,
        page: int,
        metric: Metric,
        filters: Sequence[Mapping[str, object]] | None,
        include_vector: bool,
        min_score: float | None,
        verbose: bool,
    ) -> dict[str, dict[str, Any]]:
        check_count("page_size", page_size)
        check_count("page", page)
        _checked_metric(metric)
        _check_score(min_score)
        self._check_fields(select_fields)
        centroids = self._centroids()
        chosen = self._chosen(centroids.ids, cluster_ids)
        kept = None if filters is None else self._store.matching_row_ids(filters)
        visit = Visit(self._workspace) if verbose else None  # starts while we compute
        index_of = {cluster_id: index for index, cluster_id in enumerate(centroids.ids)}
        cluster_of_leaf = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # last: noise
        for cluster_id in chosen:
            cluster_of_leaf[centroids.leaves[index_of[cluster_id]]] = index_of[cluster_id]

        def competing() -> "Sequence[VectorBatch] | Any":
            batches = vector_batches(self._store, self.vector_fields, centroids.clustering)
            for batch in batches:
                labels = cluster_of_leaf[batch.labels]
                if kept is not None:
                    labels = np.where(np.isin(batch.row_ids, kept), labels, -1).astype(np.int32)
                yield VectorBatch(batch.row_ids, batch.vectors, labels)

        rows = reduce(
            lambda: NearestRows(
                centroids.means, page * page_size, metric=metric, furthest=is_furthest
            ),
            competing(),
        ).result()
        is_similarity = metric in SIMILARITIES
        shown: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
        for cluster_id in chosen:
            row_ids, values = rows[index_of[cluster_id]]
            if min_score is not None:
                good = values >= min_score if is_similarity else values <= min_score
                row_ids, values = row_ids[good], values[good]
            window = slice((page - 1) * page_size, page * page_size)
            shown[cluster_id] = (row_ids[window], values[window])
        documents = self._store.read(
            [int(row_id) for row_ids, _ in shown.values() for row_id in row_ids],
            select_fields=select_fields,
            include_vector=include_vector,
        )
        results = {
            cluster_id: {
                "results": [
                    {**document, "_search_score": float(value)}
                    for value, document in zip(values, documents, strict=False)
                ]
            }
            for cluster_id, (_, values) in shown.items()
        }
        if visit is not None:
            visit.print_link(
                f"/sdk/cluster/centroids/{'furthest' if is_furthest else 'closest'}",
                dataset=self.dataset_name,
                field=centroids.clustering.field,
                alias=self.alias,
            )
        return {"results": results}

    def _check_fields(self, names: Sequence[str] | None) -> None:
        """Raise NotFoundError for a field that does not exist, before any work is done."""
        if names is not None:
            next(self._store.read([], select_fields=names), None)

    def _chosen(self, there: list[str], asked: Sequence[str] | str | None) -> list[str]:
        if asked is None:
            return there
        if not isinstance(asked, Iterable):
            raise InvalidInputError(
                f"cluster_ids is a list of cluster ids, but got {asked!r:.60}. "
                f"There are: {listed(there, like=str(asked))}."
            )
        names = [asked] if isinstance(asked, str) else list(asked)
        for name in names:
            if name not in there:
                why = " Noise has no centroid." if name == OUTLIER else ""
                raise NotFoundError(
                    f"No cluster {name!r} in clustering {self.alias!r} of dataset "
                    f"{self.dataset_name!r}.{why} It has: {listed(there, like=str(name))}."
                )
        return list(dict.fromkeys(names))


def _found(
    store: DocumentStore, alias: str | None, vector_fields: Sequence[str] | None
) -> Clustering:
    """Return the clustering that a user means, or say which there are."""
    if vector_fields is not None and not len(vector_fields):
        raise InvalidInputError("vector_fields is empty. Pass at least one, or leave it out.")
    for name in vector_fields or ():
        store.vector_field(name)
    there = store.clusterings()
    wanted = None if vector_fields is None else frozenset(vector_fields)
    of_fields = [one for one in there if wanted in (None, frozenset(one.vector_fields))]
    found = [one for one in of_fields if alias in (None, one.alias)]
    if len(found) > 1 and vector_fields is not None:  # in any order, but this very order first
        in_order = [one for one in found if one.vector_fields == tuple(vector_fields)]
        found = in_order if len(in_order) == 1 else found
    if len(found) == 1:
        return found[0]
    what = "clustering" if alias is None else f"clustering {alias!r}"
    where = f" of {', '.join(map(repr, vector_fields))}" if vector_fields else ""
    if not found:
        if not of_fields:
            others = [f"{one.alias} of {one.field}" for one in there]
            raise NotFoundError(
                f"No {what}{where} in dataset {store.name!r}. "
                f"It has: {listed(others, like=str(alias or ''))}. "
                "Make one: ds.cluster(vector_fields=[...], alias=...)."
            )
        aliases = list(dict.fromkeys(one.alias for one in of_fields))
        nearest = max(aliases, key=lambda one: SequenceMatcher(None, str(alias), one).ratio())
        raise NotFoundError(
            f"No {what}{where} in dataset {store.name!r}. It has: "
            f"{listed(aliases, like=str(alias))}. "
            f"Pass alias={nearest!r}."
        )
    several = listed([f"{one.alias} of {one.field}" for one in found])
    raise InvalidInputError(
        f"Dataset {store.name!r} has several clusterings that fit: {several}. "
        "Pass alias=... and vector_fields=[...]."
    )


def _checked_metric(metric: Metric) -> Metric:
    if metric not in METRICS:
        raise InvalidInputError(
            f"Unknown metric {metric!r}. Use one of {listed(METRICS, like=str(metric))}."
        )
    return metric


def _check_score(value: object) -> None:
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if value is not None and (not is_number or value != value):
        raise InvalidInputError(f"min_score is a number or None, but got {value!r:.60}.")


def check_count(name: str, value: object, *, least: int = 1) -> None:
    """Raise InvalidInputError unless a value is a whole number from `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInputError(f"{name} is a whole number from {least}, but got {value!r:.60}.")
