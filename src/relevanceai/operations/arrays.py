"""Arrays straight from a notebook, checked and made readable as a dataset is."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.labels import leaves_from
from relevanceai.errors import InvalidInputError, counted
from relevanceai.progress import notice
from relevanceai.store.array_documents import ArrayDocuments
from relevanceai.store.arrays import ArrayStore
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

ARRAYS = "arrays"
"""What messages call the dataset that there is not."""

_CHECKED_BYTES = 4 * 2**20


class FromArrays:
    """How operations are made of a store, be it a dataset's or one of arrays."""

    def __init__(
        self, store: DocumentStore, workspace: Path | None, vector_fields: Sequence[str], alias: str
    ) -> None:
        self._store = store
        self._workspace = workspace
        self.vector_fields = tuple(vector_fields)
        self.alias = alias

    @classmethod
    def from_arrays(
        cls,
        vectors: object,
        labels: Iterable[object],
        *,
        documents: "pd.DataFrame | Sequence[Mapping[str, object]] | None" = None,
        ids: Sequence[object] | None = None,
        vector_field: str = "array_vector_",
        alias: str = "labels",
        media_folder: str | Path | None = None,
    ) -> Self:
        """Ask about arrays straight from a notebook: no dataset, no workspace, nothing written.

        Parameters
        ----------
        vectors : array of shape (n_rows, n_dims), finite. C-contiguous float32 is read where it
            lies, not copied; anything else is read as float32 some megabytes at a time, which is
            said on stderr. A column of lists or arrays (`df["embedding"]`, Arrow) is copied. Do not change it while it is asked about.
        labels : one a row, as for `Dataset.cluster(byo_cluster_field=...)`: whole numbers become
            `cluster-3`, text stays, -1 and "outlier" are noise, None and NaN are not clustered.
        documents : what stands beside the vectors, in the same order: a DataFrame or dicts; None
            for nothing but ids. Read as inserting them would, when first asked for.
        ids : the `_id` of each row; when None those of the documents, else the row's number as
            text.
        vector_field, alias : the names that vectors and labels go by.
        media_folder : the only folder from which pictures named by path are opened.

        Returns
        -------
        The operations, with the answers that a dataset of these documents would give. There is no
        page, so `closest` and `furthest` print no link, whatever `verbose` is, and `assign_new`
        raises.

        Raises
        ------
        InvalidInputError : vectors that are no numbers or not finite; another number of labels,
            documents or ids than vectors; labels that cannot be read.
        DuplicateIdError : an `_id` twice.

        Examples
        --------
        >>> from relevanceai import ClusterOps
        >>> vectors = np.array([[1, 0], [2, 0], [0, 5]], dtype=np.float32)
        >>> ops = ClusterOps.from_arrays(vectors, [0, 0, 1], documents=[{"n": i} for i in range(3)])
        >>> ops.closest("cluster-1")["results"]["cluster-1"]["results"][0]["n"]
        2
        """
        store = array_store(
            vectors,
            labels,
            documents=documents,
            ids=ids,
            vector_field=vector_field,
            alias=alias,
            media_folder=media_folder,
        )
        return cls(store, None, (vector_field,), store.clusterings()[0].alias)


def array_store(
    vectors: object,
    labels: Iterable[object],
    *,
    documents: object | None,
    ids: Sequence[object] | None,
    vector_field: str,
    alias: str,
    media_folder: str | Path | None,
) -> ArrayStore:
    """Return a store of arrays; see `FromArrays.from_arrays`, which names arguments and errors."""
    array = _checked_vectors(vectors)
    codes, is_clustered, cluster_ids = leaves_from(labels)
    if len(codes) != len(array):
        raise InvalidInputError(
            f"There {'is' if len(codes) == 1 else 'are'} {counted(len(codes), 'label')} for "
            f"{counted(len(array), 'vector')}. Pass one a vector, "
            "None for those that are not clustered."
        )
    held = ArrayDocuments(documents, len(array), ids)
    if held.index is None:  # a Series of labels knows how its rows are named, too
        held.index = getattr(labels, "index", None) if hasattr(labels, "iloc") else None
    return ArrayStore(
        array,
        codes,
        is_clustered,
        cluster_ids,
        held,
        name=ARRAYS,
        vector_field=vector_field,
        alias=alias,
        media_folder=None if media_folder is None else Path(media_folder),
    )


