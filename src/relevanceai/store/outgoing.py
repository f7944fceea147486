"""Outgoing documents: Arrow tables of the store turned back into dicts."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from relevanceai.batch import Document
from relevanceai.errors import NotFoundError, listed
from relevanceai.store.columns import Field, from_arrow
from relevanceai.store.labels import LABEL_ROOT, SEARCH_SCORE, Clustering


def chosen(
    fields: Sequence[Field],
    clusterings: Sequence[Clustering],
    *,
    select_fields: Sequence[str] | None,
    include_vector: bool,
    dataset: str,
) -> tuple[list[Field], list[Clustering]]:
    """Return the fields and clusterings that a reader asked for; `_id` always is.

    A selection may name fields, `_cluster_` for all labels, or the path of one label. A vector
    field that is named comes along whatever `include_vector` says.

    Raises
    ------
    NotFoundError : a selected field that does not exist; lists those that do.
    """
    if select_fields is None:
        return [one for one in fields if include_vector or one.kind != "vector"], list(clusterings)
    by_name = {one.name: one for one in fields}
    paths = {clustering.label_path: clustering for clustering in clusterings}
    chosen_fields = {"_id": by_name["_id"]}
    labels: dict[str, Clustering] = {}
    for name in [select_fields] if isinstance(select_fields, str) else select_fields:
        if name in by_name:
            chosen_fields[name] = by_name[name]
        elif name in paths:
            labels[name] = paths[name]
        elif name == LABEL_ROOT:
            labels |= paths
        elif name == SEARCH_SCORE:  # comes with a search whatever is selected
            continue
        else:
            there = [*by_name, *paths]
            raise NotFoundError(
                f"No field {name!r} in dataset {dataset!r}. It has: {listed(there, like=name)}."
            )
    return list(chosen_fields.values()), list(labels.values())


def documents_of(
    table: pa.Table, fields: Sequence[Field], clusterings: Sequence[Clustering]
) -> list[Document]:
    """Return each row of a table as a dict, in order; a field without a value is left out.

    Labels stand nested at `document["_cluster_"][vector field][alias]`.
    """
    with _no_collection():
        return _documents_of(table, fields, clusterings)


def _documents_of(
    table: pa.Table, fields: Sequence[Field], clusterings: Sequence[Clustering]
) -> list[Document]:
    names = [one.name for one in fields]
    values = [from_arrow(table[one.column], one) for one in fields]
    rows: Iterable[tuple[object, ...]] = zip(*values, strict=True)
    if not fields:
        rows = [()] * table.num_rows
    documents: list[Document]
    if any(None in column for column in values):
        documents = [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in rows
        ]
    else:
        documents = [dict(zip(names, row, strict=True)) for row in rows]
    by_field: dict[str, tuple[list[str], list[Sequence[str | None]]]] = {}
    for clustering in clusterings:
        aliases, labels = by_field.setdefault(clustering.field, ([], []))
        aliases.append(clustering.alias)
        labels.append(clustering.public_ids(table[clustering.column]))
    for field, (aliases, labels) in by_field.items():
        for document, row in zip(documents, zip(*labels, strict=True), strict=True):
            there = dict(zip(aliases, row, strict=True))
            if None in row:
                there = {alias: label for alias, label in there.items() if label is not None}
            if there:
                document.setdefault(LABEL_ROOT, {})[field] = there
    return documents


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from running in the block.

    Thousands of new dicts, none of them garbage, make it go through all objects of the process
    again and again: that took half of the time of 10,000 documents.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
