"""JSON Lines files as Arrow streams: read once to settle each field's kind, once to stream it."""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from relevanceai.batch import Document
from relevanceai.documents.csv_source import existing_file
from relevanceai.errors import InvalidInputError, listed
from relevanceai.store.columns import (
    EXACT_IN_FLOAT,
    KIND_KEY,
    WIDTH_KEY,
    kind_of,
    normalised,
    to_arrow,
)
from relevanceai.store.incoming import id_text, is_derived, is_vector_name

_BLOCK_BYTES = 4 * 1024 * 1024
_BLOCK_LINES = 4096


@dataclass(slots=True)
class _Seen:
    """What the lines hold of one field."""

    is_vector: bool
    width: int = 0
    kinds: set[str] = field(default_factory=set)
    has_large: bool = False
    has_plain_json: bool = False  # values that JSON keeps though they are neither list nor dict

    @property
    def kind(self) -> str | None:
        """The kind that holds all values, or None when there is none."""
        if self.kinds == {"integer", "number"}:
            return "json" if self.has_large else "number"
        return next(iter(self.kinds)) if len(self.kinds) == 1 else "json" if self.kinds else None

    @property
    def is_mixed(self) -> bool:
        return self.kind == "json" and (len(self.kinds) > 1 or self.has_plain_json)