def _checked_vectors(vectors: object) -> NDArray[np.floating]:
    """The vectors as a float array of two dimensions; float32 and C-contiguous is itself."""
    if isinstance(vectors, str | Path):
        raise InvalidInputError(
            f"vectors is the name of a file, {str(vectors)!r}. Pass what it holds: "
            f"np.load({str(vectors)!r}, mmap_mode='r')."
        )
    array = numbers_of(vectors, "vectors")
    if array.ndim != 2 or not array.size:
        raise InvalidInputError(
            f"vectors has the shape {array.shape}. Pass a two-dimensional array, with at least one "
            "row and one column."
        )
    if array.dtype != np.float32 or not array.flags.c_contiguous:
        is_rounded = array.dtype not in (np.float32, np.float16)
        what = str(array.dtype) if array.dtype != np.float32 else "not C-contiguous"
        notice(
            f"vectors are {what}; every pass turns them into float32"
            + (", rounded," if is_rounded else "")
            + " a part at a time. "
            "Quicker for large ones: np.ascontiguousarray(vectors, dtype=np.float32)"
        )
    step = max(1, _CHECKED_BYTES // (4 * array.shape[1]))
    for start in range(0, len(array), step):
        with np.errstate(over="ignore"):
            block = array[start : start + step].astype(np.float32, copy=False)
        finite = np.isfinite(block)
        if not finite.all():
            row = start + int(np.flatnonzero(~finite.all(axis=1))[0])
            raise InvalidInputError(
                f"The vector at index {row:,} holds NaN, infinity or a number beyond float32. "
                "Leave such rows out, or clean them."
            )
    return array


def numbers_of(vectors: object, what: str) -> NDArray[Any]:
    """Return vectors as an array of whole numbers or floats; `what` names them in messages.

    A column of lists or arrays (a Series, an Arrow or polars column) becomes one row each, and
    columns of numbers that may be missing (pandas' Float32) become floats, NaN where one is.

    Raises
    ------
    InvalidInputError : no numbers, masked ones, rows of different widths.
    """
    if hasattr(vectors, "toarray") and hasattr(vectors, "nnz"):
        raise InvalidInputError(f"{what} is sparse. Pass {what}.toarray().")
    if np.ma.isMaskedArray(vectors) and np.ma.is_masked(vectors):
        raise InvalidInputError(f"{what} has masked numbers. Fill them first.")
    try:
        array: NDArray[Any] = np.asarray(vectors)
        if array.dtype == object and array.ndim == 1 and array.size:
            array = np.stack([np.asarray(row) for row in array])
        if array.dtype == object and array.ndim == 2:
            array = _without_objects(array)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError(
            f"{what} cannot be read as rows of numbers of one width: {error}. Pass a "
            "two-dimensional array."
        ) from error
    if array.dtype.kind not in "fiu" and array.ndim:
        raise InvalidInputError(
            f"{what} holds {array.dtype}. Pass an array of numbers, best float32."
        )
    return array


def _without_objects(array: NDArray[Any]) -> NDArray[np.float64]:
    """Python's numbers, and what stands for a missing one, as float64."""
    import pandas as pd

    missing = pd.isna(array)
    for one in array[~missing].ravel():
        if not isinstance(one, int | float | np.integer | np.floating) or isinstance(one, bool):
            raise TypeError(f"{one!r:.40} is of type {type(one).__name__}")
    return np.where(missing, np.nan, array).astype(np.float64)
