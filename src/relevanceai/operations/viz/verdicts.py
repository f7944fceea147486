"""Verdicts on a heat map: a sign in the cells of the pairs that were tested, and what it means."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.operations.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGNS: dict[Verdict, tuple[str, str]] = {
    "same": ("=", "same: one group, cut"),
    "continuum": ("~", "continuum: no gap"),
    "separate": ("≠", "separate: a valley"),
    "undecided": ("?", "undecided"),
}
"""The sign of each verdict, and the words beside it in the legend. The shape says it, no colour."""

_MARKERS: dict[Verdict, str] = {
    "same": "$=$",
    "continuum": r"$\sim$",
    "separate": r"$\neq$",
    "undecided": "$?$",
}
_DARK, _LIGHT = "#262626", "white"
_LIGHT_FROM = 0.4  # the luminance of a cell from which a dark sign is read on it
_LARGEST_PT, _GAP_PT = 12.0, 10.0


def draw_verdicts(
    ax: "Axes",
    ids: Sequence[str],
    values: NDArray[np.float64],
    verdicts: Mapping[tuple[str, str], Verdict],
    cell_pt: float,
    *,
    in_corner: bool = False,
) -> None:
    """Put a sign into both cells of each pair that has a verdict, and a legend right of the map.

    Parameters
    ----------
    ax : the Axes that the matrix was drawn on, cell (row, column) about (column + 0.5, row + 0.5).
    ids : the clusters, in the order of the axes.
    values : float64 array of shape (n_clusters, n_clusters), as drawn: signs are dark on light
        cells and light on dark ones.
    verdicts : the pairs, each once, whichever cluster stands first.
    cell_pt : the side of a cell, in points.
    in_corner : leave the middle of the cell to a number.
    """
    from matplotlib.lines import Line2D

    place = {name: index for index, name in enumerate(ids)}
    mesh: Any = [*ax.collections, *ax.images][0]
    colours = np.asarray(mesh.to_rgba(values.ravel()))[:, :3].reshape(*values.shape, 3)
    is_light = colours @ np.array([0.2126, 0.7152, 0.0722]) > _LIGHT_FROM
    limits = ax.get_xlim(), ax.get_ylim()
    size = min(_LARGEST_PT, (0.25 if in_corner else 0.62) * cell_pt)
    shift = 0.34 if in_corner else 0.0
    handles = []
    for verdict, (_, words) in SIGNS.items():
        pairs = [
            (place[one], place[other])
            for (one, other), found in verdicts.items()
            if found == verdict and one in place and other in place
        ]
        if not pairs:
            continue
        cells = np.array(pairs + [pair[::-1] for pair in pairs])
        for light, colour in ((True, _DARK), (False, _LIGHT)):
            here = cells[is_light[cells[:, 0], cells[:, 1]] == light]
            ax.scatter(
                here[:, 1] + 0.5 + shift,
                here[:, 0] + 0.5 - shift,
                s=size**2,
                marker=_MARKERS[verdict],
                color=colour,
                linewidths=0.2,
                label=f"_{verdict}",
                zorder=3,
            )
        handles.append(
            Line2D([], [], ls="", marker=_MARKERS[verdict], color=_DARK, ms=9, mew=0.2, label=words)
        )
    ax.set(xlim=limits[0], ylim=limits[1])
    handles.append(Line2D([], [], ls="", label="empty: not neighbours"))
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(_right_of_all(ax), 1.0),
        borderaxespad=0.0,
        frameon=False,
        fontsize=9,
        handletextpad=0.4,
        title="Two or one?",
        alignment="left",
    )


def _right_of_all(ax: "Axes") -> float:
    """Return where the colour bar and its numbers end, as a fraction of the width of `ax`."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    inside = ax.get_window_extent()
    mesh: Any = [*ax.collections, *ax.images][0]
    bar = getattr(mesh, "colorbar", None)
    box = None if bar is None else bar.ax.get_tightbbox()
    end = inside.x1 if box is None else max(inside.x1, box.x1)
    gap = _GAP_PT * figure.dpi / 72
    return float((end + gap - inside.x0) / inside.width)
