"""ClusterVizOps: ClusterOps that also draws what it computes."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.nearest import SIMILARITIES, Metric
from relevanceai.operations.cluster import ClusterOps
from relevanceai.pictures import decode, picture_fields

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.text import Text

MOST_LABELS = 60
_THUMBNAIL_PX = 96


class ClusterVizOps(ClusterOps):
    """The operations of a clustering, with pictures."""

    def centroid_heatmap(
        self,
        metric: Metric = "cosine",
        vmin: float | None = None,
        vmax: float | None = None,
        print_n: int = 8,
        round_print_float: int = 2,
        *,
        ax: "Axes | None" = None,
        order: Literal["id", "linkage"] = "id",
        annotate: bool = False,
        thumbnails: bool | str = False,
    ) -> "list[Text]":
        """Print the closest centroids and draw how close every centroid is to every other.

        Parameters
        ----------
        metric : "cosine", "dp", "l2" or "l1", as for `centroid_similarity`.
        vmin, vmax : the range of the colours; 0 and 1 for cosine, that of the data otherwise.
        print_n : how many pairs to print, most similar first; fewer when there are fewer.
        round_print_float : digits after the point of a printed value.
        ax : where to draw; a new figure when None.
        order : of the axes: "id", natural order, or "linkage", close clusters side by side.
        annotate : write the values into the cells.
        thumbnails : show the picture of each cluster's closest document along the axes: True finds
            the field, a text names it.

        Returns
        -------
        A list of the title's `Text`, as the guide shows; its Axes is `result[0].axes`.

        Raises
        ------
        InvalidInputError : an unknown metric or order; thumbnails asked for where there are none.
        """
        if order not in ("id", "linkage"):
            raise InvalidInputError(f"Unknown order {order!r}. Use 'id' or 'linkage'.")
        pairs = self.closest_centroids(print_n, metric)
        matrix = self.centroid_similarity(metric)
        ids = list(matrix.index)
        if order == "linkage":
            ids = self.linkage_order(metric)
            matrix = matrix.loc[ids, ids]
        pictures = self._pictures(ids, thumbnails) if thumbnails else {}
        _print_pairs(pairs, round_print_float)
        axes = _drawn(matrix, metric, vmin, vmax, ax=ax, annotate=annotate)
        if pictures:
            _put_along_axes(axes, [pictures.get(cluster_id) for cluster_id in ids])
        return axes.set(title=f"{metric} plot")

    def _pictures(self, ids: list[str], field: bool | str) -> "dict[str, np.ndarray]":
        """Return the picture of each cluster's closest document that has one, as RGBA."""
        closest = self.closest(
            ids, None if field is True else [str(field)], page_size=5, verbose=False
        )["results"]
        documents = [document for one in closest.values() for document in one["results"]]
        there = picture_fields(documents, self.media_folder)
        if not there:
            asked = "any field" if field is True else repr(field)
            raise InvalidInputError(
                f"There are no pictures in {asked} of dataset {self.dataset_name!r}. "
                "Draw without thumbnails, or pass thumbnails='<field with pictures>'."
            )
        found = {}
        for cluster_id, one in closest.items():
            for document in one["results"]:
                image = decode(document.get(there[0]), self.media_folder)
                if image is not None:
                    image.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
                    found[cluster_id] = np.asarray(image.convert("RGBA"))
                    break
        return found


def _print_pairs(pairs: "pd.DataFrame", digits: int) -> None:
    """Print the guide's block, each value rounded as Python rounds a float."""
    value = pairs.columns[-1]
    print("Your closest centroids are:")
    for cluster, other, number in zip(pairs["cluster"], pairs["other"], pairs[value], strict=True):
        print(f"{round(float(number), digits)} {cluster}, {other}")


def _drawn(
    matrix: "pd.DataFrame",
    metric: Metric,
    vmin: float | None,
    vmax: float | None,
    *,
    ax: "Axes | None",
    annotate: bool,
) -> "Axes":
    import matplotlib.pyplot as plt
    import seaborn as sns

    n_clusters = len(matrix)
    if ax is None:
        side = min(max(0.34 * n_clusters, 4.8), 20)
        _, ax = plt.subplots(figsize=(side * 4 / 3, side), layout="tight")
    if metric == "cosine":
        vmin, vmax = 0 if vmin is None else vmin, 1 if vmax is None else vmax
    ticks: bool | str = True if n_clusters <= MOST_LABELS else "auto"
    values = matrix.to_numpy()
    if vmin is None and vmax is None and np.ptp(values) == 0:  # one colour, and no range to show
        vmin, vmax = float(values.min()) - 0.5, float(values.max()) + 0.5
    sns.heatmap(
        matrix,
        vmin=vmin,
        vmax=vmax,
        ax=ax,
        annot=annotate,
        fmt=".2f" if metric in SIMILARITIES else ".3g",
        xticklabels=ticks,
        yticklabels=ticks,
        square=n_clusters > 1,
    )
    return ax


def _put_along_axes(axes: "Axes", images: "list[np.ndarray | None]") -> None:
    """Put a picture beside each row's and below each column's name, sized to the cells."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    height_px = abs(axes.transData.transform((0, 1))[1] - axes.transData.transform((0, 0))[1])
    side_pt = min(0.9 * height_px * 72 / figure.dpi, 34)
    axes.tick_params(axis="both", pad=side_pt + 3)
    for index, image in enumerate(images):
        if image is None:
            continue
        zoom = side_pt / max(image.shape[:2])
        for at, offset, coordinates in (
            ((0, index + 0.5), (-side_pt / 2 - 3, 0), ("axes fraction", "data")),
            ((index + 0.5, 0), (0, -side_pt / 2 - 3), ("data", "axes fraction")),
        ):
            box = AnnotationBbox(
                OffsetImage(image, zoom=zoom),
                at,
                xybox=offset,
                xycoords=coordinates,
                boxcoords="offset points",
                frameon=False,
                pad=0,
                annotation_clip=False,
            )
            axes.add_artist(box)
