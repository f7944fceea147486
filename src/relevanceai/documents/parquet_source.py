"""Parquet files as Arrow streams: a file, a glob, a folder or a list, read in small batches."""

import glob
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from relevanceai.documents.csv_source import existing_file
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.streams import is_json_text, kept_kind

_BATCH_BYTES = 16 * 1024 * 1024
_MAX_ROWS = 8192
_BUFFER_BYTES = 1024 * 1024


def parquet_reader(
    path: str | Path | Sequence[str | Path], columns: Sequence[str] | None
) -> tuple[pa.RecordBatchReader, int]:
    """Return a stream over Parquet files, and how many rows it has.

    Row groups are read a batch at a time, so that memory does not depend on how large they are.
    """
    files = _files(path, ".parquet")
    schema = _joint_schema(files)
    root = None
    if isinstance(path, str | Path) and Path(path).expanduser().is_dir():
        root = Path(path).expanduser()
    constants: dict[Path, dict[str, pa.Scalar]] = {}
    if root is not None:  # folders named year=2024 are columns
        inside, constants = _hive_values(files, root)
        schema = pa.schema([*schema, *(one for one in inside if one.name not in schema.names)])
    if columns is not None:
        wanted = list(dict.fromkeys(["_id", *columns] if "_id" in schema.names else columns))
        lacking = [name for name in wanted if name not in schema.names]
        if lacking:
            raise NotFoundError(
                f"No column {listed(lacking)} in {files[0].name!r}. "
                f"It has: {listed(schema.names, like=lacking[0])}."
            )
        schema = pa.schema([schema.field(name) for name in wanted])
    what = f"The Parquet files at {str(path)!r:.200} cannot be read"

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for file in files:
                yield from _batches(file, schema, constants.get(file, {}))
        except (pa.ArrowException, OSError) as error:
            raise InvalidInputError(f"{what}: {error}") from error

    return pa.RecordBatchReader.from_batches(schema, batches()), sum(_n_rows(one) for one in files)


def _batches(
    file: Path, schema: pa.Schema, constants: Mapping[str, pa.Scalar]
) -> Iterator[pa.RecordBatch]:
    """Yield one file's rows as the joint schema has them: cast, or null where it lacks a column."""
    from pyarrow import parquet

    with parquet.ParquetFile(file, pre_buffer=False, buffer_size=_BUFFER_BYTES) as opened:
        there = set(opened.schema_arrow.names)
        asked = [one.name for one in schema if one.name in there]
        size = _rows_per_batch(opened.metadata)
        for batch in opened.iter_batches(batch_size=size, columns=asked):
            columns = []
            for one in schema:
                if one.name in there:
                    held = batch[one.name]
                    columns.append(held if held.type == one.type else held.cast(one.type))
                elif one.name in constants:
                    columns.append(pa.repeat(constants[one.name], len(batch)).cast(one.type))
                else:
                    columns.append(pa.nulls(len(batch), one.type))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _rows_per_batch(metadata: Any) -> int:
    """Return how many rows make up some 16 MiB, as large as the largest row group's are."""
    sizes = [
        metadata.row_group(index).total_byte_size / max(metadata.row_group(index).num_rows, 1)
        for index in range(metadata.num_row_groups)
    ]
    return max(min(int(_BATCH_BYTES / max([*sizes, 1.0])), _MAX_ROWS), 16)


def _n_rows(file: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(file).num_rows)


def _hive_values(
    files: Sequence[Path], root: Path
) -> tuple[pa.Schema, dict[Path, dict[str, pa.Scalar]]]:
    """Return the columns that folders named `year=2024` make, and what they say of each file."""
    import pyarrow.dataset as ds

    data = ds.dataset(
        [str(one) for one in files],
        format="parquet",
        partitioning="hive",
        partition_base_dir=str(root),
    )
    schema = data.partitioning.schema
    found: dict[Path, dict[str, pa.Scalar]] = {}
    for fragment in data.get_fragments():
        keys = ds.get_partition_keys(fragment.partition_expression)
        found[Path(fragment.path)] = {
            name: pa.scalar(value, schema.field(name).type) for name, value in keys.items()
        }
    return schema, found


def _joint_schema(files: Sequence[Path]) -> pa.Schema:
    """Return the columns of all files, each of a type that holds those of every file."""
    from pyarrow import parquet

    fields: dict[str, pa.Field] = {}
    origin: dict[str, Path] = {}
    for file in files:
        try:
            schema = parquet.read_schema(file)
        except (pa.ArrowException, OSError) as error:
            raise InvalidInputError(f"{str(file)!r} cannot be read as Parquet: {error}") from error
        twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
        if twice:
            raise InvalidInputError(
                f"{str(file)!r} has columns of the same name: {listed(twice)}. Give each its own."
            )
        for one in schema:
            known = fields.setdefault(one.name, one)
            before = origin.setdefault(one.name, file)
            if known.type == one.type and is_json_text(known) == is_json_text(one):
                continue
            kinds = [kept_kind(each) for each in (known, one)]
            joined = None
            if {*kinds} <= {"integer", "number"} or kinds[0] == kinds[1] or None in kinds:
                joined = _joint_type(known.type, one.type)
            if joined is None:
                raise InvalidInputError(
                    f"{one.name!r} is {known.type} in {str(before)!r}, but {one.type} in "
                    f"{str(file)!r}. Insert them one by one, or give the column one type."
                )
            fields[one.name] = (one if kinds[0] is None else known).with_type(joined)
    return pa.schema(list(fields.values()))


def _joint_type(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    plain = [one.value_type if pa.types.is_dictionary(one) else one for one in (left, right)]
    schemas = [pa.schema([pa.field("x", one)]) for one in plain]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None


def _files(path: str | Path | Sequence[str | Path], suffix: str) -> list[Path]:
    if not isinstance(path, str | Path):
        return [existing_file(one) for one in path]
    found = Path(path).expanduser()
    if found.is_dir():
        files = sorted(one for one in found.rglob(f"*{suffix}") if one.is_file())
    elif found.is_file():
        files = [found]
    else:
        files = sorted(Path(one) for one in glob.glob(str(found), recursive=True))  # noqa: PTH207 - an absolute pattern
    if not files:
        raise NotFoundError(f"No {suffix} file at {str(path)!r} (looked in {Path.cwd()}).")
    return files
