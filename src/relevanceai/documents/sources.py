"""Sources: files and arrays on disk or in memory, turned into streams or documents."""

import glob
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.pictures import FILE_NAME, decode, webp
from relevanceai.store.frames import frame_documents
from relevanceai.store.incoming import is_vector_name
from relevanceai.store.streams import arrow_reader

BATCH_ROWS = 8192


def existing_file(path: str | Path) -> Path:
    """Return the path of a file that is there, or raise NotFoundError."""
    found = Path(path).expanduser()
    if not found.is_file():
        raise NotFoundError(f"No file {str(path)!r} (looked in {Path.cwd()}).")
    return found


def parquet_reader(
    path: str | Path | Sequence[str | Path], columns: Sequence[str] | None
) -> tuple[pa.RecordBatchReader, int]:
    """Return a stream over Parquet files, and how many rows it has."""
    import pyarrow.dataset as ds

    files = _files(path, ".parquet")
    data = ds.dataset([str(file) for file in files], format="parquet")
    names = None
    if columns is not None:
        names = list(dict.fromkeys(["_id", *columns] if "_id" in data.schema.names else columns))
        lacking = [name for name in names if name not in data.schema.names]
        if lacking:
            raise NotFoundError(
                f"No column {listed(lacking)} in {files[0].name!r}. "
                f"It has: {listed(data.schema.names, like=lacking[0])}."
            )
    reader = data.scanner(
        columns=names, batch_size=BATCH_ROWS, batch_readahead=4, fragment_readahead=2
    ).to_reader()
    return reader, data.count_rows()


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


def csv_reader(path: str | Path, vector_fields: Sequence[str]) -> pa.RecordBatchReader:
    """Return a stream over a CSV file, each column of the type that all of its cells allow.

    Columns of vectors are parsed from lists in brackets.
    """
    from pyarrow import csv

    file = existing_file(path)
    types: dict[str, pa.DataType] = {"_id": pa.string()}

    def opened() -> Any:
        options = csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, null_values=[""], auto_dict_encode=False
        )
        return csv.open_csv(file, convert_options=options)

    try:
        reader = opened()
        header = reader.schema
        for name in header.names:
            if name in vector_fields or is_vector_name(name):
                types[name] = pa.string()
        # Types are guessed from the first block: read on, and let a column that does not keep to
        # its guess fall back, a whole number to a number and anything to text.
        while True:
            guess = dict(types)
            try:
                for _ in opened():
                    pass
                break
            except pa.ArrowInvalid as error:
                name = _column_at_fault(str(error), header.names)
                before = header.field(name).type
                fall_back = pa.float64() if pa.types.is_integer(before) else pa.string()
                types[name] = pa.string() if name in types else fall_back
                if guess == types:
                    raise
    except pa.ArrowInvalid as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read as CSV: {error}") from error
    reader = opened()
    vectors = [
        name for name in reader.schema.names if name in vector_fields or is_vector_name(name)
    ]
    if not vectors:
        return pa.RecordBatchReader.from_batches(reader.schema, iter(reader))
    schema = pa.schema(
        [
            pa.field(one.name, pa.list_(pa.float64())) if one.name in vectors else one
            for one in reader.schema
        ]
    )
    return pa.RecordBatchReader.from_batches(schema, _with_lists(reader, schema, vectors))


def _column_at_fault(message: str, names: Sequence[str]) -> str:
    """Return the column that a message of pyarrow's CSV reader is about."""
    import re

    number = re.search(r"In CSV column #(\d+)", message)
    if number is None:
        raise pa.ArrowInvalid(message)
    return names[int(number[1])]


def _with_lists(reader: Any, schema: pa.Schema, vectors: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        columns = [
            pa.array([_list_of(text) for text in batch[name].to_pylist()], schema.field(name).type)
            if name in vectors
            else batch[name]
            for name in batch.schema.names
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


def jsonl_documents(path: str | Path) -> Iterator[Document]:
    """Yield the object of each line of a JSON Lines file."""
    file = existing_file(path)
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                document = json.loads(line)
            except ValueError as error:
                raise InvalidInputError(
                    f"Line {number:,} of {str(path)!r} is no JSON: {error}."
                ) from error
            if not isinstance(document, dict):
                raise InvalidInputError(
                    f"Line {number:,} of {str(path)!r} is no JSON object: {line.strip():.60}."
                )
            yield document


def beside_vectors(
    vectors: object, documents: object, field: str
) -> tuple[pa.RecordBatchReader, int]:
    """Return a stream of vectors with the columns of the documents beside them."""
    if isinstance(vectors, str | Path):
        vectors = np.load(existing_file(vectors), mmap_mode="r", allow_pickle=False)
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
    try:
        return pa.Table.from_pylist(list(rows))
    except (pa.ArrowInvalid, pa.ArrowTypeError, AttributeError, TypeError) as error:
        raise InvalidInputError(
            f"The documents beside the vectors do not fit a table: {error}. Put the vectors into "
            "the dicts and use insert_documents."
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
