"""What a caller asks of a clustering, checked at the door."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

import numpy as np

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.nearest import METRICS, Metric
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


def found_clustering(
    store: DocumentStore, alias: str | None, vector_fields: Sequence[str] | None
) -> Clustering:
    """Return the clustering that a user means, or say which there are."""
    if vector_fields is not None and (not isinstance(vector_fields, Sequence) or not vector_fields):
        raise InvalidInputError(
            f"vector_fields is a list of at least one name, but got {vector_fields!r:.60}. "
            "Pass one, or leave it out."
        )
    for name in vector_fields or ():
        store.vector_field(name)
    there = store.clusterings()
    wanted = None if vector_fields is None else frozenset(vector_fields)
    of_fields = [one for one in there if wanted in (None, frozenset(one.vector_fields))]
    found = [one for one in of_fields if alias in (None, one.alias)]
    if len(found) > 1 and vector_fields is not None:  # in any order, but this very order first
        in_order = [one for one in found if one.vector_fields == tuple(vector_fields)]
        found = in_order if len(in_order) == 1 else found
    if len(found) == 1:
        return found[0]
    what = "clustering" if alias is None else f"clustering {alias!r}"
    where = f" of {', '.join(map(repr, vector_fields))}" if vector_fields else ""
    if not found:
        if not of_fields:
            others = [f"{one.alias} of {one.field}" for one in there]
            raise NotFoundError(
                f"No {what}{where} in dataset {store.name!r}. "
                f"It has: {listed(others, like=str(alias or ''))}. "
                "Make one: ds.cluster(vector_fields=[...], alias=...)."
            )
        aliases = list(dict.fromkeys(one.alias for one in of_fields))
        nearest = max(aliases, key=lambda one: SequenceMatcher(None, str(alias), one).ratio())
        raise NotFoundError(
            f"No {what}{where} in dataset {store.name!r}. It has: "
            f"{listed(aliases, like=str(alias))}. "
            f"Pass alias={nearest!r}."
        )
    several = listed([f"{one.alias} of {one.field}" for one in found])
    raise InvalidInputError(
        f"Dataset {store.name!r} has several clusterings that fit: {several}. "
        "Pass alias=... and vector_fields=[...]."
    )


def checked_metric(metric: Metric) -> Metric:
    """Return a metric, or raise InvalidInputError naming those there are."""
    if metric not in METRICS:
        raise InvalidInputError(
            f"Unknown metric {metric!r}. Use one of {listed(METRICS, like=str(metric))}."
        )
    return metric


def check_score(value: object) -> None:
    """Raise InvalidInputError unless a value is None or a number, NaN not being one."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if value is not None and (not is_number or value != value):
        raise InvalidInputError(f"min_score is a number or None, but got {value!r:.60}.")


def check_count(name: str, value: object, *, least: int = 1) -> None:
    """Raise InvalidInputError unless a value is a whole number from `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInputError(f"{name} is a whole number from {least}, but got {value!r:.60}.")


def check_fields(store: DocumentStore, names: Sequence[str] | None) -> None:
    """Raise NotFoundError for a field that does not exist, before any work is done."""
    if names is None:
        return
    if not isinstance(names, Iterable):
        raise InvalidInputError(f"select_fields is a list of names, but got {names!r:.60}.")
    next(store.read([], select_fields=names), None)
