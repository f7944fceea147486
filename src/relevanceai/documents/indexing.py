"""DocumentsIndexed: the indexes over vectors that a user asks for."""

from relevanceai.documents.held import HoldsDocuments
from relevanceai.documents.search import field_named
from relevanceai.progress import progress
from relevanceai.store import vector_index
from relevanceai.store.vector_index import IndexMetric, VectorIndex


class DocumentsIndexed(HoldsDocuments):
    """Indexes over vectors: nothing is slower or different without one, but an approximate search."""

    def create_vector_index(
        self,
        field: str | None = None,
        *,
        metric: IndexMetric = "cosine",
        n_partitions: int | None = None,
    ) -> VectorIndex:
        """Build an index over a vector field, for `vector_search(..., approximate=True)`.

        The vectors are put into partitions around centroids (an inverted file, IVF), whole: it
        costs about the disk space of the field once more. It is kept right by every write:
        documents that come, change or go later are searched as they are then. A field has one
        index; a new one takes its place.

        Parameters
        ----------
        field : the vector field; None when there is only one.
        metric : "cosine", "l2" or "dp": that of the searches.
        n_partitions : how many; None for the square root of the number of vectors, at most 4,096.

        Raises
        ------
        NotFoundError : no such vector field, or no document has a vector in it.
        InvalidInputError : another metric, or more partitions than vectors.
        """
        store = self.opened()
        name = field_named(store, field)
        with progress(f"Indexing {name}", 1, unit="index", delay_s=0.5) as bar:
            made = vector_index.create_index(store, name, metric, n_partitions)
            bar.update(1)
        return made

    def drop_vector_index(self, field: str | None = None) -> VectorIndex:
        """Drop the index of a vector field; the vectors stay. Return what it was.

        Raises
        ------
        NotFoundError : it has none; lists those there are.
        """
        store = self.opened()
        return vector_index.drop_index(store, field_named(store, field))

    def vector_indexes(self) -> list[VectorIndex]:
        """Return the indexes there are, and how many documents came or changed since each."""
        return vector_index.indexes(self.opened())
