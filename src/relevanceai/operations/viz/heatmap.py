"""The heat map of centroids: a labelled matrix as a square of cells, with pictures along its axes."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.similarity import CentroidMetric
from relevanceai.operations.verdict import Verdict
from relevanceai.operations.viz.colours import rocket
from relevanceai.operations.viz.fonts import drawable
from relevanceai.operations.viz.verdicts import draw_verdicts

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

LONGEST_LABEL = 32

CELLS_UP_TO = 200
"""Clusters whose values are drawn as cells; more are drawn as a picture, with fewer names."""

_MOST_NAMES = 30  # of an axis, when there are more clusters than that
_COLOURS: dict[CentroidMetric, tuple[float, float]] = {
    "cosine": (0.0, 1.0),
    "corrected": (0.0, 1.0),
    "l2_similarity": (0.0, 1.0),
    "centred": (-1.0, 1.0),
}
_CELL_IN, _ANNOTATED_CELL_IN = 0.27, 0.42
_LEAST_IN, _MOST_IN = 3.8, 14.0
_MOST_PICTURE_PT = 44.0
_GLYPH_WIDTH = 0.62  # of a digit, in font sizes
_LABEL_PAD_PT = 5.0


def draw_heatmap(
    matrix: "pd.DataFrame",
    metric: CentroidMetric,
    *,
    vmin: float | None = None,
    vmax: float | None = None,
    ax: "Axes | None" = None,
    annotate: bool = False,
    pictures: "Sequence[NDArray[np.uint8] | None]" = (),
    verdicts: Mapping[tuple[str, str], Verdict] | None = None,
) -> "Axes":
    """Draw a similarity or distance matrix and return its Axes.

    Parameters
    ----------
    matrix : float64 DataFrame of shape (n_clusters, n_clusters), at least one cluster; the ids on
        both axes become the tick labels, every id as long as there is room. More than `CELLS_UP_TO`
        clusters are drawn as one picture of the values, with every n-th id, at most 30 of them.
    metric : "cosine", "corrected" and "l2_similarity" have the colours from 0 to 1, "centred" from
        -1 to 1, the others have the range of the matrix.
    vmin, vmax : another range of the colours.
    ax : where to draw. None makes a figure as large as its cells and names need; with an `ax` the
        figure is left as it is.
    annotate : write the values into the cells.
    pictures : one per cluster, uint8 array of shape (height, width, 4), or None for none; they
        stand between the cells and the names. An empty sequence for no pictures at all.
    verdicts : of pairs of clusters; each is a sign in the two cells of its pair. None for no signs
        and no legend.

    Raises
    ------
    InvalidInputError : `annotate` with more than `CELLS_UP_TO` clusters; `vmin` is not below `vmax`, or they are no numbers; `ax` is no Axes.
    """
    if ax is not None and not hasattr(ax, "inset_axes"):
        raise InvalidInputError(
            f"ax is a matplotlib Axes, but got a {type(ax).__name__}. "
            "Pass one of plt.subplots(), or leave it out."
        )
    n_clusters = len(matrix)
    if annotate and n_clusters > CELLS_UP_TO:
        raise InvalidInputError(
            f"Values are written into the cells of at most {CELLS_UP_TO} clusters, and there are "
            f"{n_clusters:,}. Draw without annotate=True."
        )
    low, high = _colour_range(matrix.to_numpy(), metric, vmin, vmax)
    own_figure = ax is None
    if ax is None:
        ax = _new_axes(_side_in(n_clusters, _ANNOTATED_CELL_IN if annotate else _CELL_IN))
    put_cells = _put_cells if n_clusters <= CELLS_UP_TO else _put_image
    put_cells(ax, matrix, low, high, _colour_bar_axes(ax) if own_figure else None)
    cell_pt = _side_pt(ax) / n_clusters
    if annotate:
        _write_values(ax, matrix.to_numpy(), cell_pt, ".2f" if metric in _COLOURS else ".3g")
    if verdicts is not None:
        values = matrix.to_numpy()
        draw_verdicts(ax, list(matrix.index), values, verdicts, cell_pt, in_corner=annotate)
    room = _put_pictures(ax, pictures, cell_pt) if pictures else 0.0
    _name_axes(ax, list(matrix.index), cell_pt, room)
    ax.set_title(f"{metric} plot")
    if own_figure:
        _fit_figure(ax)
    return ax


def _put_cells(
    ax: "Axes", matrix: "pd.DataFrame", low: float, high: float, bar_axes: "Axes | None"
) -> None:
    """Draw each value as a cell of its own, and the colour bar."""
    n_clusters = len(matrix)
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(matrix.to_numpy()), cmap=rocket(), vmin=low, vmax=high
    )
    ax.set(xlim=(0, n_clusters), ylim=(n_clusters, 0), aspect="equal", xlabel="", ylabel="")
    _frame(ax, mesh, bar_axes)


def _put_image(
    ax: "Axes", matrix: "pd.DataFrame", low: float, high: float, bar_axes: "Axes | None"
) -> None:
    """Draw the same as a picture of the values, which takes a fraction of the time."""
    n_clusters = len(matrix)
    pixels = _side_pt(ax) * ax.figure.dpi / 72 / n_clusters  # of a cell
    are_even = pixels >= 3 or (pixels > 0.9 and abs(pixels - round(pixels)) < 0.01)
    image = ax.imshow(
        matrix.to_numpy(np.float32),
        interpolation="nearest" if are_even else "antialiased",
        cmap=rocket(),
        vmin=low,
        vmax=high,
        extent=(0, n_clusters, n_clusters, 0),
        aspect="equal",
    )
    _frame(ax, image, bar_axes)


def _frame(ax: "Axes", drawn: "ScalarMappable", bar_axes: "Axes | None") -> None:
    """Add the colour bar, and take the lines around both away."""
    bar = ax.figure.colorbar(drawn, bar_axes, ax)
    bar.outline.set_linewidth(0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _colour_range(
    values: NDArray[np.float64], metric: CentroidMetric, vmin: float | None, vmax: float | None
) -> tuple[float, float]:
    for name, value in (("vmin", vmin), ("vmax", vmax)):
        if not isinstance(value, int | float | np.number | None):
            raise InvalidInputError(f"{name} is a number or None, but got {value!r:.60}.")
    usual_low, usual_high = _COLOURS.get(metric) or (float(values.min()), float(values.max()))
    low = usual_low if vmin is None else vmin
    high = usual_high if vmax is None else vmax
    if vmin is None and vmax is None and low == high:  # one colour, and no range to show
        return low - 0.5, high + 0.5
    if not low < high:
        raise InvalidInputError(
            f"The colours would range from vmin={low:g} to vmax={high:g}. "
            "Pass a vmin below the vmax."
        )
    return low, high


def _side_in(n_clusters: int, cell_in: float) -> float:
    """Return the side of the square of cells; many cells are whole pixels, if they can be."""
    import matplotlib as mpl

    pixels = _MOST_IN * mpl.rcParams["figure.dpi"]
    if CELLS_UP_TO < n_clusters <= pixels:
        return float(_MOST_IN * (pixels // n_clusters) * n_clusters / pixels)
    return min(max(cell_in * n_clusters, _LEAST_IN), _MOST_IN)


def _new_axes(side_in: float) -> "Axes":
    """Return the Axes of a new figure, a square whose side is known before anything is drawn."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(2 * side_in, 2 * side_in))
    figure.subplots_adjust(left=0.25, right=0.75, bottom=0.25, top=0.75)
    return ax


