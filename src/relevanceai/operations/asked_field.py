"""A field that clusters are asked to tell: the documents that take part, and how losses are taken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.facts import amount
from relevanceai.contrast.fields import KINDS, settled
from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.predicted import category_losses, folds, number_losses
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.members import clusters_of_rows, values_of
from relevanceai.store.documents import DocumentStore

N_FOLDS = 10

MOST_CATEGORIES = 200
LARGEST = 1e150
"""Larger numbers are refused: their squares leave the range of float64."""

_PREDICTED = tuple(kind for kind in KINDS if kind not in ("text", "tags"))


@dataclass(frozen=True, slots=True)
class AskedField:
    """The documents that take part: their rows, clusters, and how losses are taken.

    `rows` and `clusters` have shape (n_documents,). `losses` takes the group of each document and
    returns each one's held-out loss in `unit` and, for categories, whether its own was the likeliest.
    """

    rows: NDArray[np.intp]  # places in the order of the store
    clusters: NDArray[np.int32]
    losses: Callable[[NDArray[np.integer]], tuple[NDArray[np.float64], NDArray[np.bool_] | None]]
    kind: str
    unit: str
    n_missing: int
    n_unclustered: int
    n_left: int


def asked_of(
    store: DocumentStore,
    centroids: Centroids,
    field: str,
    kind: str | None,
    wanted: Sequence[int] | None,
    most: int,
    seed: int,
) -> AskedField:
    """Draw the documents and settle their values.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    field, kind : what is asked for, and as what; None settles it from the values.
    wanted : places in `centroids.ids` of the clusters that take part; None for all.
    most, seed : so many documents at most, drawn with this seed.

    Raises
    ------
    InvalidInputError : the field cannot be predicted; see `AsksGranularity.granularity`.
    """
    row_ids, clusters = clusters_of_rows(store, centroids)
    inside = clusters >= 0 if wanted is None else np.isin(clusters, wanted)
    places = np.flatnonzero(inside)
    order = np.argsort(row_ids[places], kind="stable")
    places = places[np.random.default_rng(seed).permutation(order)]
    n_left = max(len(places) - most, 0)
    places = places[:most]
    values = [one.get(field) for one in values_of(store, row_ids[places], [field])]
    if kind is not None and kind not in _PREDICTED:
        raise InvalidInputError(f"kind is one of {listed(_PREDICTED)}, but got {kind!r:.60}.")
    column, present, notes = settled(field, values, kind)
    if column is None or column.kind not in _PREDICTED:
        reason = notes[-1].reason if notes else f"holds {'text' if column is None else column.kind}"
        raise InvalidInputError(
            f"Field {field!r} of dataset {store.name!r} {reason}, so clusters cannot predict it. "
            f"Pass a field of categories, numbers, booleans or dates, or kind=... "
            f"({listed(_PREDICTED)}); words are compared by names()."
        )
    places = places[column.present]
    fold = folds(len(places), min(N_FOLDS, max(len(places), 2)), np.random.default_rng(seed + 1))
    unit = {"number": "", "date": "days"}.get(column.kind, "bits")
    if column.kind in ("number", "date"):
        numbers = column.numbers
        if np.abs(numbers).max() > LARGEST:
            raise InvalidInputError(
                f"Field {field!r} of dataset {store.name!r} holds numbers up to "
                f"{amount(float(np.abs(numbers).max()))}, too large to average. Rescale it, or take "
                "those out that stand for something else, such as a missing value."
            )

        def losses(
            groups: NDArray[np.integer],
        ) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
            return number_losses(groups, numbers, fold), None
    else:
        names, codes = np.unique([str(value) for value in column.values], return_inverse=True)
        if len(names) > MOST_CATEGORIES:
            raise InvalidInputError(
                f"Field {field!r} of dataset {store.name!r} has {len(names):,} different values, "
                f"and {MOST_CATEGORIES} can be predicted. Pass a coarser field, such as a kind "
                "or a department."
            )

        def losses(
            groups: NDArray[np.integer],
        ) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
            return category_losses(groups, codes, fold)

    return AskedField(
        places,
        clusters[places],
        losses,
        column.kind,
        unit,
        int((~present).sum()) + int(present.sum() - column.present.sum()),
        int((clusters < 0).sum()) if wanted is None else 0,
        n_left,
    )
