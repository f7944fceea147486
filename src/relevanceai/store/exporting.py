"""Exports: selected rows as a stream of Arrow batches, a Parquet file or a CSV file."""

import base64
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from relevanceai.errors import InvalidInputError, WorkspaceError
from relevanceai.store.columns import Field, vectors_of
from relevanceai.store.labels import Clustering
from relevanceai.store.selecting import Selected

EXPORT_ROWS = 16_384
_GROUP_ROWS = 131_072
_GROUP_BYTES = 128 * 2**20


def arrow_reader(
    rows: Selected,
    fields: Sequence[Field],
    labels: Sequence[Clustering],
    on_rows: Callable[[int], object] = id,
) -> pa.RecordBatchReader:
    """Return rows as a stream of Arrow batches, columns named by field and by label path.

    Each field keeps its kind in the metadata `relevanceai.kind`: lists, dicts and mixed values
    ("json") are JSON text. Labels are text. Nothing is read before the stream is; `on_rows` is called
    with the number of rows just read.
    """
    held: list[Field | Clustering] = [*fields, *labels]
    schema = pa.schema(
        [one.arrow().with_name(one.name) for one in fields]
        + [pa.field(one.label_path, pa.string()) for one in labels]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        columns = [one.column for one in held]
        for table in rows.tables(columns, batch_rows=EXPORT_ROWS):
            arrays = [_public(table[one.column], one) for one in held]
            yield from pa.Table.from_arrays(arrays, schema=schema).combine_chunks().to_batches()
            on_rows(table.num_rows)

    return pa.RecordBatchReader.from_batches(schema, batches())


def write_parquet(reader: pa.RecordBatchReader, path: Path, *, overwrite: bool) -> None:
    """Write a stream to a Parquet file, whole or not at all."""
    import pyarrow.parquet as pq

    with (
        _whole_file(path, overwrite=overwrite) as temporary,
        pq.ParquetWriter(temporary, reader.schema) as writer,
    ):
        held: list[pa.RecordBatch] = []
        for batch in reader:
            held.append(batch)
            n_rows = sum(one.num_rows for one in held)
            if n_rows >= _GROUP_ROWS or sum(one.nbytes for one in held) >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))


def write_csv(
    reader: pa.RecordBatchReader, fields: Sequence[Field], path: Path, *, overwrite: bool
) -> None:
    """Write a stream to a CSV file in UTF-8 with a header, whole or not at all.

    Parameters
    ----------
    fields : what the first columns of the stream hold; vectors become JSON lists, bytes base64.

    Text is quoted, so that an empty text (`""`) differs from a missing value (nothing). Data is
    data: a text that begins with "=" is written as it is.
    """
    from pyarrow import csv

    as_text = {place: one for place, one in enumerate(fields) if one.kind in ("vector", "bytes")}
    schema = reader.schema
    for place in as_text:
        schema = schema.set(place, pa.field(schema.names[place], pa.string()))
    with (
        _whole_file(path, overwrite=overwrite) as temporary,
        csv.CSVWriter(temporary, schema) as writer,
    ):
        for batch in reader:
            arrays = list(batch.columns)
            for place, one in as_text.items():
                arrays[place] = pa.array(_texts(batch.column(place), one), pa.string())
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _public(array: pa.ChunkedArray, held: Field | Clustering) -> pa.ChunkedArray:
    if isinstance(held, Field):
        return array
    return pa.chunked_array([pa.array(held.public_ids(array), pa.string())])


def _texts(array: pa.Array, field: Field) -> list[str | None]:
    if field.kind == "bytes":
        values = array.to_pylist()
        return [None if one is None else base64.b64encode(one).decode("ascii") for one in values]
    matrix, valid = vectors_of(array)
    # numpy's float32 prints as the shortest text that reads back as the same float32
    return [
        f"[{', '.join(map(str, row))}]" if held else None
        for row, held in zip(matrix, valid, strict=True)
    ]


@contextmanager
def _whole_file(path: Path, *, overwrite: bool) -> Iterator[str]:
    """Yield the name of a temporary file that becomes `path` when all went well."""
    if path.is_dir():
        raise InvalidInputError(f"{str(path)!r} is a folder. Pass the name of a file.")
    if path.exists() and not overwrite:
        raise InvalidInputError(
            f"{str(path)!r} is there already. Pass overwrite=True to replace it, or another path."
        )
    temporary = path.with_name(f".{uuid.uuid4().hex[:12]}.partial")
    try:
        with temporary.open("xb"):
            pass
        yield str(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise WorkspaceError(
            f"Cannot write {str(path)!r}: {error}. Make its folder, or pass another path."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
