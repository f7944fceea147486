"""DataFrames turned into documents."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from relevanceai.batch import Document
from relevanceai.errors import InvalidInputError, listed

if TYPE_CHECKING:
    import pandas as pd


_ROWS = 4096


def frame_documents(frame: object) -> list[Document]:
    """Return each row of a pandas DataFrame as a document; see `frame_rows`."""
    return list(frame_rows(frame)[1])


def frame_rows(frame: object) -> tuple[int, Iterator[Document]]:
    """Return how many rows a pandas DataFrame has, and each as a document, a few thousand at a time.

    Missing values are left out.

    The index is not kept, unless it is named `_id` and no column is.

    Raises
    ------
    InvalidInputError : no DataFrame, or one with two columns of the same name.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InvalidInputError(
            f"insert_pandas_dataframe was given {type(frame).__name__}. "
            "Pass a pandas DataFrame, or use insert_documents for a list of dicts."
        )
    if frame.index.name == "_id" and "_id" not in frame.columns:
        frame = frame.reset_index()
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()].unique()
        raise InvalidInputError(
            f"The DataFrame has columns of the same name: {listed(map(str, twice))}. "
            "Give each its own."
        )
    return len(frame), _rows(frame)


def _rows(frame: "pd.DataFrame") -> Iterator[Document]:
    names = list(frame.columns)
    for start in range(0, len(frame), _ROWS):
        some, columns = frame.iloc[start : start + _ROWS], []
        for place in range(len(names)):
            cells = some.iloc[:, place]
            columns.append(cells.astype(object).where(cells.notna(), None).tolist())
        rows = zip(*columns, strict=True) if columns else iter([()] * len(some))
        for row in rows:
            yield {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
