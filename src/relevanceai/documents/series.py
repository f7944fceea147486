"""Series: one field of a dataset, its values and the filters that its comparisons make."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from relevanceai.documents.filtering import Filter, Filters, as_dicts, compared
from relevanceai.errors import InvalidInputError
from relevanceai.store.documents import DocumentStore
from relevanceai.store.selecting import Selected, column_named, selected
from relevanceai.store.summaries import (
    column_array,
    column_values,
    kind_of_column,
    value_counts,
)

if TYPE_CHECKING:
    import pandas as pd


class Series:
    """One field or label of a dataset, made by `ds["field"]`.

    Nothing is read before values are asked for; each such call sees one finished write.
    Comparing makes a `Filter`: `ds["price"] > 10`, `ds["title"] == "Boots"`.
    """

    __hash__ = None  # type: ignore[assignment]  # == makes a filter

    def __init__(self, store: DocumentStore, name: str) -> None:
        self._store = store
        self._held = column_named(store, name)
        self.name = name

    def __repr__(self) -> str:
        return f"Series({self.name!r}, {self.kind}, {len(self):,} documents)"

    @property
    def kind(self) -> str:
        """What the field holds: "text", "integer", "number", "bool", "date", "local_date", "day",
        "bytes", "json", "vector" or "label"."""
        return kind_of_column(self._held)

    # values ------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._store.count()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    @property
    def values(self) -> list[Any]:
        """The value of each document in the order of the rows, None where there is none."""
        array, held = self._column(None)
        return column_values(array, held)

    def numpy(self) -> NDArray[Any]:
        """Return the values as one array, a row a document in the order of the rows.

        Vectors: float32 (n_documents, n_dims), a row of NaN where there is none. Whole numbers:
        int64, or float64 with NaN where some are missing. Numbers: float64, NaN where missing.
        Bools: bool, where none is missing. Dates: datetime64, NaT where missing. All else: objects,
        None where missing.
        """
        array, held = self._column(None)
        return column_array(array, held)

    def value_counts(
        self, *, filters: Filters = None, top: int | None = None, dropna: bool = True
    ) -> "pd.Series[Any]":
        """Return how often each value occurs; see `Dataset.value_counts`."""
        rows = selected(self._store, as_dicts(filters))
        return counted(rows, self.name, top=top, dropna=dropna)

    def unique(self) -> list[Any]:
        """Return the distinct values, in the order in which they first come, without missing."""
        array, held = self._column(None)
        if kind_of_column(held) == "vector":
            raise InvalidInputError(f"{self.name!r} holds vectors, which are not counted.")
        return column_values(array.drop_null().unique(), held)

    def _column(self, filters: Filters) -> tuple[Any, Any]:
        rows = selected(self._store, as_dicts(filters))
        held = column_named(rows.store, self.name)  # its column may have changed since
        return rows.table([held.column])[held.column], held

    # filters -----------------------------------------------------------------------------------

    def __eq__(self, value: object) -> Filter:  # type: ignore[override]
        return compared(self.name, self.kind, "==", value)

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]
        return compared(self.name, self.kind, "!=", value)

    def __gt__(self, value: object) -> Filter:
        return compared(self.name, self.kind, ">", value)

    def __ge__(self, value: object) -> Filter:
        return compared(self.name, self.kind, ">=", value)

    def __lt__(self, value: object) -> Filter:
        return compared(self.name, self.kind, "<", value)

    def __le__(self, value: object) -> Filter:
        return compared(self.name, self.kind, "<=", value)

    def isin(self, values: Iterable[object]) -> Filter:
        """Return the filter that passes documents with one of these values."""
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise InvalidInputError(
                f"isin takes a list of values, but got {values!r:.60}. Pass [{values!r:.60}]."
            )
        return self._filter("categories", "==", list(values))

    def contains(self, text: str) -> Filter:
        """Return the filter that passes documents whose text contains a text, case counting."""
        if not isinstance(text, str):
            raise InvalidInputError(f"contains takes text, but got {text!r:.60}.")
        return self._filter("contains", "==", text)

    def isnull(self) -> Filter:
        """Return the filter that passes documents without a value."""
        return self._filter("exists", "!=", "")

    def notnull(self) -> Filter:
        """Return the filter that passes documents with a value."""
        return self._filter("exists", "==", "")

    def _filter(self, filter_type: str, condition: str, value: object) -> Filter:
        one = {"field": self.name, "filter_type": filter_type}
        return Filter([{**one, "condition": condition, "condition_value": value}])

    def __bool__(self) -> bool:
        raise InvalidInputError(
            f"ds[{self.name!r}] is neither true nor false. Compare it: ds[{self.name!r}] == value."
        )


def counted(rows: Selected, name: str, *, top: int | None, dropna: bool) -> "pd.Series[Any]":
    """Return how often each value of a field occurs, most frequent first, as a pandas Series."""
    import pandas as pd

    held = column_named(rows.store, name)
    if kind_of_column(held) == "vector":
        raise InvalidInputError(
            f"{name!r} holds vectors, which are not counted. Count a field of text or numbers, or "
            "a label."
        )
    array = rows.table([held.column])[held.column]
    pairs = value_counts(array, held, top=top)
    if not dropna and array.null_count:
        pairs = sorted([*pairs, (None, array.null_count)], key=lambda pair: -pair[1])[:top]
    index = pd.Index([value for value, _ in pairs], dtype=object, name=name, tupleize_cols=False)
    return pd.Series([count for _, count in pairs], index=index, name="count", dtype="int64")