class JsonLines:
    """The documents of a JSON Lines file, as a stream of Arrow batches in bounded memory.

    Parameters
    ----------
    path : one JSON object a line; blank lines are passed over.
    vector_fields : fields whose lists are vectors though their names do not say so.
    failed : where lines and documents that cannot be taken are noted; None to raise instead.
    on_rows : called with the number of documents just looked at, in the first reading.

    Raises
    ------
    NotFoundError : no such file.
    InvalidInputError : a line that is no JSON object, or a value that cannot be kept.
    """

    def __init__(
        self,
        path: str | Path,
        vector_fields: Collection[str],
        failed: dict[str, str] | None,
        on_rows: Callable[[int], object] = id,
    ) -> None:
        self._path = path
        self._file = existing_file(path)
        self._vector_fields = frozenset(vector_fields)
        self._failed = failed
        self._passed_over = array("q")  # the numbers of the lines that bring no document
        self._seen: dict[str, _Seen] = {}
        self.count = 0
        self._survey(on_rows)
        self.mixed_fields = tuple(sorted(name for name, one in self._seen.items() if one.is_mixed))

    def line_of(self, row: int) -> int:
        """Return the line on which a document of the stream stands, counted from 1."""
        low, high = row + 1, row + 1 + len(self._passed_over)
        while low < high:
            middle = (low + high) // 2
            if middle - bisect_left(self._passed_over, middle + 1) < row + 1:
                low = middle + 1
            else:
                high = middle
        return low

    def reader(self) -> pa.RecordBatchReader:
        """Return the stream; the file is read again for it."""
        schema = self._schema()
        return pa.RecordBatchReader.from_batches(schema, self._batches(schema))

    # the first reading -------------------------------------------------------------------------

    def _survey(self, on_rows: Callable[[int], object]) -> None:
        for block in self._blocks(self._parsed):
            for document in block:
                self._look_at(document)
            self.count += len(block)
            on_rows(len(block))

    def _parsed(self, number: int, text: bytes) -> Document | None:
        """Return the checked document of a line; None where it brings none, which is noted."""
        if not text.strip():
            self._passed_over.append(number)
            return None
        where = f"line {number}"
        try:
            document = _object_of(text, _without_twins)
            name = id_text(document.get("_id"))
            where = where if name is None else name
            return self._checked(document)
        except InvalidInputError as error:
            if self._failed is None:
                at = f"Line {number:,} of {str(self._path)!r}"
                raise InvalidInputError(
                    f"{at} {error}. Mend it, or pass on_error='skip'."
                ) from error
            self._failed[where] = str(error)
            self._passed_over.append(number)
            return None

    def _checked(self, document: Document) -> Document:
        made: Document = {}
        for name, value in document.items():
            try:
                normalised(name)
                if is_derived(name):
                    self._seen.setdefault(name, _Seen(False))
                elif name != "_id" and self._is_vector(name):
                    made[name] = None if value is None else _vector(value)
                elif name != "_id":
                    made[name] = normalised(value)
            except InvalidInputError as error:
                raise InvalidInputError(f"has {name!r}, which {error}") from error
        return made

    def _look_at(self, document: Document) -> None:
        for name, value in document.items():
            seen = self._seen.get(name)
            if seen is None:
                seen = self._seen[name] = _Seen(self._is_vector(name))
            if value is None:
                continue
            if seen.is_vector:
                seen.width = seen.width or len(value)
                continue
            kind = kind_of([value]) or "json"
            seen.kinds.add(kind)
            if kind == "integer":
                seen.has_large |= abs(value) > EXACT_IN_FLOAT
            elif kind == "json":
                seen.has_plain_json |= not isinstance(value, list | dict)

    def _is_vector(self, name: str) -> bool:
        return name in self._vector_fields or is_vector_name(name)

    # the second --------------------------------------------------------------------------------

    def _schema(self) -> pa.Schema:
        fields = [pa.field("_id", pa.string())]
        for name, seen in self._seen.items():
            if seen.is_vector and seen.width:
                width = {WIDTH_KEY: str(seen.width).encode()}
                fields.append(pa.field(name, pa.list_(pa.float32()), metadata=width))
            elif seen.kind is None or seen.is_vector:
                fields.append(pa.field(name, pa.null()))
            else:
                made = to_arrow([], seen.kind).type
                fields.append(pa.field(name, made, metadata={KIND_KEY: seen.kind.encode()}))
        return pa.schema(fields)

    def _batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for documents in self._blocks(self._again):
            columns = [pa.array([id_text(one.get("_id")) for one in documents], pa.string())]
            for one in list(schema)[1:]:
                values = [document.get(one.name) for document in documents]
                kind = (one.metadata or {}).get(KIND_KEY)
                if kind is not None:
                    columns.append(to_arrow([normalised(value) for value in values], kind.decode()))
                elif pa.types.is_list(one.type):
                    with np.errstate(over="ignore"):  # infinity is told with the `_id`, later
                        rows = [
                            None if value is None else np.asarray(value).astype(np.float32)
                            for value in values
                        ]
                    columns.append(pa.array(rows, one.type))
                else:
                    columns.append(pa.nulls(len(documents)))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    def _again(self, number: int, text: bytes) -> Document | None:
        place = bisect_left(self._passed_over, number)
        if place < len(self._passed_over) and self._passed_over[place] == number:
            return None
        return _object_of(text)

    def _blocks(
        self, document_of: Callable[[int, bytes], Document | None]
    ) -> Iterator[list[Document]]:
        """Yield the documents of the file, some 4 MiB of text at a time."""
        held: list[Document] = []
        n_bytes = 0
        with self._file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                document = document_of(number, text)
                if document is None:
                    continue
                held.append(document)
                n_bytes += len(line)
                if n_bytes >= _BLOCK_BYTES or len(held) >= _BLOCK_LINES:
                    yield held
                    held, n_bytes = [], 0
        if held:
            yield held


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's pairs as a dict; JSON's own reader would keep the last of two in silence."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidInputError(f"has a key more than once: {listed(twice)}")
    return made


def _object_of(
    text: bytes, made_of: Callable[[list[tuple[str, object]]], Document] | None = None
) -> Document:
    try:
        found: object = json.loads(text.decode("utf-8"), object_pairs_hook=made_of)
    except InvalidInputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidInputError(f"is no JSON object: {text.strip().decode('utf-8'):.60}")
    return found


def _vector(value: object) -> object:
    """Return a flat list of numbers as it is, or raise; width and infinities are checked later."""
    if isinstance(value, list) and not value:
        raise InvalidInputError("is empty; make it null instead")
    try:
        row = np.asarray(value)
    except ValueError:  # ragged
        row = np.empty(0, object)
    if row.ndim != 1 or row.dtype.kind not in "fiu":
        raise InvalidInputError(
            f"is a vector field and holds no flat list of numbers, but {value!r:.60}"
        )
    return value
