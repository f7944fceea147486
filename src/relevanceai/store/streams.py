"""Arrow streams of any origin, turned batch by batch into the columns that the store keeps."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, counted, listed
from relevanceai.store.columns import KIND_KEY, WIDTH_KEY, Field, from_json, normalised, to_json
from relevanceai.store.incoming import id_text, is_derived, is_vector_name
from relevanceai.store.names import column_of

_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)
_PYTHONS_YEARS = {  # beyond them nobody could read the value back
    "day": ((dt.datetime.min - _EPOCH).days, (dt.datetime.max - _EPOCH).days),
    "date": (
        (dt.datetime.min - _EPOCH) // _MICROSECOND,
        (dt.datetime.max - _EPOCH) // _MICROSECOND,
    ),
}
_PYTHONS_YEARS["local_date"] = _PYTHONS_YEARS["date"]
_UNREADABLE = (ValueError, OverflowError, RecursionError, pa.ArrowException)


def incoming_fields(
    schema: pa.Schema, vector_fields: Sequence[str], known: Mapping[str, Field]
) -> list[Field]:
    """Return the fields that a stream of this schema brings, `_id` and derived ones left out.

    A vector field is a fixed-size list of numbers, a list of numbers whose name ends in
    `_vector_`, is among `vector_fields`, or is a vector field of the dataset already. Its width
    is 0 where neither the type nor the metadata tells it. Columns of nulls bring nothing.

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
            held = _plain_type(one.type)
            told = int((one.metadata or {}).get(WIDTH_KEY, 0))
            width = held.list_size if pa.types.is_fixed_size_list(held) else told
            fields.append(Field(one.name, column_of(one.name), "vector", width))
        else:
            fields.append(Field(one.name, column_of(one.name), kept_kind(one) or "json"))
    return fields


def kept_kind(one: pa.Field) -> str | None:
    """Return the kind under which a column that holds no vectors is kept; None for only nulls."""
    if pa.types.is_null(one.type):
        return None
    return "json" if is_json_text(one) else _kind_of_type(one.type)


def is_json_text(one: pa.Field) -> bool:
    """Tell whether a column is JSON as the store itself exported it: its metadata says so."""
    kept = (one.metadata or {}).get(KIND_KEY) == b"json"
    return kept and bool(pa.types.is_string(one.type) or pa.types.is_large_string(one.type))


def ids_of(column: pa.Array, problems: dict[int, str]) -> pa.StringArray:
    """Return a column of any type as text ids, null where one is to be made or is at fault.

    The rule is that of `incoming.id_text`; what is wrong with single rows is added to `problems`.
    """
    column = _plain(column)
    if pa.types.is_integer(column.type) or pa.types.is_null(column.type):
        return column.cast(pa.string())
    is_text = pa.types.is_string(column.type) and _is_text(column)
    if is_text and not pc.any(pc.equal(column, "")).as_py():
        return column
    texts = []
    for row, value in enumerate(_values("`_id`", column, problems)):
        try:
            texts.append(id_text(value))
        except InvalidInputError as error:
            texts.append(None)
            problems.setdefault(row, f"`_id` {error}")
    return pa.array(texts, pa.string())


def first_width(column: pa.Array) -> int | None:
    """Return the length of the first list that is not empty; 0 if all are, None if there is none."""
    lengths = np.asarray(pc.list_value_length(_plain(column)).drop_null())
    filled = lengths[lengths > 0]
    return int(filled[0]) if len(filled) else 0 if len(lengths) else None


def kept_column(one: Field, column: pa.Array, problems: dict[int, str]) -> pa.Array:
    """Return a column as the store keeps a field, and add what is wrong with single rows.

    The width of a vector field is settled by then: 0 is not allowed.
    """
    column = _plain(column)
    if one.kind == "vector":
        return _vectors(one, column, problems)
    wanted = one.arrow().type
    if one.kind == "json":
        return _json(one, column, problems)
    if one.kind == "number" and pa.types.is_integer(column.type):
        whole = column.cast(pa.int64())
        large = pc.or_(pc.greater(whole, 2**53), pc.less(whole, -(2**53)))
        why = f"{one.name!r} is too large to be kept exactly beside fractions"
        return _without(whole, large, why, problems).cast(pa.float64())
    if one.kind == "text" and not _is_text(column):
        bad = [not _is_text(column.slice(row, 1)) for row in range(len(column))]
        return _without(column, pa.array(bad), f"{one.name!r} is not valid UTF-8", problems)
    try:
        made = column if column.type == wanted else column.cast(wanted)
    except pa.ArrowInvalid:
        bad = [not _can_cast(column.slice(row, 1), wanted) for row in range(len(column))]
        why = f"{one.name!r} cannot be kept exactly as {wanted}"
        made = _without(column, pa.array(bad), why, problems).cast(wanted)
    if one.kind not in _PYTHONS_YEARS:
        return made
    first, last = _PYTHONS_YEARS[one.kind]
    ticks = made.view(pa.int32() if one.kind == "day" else pa.int64())
    beyond = pc.or_(pc.less(ticks, first), pc.greater(ticks, last))
    return _without(made, beyond, f"{one.name!r} is beyond the years 1 to 9999", problems)


