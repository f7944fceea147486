"""KMeansOptions: the further arguments of the model "kmeans", checked at the door."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from relevanceai.errors import InvalidInputError, listed


@dataclass(frozen=True, slots=True)
class KMeansOptions:
    """How `fit_kmeans` goes about it; the further arguments of the model "kmeans".

    `n_init` is how many starts are tried on the first stage of the sample (None: 3 up to 100
    clusters, else 1); `max_iter` bounds the steps of each stage; a stage ends when a step takes
    less than `tol` of the inertia. `spherical` compares directions. `sample` is how many rows it
    trains on, None for the larger of 100,000 and 512 a cluster (and 2 GiB at most); "all" lets the
    last stage run over all rows, streamed. `library` is "relevanceai" or "faiss".
    """

    n_init: int | None = None
    max_iter: int = 50
    tol: float = 1e-3
    spherical: bool = False
    sample: int | str | None = None
    library: str = "relevanceai"

    def __post_init__(self) -> None:
        checks = {
            "n_init": self.n_init is None or _is_count(self.n_init),
            "max_iter": _is_count(self.max_iter),
            "tol": isinstance(self.tol, int | float) and 0 <= self.tol < 1,
            "spherical": isinstance(self.spherical, bool),
            "sample": self.sample in (None, "all") or _is_count(self.sample),
            "library": self.library in ("relevanceai", "faiss"),
        }
        wanted = {
            "n_init": "a whole number from 1, or None",
            "max_iter": "a whole number from 1",
            "tol": "a number from 0 to 1",
            "spherical": "True or False",
            "sample": "a number of rows, 'all' or None",
            "library": "'relevanceai', 'faiss' or 'scikit-learn'",
        }
        for name, is_good in checks.items():
            if not is_good:
                raise InvalidInputError(
                    f"The model 'kmeans' was given {name}={getattr(self, name)!r:.60}. "
                    f"Pass {wanted[name]}."
                )


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1


def options_from(kwargs: Mapping[str, object]) -> KMeansOptions:
    """Return the options that were passed as further arguments of the model."""
    names = tuple(KMeansOptions.__slots__)
    for name in kwargs:
        if name not in names:
            raise InvalidInputError(
                f"The model 'kmeans' takes no argument {name!r}. "
                f"It takes: {listed(names, like=name)}; and with library='scikit-learn' those of "
                "scikit-learn's KMeans."
            )
    return KMeansOptions(**kwargs)  # type: ignore[arg-type]
