"""Arrays straight from a notebook, checked and made readable as a dataset is."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.labels import leaves_from
from relevanceai.errors import InvalidInputError
from relevanceai.progress import notice
from relevanceai.store.array_documents import ArrayDocuments
from relevanceai.store.arrays import ArrayStore

ARRAYS = "arrays"
"""What messages call the dataset that there is not."""

_CHECKED_BYTES = 4 * 2**20


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
    """Return a store of arrays; see `ClusterOps.from_arrays`, which names arguments and errors."""
    array = _checked_vectors(vectors)
    codes, is_clustered, cluster_ids = leaves_from(labels)
    if len(codes) != len(array):
        raise InvalidInputError(
            f"There are {len(codes):,} labels for {len(array):,} vectors. Pass one a vector, "
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
    try:
        array: NDArray[Any] = np.asarray(vectors)
    except ValueError as error:
        raise InvalidInputError(
            f"vectors are rows of different widths: {error}. Pass a two-dimensional array."
        ) from error
    if array.ndim != 2 or not array.size:
        raise InvalidInputError(
            f"vectors has the shape {array.shape}. Pass a two-dimensional array, with at least one "
            "row and one column."
        )
    if array.dtype.kind not in "fiu":
        raise InvalidInputError(
            f"vectors holds {array.dtype}. Pass an array of numbers, best float32."
        )
    if isinstance(array, np.ma.MaskedArray) or np.ma.isMaskedArray(vectors):
        raise InvalidInputError("vectors has masked numbers. Fill them first.")
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
