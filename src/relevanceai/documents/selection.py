"""Selection: the documents that pass some filters, as a light sequence of one version."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from relevanceai.batch import Document
from relevanceai.documents.export import frame_of
from relevanceai.errors import InvalidInputError
from relevanceai.store.layout import taken
from relevanceai.store.outgoing import documents_of
from relevanceai.store.selecting import Selected, chosen_columns

if TYPE_CHECKING:
    import pandas as pd


class Selection(Sequence[Document]):
    """The documents that passed, at the version of the moment they were asked for.

    Made by `ds.filter(...)`. Documents are read when they are looked at; later writes do not show.
    """

    def __init__(self, rows: Selected) -> None:
        self._rows = rows
        self._fields, self._labels = chosen_columns(rows.store, None, include_vector=True)

    def __repr__(self) -> str:
        return f"Selection({len(self):,} documents of {self._rows.store.name!r})"

    def __len__(self) -> int:
        return self._rows.count

    def __iter__(self) -> Iterator[Document]:
        return self._rows.documents(self._fields, self._labels)

    @overload
    def __getitem__(self, place: int) -> Document: ...
    @overload
    def __getitem__(self, place: slice) -> list[Document]: ...
    def __getitem__(self, place: int | slice) -> Document | list[Document]:
        if isinstance(place, int):
            row = place + len(self) if place < 0 else place
            if not 0 <= row < len(self):
                raise IndexError(f"There are {len(self):,} documents, so none is at {place}.")
            return self._at(row, 1)[0]
        start, stop, step = place.indices(len(self))
        if step != 1:
            raise InvalidInputError("A selection is cut in steps of 1.")
        return self._at(start, max(stop - start, 0))

    def to_pandas_dataframe(self, *, include_vector: bool = True) -> "pd.DataFrame":
        """Return the documents as a DataFrame; see `Dataset.to_pandas_dataframe`."""
        fields, labels = chosen_columns(self._rows.store, None, include_vector=include_vector)
        return frame_of(self._rows, fields, labels)

    def _at(self, start: int, size: int) -> list[Document]:
        row_ids = self._rows.page_row_ids(start, size).tolist()
        if not row_ids:
            return []
        columns = [one.column for one in self._fields] + [one.column for one in self._labels]
        table = taken(self._rows.store.opened(), row_ids, columns)
        return documents_of(table, self._fields, self._labels)
