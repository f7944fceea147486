"""CSV files as Arrow streams: each column of the narrowest type that all of its cells allow."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.incoming import is_vector_name

_BLOCK_BYTES = 16 * 1024 * 1024
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DAY + r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_NUMBER = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
_LIST = rf"^\s*\[\s*{_NUMBER}(\s*,\s*{_NUMBER}|\s+{_NUMBER})+\s*\]\s*$"
# A column gets the first of these that fits all of its cells, or else stays text. Numbers with
# leading zeros (codes) and whole numbers that float64 would round are text.
_SHAPES: tuple[tuple[pa.DataType, str], ...] = (
    (pa.int64(), r"-?(0|[1-9][0-9]{0,17})"),
    (
        pa.float64(),
        r"-?((0|[1-9][0-9]{0,14})(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,2})?|nan|NaN|-?inf",
    ),
    (pa.bool_(), r"true|True|TRUE|false|False|FALSE"),
    (pa.date32(), _DAY),
    (pa.timestamp("us"), rf"{_DAY}|{_MOMENT}"),
    (pa.timestamp("us", tz="UTC"), rf"{_MOMENT}(Z|[+-][0-9]{{2}}:?[0-9]{{2}})"),
)


def existing_file(path: str | Path) -> Path:
    """Return the path of a file that is there, or raise NotFoundError."""
    found = Path(path).expanduser()
    if not found.is_file():
        raise NotFoundError(f"No file {str(path)!r} (looked in {Path.cwd()}).")
    return found


def csv_reader(
    path: str | Path,
    vector_fields: Sequence[str],
    on_rows: Callable[[int], object] = id,
    on_list: Callable[[str], object] = id,
) -> pa.RecordBatchReader:
    """Return a stream over a CSV file; columns of vectors are parsed from lists in brackets.

    The file is read twice: once to settle the types, when `on_rows` is called with the number of
    rows just read, and once as the stream is. `on_list` is called with each column that stays text
    although every cell of it is a list of numbers in brackets.

    Raises
    ------
    InvalidInputError : no CSV: rows of several lengths, no header, not UTF-8.
    """
    file = existing_file(path)
    try:
        names, types = _settled(file, vector_fields, on_rows, on_list)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if "Empty CSV file" in str(error):
            return _only_header(file)
        raise InvalidInputError(
            f"{str(path)!r} cannot be read as CSV (UTF-8, commas, a header): {error}"
        ) from error
    schema = pa.schema(list(zip(names, types, strict=True)))
    return pa.RecordBatchReader.from_batches(schema, _batches(file, schema))


def _only_header(file: Path) -> pa.RecordBatchReader:
    """Return a stream without rows, for a file without any."""
    if not file.read_bytes().removeprefix(BOM_UTF8).strip():
        raise InvalidInputError(f"{str(file)!r} is empty. A CSV file begins with a header.")
    return pa.RecordBatchReader.from_batches(pa.schema([]), iter([]))


def _opened(file: Path, names: Sequence[str] = ()) -> Any:
    """Open a CSV file, the cells of these columns as text or null."""
    from pyarrow import csv

    return csv.open_csv(
        file,
        read_options=csv.ReadOptions(block_size=_BLOCK_BYTES),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: pa.string() for name in names},
            strings_can_be_null=True,
            null_values=[""],
        ),
    )


def _settled(
    file: Path,
    vector_fields: Sequence[str],
    on_rows: Callable[[int], object],
    on_list: Callable[[str], object],
) -> tuple[list[str], list[pa.DataType]]:
    """Return the columns and their types: what every cell allows, looked at block by block."""
    names = list(_opened(file).schema.names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"Columns of the same name: {listed(twice)}. Give each its own.")
    vectors = {name for name in names if name in vector_fields or is_vector_name(name)}
    open_shapes = {name: list(_SHAPES) for name in names if name != "_id" and name not in vectors}
    has_values = dict.fromkeys(names, False)
    lists = set(open_shapes)
    for batch in _opened(file, names):
        for name in names:
            has_values[name] |= batch[name].null_count < len(batch)
            if open_shapes.get(name):
                column = batch[name].drop_null().unique()
                open_shapes[name] = [one for one in open_shapes[name] if _fits(column, *one)]
        for name in sorted(lists):
            cells = batch[name].drop_null()
            if not pc.all(pc.match_substring_regex(cells.slice(0, 1), _LIST)).as_py() or not (
                pc.all(pc.match_substring_regex(cells, _LIST)).as_py()
            ):
                lists.discard(name)
        on_rows(batch.num_rows)
    for name in names:
        if name in lists and has_values[name]:
            on_list(name)
    types: list[pa.DataType] = []
    for name in names:
        if name in vectors:
            types.append(pa.list_(pa.float64()))
        elif not has_values[name]:
            types.append(pa.null())
        else:
            shapes = open_shapes.get(name)
            types.append(shapes[0][0] if shapes else pa.string())
    return names, types


def _fits(column: pa.StringArray, wanted: pa.DataType, pattern: str) -> bool:
    if not pc.all(pc.match_substring_regex(column, f"^({pattern})$")).as_py() and len(column):
        return False
    try:
        _cast(column, wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _cast(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if wanted == pa.null():
        return pa.nulls(len(column))
    if wanted == pa.date32():  # text goes to days by way of moments
        return column.cast(pa.timestamp("s")).cast(wanted)
    return column.cast(wanted)


def _batches(file: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in _opened(file, schema.names):
        columns = [
            pa.array([_list_of(text) for text in batch[one.name].to_pylist()], one.type)
            if pa.types.is_list(one.type)
            else _cast(batch[one.name], one.type)
            for one in schema
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _list_of(text: str | None) -> list[float] | None:
    """Read a list of numbers as people write them into a cell: JSON's, or numpy's with spaces.

    Examples
    --------
    >>> _list_of("[0.5, 1]"), _list_of("[0.5 1.]")
    ([0.5, 1.0], [0.5, 1.0])
    """
    if text is None or not text.strip():
        return None
    inside = text.strip()
    if not (inside.startswith("[") and inside.endswith("]")):
        raise InvalidInputError(f"A vector cell is a list in brackets, but got {text!r:.60}.")
    parts = inside[1:-1].replace(",", " ").split()
    try:
        return [float(part) for part in parts]
    except ValueError as error:
        raise InvalidInputError(
            f"A vector cell holds numbers in brackets, but got {text!r:.60}."
        ) from error
