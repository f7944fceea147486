"""Sources: files and arrays on disk or in memory, turned into streams or documents."""

import glob
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.documents.csv_source import csv_reader, existing_file
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.pictures import FILE_NAME, decode, webp
from relevanceai.store.columns import KIND_KEY, kind_of, normalised, to_arrow
from relevanceai.store.frames import frame_documents
from relevanceai.store.incoming import id_text, is_vector_name
from relevanceai.store.streams import arrow_reader, is_json_text, kept_kind

BATCH_ROWS = 8192


def parquet_reader(
    path: str | Path | Sequence[str | Path], columns: Sequence[str] | None
) -> tuple[pa.RecordBatchReader, int]:
    """Return a stream over Parquet files, and how many rows it has."""
    import pyarrow.dataset as ds

    files = _files(path, ".parquet")
    schema = _joint_schema(files)
    root = None
    if isinstance(path, str | Path) and Path(path).expanduser().is_dir():
        root = str(Path(path).expanduser())
    names = [str(file) for file in files]
    apart = {"partitioning": "hive", "partition_base_dir": root} if root else {}
    if root:  # folders named year=2024 are columns
        inside = [one for one in ds.dataset(names, **apart).schema if one.name not in schema.names]
        schema = pa.schema([*schema, *inside])
    data = ds.dataset(names, format="parquet", schema=schema, **apart)
    wanted = None
    if columns is not None:
        wanted = list(dict.fromkeys(["_id", *columns] if "_id" in schema.names else columns))
        lacking = [name for name in wanted if name not in schema.names]
        if lacking:
            raise NotFoundError(
                f"No column {listed(lacking)} in {files[0].name!r}. "
                f"It has: {listed(schema.names, like=lacking[0])}."
            )
    reader = data.scanner(
        columns=wanted, batch_size=BATCH_ROWS, batch_readahead=4, fragment_readahead=2
    ).to_reader()
    batches = _named(reader, f"The Parquet files at {str(path)!r:.200} cannot be read")
    return pa.RecordBatchReader.from_batches(reader.schema, batches), data.count_rows()


def _named(batches: Iterable[pa.RecordBatch], what: str) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except (pa.ArrowException, OSError) as error:
        raise InvalidInputError(f"{what}: {error}") from error


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


def jsonl_documents(path: str | Path, failed: dict[str, str] | None) -> Iterator[Document]:
    """Yield the object of each line of a JSON Lines file.

    A line that is none raises, or is noted in `failed` if that is given.
    """
    with existing_file(path).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            try:
                document = json.loads(text.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                why = f"is no JSON: {error}"
            else:
                if isinstance(document, dict):
                    yield document
                    continue
                why = f"is no JSON object: {text.strip().decode('utf-8'):.60}"
            if failed is None:
                raise InvalidInputError(
                    f"Line {number:,} of {str(path)!r} {why}. Mend it, or pass on_error='skip'."
                )
            failed[f"line {number}"] = why


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
    table = _beside(documents)
    if table is not None and table.num_rows != len(matrix):
        raise InvalidInputError(
            f"There are {table.num_rows:,} documents for {len(matrix):,} vectors. "
            "Pass one document a vector, in order."
        )
    if table is not None and field in table.column_names:
        raise InvalidInputError(
            f"The documents have a field {field!r} already. Pass field='<another name>'."
        )
    made = pa.field(field, pa.list_(pa.float32(), matrix.shape[1]))
    schema = pa.schema([*(table.schema if table is not None else ()), made])

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(matrix), BATCH_ROWS):
            block = matrix[start : start + BATCH_ROWS]
            with np.errstate(over="ignore"):
                rows = np.ascontiguousarray(block, dtype=np.float32)
            column = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), matrix.shape[1])
            beside = []
            if table is not None:
                part = table.slice(start, len(block)).combine_chunks()
                beside = [_chunk(part.column(index)) for index in range(part.num_columns)]
            yield pa.RecordBatch.from_arrays([*beside, column], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches()), len(matrix)


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else whole.chunk(0)


def _beside(documents: object) -> pa.Table | None:
    """Return documents of any form as a table; nested values and mixed kinds stay exact."""
    if documents is None:
        return None
    if isinstance(documents, str | Path):
        if str(documents).lower().endswith(".csv"):
            return csv_reader(documents, ()).read_all()
        return parquet_reader(documents, None)[0].read_all()
    if hasattr(documents, "__arrow_c_stream__") and not hasattr(documents, "iloc"):
        return arrow_reader(documents).read_all()
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
    return _settled_table(rows)


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


def media_documents(
    folder: Path, field: str, size: int, failed: dict[str, str] | None
) -> Iterator[Document]:
    """Yield a document for each picture below a folder, thumbnail included.

    A file that is named like a picture and is none raises, or is noted in `failed` if that is given.
    """
    root = folder.expanduser()
    if not root.is_dir():
        raise NotFoundError(f"No folder {str(folder)!r} (looked in {Path.cwd()}).")
    files = sorted(
        one for one in root.rglob("*") if FILE_NAME.fullmatch(one.name) and one.is_file()
    )
    if not files:
        raise NotFoundError(f"No pictures below {str(folder)!r}.")
    for file in files:
        below = file.relative_to(root).as_posix()
        image = decode(file.read_bytes())
        if image is None:
            if failed is None:
                raise InvalidInputError(
                    f"{below!r} is named like a picture and cannot be opened as one. Mend it, or "
                    "pass on_error='skip'."
                )
            failed[below] = "cannot be opened as a picture"
            continue
        yield {
            "_id": below,
            "path": str(file.resolve()),
            "file_name": file.name,
            "folder": file.parent.relative_to(root).as_posix(),
            "file_bytes": file.stat().st_size,
            "width": image.width,
            "height": image.height,
            field: webp(image, size),
        }
