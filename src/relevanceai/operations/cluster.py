"""ClusterOps: the questions one asks of a clustering, answered with numbers and documents."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from relevanceai.batch import Document
from relevanceai.clustering.ids import OUTLIER
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.nearest import Metric
from relevanceai.operations.arrays import FromArrays
from relevanceai.operations.asked import (
    check_fields,
    found_clustering,
)
from relevanceai.operations.assign import AssignReport, assign_new
from relevanceai.operations.centroids import Centroids, centroids_of
from relevanceai.operations.compare import Compares
from relevanceai.operations.differing import ClusterDifferences
from relevanceai.operations.granularity import AsksGranularity
from relevanceai.operations.labelled import ClusterLabels
from relevanceai.operations.likeness import ClusterLikeness
from relevanceai.operations.naming import Naming
from relevanceai.operations.nearest import (
    Asked,
    chosen_ids,
    nearest_documents,
)
from relevanceai.operations.neighbours import ClusterNeighbours
from relevanceai.operations.pairs import ClusterPairs
from relevanceai.operations.quality import ClusterQuality
from relevanceai.operations.ran import ClusteringRan
from relevanceai.operations.review import ClusterReview
from relevanceai.operations.splits import ClusterSplits
from relevanceai.operations.stability import ClusterStabilities
from relevanceai.operations.stand_ins import ClusterStandIns
from relevanceai.operations.visit import Visit
from relevanceai.pictures import picture_fields
from relevanceai.progress import slow
from relevanceai.show import DocumentTable, names_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering
from relevanceai.store.names import slug


class HasStore(Protocol):
    """What `from_dataset` needs of a dataset."""

    def opened(self) -> DocumentStore:
        """Return the dataset's store; raise NotFoundError when there is no such dataset."""
        ...

    @property
    def workspace(self) -> Path:
        """The folder of the workspace that the dataset lives in."""
        ...


class ClusterOps(
    FromArrays,
    AsksGranularity,
    ClusterDifferences,
    ClusterLabels,
    ClusterLikeness,
    ClusterNeighbours,
    ClusterStandIns,
    ClusterPairs,
    ClusterQuality,
    ClusterReview,
    ClusterSplits,
    ClusteringRan,
    Compares,
    Naming,
    ClusterStabilities,
):
    """One clustering of one dataset, and what can be asked of it.

    Made by `ClusterOps.from_dataset(dataset, alias=..., vector_fields=[...])`,
    `dataset.ClusterOps(...)`, `client.ClusterOps(dataset, ...)`, or returned by
    `dataset.cluster(...)`.

    Every number rests on all members of a cluster: a centroid is the plain mean of their vectors,
    in float64, not rescaled. Noise (`outlier`) and documents that are not clustered take no part.
    With several vector fields each vector is scaled to unit norm and the fields are put side by
    side, so that each has the same say; the scaled vectors are float32, so that differences far
    below a ten-millionth of their length are lost. Each call answers for the dataset as it is now.
    """

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
        InvalidInputError : several clusterings fit and neither says which; `dataset` is no Dataset.
        """
        if not hasattr(dataset, "opened"):
            raise InvalidInputError(
                f"from_dataset takes a Dataset, but got {dataset!r:.60}. "
                "Pass client.Dataset('<name>')."
            )
        store = dataset.opened()
        wanted = [vector_fields] if isinstance(vector_fields, str) else vector_fields
        found = found_clustering(store, alias, wanted)
        return cls(store, dataset.workspace, found.vector_fields, found.alias)

    # what it is --------------------------------------------------------------------------------

    if not TYPE_CHECKING:  # or every name would pass for one that is there

        def __getattr__(self, name: str) -> object:
            """Say where the picture is; ClusterOps computes and does not draw."""
            hint = ""
            if name == "centroid_heatmap":
                alias = self.__dict__.get("alias", "...")
                hint = f". ClusterVizOps draws: dataset.ClusterVizOps(alias={alias!r}).{name}()"
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(dataset={self.dataset_name!r}, "
            f"vector_fields={list(self.vector_fields)!r}, alias={self.alias!r})"
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

    def assign_new(self) -> AssignReport:
        """Put every document that has the vectors and no label into the cluster nearest to it.

        Nearest is by Euclidean distance to the centroid, as k-means assigns; ties go to the cluster
        that comes first. Documents that have a label, noise among them, keep it.

        Returns
        -------
        AssignReport with the counts, by cluster, and how many documents still have no label.

        Raises
        ------
        InvalidInputError : no cluster has a member, so that there is no centroid.
        """
        with self._store.writing():
            return assign_new(self._store, self._clustering())

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
        asked = Asked(
            is_furthest=False,
            select_fields=select_fields,
            page_size=page_size,
            page=page,
            metric=similarity_metric,
            filters=filters,
            include_vector=include_vector,
            min_score=min_score,
        )
        return self._nearest("closest", cluster_ids, asked, verbose=verbose)

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
        asked = Asked(
            is_furthest=True,
            select_fields=select_fields,
            page_size=page_size,
            page=page,
            metric=similarity_metric,
            filters=filters,
            include_vector=include_vector,
            min_score=min_score,
        )
        return self._nearest("furthest", cluster_ids, asked, verbose=verbose)

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
        check_fields(self._store, [*(pictures or ()), *texts])
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
        return found_clustering(self._store, self.alias, self.vector_fields)

    def _centroids(self) -> Centroids:
        return self._pinned()[1]

    def _pinned(self) -> tuple[DocumentStore, Centroids]:
        store = self._store.snapshot()
        found = found_clustering(store, self.alias, self.vector_fields)
        return store, centroids_of(store, found)

    def _nearest(
        self,
        page_of: str,
        cluster_ids: Sequence[str] | str | None,
        asked: Asked,
        *,
        verbose: bool,
    ) -> dict[str, dict[str, Any]]:
        """Answer `closest` and `furthest`, which are named as their pages are."""
        store = self._store.snapshot()
        asked.check(store)
        centroids = centroids_of(store, found_clustering(store, self.alias, self.vector_fields))
        chosen = chosen_ids(centroids, cluster_ids, dataset=store.name)
        kept = None if asked.filters is None else store.matching_row_ids(asked.filters)
        workspace = self._workspace  # arrays have none, and no page
        visit = Visit(workspace) if verbose and workspace is not None else None
        with slow("Looking for the documents"):
            results = nearest_documents(store, centroids, chosen, asked, kept)
        if visit is not None:
            visit.print_link(
                f"/sdk/cluster/centroids/{page_of}",
                dataset=self.dataset_name,
                field=centroids.clustering.field,
                alias=self.alias,
            )
        return {"results": results}
