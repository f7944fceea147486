"""The clustering models that can be asked for by name, and where each comes from."""

from dataclasses import dataclass

from relevanceai.errors import InvalidInputError, listed


@dataclass(frozen=True, slots=True)
class NamedModel:
    """Where a model that is known by name comes from, and how it is asked.

    Parameters
    ----------
    module, class_name : of the class.
    count_argument : its argument for the number of clusters; None where it finds that itself.
    is_random : whether it takes `random_state`.
    """

    module: str
    class_name: str
    count_argument: str | None
    is_random: bool


MODELS: dict[str, NamedModel] = {
    "kmeans": NamedModel("sklearn.cluster", "KMeans", "n_clusters", True),
    "minibatchkmeans": NamedModel("sklearn.cluster", "MiniBatchKMeans", "n_clusters", True),
    "agglomerative": NamedModel("sklearn.cluster", "AgglomerativeClustering", "n_clusters", False),
    "birch": NamedModel("sklearn.cluster", "Birch", "n_clusters", False),
    "gmm": NamedModel("sklearn.mixture", "GaussianMixture", "n_components", True),
    "hdbscan": NamedModel("sklearn.cluster", "HDBSCAN", None, False),
    "communitydetection": NamedModel(
        "relevanceai.clustering.communities", "CommunityDetection", None, False
    ),
    "dbscan": NamedModel("sklearn.cluster", "DBSCAN", None, False),
}
"""The models by name, each as it is spelled without case, "-" and "_"."""

MODEL_NAMES: tuple[str, ...] = tuple(MODELS)
"""The models that can be asked for by name."""


def model_name(model: str) -> str:
    """Return the name of a model as `MODEL_NAMES` spells it.

    Raises
    ------
    InvalidInputError : there is none of this name; lists those there are.
    """
    name = model.casefold().replace("-", "").replace("_", "")
    if name not in MODELS:
        raise InvalidInputError(
            f"No clustering model {model!r}. There are: {listed(MODEL_NAMES, like=name)}. "
            "Pass one of them, or an object with fit_predict."
        )
    return name
