"""What the commands `datasets` and `closest` list: the facts of datasets, the documents of clusters."""

import argparse
from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from relevanceai.terminal import cell, room, tables

if TYPE_CHECKING:
    from relevanceai.batch import Document
    from relevanceai.clustering.info import ClusteringInfo
    from relevanceai.dashboard.documents import Shape
    from relevanceai.dataset import Dataset


def dataset_facts(dataset: "Dataset") -> dict[str, Any]:
    n_documents, n_fields = dataset.shape
    return {
        "name": dataset.name,
        "documents": n_documents,
        "fields": n_fields,
        "vector_fields": dataset.list_vector_fields(),
        "clusterings": [_clustering_facts(one) for one in dataset.clusterings()],
    }


def _clustering_facts(one: "ClusteringInfo") -> dict[str, object]:
    return {
        "alias": one.alias,
        "vector_fields": list(one.vector_fields),
        "n_clusters": one.n_clusters,
        "n_documents": one.n_documents,
        "n_outliers": one.n_outliers,
        "n_unclustered": one.n_unclustered,
        "model": one.model,
        "created_at": one.created_at,
    }


def dataset_rows(facts: dict[str, Any]) -> list[dict[str, object]]:
    """Return one line for a dataset, or in a terminal, where room is scarce, one a name."""
    fields = list(facts["vector_fields"])
    clusterings = [f"{one['alias']} ({one['n_clusters']})" for one in facts["clusterings"]]
    if room() is None:
        fields, clusterings = [", ".join(fields)], [", ".join(clusterings)]
    named = zip_longest(fields or [""], clusterings)
    rows: list[dict[str, object]] = [
        {"name": None, "documents": None, "fields": None, "vector fields": f, "clusterings": c}
        for f, c in named
    ]
    rows[0].update({name: facts[name] for name in ("name", "documents", "fields")})
    return rows


def print_documents(
    found: "Mapping[str, list[Document]]",
    given: argparse.Namespace,
    sizes: Mapping[str, int],
    dataset: "Dataset",
) -> None:
    """Print a table a cluster, all with the same columns, and how many fields they leave out."""
    from relevanceai.dashboard.documents import shape_of
    from relevanceai.dashboard.runs import Memory

    shape = shape_of(dataset, Memory())
    measure = "similarity" if given.metric in ("cosine", "dp") else "distance"
    groups = [
        [_row(document, shape, given.select, measure) for document in documents]
        for documents in found.values()
    ]
    n_kept = 2 + (shape.title is not None) if given.select is None else None
    texts, left_out = tables(groups, width=room(), n_kept=n_kept)
    for (name, documents), text in zip(found.items(), texts, strict=True):
        print(f"{cell(name)} ({sizes[name]:,} documents)")
        print(text if documents else f"no document on page {given.page}", end="\n\n")
    every = {name for documents in found.values() for document in documents for name in document}
    if given.select is None:
        left_out += sorted(every & set(shape.pictures))
    if left_out:
        fields = "1 more field" if len(left_out) == 1 else f"{len(left_out)} more fields"
        print(f"{fields}: --select or --json")


def _row(
    document: "Document", shape: "Shape", selected: list[str] | None, measure: str
) -> "Document":
    """Return what a table shows of a document: id, title and similarity first.

    Pictures and labels are left out, unless they were asked for: the heading has the label.
    """
    value = round(float(document["_search_score"]), 4)
    if selected is not None:
        shown = {name: document.get(name) for name in ("_id", *selected)}
        return shown | {"_search_score" if measure in shown else measure: value}
    others = {
        name: value
        for name, value in document.items()
        if name not in ("_id", "_search_score", "_cluster_", shape.title, *shape.pictures)
    }
    first: Document = {"_id": document["_id"]}
    if shape.title is not None:
        first[shape.title] = document.get(shape.title)
    first["_search_score" if measure in document else measure] = value
    return first | others
