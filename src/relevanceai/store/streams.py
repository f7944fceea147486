"""Arrow streams of any origin, turned batch by batch into the columns that the store keeps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, listed
from relevanceai.store.columns import KIND_KEY, Field, normalised, to_arrow
from relevanceai.store.incoming import is_derived, is_vector_name
from relevanceai.store.names import column_of


@dataclass(slots=True)
class Rows:
    """Some documents on their way in: `ids` (null where one is to be made) and a column a field.

    `problems` tells what is wrong with a row, by its place; such a row is not taken.
    """

    ids: pa.StringArray
    columns: dict[str, pa.Array]
    problems: dict[int, str]


def arrow_reader(source: object) -> pa.RecordBatchReader:
    """Return a stream of record batches of anything that speaks the Arrow C stream interface.

    Raises
    ------
    InvalidInputError : it does not.
    """
    if isinstance(source, pa.RecordBatchReader):
        return source
    if hasattr(source, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(source)
    if isinstance(source, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(source.schema, iter([source]))
    raise InvalidInputError(
        f"insert_arrow takes a Table, a RecordBatchReader or anything with __arrow_c_stream__ "
        f"(Polars, DuckDB, Hugging Face datasets), but got {type(source).__name__}."
    )


def incoming_fields(
    schema: pa.Schema, vector_fields: Sequence[str], known: Mapping[str, Field]
) -> list[Field]:
    """Return the fields that a stream of this schema brings, `_id` and derived ones left out.

    A vector field is a fixed-size list of numbers, a list of numbers whose name ends in
    `_vector_`, is among `vector_fields`, or is a vector field of the dataset already. Its width
    is 0 where the type does not tell it. Columns of nulls bring nothing.

    Raises
    ------
    InvalidInputError : two columns of one name; a vector field that is not there or no list.
    """
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"Columns of the same name: {listed(twice)}. Give each its own.")
    lacking = [name for name in vector_fields if name not in schema.names]
    if lacking:
        raise InvalidInputError(
            f"vector_fields names {listed(lacking)}, but the columns are {listed(schema.names)}."
        )
    fields = []
    for one in schema:
        if one.name == "_id" or is_derived(one.name) or pa.types.is_null(one.type):
            continue
        is_named = one.name in vector_fields or is_vector_name(one.name)
        was_vector = one.name in known and known[one.name].kind == "vector"
        if is_named or was_vector or _is_vector_type(one.type):
            if not _is_numbers(one.type):
                raise InvalidInputError(
                    f"{one.name!r} holds {one.type}, but a vector field holds lists of numbers. "
                    "Rename the field, or bring numbers."
                )
            width = one.type.list_size if pa.types.is_fixed_size_list(one.type) else 0
            fields.append(Field(one.name, column_of(one.name), "vector", width))
        else:
            kind = "json" if is_json_text(one) else _kind_of_type(one.type)
            fields.append(Field(one.name, column_of(one.name), kind))
    return fields


def is_json_text(one: pa.Field) -> bool:
    """Tell whether a column is JSON as the store itself exported it: its metadata says so."""
    kept = (one.metadata or {}).get(KIND_KEY) == b"json"
    return kept and bool(pa.types.is_string(one.type) or pa.types.is_large_string(one.type))


def ids_of(column: pa.Array) -> pa.StringArray:
    """Return a column of any scalar type as text ids, null where one is to be made.

    Text stays. Whole numbers and bools are written as Python writes them, floats too (`5.0`).
    """
    column = _plain(column)
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_integer(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.string())
    texts = []
    for value in column.to_pylist():
        held = normalised(value)
        missing = held is None or held != held
        if isinstance(held, list | dict | bytes):
            raise InvalidInputError(f"The `_id` column holds {column.type}. Bring text or numbers.")
        texts.append(None if missing else str(held))
    return pa.array(texts, pa.string())


def kept_column(one: Field, column: pa.Array, problems: dict[int, str]) -> pa.Array:
    """Return a column as the store keeps a field, and add what is wrong with single rows.

    The width of a vector field is settled by then: 0 is not allowed.
    """
    column = _plain(column)
    if one.kind == "vector":
        return _vectors(one, column, problems)
    wanted = one.arrow().type
    if one.kind == "json":
        return to_arrow([normalised(value) for value in column.to_pylist()], "json")
    if one.kind == "number" and pa.types.is_integer(column.type):
        large = pc.fill_null(
            pc.greater(pc.abs(column.cast(pa.float64(), safe=False)), 2.0**53), False
        )
        for row in np.flatnonzero(np.asarray(large)):
            problems.setdefault(
                int(row), f"{one.name!r} is too large to be kept exactly beside fractions"
            )
        return column.cast(pa.float64(), safe=False)
    try:
        return column if column.type == wanted else column.cast(wanted)
    except pa.ArrowInvalid:
        return _cast_by_row(one, column, wanted, problems)


def _cast_by_row(
    one: Field, column: pa.Array, wanted: pa.DataType, problems: dict[int, str]
) -> pa.Array:
    """Cast row by row, to find the rows that cannot be kept exactly."""
    values: list[Any] = []
    for row in range(len(column)):
        try:
            values.append(column.slice(row, 1).cast(wanted)[0].as_py())
        except pa.ArrowInvalid:
            values.append(None)
            problems.setdefault(row, f"{one.name!r} cannot be kept exactly as {wanted}")
    return pa.array(values, wanted)


def _vectors(one: Field, column: pa.Array, problems: dict[int, str]) -> pa.Array:
    width, n_rows = one.width, len(column)
    valid = np.asarray(column.is_valid()).astype(bool)
    if pa.types.is_fixed_size_list(column.type):
        lengths = np.full(n_rows, column.type.list_size)
        start = column.offset * column.type.list_size
        values = column.values.slice(start, n_rows * column.type.list_size)
    else:
        lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
        offsets = np.asarray(column.offsets)
        values = column.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    good = valid & (lengths == width)
    for row in np.flatnonzero(valid & ~good):
        problems.setdefault(
            int(row), f"{one.name!r} has {lengths[row]:,} dimensions in place of {width:,}"
        )
    numbers = values.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = numbers.astype(np.float32, copy=False)
    is_plain = pa.types.is_fixed_size_list(column.type) and column.type.list_size == width
    if is_plain or (len(numbers) == n_rows * width and good.all()):
        matrix = numbers.reshape(n_rows, width)
    else:
        matrix = _gathered(column, numbers, good, width)
    bad = good & ~_finite_rows(matrix)
    for row in np.flatnonzero(bad):
        problems.setdefault(
            int(row), f"{one.name!r} holds NaN, infinity or a number beyond float32"
        )
    mask = None if good.all() else pa.array(~good)
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel()), width, mask=mask)


def _gathered(
    column: pa.Array,
    numbers: NDArray[np.float32],
    good: NDArray[np.bool_],
    width: int,
) -> NDArray[np.float32]:
    """Put the vectors of the right width into a matrix; the rest are zeros."""
    matrix = np.zeros((len(column), width), np.float32)
    if pa.types.is_fixed_size_list(column.type):
        return matrix  # of another width, all of them
    starts = np.asarray(column.offsets)[:-1] - int(np.asarray(column.offsets)[0])
    rows = np.flatnonzero(good)
    matrix[rows] = numbers[starts[rows][:, None] + np.arange(width)]
    return matrix


def _finite_rows(matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which rows are finite; one product with ones finds nearly all that are, at once."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = matrix @ np.ones(matrix.shape[1], np.float32)
    finite: NDArray[np.bool_] = np.isfinite(sums)
    for row in np.flatnonzero(~finite):  # NaN and infinity always spread; a sum may overflow
        finite[row] = np.isfinite(matrix[row]).all()
    return finite


def _plain(column: pa.Array) -> pa.Array:
    """Return a column without dictionary, extension type, views and large offsets."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string())
    if pa.types.is_large_list(kind):
        return column.cast(pa.list_(kind.value_type))
    return column


def _is_vector_type(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind) and pa.types.is_floating(kind.value_type))


def _is_numbers(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.ExtensionType):
        return _is_numbers(kind.storage_type)
    is_list = (
        pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind)
    )
    return bool(
        is_list and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    )


def _kind_of_type(kind: pa.DataType) -> str:
    types = pa.types
    if isinstance(kind, pa.ExtensionType):
        return _kind_of_type(kind.storage_type)
    if types.is_dictionary(kind):
        return _kind_of_type(kind.value_type)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return "text"
    if types.is_integer(kind):
        return "json" if kind == pa.uint64() else "integer"
    if types.is_floating(kind):
        return "number"
    if types.is_boolean(kind):
        return "bool"
    if types.is_timestamp(kind):
        return "date" if kind.tz is not None else "local_date"
    if types.is_date(kind):
        return "day"
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return "bytes"
    return "json"


def batches_of(reader: pa.RecordBatchReader, max_rows: int) -> Iterable[pa.RecordBatch]:
    """Yield the batches of a stream, cut to at most `max_rows` rows; empty ones are left out."""
    for batch in reader:
        for start in range(0, batch.num_rows, max_rows):
            yield batch.slice(start, max_rows)
