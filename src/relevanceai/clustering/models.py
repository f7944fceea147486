"""Clustering models by name, or any object with `fit_predict`, turned into labels in memory."""

import logging
import math
import operator
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.count import checked_count
from relevanceai.clustering.ids import NOISE
from relevanceai.clustering.model_names import MODEL_NAMES, MODELS, model_name
from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.units import about_one

_LOGGER = logging.getLogger(__name__)

_MOST_PAIRS = 2**29
"""Agglomerative clustering keeps 8 bytes a pair of documents: 4 GiB at this many pairs."""

_TRANSLATION_INVARIANT = frozenset(
    {"euclidean", "l2", "sqeuclidean", "manhattan", "l1", "cityblock", "minkowski", "chebyshev"}
)

_STARTS = frozenset({"init", "means_init"})
"""Arguments that are centroids to start from, in the vectors' own coordinates."""

_LENGTHS = frozenset(
    {"eps", "threshold", "distance_threshold", "cluster_selection_epsilon", "reg_covar"}
    | {"precisions_init"}
)
"""Arguments that are lengths in the vectors' own units, or made of them."""


_ASKED_OF_OBJECTS = ("fit_predict", "partial_fit", "predict")


def fit_labels(
    model: str | object,
    vectors: NDArray[np.float32],
    *,
    n_clusters: int | None = None,
    random_state: int | None = 0,
    model_kwargs: Mapping[str, object] | None = None,
) -> tuple[NDArray[np.int32], dict[str, object]]:
    """Cluster vectors with a model and return a label for each.

    Parameters
    ----------
    model : a name, or an object with `fit_predict(vectors)`, such as a scikit-learn clusterer.
        "kmeans", "minibatchkmeans" (faster above some 100,000 documents), "agglomerative" (8 bytes a
        pair of documents), "birch" and "gmm" (diagonal Gaussians) make `n_clusters` clusters;
        "hdbscan", "dbscan" and "communitydetection" (groups of cosine similarity) find the number
        themselves and call the rest noise. All but the last are scikit-learn's. Case, "-" and "_"
        in a name do not matter.
    vectors : float32 array of shape (n_documents, n_dims), finite, at least one row.
    n_clusters : how many clusters; `default_n_clusters` when None. Not for "hdbscan", "dbscan",
        "communitydetection" and objects, which carry their own.
    random_state : seed of the models that draw at random; None draws a new one each time. An
        object keeps its own.
    model_kwargs : further arguments of the named model's class, handed on.

    Returns
    -------
    labels : int32 array of shape (n_documents,); -1 is noise, clusters are 0..K-1 with no gap, in
        the order of the model's own labels.
    description : what made them, ready for JSON: `model` (the class), `params`, `versions`,
        `random_state`.

    Raises
    ------
    InvalidInputError : the name is not known; there are no vectors; `n_clusters` is not a number
        from 1 to n_documents, or is not for this model; an argument is not the model's; the model
        refuses its arguments; or what an object returned is not one whole number of -1 or more a
        document.

    Notes
    -----
    Fewer distinct vectors than clusters give fewer clusters (one when all are identical), which is
    logged, not warned of; "agglomerative" alone cuts identical vectors apart. "minibatchkmeans" may
    find fewer on a handful of documents. "hdbscan", "dbscan" and "communitydetection" may find noise
    only. Vectors far from the origin are shifted there first when the model's metric allows, so
    that float32 is enough.

    What is left to us differs from scikit-learn's defaults: "kmeans" starts 10 times from k-means++
    on small data, 3 times or once on larger, and keeps the best; "minibatchkmeans" 3 times; "gmm"
    has diagonal covariances with a floor of a millionth of the data's variance; the threshold of
    "birch" follows the data's spread; "hdbscan" and "communitydetection" lower the least size of a
    cluster to the number of documents.

    Examples
    --------
    >>> vectors = np.array([[0, 0], [9, 9], [0, 1]], dtype=np.float32)
    >>> labels, description = fit_labels("kmeans", vectors, n_clusters=2)
    >>> bool(labels[0] == labels[2] != labels[1]), description["model"]
    (True, 'sklearn.cluster.KMeans')
    """
    if vectors.ndim != 2 or not len(vectors):
        raise InvalidInputError(
            f"Clustering was asked for an array of shape {vectors.shape}. "
            "Pass a two-dimensional array with at least one vector."
        )
    kwargs = dict(model_kwargs or {})
    if isinstance(model, str):
        found, estimator = _fit_named(model, vectors, n_clusters, random_state, kwargs)
    else:
        estimator = checked_object(model, n_clusters, kwargs)
        found = _fitted(estimator, vectors)
    return renumbered(found), description(estimator)


