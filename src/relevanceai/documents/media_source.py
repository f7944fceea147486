"""Folders of pictures as Arrow streams: a row a picture, its thumbnail made on the way."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.pictures import FILE_NAME, decode, webp

_BATCH_ROWS = 256
_FACTS = pa.schema(
    {
        "_id": pa.string(),
        "path": pa.string(),
        "file_name": pa.string(),
        "folder": pa.string(),
        "file_bytes": pa.int64(),
        "width": pa.int64(),
        "height": pa.int64(),
    }
)


def media_reader(
    folder: Path, field: str, size: int, failed: dict[str, str] | None
) -> tuple[pa.RecordBatchReader, int]:
    """Return a stream of the pictures below a folder, and how many files are named like one.

    A file that is named like a picture and is none raises, or is noted in `failed` if that is given.
    """
    root = folder.expanduser()
    if not root.is_dir():
        raise NotFoundError(f"No folder {str(folder)!r} (looked in {Path.cwd()}).")
    if field in _FACTS.names:
        raise InvalidInputError(
            f"The thumbnail cannot stand in {field!r}: a picture has {listed(_FACTS.names)} "
            "already. Pass field='<another name>'."
        )
    files = sorted(
        one for one in root.rglob("*") if FILE_NAME.fullmatch(one.name) and one.is_file()
    )
    if not files:
        raise NotFoundError(f"No pictures below {str(folder)!r}.")
    schema = _FACTS.append(pa.field(field, pa.binary()))

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, len(files), _BATCH_ROWS):
            some = files[start : start + _BATCH_ROWS]
            rows = [_row(root, file, field, size, failed) for file in some]
            taken = [row for row in rows if row is not None]
            yield pa.RecordBatch.from_pylist(taken, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches()), len(files)


def _row(
    root: Path, file: Path, field: str, size: int, failed: dict[str, str] | None
) -> dict[str, object] | None:
    below = file.relative_to(root).as_posix()
    image = decode(file.read_bytes())
    if image is None:
        if failed is None:
            raise InvalidInputError(
                f"{below!r} is named like a picture and cannot be opened as one. Mend it, or "
                "pass on_error='skip'."
            )
        failed[below] = "cannot be opened as a picture"
        return None
    return {
        "_id": below,
        "path": str(file.resolve()),
        "file_name": file.name,
        "folder": file.parent.relative_to(root).as_posix(),
        "file_bytes": file.stat().st_size,
        "width": image.width,
        "height": image.height,
        field: webp(image, size),
    }
