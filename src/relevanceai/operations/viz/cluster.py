"""ClusterVizOps: ClusterOps that also draws what it computes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.similarity import CentroidMetric
from relevanceai.operations.asked import check_count
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.verdict import Verdict
from relevanceai.operations.viz.heatmap import draw_heatmap
from relevanceai.pictures import decode, picture_fields
from relevanceai.progress import notice
from relevanceai.show import printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.text import Text

_THUMBNAIL_PX = 128


class ClusterVizOps(ClusterOps):
    """The operations of a clustering, with pictures."""

    def centroid_heatmap(
        self,
        metric: CentroidMetric = "cosine",
        vmin: float | None = None,
        vmax: float | None = None,
        print_n: int = 8,
        round_print_float: int = 2,
        *,
        ax: "Axes | None" = None,
        order: Literal["id", "linkage"] = "id",
        annotate: bool = False,
        thumbnails: bool | str = False,
        verdicts: "bool | pd.DataFrame" = False,
    ) -> "list[Text]":
        """Print the closest centroids and draw how close every centroid is to every other.

        Parameters
        ----------
        metric : "cosine", "dp", "l2", "l1", "centred", "corrected" or "l2_similarity", as for
            `centroid_similarity`.
        vmin, vmax : the range of the colours; 0 and 1 for cosine, corrected and l2_similarity, -1
            and 1 for centred, that of the data otherwise.
        print_n : how many pairs to print, most similar first; fewer when there are fewer.
        round_print_float : digits after the point of a printed value.
        ax : where to draw; a new figure, as large as it needs to be, when None.
        order : of the axes: "id", natural order, or "linkage", close clusters side by side.
        annotate : write the values into the cells, of at most 200 clusters.
        thumbnails : show the picture of each cluster's closest document along the axes: True finds
            the field, a text names it. A cluster none of whose five closest documents has a
            picture stands without.
        verdicts : test the pairs of neighbouring clusters, as `pairs` does, and put a sign into their
            cells: = same, ~ continuum, ≠ separate, ? undecided. Each printed line then ends with the
            percentile of its value among all pairs (100 is the closest) and the verdict. A table
            that `pairs` returned is taken as it is, and costs nothing more.

        Returns
        -------
        A list of the title's `Text`, as the guide shows; its Axes is `result[0].axes`.

        Raises
        ------
        InvalidInputError : an unknown metric or order; a clustering without clusters; thumbnails
            asked for where there are none.
        NotFoundError : the field of the thumbnails does not exist; lists those that do.
        """
        if order not in ("id", "linkage"):
            raise InvalidInputError(f"Unknown order {order!r}. Use 'id' or 'linkage'.")
        columns = set(getattr(verdicts, "columns", ()))
        if not isinstance(verdicts, bool) and not {"cluster", "other", "verdict"} <= columns:
            raise InvalidInputError(
                f"verdicts is True, False or a table from pairs(), but got {verdicts!r:.60}."
            )
        check_count("print_n", print_n, least=0)
        check_count("round_print_float", round_print_float, least=0)
        pairs = self.closest_centroids(print_n, metric)
        matrix = self.centroid_similarity(metric)
        ids = list(matrix.index)
        if not ids:
            raise InvalidInputError(
                f"Clustering {self.alias!r} of dataset {self.dataset_name!r} has no clusters to "
                "draw: its documents are all noise or not clustered."
            )
        if order == "linkage":
            ids = self.linkage_order(metric)
            matrix = matrix.loc[ids, ids]
        signs = (
            None if verdicts is False else _signs(self.pairs() if verdicts is True else verdicts)
        )
        pictures = self._pictures(ids, thumbnails) if thumbnails else {}
        axes = draw_heatmap(
            matrix,
            metric,
            vmin=vmin,
            vmax=vmax,
            ax=ax,
            annotate=annotate,
            pictures=[pictures.get(cluster_id) for cluster_id in ids] if pictures else (),
            verdicts=signs,
        )
        if len(matrix) == 1:
            notice(f"there are no pairs of centroids: {self.alias!r} has one cluster")
        if signs is None:
            _print_pairs(pairs, round_print_float)
        else:
            _print_judged_pairs(pairs, matrix, round_print_float, signs)
        return axes.set(title=f"{metric} plot")

    def _pictures(self, ids: list[str], field: bool | str) -> dict[str, NDArray[np.uint8]]:
        """Return the picture of each cluster's closest document that has one, as RGBA."""
        closest = self.closest(
            ids, None if field is True else [str(field)], page_size=5, verbose=False
        )["results"]
        documents = [document for one in closest.values() for document in one["results"]]
        found = {}
        for name in picture_fields(documents, self.media_folder):
            for cluster_id, one in closest.items():
                for document in one["results"]:
                    image = decode(document.get(name), self.media_folder)
                    if image is not None:
                        image.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
                        found[cluster_id] = np.asarray(image.convert("RGBA"))
                        break
            if found:
                return found
        asked = "any field" if field is True else repr(field)
        raise InvalidInputError(
            f"There are no pictures in {asked} of the closest documents of dataset "
            f"{self.dataset_name!r}. Draw without thumbnails, or pass "
            "thumbnails='<field with pictures>'."
        )


def _print_pairs(pairs: "pd.DataFrame", digits: int) -> None:
    """Print the guide's block, each value rounded as Python rounds a float."""
    value = pairs.columns[-1]
    print("Your closest centroids are:")
    for cluster, other, number in zip(pairs["cluster"], pairs["other"], pairs[value], strict=True):
        print(printable(f"{round(float(number), digits)} {cluster}, {other}"))


def _print_judged_pairs(
    pairs: "pd.DataFrame",
    matrix: "pd.DataFrame",
    digits: int,
    verdicts: Mapping[tuple[str, str], Verdict],
) -> None:
    """Print the block with what is needed to read it: where each value stands, and the verdict."""
    name = pairs.columns[-1]
    values = matrix.to_numpy()
    values = np.sort(values[np.triu_indices(len(values), 1)])
    print("Your closest centroids are:")
    for cluster, other, number in zip(pairs["cluster"], pairs["other"], pairs[name], strict=True):
        value = float(number)
        slack = 1e-12 * max(1.0, abs(value))
        if name == "distance":  # of all pairs those that are at least as far
            count = len(values) - int(np.searchsorted(values, value - slack))
        else:
            count = int(np.searchsorted(values, value + slack))
        verdict = verdicts.get((cluster, other), "not neighbours")
        line = f"{round(value, digits)} {cluster}, {other}"
        print(printable(f"{line} (percentile {100 * count / len(values):.0f}, {verdict})"))


def _signs(table: "pd.DataFrame") -> dict[tuple[str, str], Verdict]:
    """Return the verdict of each pair of a table that `pairs` returned."""
    return {
        (str(cluster), str(other)): verdict
        for cluster, other, verdict in zip(
            table["cluster"], table["other"], table["verdict"], strict=True
        )
    }
