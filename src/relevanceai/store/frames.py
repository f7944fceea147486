"""DataFrames turned into documents."""

from relevanceai.batch import Document
from relevanceai.errors import InvalidInputError, listed


def frame_documents(frame: object) -> list[Document]:
    """Return each row of a pandas DataFrame as a document; missing values are left out.

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
    columns = []
    for name in frame.columns:
        cells = frame[name].astype(object)
        columns.append(cells.where(frame[name].notna(), None).tolist())
    names = list(frame.columns)
    rows = zip(*columns, strict=True) if columns else iter([()] * len(frame))
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
        for row in rows
    ]
