"""HoldsClustering: what each class of questions about a clustering stands on."""

from typing import Protocol

from relevanceai.operations.centroids import Centroids
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


class HoldsClustering(Protocol):
    """A clustering of a dataset, as seen from the classes that add questions to it."""

    _store: DocumentStore
    vector_fields: tuple[str, ...]
    alias: str

    def _clustering(self) -> Clustering:
        """Return the clustering as it is now; raise NotFoundError when it is gone."""
        ...

    def _centroids(self) -> Centroids:
        """Return the centroids, of one snapshot of the dataset."""
        ...

    def _pinned(self) -> tuple[DocumentStore, Centroids]:
        """Return one snapshot of the dataset, for a pass over it, and the centroids of it."""
        ...