def _colour_bar_axes(ax: "Axes") -> "Axes":
    """Return an Axes right of the cells that is as high as they are."""
    pt = 1 / _side_pt(ax)
    return ax.inset_axes((1 + 12 * pt, 0, 13 * pt, 1), label="colour bar")


def _side_pt(ax: "Axes") -> float:
    """Return the side of the square of cells, in points."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    ax.apply_aspect()
    return float(ax.get_window_extent().width) * 72 / figure.dpi


def _write_values(ax: "Axes", values: NDArray[np.float64], cell_pt: float, form: str) -> None:
    """Write each value into its cell, as large as fits, light on dark and dark on light."""
    texts = [[format(float(value), form) for value in row] for row in values]
    longest = max(len(text) for row in texts for text in row)
    size = min(10.0, 0.92 * cell_pt / (_GLYPH_WIDTH * longest))
    mesh = ax.collections[0]
    colours = np.asarray(mesh.to_rgba(values.ravel()))[:, :3].reshape(*values.shape, 3)
    is_light = colours @ np.array([0.2126, 0.7152, 0.0722]) > 0.4
    for row, column in np.ndindex(values.shape):
        ax.text(
            column + 0.5,
            row + 0.5,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=size,
            color="#262626" if is_light[row, column] else "white",
        ).set_in_layout(False)  # inside the cells: nothing to make room for


def _put_pictures(
    ax: "Axes", pictures: "Sequence[NDArray[np.uint8] | None]", cell_pt: float
) -> float:
    """Put the pictures left of and below the cells; return the room they take.

    Each side is an Axes of its own, placed in fractions of `ax`, so that the pictures stay with
    their cells whatever happens to the figure. The room is such a fraction, too; no picture, be it
    as wide as can be, is wider.
    """
    n_clusters = len(pictures)
    side_pt = min(0.92 * cell_pt, _MOST_PICTURE_PT)
    gap_pt = 3.0
    side, gap = (length / (cell_pt * n_clusters) for length in (side_pt, gap_pt))
    left = ax.inset_axes((-gap - side, 0, side, 1), label="pictures left")
    below = ax.inset_axes((0, -gap - side, 1, side), label="pictures below")
    reach = side * n_clusters / 2  # half a picture, in cells
    for index, picture in enumerate(pictures):
        if picture is None:
            continue
        height, width = (length / max(picture.shape[:2]) for length in picture.shape[:2])
        middle = index + 0.5
        across, along = (0.5 - width / 2, 0.5 + width / 2), reach * height
        left.imshow(picture, extent=(*across, middle + along, middle - along), aspect="auto")
        across, along = (0.5 - height / 2, 0.5 + height / 2), reach * width
        below.imshow(picture, extent=(middle - along, middle + along, *across), aspect="auto")
    left.set(xlim=(0, 1), ylim=(n_clusters, 0))
    below.set(xlim=(0, n_clusters), ylim=(0, 1))
    for strip in (left, below):
        strip.set_axis_off()
        strip.set_navigate(False)
    return gap + side


def _name_axes(ax: "Axes", ids: list[str], cell_pt: float, room: float) -> None:
    """Set the ids as tick labels: each of them, or every n-th when the cells are too small.

    `room` is what pictures take between the cells and the names, as a fraction of `ax`. The ids are
    text, not formulas: a dollar sign is a dollar sign.
    """
    if room:  # the axis moves behind the pictures: a pad in points would not grow with the figure
        ax.spines[["left", "bottom"]].set_position(("axes", -room))
    size = min(10.0, max(7.0, 0.62 * cell_pt))
    step = int(np.ceil(1.15 * size / cell_pt))
    if len(ids) > CELLS_UP_TO:  # a name takes a millisecond or two
        step = max(step, -(-len(ids) // _MOST_NAMES))
    labels = [_label(cluster_id) for cluster_id in ids[::step]]
    labels, family = drawable(labels)
    places = np.arange(len(ids))[::step] + 0.5
    widest = max(map(_glyphs, labels)) * _GLYPH_WIDTH * size
    lie_flat = widest < 0.95 * step * cell_pt
    style: dict[str, Any] = {"parse_math": False, "family": family}
    ax.set_xticks(places, labels, rotation=0 if lie_flat else 90, **style)
    ax.set_yticks(places, labels, rotation=0, **style)
    ax.tick_params(axis="both", labelsize=size)
    if room:
        ax.tick_params(axis="both", length=0, pad=_LABEL_PAD_PT)


def _glyphs(text: str) -> float:
    """Return how wide a text is, in digits; letters of East Asia are square."""
    return sum(1 / _GLYPH_WIDTH if east_asian_width(letter) in "WF" else 1 for letter in text)


def _label(cluster_id: str) -> str:
    """Return an id as it stands at an axis: on one line, its middle left out when it is long.

    Examples
    --------
    >>> _label("cluster-1"), _label("winter boots and rain boots for men")
    ('cluster-1', 'winter boots and…n boots for men')
    """
    text = " ".join(cluster_id.split())
    if len(text) <= LONGEST_LABEL:
        return text
    half = (LONGEST_LABEL - 1) // 2
    return f"{text[: LONGEST_LABEL - 1 - half]}…{text[-half:]}"


def _fit_figure(ax: "Axes") -> None:
    """Make the figure as large as what is drawn, and leave it a layout that keeps it whole."""
    figure = ax.figure
    inside, whole = ax.get_window_extent(), ax.get_tightbbox()
    assert whole is not None
    margin = 0.2 * figure.dpi
    width, height = whole.width + 2 * margin, whole.height + 2 * margin
    figure.subplots_adjust(
        left=(inside.x0 - whole.x0 + margin) / width,
        right=(inside.x1 - whole.x0 + margin) / width,
        bottom=(inside.y0 - whole.y0 + margin) / height,
        top=(inside.y1 - whole.y0 + margin) / height,
    )
    root = ax.get_figure(root=True)
    assert root is not None
    root.set_size_inches(width / root.dpi, height / root.dpi)
    root.set_layout_engine("tight")
