"""Adding: one column of whole numbers beside the rows of a dataset, in one commit.

Lance's `add_columns` reads the dataset to line its rows up with those that come, a tenth of a
second for a million rows once some of them are deleted. Here the column's files are written as
they are to lie, and committed.
"""

from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance.fragment import DataFile, write_fragments
from lance.schema import LanceSchema

from relevanceai.store.layout import Part, layout_of

_BATCH_ROWS = 65_536  # Lance writes a column of numbers fastest in batches of this size


def add_column(handle: lance.LanceDataset, field: pa.Field, array: pa.Array) -> None:
    """Add one column; `array` has a value for each row of the scan."""
    schema = pa.schema([field])
    extended = _extended(handle, field) if pa.types.is_integer(field.type) else None
    if extended is None:
        table = pa.Table.from_arrays([array], schema=schema)
        batches = table.to_batches(max_chunksize=_BATCH_ROWS)
        handle.add_columns(pa.RecordBatchReader.from_batches(schema, iter(batches)))
        return
    layout, start, extended_fragments = layout_of(handle), 0, []
    metadata_of = {one.fragment_id: one.metadata for one in handle.get_fragments()}
    field_id = extended.fields()[-1].id()
    for part in layout.parts:
        values = _among_deleted(part, array.slice(start, part.n_live))
        start += part.n_live
        metadata = metadata_of[part.id]
        metadata.files = [*metadata.files, _written(handle, schema, values, field_id)]
        extended_fragments.append(metadata)
    if start != len(array):
        raise ValueError(f"{len(array):,} values for {start:,} rows.")
    merge = lance.LanceOperation.Merge(extended_fragments, extended, preserves_nullability=True)
    lance.LanceDataset.commit(handle, merge, read_version=handle.version)


def _among_deleted(part: Part, live: pa.Array) -> pa.Array:
    """Return the values of all rows of a fragment's files, null for those deleted."""
    if not len(part.deleted):
        return live
    is_deleted = np.zeros(part.n_rows, bool)
    is_deleted[part.deleted] = True
    place = np.cumsum(~is_deleted) - 1
    return live.take(pa.array(place, pa.int64(), mask=is_deleted))


def _written(
    handle: lance.LanceDataset, schema: pa.Schema, values: pa.Array, field_id: int
) -> DataFile:
    """Write a file of one column; Lance's writer of fragments is the one that tells of a full disk."""
    batches = pa.Table.from_arrays([values], schema=schema).to_batches(_BATCH_ROWS)
    reader = pa.RecordBatchReader.from_batches(schema, iter(batches))
    (fragment,) = write_fragments(
        reader, handle, mode="overwrite", data_storage_version="2.2", max_rows_per_file=2**31
    )
    (file,) = fragment.files
    file.fields = [field_id]
    return file


def _extended(handle: lance.LanceDataset, field: pa.Field) -> LanceSchema | None:
    """Return the schema with one field more, under the next free id; None where Lance has no way.

    Lance makes schemas of its own only, with ids from 0 on: the field is taken from one that has as
    many fields before it as there are ids, and joined to the dataset's in their pickled form.
    """
    next_id = int(handle.max_field_id) + 1
    before = [pa.field(str(number), field.type) for number in range(next_id)]
    made = LanceSchema.from_pyarrow(pa.schema([*before, field]))
    try:
        pickled: Any = handle.lance_schema.__reduce__()
        lone: Any = made.__reduce__()
        join, (told, *fields) = pickled
        extended = join(told, *fields, lone[1][-1])
        last = extended.fields()[-1]
    except (TypeError, ValueError, IndexError, OSError):
        return None
    is_right = isinstance(extended, LanceSchema) and (last.name(), last.id()) == (
        field.name,
        next_id,
    )
    return extended if is_right and len(extended.fields()) == len(fields) + 1 else None
