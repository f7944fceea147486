"""Arrow streams of whatever speaks Arrow, and of Hugging Face's datasets, which do not."""

from itertools import chain
from typing import Any

import pyarrow as pa

from relevanceai.errors import InvalidInputError

_HUGGING_FACE_ROWS = 1024


def arrow_reader(source: object) -> pa.RecordBatchReader:
    """Return a stream of record batches of anything that speaks the Arrow C stream interface.

    Raises
    ------
    InvalidInputError : it does not.
    """
    if isinstance(source, pa.RecordBatchReader):
        return source
    if isinstance(source, pa.Table):  # the C interface would cut a name at its first NUL
        return source.to_reader()
    if hasattr(source, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(source)
    if isinstance(source, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(source.schema, iter([source]))
    if all(hasattr(source, one) for one in ("with_format", "iter", "features")):
        return _hugging_face(source)
    raise InvalidInputError(
        f"insert_arrow takes a Table, a RecordBatchReader or anything with __arrow_c_stream__ "
        f"(Polars, DuckDB, Hugging Face datasets), but got {type(source).__name__}."
    )


def _hugging_face(source: Any) -> pa.RecordBatchReader:
    """Return a stream over a dataset of Hugging Face, which speaks no Arrow interface by itself."""
    tables = source.with_format("arrow").iter(batch_size=_HUGGING_FACE_ROWS)
    if source.features is not None:
        schema = source.features.arrow_schema
    else:  # one that is streamed may not know its columns beforehand
        first = next(tables, None)
        tables = chain([first], tables) if first is not None else iter(())
        schema = pa.schema([]) if first is None else first.schema
    plain = pa.schema([pa.field(one.name, one.type) for one in schema])
    batches = (batch for table in tables for batch in table.cast(plain).to_batches())
    return pa.RecordBatchReader.from_batches(plain, batches)
