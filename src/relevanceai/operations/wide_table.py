"""WideTable: a DataFrame of many columns that prints all of them, in lines as wide as the terminal."""

from collections.abc import Mapping

import pandas as pd


class WideTable(pd.DataFrame):
    """A DataFrame that hides no column when printed, nor does what is cut from it."""

    @property
    def _constructor(self) -> type["WideTable"]:
        return WideTable

    def __repr__(self) -> str:
        with pd.option_context("display.max_columns", None):
            return super().__repr__()


def wide_table(columns: Mapping[str, object]) -> pd.DataFrame:
    """Return the columns as a table that prints all of them.

    Examples
    --------
    >>> print(wide_table({"cluster": ["cluster-0"], "documents": [3]}))
         cluster  documents
    0  cluster-0          3
    """
    return WideTable(dict(columns))