def _without(column: pa.Array, bad: pa.Array, why: str, problems: dict[int, str]) -> pa.Array:
    """Return a column with nulls in place of the bad rows, which go to the problems."""
    rows = np.flatnonzero(np.asarray(pc.fill_null(bad, False)))
    for row in rows:
        problems.setdefault(int(row), why)
    return pc.if_else(bad, pa.scalar(None, column.type), column) if len(rows) else column


def _can_cast(column: pa.Array, wanted: pa.DataType) -> bool:
    try:
        column.cast(wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _is_text(column: pa.Array) -> bool:
    """Tell whether a text column is valid UTF-8, which Arrow does not promise."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _json(one: Field, column: pa.Array, problems: dict[int, str]) -> pa.Array:
    texts: list[str | None] = []
    for row, value in enumerate(_values(repr(one.name), column, problems)):
        try:
            plain = normalised(value)
            texts.append(None if plain is None else to_json(plain))
        except InvalidInputError as error:
            texts.append(None)
            problems.setdefault(row, f"{one.name!r} {error}")
    return pa.array(texts, pa.string())


def checked_json(one: Field, column: pa.Array, problems: dict[int, str]) -> pa.Array:
    """Return JSON that says it was exported by the store, once each text is read and written."""
    texts: list[str | None] = []
    for row, text in enumerate(_values(repr(one.name), _plain(column), problems)):
        try:
            plain = None if text is None else normalised(from_json(str(text)))
            texts.append(None if plain is None else to_json(plain))
        except (*_UNREADABLE, TypeError, AttributeError, ArithmeticError):
            texts.append(None)
            problems.setdefault(row, f"{one.name!r} is said to be JSON of a dataset and is not")
    return pa.array(texts, pa.string())


def _values(name: str, column: pa.Array, problems: dict[int, str]) -> list[object]:
    """Return the values of a column as Python's, None in a row that has no such."""
    wanted = _readable_type(column.type)
    try:
        return list((column if column.type == wanted else column.cast(wanted)).to_pylist())
    except _UNREADABLE:
        pass
    values: list[object] = []
    for row in range(len(column)):
        try:
            values.append(column.slice(row, 1).cast(wanted)[0].as_py())
        except _UNREADABLE as error:
            values.append(None)
            problems.setdefault(row, f"{name} cannot be read: {error}")
    return values


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
            int(row),
            f"{one.name!r} has {counted(int(lengths[row]), 'dimension')} in place of {width:,}"
            if lengths[row]
            else f"{one.name!r} is empty; make it null instead",
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
            int(row), f"{one.name!r} holds null, NaN, infinity or a number beyond float32"
        )
    mask = None if good.all() else pa.array(~good)
    if not (is_plain and values.type == pa.float32()):
        values = pa.array(matrix.ravel())
    return pa.FixedSizeListArray.from_arrays(values, width, mask=mask)


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
    """Return a column without dictionary, runs, extension type, views and large offsets."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array([None if one is None else str(one) for one in column.to_pylist()])
        if kind.extension_name == "arrow.bool8":
            return column.storage.cast(pa.bool_())
        return _plain(column.storage)
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return _plain(pc.run_end_decode(column))
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return _lists_of_views(column)
    wanted = _plain_type(kind)
    return column if kind == wanted else column.cast(wanted)


def _lists_of_views(column: pa.Array) -> pa.Array:
    """Return list views as lists; pyarrow's own cast of them loses values beside nulls."""
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int32)
    ends = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    mask = column.is_null() if column.null_count else None
    made = pa.ListArray.from_arrays(ends, column.flatten(), mask=mask)
    return made.cast(pa.list_(column.type.value_field))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        known = {"arrow.uuid": pa.string(), "arrow.bool8": pa.bool_()}
        return known.get(kind.extension_name) or _plain_type(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return pa.string()
    if types.is_large_list(kind) or types.is_list_view(kind) or types.is_large_list_view(kind):
        return pa.list_(kind.value_field)
    return kind


def _readable_type(kind: pa.DataType) -> pa.DataType:
    """Return a type with times to the microsecond: pyarrow would round them as it reads them."""
    types = pa.types
    if types.is_time64(kind):
        return pa.time64("us")
    if types.is_struct(kind):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        return pa.struct([one.with_type(_readable_type(one.type)) for one in fields])
    if types.is_list(kind) or types.is_large_list(kind):
        inside = kind.value_field.with_type(_readable_type(kind.value_type))
        return pa.list_(inside) if types.is_list(kind) else pa.large_list(inside)
    return kind


def _is_vector_type(kind: pa.DataType) -> bool:
    held = _plain_type(kind)
    return bool(pa.types.is_fixed_size_list(held) and pa.types.is_floating(held.value_type))


def _is_numbers(kind: pa.DataType) -> bool:
    kind = _plain_type(kind)
    is_list = pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind)
    return bool(
        is_list and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))
    )


def _kind_of_type(kind: pa.DataType) -> str:
    types = pa.types
    kind = _plain_type(kind)
    if types.is_string(kind):
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
    if (
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    ):
        return "bytes"
    return "json"


def batches_of(reader: Iterable[pa.RecordBatch], max_rows: int) -> Iterable[pa.RecordBatch]:
    """Yield the batches of a stream, cut to at most `max_rows` rows; empty ones are left out."""
    for batch in reader:
        for start in range(0, batch.num_rows, max_rows):
            yield batch.slice(start, max_rows)
