"""CommunityDetection: groups of vectors around one that many are similar to, as a model object."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.communities import communities
from relevanceai.kernels.units import concatenate_units
from relevanceai.progress import progress


class CommunityDetection:
    """Clusters of vectors whose cosine similarity to one of them reaches a threshold.

    Known from Sentence Transformers. It finds the number of clusters itself, and leaves what is in
    none of them as noise: good for finding the dense groups, not for parting all documents.

    Parameters
    ----------
    threshold : cosine similarity from which two vectors belong together, above -1 and up to 1.
    min_community_size : how many vectors a cluster has at least.

    Examples
    --------
    >>> CommunityDetection(0.9, 2).fit_predict([[2, 0], [1, 0], [0, 1]])
    array([ 0,  0, -1])
    """

    def __init__(self, threshold: float = 0.75, min_community_size: int = 10) -> None:
        is_number = isinstance(threshold, int | float | np.number)
        if not is_number or isinstance(threshold, bool) or not -1 < threshold <= 1:
            raise InvalidInputError(
                f"Community detection was asked for threshold={threshold!r:.60}. "
                "Pass a cosine similarity above -1 and up to 1, such as 0.75."
            )
        is_count = isinstance(min_community_size, int | np.integer)
        if not is_count or isinstance(min_community_size, bool) or min_community_size < 1:
            raise InvalidInputError(
                f"Community detection was asked for min_community_size={min_community_size!r:.60}. "
                "Pass a whole number of 1 or more."
            )
        self.threshold = threshold
        self.min_community_size = min_community_size

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """Return the parameters, as scikit-learn's objects do."""
        del deep
        return {"threshold": self.threshold, "min_community_size": self.min_community_size}

    def fit_predict(self, vectors: ArrayLike) -> NDArray[np.int64]:
        """Return the cluster of each vector, the largest first, and -1 for those in none.

        O(n_vectors**2 * n_dims); memory is bounded, whatever the number of vectors.
        """
        rows = concatenate_units([np.asarray(vectors, dtype=np.float32)])
        with progress("Comparing all with all", 2 * len(rows), delay_s=0.5) as bar:
            return communities(
                rows, float(self.threshold), int(self.min_community_size), on_rows=bar.update
            )
