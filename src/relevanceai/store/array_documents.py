"""ArrayDocuments: what stands beside vectors in memory, settled when it is first asked for."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.errors import DuplicateIdError, InvalidInputError, listed
from relevanceai.store.columns import Field
from relevanceai.store.frames import frame_documents
from relevanceai.store.incoming import (
    check_vectors,
    gathered,
    id_text,
    is_derived,
    is_vector_name,
    settled,
)
from relevanceai.store.names import column_of


class ArrayDocuments:
    """Documents of rows 0 to n_rows - 1: a DataFrame, a list of dicts, or none.

    They are read as inserting them would: the same kinds, the same missing values. This happens
    when a document, a field or a filter is first asked for, not before.

    Parameters
    ----------
    documents : a DataFrame (not copied; columns that are added to it later are not seen), dicts, or
        None: rows with nothing but an `_id`.
    n_rows : how many there must be.
    ids : the `_id` of each row; None takes those of the documents, or the row's number as text.
    """

    def __init__(
        self,
        documents: object | None,
        n_rows: int,
        ids: Sequence[object] | None = None,
    ) -> None:
        self._n_rows = n_rows
        self.index: Any = None
        """The index of the DataFrame, to which labels are aligned."""
        frame: Any = documents
        self._is_frame = hasattr(documents, "iloc") and hasattr(documents, "columns")
        if self._is_frame:
            self.index = frame.index
            self._documents: Any = frame.copy(deep=False)
        elif documents is None:
            self._documents = None
        elif isinstance(documents, Sequence) and not isinstance(documents, str | bytes):
            self._documents = documents
        else:
            kind = type(documents)
            hint = " Pass documents.to_pandas()." if hasattr(documents, "to_pandas") else ""
            raise InvalidInputError(
                "documents is a pandas DataFrame, a list of dicts or None, but got "
                f"{kind.__module__.split('.')[0]}.{kind.__name__}.{hint}".replace("builtins.", "")
            )
        if documents is not None and len(self._documents) != n_rows:
            raise InvalidInputError(
                f"Got {len(self._documents):,} documents for {n_rows:,} vectors. "
                "Pass one a vector, in the same order."
            )
        self._given_ids = None if ids is None else list(ids)
        if self._given_ids is not None and len(self._given_ids) != n_rows:
            raise InvalidInputError(
                f"Got {len(self._given_ids):,} ids for {n_rows:,} vectors. Pass one a vector."
            )
        if self._given_ids is not None or self._brought_ids() is not None:
            self.ids  # noqa: B018 - checked at the door

    @cached_property
    def ids(self) -> list[str]:
        """The `_id` of each row.

        Raises
        ------
        DuplicateIdError : one stands twice.
        InvalidInputError : one is missing, or of a type that cannot be kept.
        """
        given = self._given_ids if self._given_ids is not None else self._brought_ids()
        if given is None:
            return [str(row) for row in range(self._n_rows)]
        texts: list[str] = []
        for row, value in enumerate(given):
            try:
                text = id_text(value)
            except InvalidInputError as error:
                raise InvalidInputError(f"The `_id` of row {row:,} {error}.") from error
            if text is None:
                raise InvalidInputError(
                    f"The `_id` of row {row:,} is missing. Give every row one, or none."
                )
            texts.append(text)
        if len(set(texts)) < len(texts):
            seen: set[str] = set()
            twice = dict.fromkeys(one for one in texts if one in seen or seen.add(one))  # type: ignore[func-returns-value]
            raise DuplicateIdError(
                f"{len(twice):,} `_id` stand more than once: {listed(twice, limit=5)}. "
                "Give each row its own, or leave ids out."
            )
        return texts

    def _brought_ids(self) -> list[object] | None:
        """The ids that the documents bring; None when they bring none."""
        if self._documents is None:
            return None
        if self._is_frame:
            frame = self._documents
            if "_id" in frame.columns:
                return list(frame["_id"])
            return list(frame.index) if frame.index.name == "_id" else None
        brought = [one.get("_id") if isinstance(one, Mapping) else None for one in self._documents]
        return None if all(one is None for one in brought) else brought

    def schema(self) -> pa.Schema:
        """Return the columns, `_id` first."""
        return self._table.schema

    def column(self, name: str, rows: "slice | NDArray[np.int64]") -> pa.Array:
        """Return some rows of a column."""
        if name == "_id" and self._documents is None:
            whole = pa.array(self.ids, pa.string())
        else:
            whole = self._table[name].combine_chunks()
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(self._n_rows)
            return whole.slice(start, stop - start)
        return whole.take(pa.array(rows))

    @cached_property
    def _table(self) -> pa.Table:
        if self._documents is None:
            return self._ids_alone()
        if not self._is_frame:
            return self._settled(self._documents)
        frame = self._documents
        columns: dict[str, tuple[Field, pa.Array] | None] = {}
        if frame.columns.is_unique:  # else it is refused below
            columns = {
                name: plain_column(name, frame[name])
                for name in frame.columns
                if isinstance(name, str) and name != "_id"
            }
        plain = {name: held for name, held in columns.items() if held is not None}
        rest = self._ids_alone()
        if set(frame.columns) - {"_id"} != plain.keys() or not frame.columns.is_unique:
            rest = self._settled(frame_documents(frame.drop(columns=list(plain))))
        by_column = {one.name: (one, rest[one.name]) for one in rest.schema}
        kept = [by_column.pop("_id")]
        for name in frame.columns:  # in the order that they have
            if name in plain:
                one, array = plain[name]
                kept.append((one.arrow(), array))
            elif isinstance(name, str) and column_of(name) in by_column:
                kept.append(by_column.pop(column_of(name)))
        schema = pa.schema([one for one, _ in kept])
        return pa.Table.from_arrays([array for _, array in kept], schema=schema).combine_chunks()

    def _ids_alone(self) -> pa.Table:
        held = pa.schema([Field("_id", "_id", "text").arrow()])
        return pa.Table.from_arrays([pa.array(self.ids, pa.string())], schema=held)

    def _settled(self, documents: Iterable[object]) -> pa.Table:
        """The documents as inserting them would keep them."""
        named = [
            {**one, "_id": document_id} if isinstance(one, Mapping) else one
            for one, document_id in zip(documents, self.ids, strict=True)
        ]
        incoming = gathered(named, keep_last=False)  # type: ignore[arg-type]
        check_vectors(incoming, [], "raise")
        return settled(incoming, [], lambda _: [])[0].combine_chunks()


def plain_column(name: str, column: Any) -> tuple[Field, pa.Array] | None:
    """Return a column of a DataFrame as the store keeps it, if that needs no look at each value.

    That is so for whole numbers up to 64 bits, fractions, bools and text. None for others, and for
    a column without any value, which is no field.
    """
    if is_vector_name(name) or is_derived(name):
        return None
    kinds = {"b": "bool", "i": "integer", "f": "number"}
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in kinds and dtype.itemsize <= 8:
        one = Field(name, column_of(name), kinds[dtype.kind])
        array = pa.array(column.to_numpy(), from_pandas=True).cast(one.arrow().type)
    elif str(dtype) in ("str", "string"):
        one = Field(name, column_of(name), "text")
        try:
            array = pa.array(column, pa.string(), from_pandas=True)
        except (pa.ArrowException, UnicodeEncodeError):
            return None  # and what is wrong is said where each value is looked at
    else:
        return None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return (one, array) if array.null_count < len(array) else None
