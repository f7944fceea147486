"""ClusterOps: the questions one asks of a clustering, answered with numbers and documents."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from relevanceai.batch import Document
from relevanceai.clustering.ids import OUTLIER
from relevanceai.errors import InvalidInputError
from relevanceai.operations.arrays import FromArrays
from relevanceai.operations.asked import (
    found_clustering,
)
from relevanceai.operations.assign import AssignReport, assign_new
from relevanceai.operations.centroids import Centroids, centroids_of
from relevanceai.operations.closest import ClosestDocuments
from relevanceai.operations.compare import Compares
from relevanceai.operations.differing import ClusterDifferences
from relevanceai.operations.granularity import AsksGranularity
from relevanceai.operations.labelled import ClusterLabels
from relevanceai.operations.likeness import ClusterLikeness
from relevanceai.operations.naming import Naming
from relevanceai.operations.neighbours import ClusterNeighbours
from relevanceai.operations.pairs import ClusterPairs
from relevanceai.operations.quality import ClusterQuality
from relevanceai.operations.ran import ClusteringRan
from relevanceai.operations.review import ClusterReview
from relevanceai.operations.splits import ClusterSplits
from relevanceai.operations.stability import ClusterStabilities
from relevanceai.operations.stand_ins import ClusterStandIns
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
    ClosestDocuments,
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

    # inside ------------------------------------------------------------------------------------

    def _clustering(self) -> Clustering:
        return found_clustering(self._store, self.alias, self.vector_fields)

    def _centroids(self) -> Centroids:
        return self._pinned()[1]

    def _pinned(self) -> tuple[DocumentStore, Centroids]:
        store = self._store.snapshot()
        found = found_clustering(store, self.alias, self.vector_fields)
        return store, centroids_of(store, found)