def _fit_named(
    model: str,
    vectors: NDArray[np.float32],
    n_clusters: int | None,
    random_state: int | None,
    kwargs: dict[str, object],
) -> tuple[NDArray[np.int64], Any]:
    """Labels of a model known by name, and the estimator."""
    name = model_name(model)
    named = MODELS[name]
    count = checked_count(name, n_clusters, len(vectors))
    n_documents = len(vectors)
    if name == "agglomerative" and n_documents * (n_documents - 1) // 2 > _MOST_PAIRS:
        raise InvalidInputError(
            f"'agglomerative' was asked to cluster {n_documents:,} documents, which takes "
            f"{n_documents * (n_documents - 1) / 2 * 8 / 2**30:.1f} GiB for their pairs. "
            "Use 'kmeans', 'minibatchkmeans' or 'birch', or pass a model object of your own."
        )
    metric = "cosine" if name == "communitydetection" else kwargs.get("metric", "euclidean")
    if metric in _TRANSLATION_INVARIANT:
        has_length = name == "dbscan" or not _LENGTHS.isdisjoint(kwargs)
        vectors, starts = _centred(vectors, kwargs, may_scale=not has_length)
        kwargs = {**kwargs, **starts}
    arguments = _defaults(name, vectors, count)
    if "n_init" in arguments and not isinstance(kwargs.get("init", ""), str):
        arguments["n_init"] = 1  # there is but one start
    if named.is_random:
        arguments["random_state"] = checked_seed(random_state)
    if named.count_argument is not None:
        arguments[named.count_argument] = count
    estimator = named_estimator(name, arguments, kwargs)
    if count == 1:  # nothing to find, and some models refuse a single document
        return np.zeros(n_documents, dtype=np.int64), estimator
    if name == "hdbscan" and n_documents == 1:
        return np.full(1, NOISE, dtype=np.int64), estimator
    try:
        data = vectors.astype(np.float64) if name == "gmm" else vectors
        found = _fitted(estimator, data)
    except (ValueError, TypeError) as error:
        raise InvalidInputError(f"The model {name!r} could not cluster: {error}") from error
    n_found = len(np.unique(found))
    if count is not None and n_found < count:
        _LOGGER.warning("%s was asked for %d clusters and found %d.", name, count, n_found)
    return found, estimator


def checked_seed(random_state: int | None) -> int | None:
    """Return a seed that scikit-learn and numpy take."""
    if random_state is None:
        return None
    try:
        seed = -1 if isinstance(random_state, (bool, np.bool_)) else operator.index(random_state)
    except TypeError:
        seed = -1
    if not 0 <= seed < 2**32:
        raise InvalidInputError(
            f"Clustering was asked for random_state={random_state!r}. "
            "Pass a whole number from 0 to 4294967295, or None."
        )
    return seed


def _centred(
    vectors: NDArray[np.float32], kwargs: Mapping[str, object], *, may_scale: bool
) -> tuple[NDArray[np.float32], dict[str, object]]:
    """A copy shifted to the origin: far from it, float32 products lose what tells rows apart.

    What the user passed to start from lies where the vectors lay, and is moved with them. Numbers
    whose squares float32 cannot hold are scaled by a power of two, if no length is in the arguments.
    """
    scaled, before = about_one(vectors) if may_scale else (vectors, 0)
    shift: NDArray[np.float32] = scaled.mean(axis=0, dtype=np.float64).astype(np.float32)
    moved, after = about_one(scaled - shift) if may_scale else (scaled - shift, 0)
    starts: dict[str, object] = {}
    for argument in _STARTS & kwargs.keys():
        try:
            given = np.asarray(kwargs[argument])
        except ValueError:  # of no shape: the model says so
            continue
        if given.ndim == 2 and given.shape[1] == len(shift) and given.dtype.kind in "iuf":
            centroids = np.ldexp(given.astype(np.float64), before) - shift
            starts[argument] = np.ldexp(centroids, after)
    return moved, starts


def _defaults(name: str, vectors: NDArray[np.float32], count: int | None) -> dict[str, object]:
    """Arguments that we choose where scikit-learn's defaults do not suit; kwargs go before."""
    n_documents, n_dims = vectors.shape
    if name == "kmeans":
        work = n_documents * n_dims * (count or 1)
        return {"n_init": 10 if work <= 3e7 else 3 if work <= 3e8 else 1}
    if name == "minibatchkmeans":
        return {"n_init": 3}
    if name == "hdbscan":
        return {"copy": True, "min_cluster_size": max(2, min(5, n_documents))}
    if name == "communitydetection":
        return {"min_community_size": min(10, n_documents)}
    if name == "gmm" or name == "birch":
        variance = float(vectors.var(axis=0, dtype=np.float64).sum())
        if name == "gmm":
            floor = max(1e-6 * variance / max(n_dims, 1), 1e-12)
            return {"covariance_type": "diag", "reg_covar": floor}
        # Balls that fill the data's own: count of them, and then finer by half.
        finer = (count or 1) ** (-1 / max(n_dims, 1))
        return {"threshold": max(0.5 * finer * math.sqrt(variance), 1e-12)}
    return {}


