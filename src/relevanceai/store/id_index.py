"""Documents by `_id`: few through Lance's index, many in one scan; and that index, kept up to date."""

import logging
from collections.abc import Iterable, Sequence

import lance
import pyarrow as pa
import pyarrow.compute as pc

from relevanceai.store.layout import taken

_ID_INDEX = "_id_index"
_INDEX_FROM = 20_000  # rows outside the index that are worth bringing in
_LOOK_UP = 5_000  # ids that are looked up one by one; more are found in one scan
_LOG = logging.getLogger(__name__)


def row_ids_of(handle: lance.LanceDataset, ids: Iterable[str]) -> dict[str, int]:
    """Return the row id of each `_id` that is there, in the order asked."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    values = pa.array(wanted, pa.string())
    if len(wanted) <= _LOOK_UP:
        one_of = pc.field("_id").isin(values)
        found = handle.scanner(columns=["_id"], filter=one_of, with_row_id=True).to_table()
    else:
        table = handle.to_table(columns=["_id"], with_row_id=True)
        found = table.filter(pc.is_in(table["_id"], value_set=values))
    row_of = dict(zip(found["_id"].to_pylist(), found["_rowid"].to_pylist(), strict=True))
    return {document_id: row_of[document_id] for document_id in wanted if document_id in row_of}


def rows_of(handle: lance.LanceDataset, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
    """Return columns of the documents with these `_id`s, their `_id` and `_rowid`; in any order.

    Parameters
    ----------
    ids : each once; those that are not there are passed over.
    """
    asked = list(dict.fromkeys(["_id", *columns]))
    if len(ids) > _LOOK_UP:
        row_ids = list(row_ids_of(handle, ids).values())
    else:
        one_of = pc.field("_id").isin(pa.array(list(ids), pa.string()))
        found = handle.scanner(columns=[], filter=one_of, with_row_id=True).to_table()
        row_ids = found["_rowid"].to_pylist()
    return taken(handle, row_ids, asked).append_column("_rowid", pa.array(row_ids, pa.uint64()))


def ids_among(handle: lance.LanceDataset, ids: pa.ChunkedArray) -> list[str]:
    """Return those of some ids that are there, at the cost of one look at each."""
    found: list[str] = []
    for batch in handle.to_batches(columns=["_id"]):
        there = batch["_id"].filter(pc.is_in(batch["_id"], value_set=ids))
        found += there.to_pylist()
    return found


def tended(handle: lance.LanceDataset, name: str) -> None:
    """Bring the index on `_id`, and those over vectors with it, up to date, once enough rows are not in it.

    Lookups are right without it, and faster with it; so a full disk costs the index only.

    Parameters
    ----------
    name : of the dataset, for messages.
    """
    if handle.count_rows() < _INDEX_FROM:
        return
    try:
        there = [one.name for one in handle.describe_indices()]
        if _ID_INDEX not in there:
            handle.create_scalar_index("_id", "BTREE", name=_ID_INDEX)
        elif handle.stats.index_stats(_ID_INDEX)["num_unindexed_rows"] >= _INDEX_FROM:
            handle.optimize.optimize_indices(index_names=there)
    except OSError as error:
        _LOG.warning("The index on _id of %r was not brought up to date: %s", name, error)
