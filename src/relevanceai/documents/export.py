"""Export: selected documents as a DataFrame, an Arrow table, or a dict of lists."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from relevanceai.store.columns import Field
from relevanceai.store.exporting import arrow_reader
from relevanceai.store.labels import Clustering
from relevanceai.store.selecting import Selected
from relevanceai.store.summaries import column_array, column_values, kind_of_column

if TYPE_CHECKING:
    import pandas as pd


def frame_of(
    rows: Selected, fields: Sequence[Field], labels: Sequence[Clustering]
) -> "pd.DataFrame":
    """Return rows as a DataFrame with a column a field or label, in order of insertion.

    Whole numbers with gaps are pandas' Int64, a vector is an array a row, missing is None or NaN.
    """
    import pandas as pd

    held: list[Field | Clustering] = [*fields, *labels]
    table = rows.table([one.column for one in held])
    columns: dict[str, Any] = {}
    for one in held:
        name = one.name if isinstance(one, Field) else one.label_path
        columns[name] = _series(pd, table[one.column], one)
    return pd.DataFrame(columns, columns=list(columns), copy=False)


def _series(pd: Any, array: pa.ChunkedArray, one: Field | Clustering) -> Any:
    kind = kind_of_column(one)
    if kind == "vector":
        matrix = column_array(array, one)
        held = array.is_valid().to_pylist()
        vectors = [row if is_there else None for row, is_there in zip(matrix, held, strict=True)]
        return pd.Series(vectors, dtype=object)
    if kind == "integer":
        return pd.array(array.to_pylist(), dtype="Int64" if array.null_count else "int64")
    if kind in ("text", "label"):
        return pd.array(column_values(array, one), dtype="str")
    if kind == "date":
        return pd.Series(column_array(array, one)).dt.tz_localize("UTC")
    if kind in ("number", "local_date") or (kind == "bool" and not array.null_count):
        return column_array(array, one)
    return pd.Series(column_values(array, one), dtype=object)


def table_of(rows: Selected, fields: Sequence[Field], labels: Sequence[Clustering]) -> pa.Table:
    """Return rows as an Arrow table; see `store.exporting.arrow_reader`."""
    return arrow_reader(rows, fields, labels).read_all()