def named_estimator(
    name: str, arguments: Mapping[str, object], kwargs: Mapping[str, object]
) -> Any:
    """Return the object of a model that is known by name, its arguments checked by name.

    Parameters
    ----------
    arguments : what we set; `kwargs`, what the user passed, goes before.
    """
    named = MODELS[name]
    make = getattr(import_module(named.module), named.class_name)
    ours = {named.count_argument or "n_clusters": "n_clusters", "random_state": "random_state"}
    accepted = [argument for argument in make().get_params() if argument not in ours]
    for argument in kwargs:
        if argument in ours:
            raise InvalidInputError(
                f"The model {name!r} was given {argument!r} among its own arguments. "
                f"Pass it as {ours[argument]}=... instead."
            )
        if argument not in accepted:
            raise InvalidInputError(
                f"The model {name!r} takes no argument {argument!r}. "
                f"It takes: {listed(accepted, like=argument)}."
            )
    return make(**{**arguments, **kwargs})


def checked_object(model: object, n_clusters: int | None, kwargs: dict[str, object]) -> Any:
    """Return an object with `fit_predict`, with nothing beside it that it would not see."""
    if isinstance(model, type):
        raise InvalidInputError(
            f"The class {model.__name__} was passed as a clustering model. "
            f"Pass an object: model={model.__name__}(...)."
        )
    can = {name: callable(getattr(model, name, None)) for name in _ASKED_OF_OBJECTS}
    if not (can["fit_predict"] or (can["partial_fit"] and can["predict"])):
        raise InvalidInputError(
            f"A {type(model).__name__} was passed as a clustering model, but has no fit_predict, "
            "nor partial_fit and predict. "
            f"Pass an object that has, or one of: {listed(MODEL_NAMES)}."
        )
    own = getattr(model, "n_clusters", getattr(model, "n_components", None))
    if n_clusters is not None and n_clusters != own:
        raise InvalidInputError(
            f"n_clusters={n_clusters!r} was passed beside a {type(model).__name__} object, "
            "which carries its own. Set it on the object and leave n_clusters out."
        )
    if kwargs:
        raise InvalidInputError(
            f"Arguments {listed(kwargs)} were passed beside a {type(model).__name__} object, "
            "which carries its own. Set them on the object."
        )
    return model


def _fitted(estimator: Any, vectors: NDArray[Any]) -> NDArray[np.int64]:
    """What `fit_predict` returned, checked."""
    returned = quietly(estimator.fit_predict, vectors)
    return checked_labels(returned, f"fit_predict of {type(estimator).__name__}", len(vectors))


def quietly(call: Callable[[NDArray[Any]], object], vectors: NDArray[Any]) -> object:
    """Return what a call returns; notes of non-convergence go to the log, other warnings through."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        returned = call(vectors)
    for warning in caught:
        if any(kind.__name__ == "ConvergenceWarning" for kind in warning.category.__mro__):
            _LOGGER.info("%s", warning.message)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return returned


def checked_labels(returned: object, what: str, n_documents: int) -> NDArray[np.int64]:
    """Return what a call returned as one whole number of -1 or more a document, or raise."""
    wanted = (
        f"Expected one whole number a document, {n_documents:,} in all: -1 for noise, "
        "0 or more for clusters."
    )
    if returned is None:
        raise InvalidInputError(f"{what} returned nothing. {wanted}")
    found = np.asarray(returned)
    if found.shape != (n_documents,):
        raise InvalidInputError(f"{what} returned an array of shape {found.shape}. {wanted}")
    is_whole = found.dtype.kind in "iu" or (
        found.dtype.kind == "f" and bool((np.isfinite(found) & (found == np.rint(found))).all())
    )
    if not is_whole:
        raise InvalidInputError(
            f"{what} returned values of type {found.dtype} that are not whole numbers. {wanted}"
        )
    if found.min() < NOISE:
        raise InvalidInputError(f"{what} returned the label {int(found.min())}. {wanted}")
    return found.astype(np.int64)


def renumbered(found: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the same clusters as 0..K-1, in order; noise stays -1."""
    distinct, codes = np.unique(found, return_inverse=True)
    has_noise = int(distinct[0] == NOISE)
    return (codes - has_noise).astype(np.int32)


def description(estimator: Any) -> dict[str, object]:
    """Return what made the labels, ready for JSON."""
    kind = type(estimator)
    package = kind.__module__.partition(".")[0]
    parts = [part for part in kind.__module__.split(".") if not part.startswith("_")]
    params = estimator.get_params(deep=False) if hasattr(estimator, "get_params") else {}
    plain = {str(name): _plain(value) for name, value in params.items()}
    versions: dict[str, str] = {"numpy": np.__version__}
    version = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(version, str):
        versions["scikit-learn" if package == "sklearn" else package] = version
    return {
        "model": ".".join([*(parts or [package]), kind.__qualname__]),
        "params": plain,
        "versions": versions,
        "random_state": plain.get("random_state"),
    }


def _plain(value: Any) -> object:
    """A parameter as JSON can hold it; what it cannot becomes its repr, without addresses."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return repr(value) if hasattr(value, "get_params") else f"{type(value).__name__} object"
