"""How many clusters a model is asked for: the number that was given, checked, or our own rule."""

import math
import operator

import numpy as np

from relevanceai.clustering.model_names import MODELS, model_name
from relevanceai.errors import InvalidInputError

COUNT_RULE = "round(sqrt(documents / 2)), from 2 to 50"
"""`default_n_clusters`, as it is told."""


def default_n_clusters(n_documents: int) -> int:
    """Return how many clusters are made when the user does not say.

    Parameters
    ----------
    n_documents : how many documents are clustered.

    Returns
    -------
    round(sqrt(n_documents / 2)), at least 2 and at most 50; 1 for fewer than 4 documents.

    Examples
    --------
    >>> default_n_clusters(3), default_n_clusters(200), default_n_clusters(1_000_000)
    (1, 10, 50)
    """
    if n_documents < 4:
        return 1
    return min(max(round(math.sqrt(n_documents / 2)), 2), 50)


def is_count_ours(model: str | object, n_clusters: int | None) -> bool:
    """Tell whether the number of clusters is left to `default_n_clusters`.

    Examples
    --------
    >>> is_count_ours("kmeans", None), is_count_ours("kmeans", 3), is_count_ours("hdbscan", None)
    (True, False, False)
    """
    if n_clusters is not None or not isinstance(model, str):
        return False
    return MODELS[model_name(model)].count_argument is not None


def checked_count(name: str, n_clusters: int | None, n_documents: int) -> int | None:
    """Return the number of clusters to ask for; None for a model that finds it itself.

    Parameters
    ----------
    name : the model's, as `model_name` returns it.
    n_clusters : what the user passed; `default_n_clusters` of the documents when None.
    n_documents : those that are clustered.

    Raises
    ------
    InvalidInputError : it is not a whole number from 1 to n_documents, or is not for this model.
    """
    if MODELS[name].count_argument is None:
        if n_clusters is not None:
            raise InvalidInputError(
                f"{name!r} was asked for n_clusters={n_clusters!r}, but finds the number of "
                "clusters itself. Leave n_clusters out, or use 'kmeans'."
            )
        return None
    if n_clusters is None:
        return default_n_clusters(n_documents)
    try:
        count = 0 if isinstance(n_clusters, (bool, np.bool_)) else operator.index(n_clusters)
    except TypeError:
        count = 0
    if count < 1:
        raise InvalidInputError(
            f"{name!r} was asked for n_clusters={n_clusters!r}. Pass a whole number of 1 or more."
        )
    if count > n_documents:
        raise InvalidInputError(
            f"{name!r} was asked for {count:,} clusters of {n_documents:,} documents with vectors. "
            f"Pass n_clusters={n_documents} or fewer."
        )
    return count
