"""Vectors beside documents: an array in memory or on disk, and what stands beside it, as a stream."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.documents.arrow_source import arrow_reader
from relevanceai.documents.csv_source import csv_reader, existing_file
from relevanceai.documents.parquet_source import parquet_reader
from relevanceai.errors import InvalidInputError, counted
from relevanceai.store.columns import KIND_KEY, kind_of, normalised, to_arrow
from relevanceai.store.frames import frame_documents
from relevanceai.store.incoming import id_text, is_vector_name

BATCH_ROWS = 8192


def beside_vectors(
    vectors: object, documents: object, field: str
) -> tuple[pa.RecordBatchReader, int]:
    """Return a stream of vectors with the columns of the documents beside them."""
    if isinstance(vectors, str | Path):
        file = existing_file(vectors)
        try:
            vectors = np.load(file, mmap_mode="r", allow_pickle=False)
        except ValueError as error:
            raise InvalidInputError(f"{str(file)!r} cannot be read as .npy: {error}") from error
    matrix: NDArray[Any] = np.asarray(vectors) if not isinstance(vectors, np.ndarray) else vectors
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu" or not matrix.shape[1]:
        raise InvalidInputError(
            f"insert_numpy takes numbers of shape (n_rows, n_dims), but got {matrix.dtype} of "
            f"shape {matrix.shape}."
        )
    beside = _beside(documents)
    if beside is not None and field in beside.schema.names:
        raise InvalidInputError(
            f"The documents have a field {field!r} already. Pass field='<another name>'."
        )
    made = pa.field(field, pa.list_(pa.float32(), matrix.shape[1]))
    schema = pa.schema([*(beside.schema if beside is not None else ()), made])

    def column(start: int, stop: int) -> pa.Array:
        with np.errstate(over="ignore"):
            rows = np.ascontiguousarray(matrix[start:stop], dtype=np.float32)
        return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), matrix.shape[1])

    def batches() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in beside if beside is not None else _bare(len(matrix)):
            for part in _cut(batch):
                stop = start + part.num_rows
                if stop <= len(matrix):
                    columns = [*part.columns[: len(schema) - 1], column(start, stop)]
                    yield pa.RecordBatch.from_arrays(columns, schema=schema)
                start = stop
        if start != len(matrix):  # nothing is committed yet
            raise InvalidInputError(
                f"There {'is' if start == 1 else 'are'} {counted(start, 'document')} for "
                f"{counted(len(matrix), 'vector')}. "
                "Pass one document a vector, in order."
            )

    return pa.RecordBatchReader.from_batches(schema, batches()), len(matrix)


def _bare(n_rows: int) -> Iterator[pa.RecordBatch]:
    """Yield rows that bring nothing."""
    for start in range(0, n_rows, BATCH_ROWS):
        empty = pa.nulls(min(BATCH_ROWS, n_rows - start))
        yield pa.RecordBatch.from_arrays([empty], names=[""])


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)


def _beside(documents: object) -> pa.RecordBatchReader | None:
    """Return documents of any form as a stream; nested values and mixed kinds stay exact."""
    if documents is None:
        return None
    if isinstance(documents, str | Path):
        if str(documents).lower().endswith(".csv"):
            return csv_reader(documents, ())
        return parquet_reader(documents, None)[0]
    if hasattr(documents, "__arrow_c_stream__") and not hasattr(documents, "iloc"):
        return arrow_reader(documents)
    rows: Sequence[Mapping[str, object]]
    if hasattr(documents, "iloc"):
        rows = frame_documents(documents)
    elif isinstance(documents, Sequence) and not isinstance(documents, str | bytes):
        rows = documents
    else:
        raise InvalidInputError(
            "insert_numpy takes documents as dicts, a DataFrame, a Table or a file, but got "
            f"{type(documents).__name__}."
        )
    return _settled_table(rows).to_reader(max_chunksize=BATCH_ROWS)


def _settled_table(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return dicts as columns of the kinds that the store keeps: none changes on the way."""
    values: dict[str, list[object]] = {}
    for row, document in enumerate(rows):
        if not isinstance(document, Mapping):
            raise InvalidInputError(
                f"Documents come as dicts, but number {row:,} is {type(document).__name__}: "
                f"{document!r:.60}."
            )
        for name, value in document.items():
            if not isinstance(name, str):
                raise InvalidInputError(f"Field names are text, but document {row:,} has {name!r}.")
            made = values.setdefault(name, [None] * len(rows))
            try:
                made[row] = id_text(value) if name == "_id" else normalised(value)
            except InvalidInputError as error:
                raise InvalidInputError(f"{name!r} of document number {row:,} {error}.") from error
    fields, columns = [], []
    for name, column in values.items():
        kind = kind_of(column)
        if is_vector_name(name):
            fields.append(pa.field(name, pa.list_(pa.float64())))
            columns.append(_lists(name, column))
        elif kind is not None:
            columns.append(to_arrow(column, kind))
            fields.append(pa.field(name, columns[-1].type, metadata={KIND_KEY: kind.encode()}))
    if not columns:
        return pa.table({"_id": pa.nulls(len(rows), pa.string())})
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _lists(name: str, column: Sequence[object]) -> pa.Array:
    try:
        return pa.array(column, pa.list_(pa.float64()))
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InvalidInputError(
            f"{name!r} of the documents does not hold lists of numbers: {error}"
        ) from error
