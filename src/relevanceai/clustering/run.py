"""A clustering run: vectors of a store through a model, or brought labels, kept as leaves."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.fitting import fit
from relevanceai.clustering.ids import cluster_id
from relevanceai.clustering.kept import keep
from relevanceai.clustering.labels import leaves_from
from relevanceai.clustering.moments import MOMENTS
from relevanceai.clustering.report import run_facts
from relevanceai.engine.batches import vector_source
from relevanceai.errors import InvalidInputError, NotFoundError, counted, listed
from relevanceai.progress import notice, slow
from relevanceai.store.documents import DocumentStore
from relevanceai.store.incoming import make_vectors
from relevanceai.store.labelling import add_clustering
from relevanceai.store.labels import Clustering
from relevanceai.store.names import checked_name


def chosen_vector_fields(
    store: DocumentStore, vector_fields: Sequence[str] | str | None
) -> list[str]:
    """Return the vector fields to work on: those named, or the only one there is.

    Raises
    ------
    NotFoundError : one that is not there; lists those that are.
    InvalidInputError : none named although there are several, or one named twice.
    """
    if vector_fields is None:
        there = [one.name for one in store.fields() if one.kind == "vector"]
        if not there:
            lists = [one.name for one in store.fields() if one.kind == "json"]
            raise InvalidInputError(
                f"Dataset {store.name!r} has no vector field. "
                + (
                    f"{lists[0]!r} holds lists or dicts. {make_vectors(lists[0])}"
                    if lists
                    else "Insert documents with vectors: in a field whose name ends in '_vector_', "
                    "or named in vector_fields=[...]."
                )
            )
        if len(there) > 1:
            raise InvalidInputError(
                f"Dataset {store.name!r} has {len(there)} vector fields: {listed(there)}. "
                f"Pass one of them, or several to join them: vector_fields=[{there[0]!r}]."
            )
        return there
    names = [vector_fields] if isinstance(vector_fields, str) else list(vector_fields)
    if not names or len(set(names)) < len(names):
        raise InvalidInputError(
            f"vector_fields names {names!r}. Pass at least one vector field, each once."
        )
    return [store.vector_field(name).name for name in names]


def run_model(
    store: DocumentStore,
    model: str | object,
    *,
    n_clusters: int | None,
    vector_fields: Sequence[str],
    alias: str | None,
    random_state: int | None,
    model_kwargs: Mapping[str, object] | None,
) -> Clustering:
    """Cluster the documents that have the vectors, and keep the labels.

    The writer lock is held from the first read to the last write, so that the labels are those of
    the documents that are there.
    """
    if alias is not None:
        checked_name(alias, "alias")  # before the work, not after it
    with store.writing():
        n_rows = store.count()
        source = vector_source(store, vector_fields)
        batches = source.batches(0, source.n_rows)
        if not any((batch.labels >= 0).any() for batch in batches):
            raise InvalidInputError(
                f"None of the {n_rows:,} documents of {store.name!r} has "
                f"{listed(vector_fields)}. Insert vectors, or pass other vector_fields."
            )
        with slow("Clustering"):
            found = fit(
                model,
                source,
                n_clusters=n_clusters,
                random_state=random_state,
                model_kwargs=model_kwargs,
            )
        ids = [cluster_id(number) for number in range(len(found.moments.count))]
        labels, valid = _for_all_rows(store, found.row_ids, found.labels, n_rows)
        name = model if isinstance(model, str) else type(model).__name__
        made = _keep(
            store,
            vector_fields,
            f"{name}-{len(ids)}" if alias is None else alias,
            labels,
            valid,
            ids,
            found.described,
        )
        keep(store.snapshot(), made, MOMENTS, found.moments.to_arrays())
        return made


def keep_brought(
    store: DocumentStore,
    values: Callable[[], Sequence[object]],
    *,
    vector_fields: Sequence[str],
    alias: str,
    source: str,
) -> Clustering:
    """Keep labels that the user brings, one per document in the order of the scan.

    `values` is called under the writer lock, so that it and the rows agree. A document that has a
    label and lacks a vector is not clustered.
    """
    with store.writing():
        labels, valid, ids = leaves_from(values())
        if "-1" in ids:
            notice(
                "the label '-1' is text, so it is a cluster; noise is the number -1 or 'outlier'"
            )
        has_vectors = store.has_vectors(vector_fields)
        described: dict[str, object] = {"model": "brought", "source": source}
        return _keep(
            store,
            vector_fields,
            alias,
            np.where(valid & has_vectors, labels, -1).astype(np.int32),
            valid & has_vectors,
            ids,
            described,
        )


def _for_all_rows(
    store: DocumentStore, row_ids: NDArray[np.int64], labels: NDArray[np.int32], n_rows: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Spread labels of some rows over all rows; the rest is not clustered."""
    if len(row_ids) == n_rows:
        return labels, np.ones(n_rows, bool)
    every = store.all_row_ids()
    order = np.argsort(every)
    places = order[np.searchsorted(every, row_ids, sorter=order)]
    spread = np.full(n_rows, -1, np.int32)
    valid = np.zeros(n_rows, bool)
    spread[places] = labels
    valid[places] = True
    return spread, valid


