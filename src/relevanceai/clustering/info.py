"""ClusteringInfo: what lists show of a clustering, counted from its labels."""

from dataclasses import dataclass

import numpy as np

from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


@dataclass(frozen=True, slots=True)
class ClusteringInfo:
    """One clustering of a dataset, as lists show it.

    `n_documents` counts the documents in clusters, `n_outliers` those that are noise and
    `n_unclustered` those without a label (they have no vector, or came later). `label_path` is
    where a document shows its label; the slugs are the parts of its page's address.
    """

    vector_fields: tuple[str, ...]
    alias: str
    field_slug: str
    alias_slug: str
    label_path: str
    n_clusters: int
    n_documents: int
    n_outliers: int
    n_unclustered: int
    model: str
    created_at: str


def clustering_info(store: DocumentStore, one: Clustering) -> ClusteringInfo:
    """Return the facts of a clustering. One pass over its label column."""
    labels, valid = store.labels(one)
    return ClusteringInfo(
        vector_fields=one.vector_fields,
        alias=one.alias,
        field_slug=one.field_slug,
        alias_slug=one.alias_slug,
        label_path=one.label_path,
        n_clusters=len(np.unique(labels[labels >= 0])),
        n_documents=int((labels >= 0).sum()),
        n_outliers=int((valid & (labels < 0)).sum()),
        n_unclustered=int((~valid).sum()),
        model=str(one.model.get("model", "")),
        created_at=one.created_at,
    )
