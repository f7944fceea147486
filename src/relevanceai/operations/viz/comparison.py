"""The picture of a comparison: two held-out densities, and documents in order along the axis."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import shorten, wrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.unimodality import smooth_density
from relevanceai.operations.placed import Placed
from relevanceai.pictures import decode, picture_fields
from relevanceai.show import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELLS = 400
_COLOURS = ("#3b6fb6", "#c8553d")
_NEITHER = "#8a8a8a"  # noise
_THUMBNAIL_PX = 64
_TOP = -0.34  # of the strip, in heights of the axes, below the axis and its label


def draw_comparison(
    names: tuple[str, str],
    places: tuple[NDArray[np.float64], NDArray[np.float64]],
    *,
    verdict: str,
    strip: Sequence[Placed] = (),
    media_folder: Path | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the density of each cluster along the held-out axis, and the strip below.

    Parameters
    ----------
    names : of the two clusters.
    places : float64 arrays of shape (n_first,) and (n_second,), the documents' held-out places in
        standard deviations within the clusters.
    verdict : of the two, for the title.
    strip : documents in order along the axis.
    media_folder : the only folder from which pictures named by path are opened.
    ax : where to draw; a new figure when None. The strip stands below it, outside the axes.

    Returns
    -------
    The Axes. Areas are the clusters' shares of the documents; the dashed line is their sum, in
    which a valley shows. A document of the strip is its picture where it has one, else its first
    text, else its `_id`; a line leads to its place.

    Raises
    ------
    InvalidInputError : too few documents face each other.
    """
    import matplotlib.pyplot as plt

    if not any(one.any() for one in places):
        raise InvalidInputError("There is nothing to draw: too few documents face each other.")
    if ax is None:
        figure, ax = plt.subplots(figsize=(9.0, 5.0))
        figure.subplots_adjust(left=0.03, right=0.97, top=0.92, bottom=0.36)
    every = np.concatenate(places)
    low, high = float(every.min()), float(every.max())
    reach = 0.05 * (high - low) or 1.0
    grid = np.linspace(low - reach, high + reach, _CELLS)
    both = np.zeros(len(grid))
    for one, name, colour in zip(places, names, _COLOURS, strict=True):
        sd = float(one.std()) or 0.1
        density = smooth_density(one, grid, 1.06 * sd * len(one) ** -0.2)
        density *= len(one) / len(every)
        both += density
        ax.fill_between(grid, density, color=colour, alpha=0.35, linewidth=0)
        ax.plot(grid, density, color=colour, label=printable(name))
    ax.plot(grid, both, color="#333333", linewidth=1.0, linestyle="--", label="both")
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(bottom=0.0)
    ax.set_yticks([])
    label = ax.set_xlabel("place on an axis learned without the document, standard deviations")
    label.set_bbox(
        {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    )  # over the strip's lines
    ax.set_title(f"{printable(names[0])} and {printable(names[1])}: {verdict}")
    ax.legend(frameon=False)
    _draw_strip(strip, names, _pictures(strip, media_folder), ax)
    return ax


def _draw_strip(
    strip: Sequence[Placed],
    names: tuple[str, str],
    pictures: Sequence[NDArray[np.uint8] | None],
    ax: "Axes",
) -> None:
    """Put the documents side by side below the axes, each with a line to its place."""
    transform = ax.get_xaxis_transform()  # x in data, y in heights of the axes
    low, high = ax.get_xlim()
    width = (high - low) / max(1, len(strip))
    for order, one in enumerate(strip):
        middle = low + (order + 0.5) * width
        colour = _COLOURS[names.index(one.cluster)] if one.cluster in names else _NEITHER
        ax.plot(
            [one.place, one.place, middle],
            [0.0, -0.03, _TOP + 0.01],
            transform=transform,
            color=colour,
            linewidth=1.0,
            alpha=0.7,
            clip_on=False,
        )
        picture = pictures[order]
        if picture is not None:
            _put(ax, picture, middle, colour)
        else:
            ax.text(
                middle,
                _TOP - 0.01,
                "\n".join(wrap(shorten(_said(one), 48, placeholder=" ..."), 13)),
                transform=transform,
                ha="center",
                va="top",
                fontsize=7,
                color=colour,
                clip_on=False,
            )


def _put(ax: "Axes", picture: NDArray[np.uint8], middle: float, colour: str) -> None:
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    ax.add_artist(
        AnnotationBbox(
            OffsetImage(picture, zoom=0.6),
            (middle, _TOP),
            xycoords=ax.get_xaxis_transform(),
            box_alignment=(0.5, 1.0),
            bboxprops={"edgecolor": colour, "linewidth": 1.0},
            pad=0.1,
            annotation_clip=False,
        )
    )


def _pictures(strip: Sequence[Placed], media_folder: Path | None) -> list[NDArray[np.uint8] | None]:
    """Return the picture of each document of the strip as RGBA, from the first field that has any."""
    documents = [one.document for one in strip]
    for name in picture_fields(documents, media_folder):
        found: list[NDArray[np.uint8] | None] = []
        for document in documents:
            image = decode(document.get(name), media_folder)
            if image is not None:
                image.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
                found.append(np.asarray(image.convert("RGBA")))
            else:
                found.append(None)
        if any(picture is not None for picture in found):
            return found
    return [None] * len(documents)


def _said(one: Placed) -> str:
    """Return what stands for a document without a picture: its first text with more than a word."""
    texts = [
        value
        for name, value in one.document.items()
        if isinstance(value, str) and not name.startswith("_")
    ]
    return printable(
        max(texts, key=lambda text: " " in text.strip()) if texts else str(one.document["_id"])
    )