def _keep(
    store: DocumentStore,
    vector_fields: Sequence[str],
    alias: str,
    labels: NDArray[np.int32],
    valid: NDArray[np.bool_],
    ids: Sequence[str],
    described: dict[str, object],
) -> Clustering:
    alias = checked_name(alias, "alias")
    described = {**described, "run": run_facts(described.get("run"), labels, valid, len(ids))}
    clustering = add_clustering(store, vector_fields, alias, labels, valid, ids, described)
    left_out = int((~valid).sum())
    if left_out:
        notice(
            f"{left_out:,} of {len(valid):,} documents of {store.name!r} have no "
            f"{' or no '.join(vector_fields)}"
            + (" or no label" if described["model"] == "brought" else "")
            + f" and are not clustered in {alias!r}"
        )
    return clustering


def aligned_labels(store: DocumentStore, labels: object) -> Sequence[object]:
    """Return one label per document, in the order of the scan.

    Parameters
    ----------
    labels : as for `Dataset.set_cluster_labels`.

    Raises
    ------
    InvalidInputError : another number of labels than documents, an `_id` twice, or no labels.
    NotFoundError : an `_id` that is not there.
    """
    index: Any = getattr(labels, "index", None) if hasattr(labels, "to_dict") else None
    if index is not None and type(index).__name__ != "RangeIndex":
        if not index.is_unique:
            raise InvalidInputError("The index of labels names an `_id` more than once.")
        labels = dict(zip(index.tolist(), labels.tolist(), strict=True))  # type: ignore[attr-defined]
    if isinstance(labels, Mapping):
        by_id = {str(key): value for key, value in labels.items()}
        ids = store.ids()
        unknown = by_id.keys() - set(ids)
        if unknown:
            raise NotFoundError(
                f"{len(unknown):,} of {len(by_id):,} labels are for an `_id` that is not in "
                f"dataset {store.name!r}: {listed(sorted(unknown), limit=5)}."
            )
        return [by_id.get(document_id) for document_id in ids]
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise InvalidInputError(
            f"Labels come as a list, array, Series or dict, but got {type(labels).__name__}."
        )
    n_labels, n_documents = len(labels), store.count()
    if n_labels != n_documents:
        raise InvalidInputError(
            f"There {'is' if n_labels == 1 else 'are'} {counted(n_labels, 'label')} for "
            f"{counted(n_documents, 'document')} of {store.name!r}. "
            "Pass one per document in the order of get_all_documents(), or a dict by `_id`."
        )
    given = list(labels)  # type: ignore[call-overload]
    place = np.argsort(np.argsort(store.all_row_ids()))  # of each scanned row, by insertion
    return [given[index] for index in place]
