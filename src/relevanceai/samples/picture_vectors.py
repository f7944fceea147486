"""Picture vectors: 512 numbers that describe shape, silhouette and colour of a product picture.

They are classical descriptors computed from the pixels alone; no network, no training, and nothing
about what kind of product it is. They are not CLIP's. Four blocks, each centred and of unit norm
before it is weighted, for a picture on a light ground:

- 288: gradient directions (HOG: 8 directions in 6 x 6 cells);
- 32: the same in 2 x 2 cells;
- 120: the silhouette, how much of each of 12 x 10 cells is covered;
- 72: colour: a histogram of hue, saturation and brightness, and colour moments.

A product photographed from the left and from the right is the same product: a picture is first
mirrored, where needed, so that the upper part of the product lies to the left of the lower.

References
----------
Dalal and Triggs, Histograms of oriented gradients for human detection, 2005.
Arandjelovic and Zisserman, Three things everyone should know to improve object retrieval, 2012
(the square root of a histogram before comparing it).
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

N_DIMS = 512
"""Length of a picture vector."""

_SIDE = 80
_DIRECTIONS = 8
_HUES = 12
_WEIGHTS = (1.0, 0.5, 0.5, 0.7)

# Counts are never negative, so that any two blocks of them are alike: taking away most of a
# block's own mean leaves what is particular to it, as a correlation does.
_CENTRED = 0.85


def _cells(n_cells: int) -> NDArray[np.float32]:
    """Return float32 (n_cells, side): how much each pixel row counts in each row of cells."""
    width = _SIDE / n_cells
    centres = (np.arange(n_cells) + 0.5) * width
    places = np.arange(_SIDE) + 0.5
    return np.maximum(0, 1 - np.abs(places[None] - centres[:, None]) / width).astype(np.float32)


_FINE = _cells(6)
_COARSE = _cells(2)
_ROWS = _cells(12)
_COLUMNS = _cells(10)
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def pixels_vector(picture: Image.Image) -> NDArray[np.float32]:
    """Describe a picture.

    Parameters
    ----------
    picture : decoded (mode RGB), of any size, on a light ground.

    Returns
    -------
    float32 array of shape (512,), of unit norm; all zeros for a picture of one colour.
    """
    if picture.size == (2 * _SIDE, 2 * _SIDE):
        picture = picture.reduce(2)
    elif picture.size != (_SIDE, _SIDE):
        picture = picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    pixels = np.ascontiguousarray(np.asarray(picture, dtype=np.float32).transpose(2, 0, 1))
    covered = _covered(pixels)
    if _leans_right(covered):
        pixels, covered = pixels[:, :, ::-1], covered[:, ::-1]
    directions = _directions(np.tensordot(_LUMA, pixels, 1), covered)
    fine = _FINE @ directions @ _FINE.T
    coarse = _COARSE @ directions @ _COARSE.T
    silhouette = _ROWS @ covered @ _COLUMNS.T
    blocks = (
        np.sqrt(fine).ravel(),
        np.sqrt(coarse).ravel(),
        np.sqrt(silhouette).ravel(),
        _colour(pixels[:, ::2, ::2], covered[::2, ::2]),
    )
    weighted = [
        _unit(_centred(block)) * np.float32(w) for block, w in zip(blocks, _WEIGHTS, strict=True)
    ]
    return _unit(np.concatenate(weighted))


def _covered(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 (side, side): 1 where there is a product, 0 where there is bare ground."""
    ground = np.sort(pixels[:, 0], axis=1)[:, _SIDE // 2, None, None]
    away = np.abs(pixels - ground)
    most = np.maximum(np.maximum(away[0], away[1]), away[2])
    share: NDArray[np.float32] = np.clip((most - 14) * np.float32(1 / 40), 0, 1)
    return share


def _centred(block: NDArray[np.float32]) -> NDArray[np.float32]:
    block = _unit(block)
    centred: NDArray[np.float32] = block - np.float32(_CENTRED) * block.mean()
    return centred


def _unit(block: NDArray[np.float32]) -> NDArray[np.float32]:
    norm = np.sqrt(np.dot(block, block))
    return block / norm if norm > 0 else block


def _leans_right(covered: NDArray[np.float32]) -> bool:
    """Return whether the upper half of the product lies further right than the whole of it."""
    down = np.flatnonzero(covered.max(axis=1) > 0.5)
    if not len(down):
        return False
    upper = covered[down[0] : (down[0] + down[-1]) // 2 + 1].sum(axis=0)
    whole = np.flatnonzero(covered.max(axis=0) > 0.5)
    middle = (whole[0] + whole[-1]) / 2
    return bool(upper @ (np.arange(_SIDE) - middle) > 0)


def _directions(grey: NDArray[np.float32], covered: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 (8, side, side): the strength of the edge in each of 8 directions.

    Each direction takes in edges within 45 degrees of it, those at the angle t in the share
    cos(2 t) squared; an edge and its reverse are one direction.
    """
    # What counts is where the product ends, and, less, the lines drawn on it.
    field = covered * np.float32(160) - grey * np.float32(0.45)
    dx = np.zeros_like(field)
    dy = np.zeros_like(field)
    dx[:, 1:-1] = field[:, 2:] - field[:, :-2]
    dy[1:-1] = field[2:] - field[:-2]
    squares = dx * dx + dy * dy
    strength = np.sqrt(squares)
    # Twice the angle: cosine and sine, times the strength to the power of one half.
    scale = np.sqrt(strength) / np.maximum(squares, np.float32(1e-6))
    cosine = (dx * dx - dy * dy) * scale
    sine = np.float32(2) * dx * dy * scale
    found = np.empty((_DIRECTIONS, _SIDE, _SIDE), dtype=np.float32)
    half = _DIRECTIONS // 2
    for k in range(half):
        angle = 2 * np.pi * k / _DIRECTIONS
        along = cosine * np.float32(np.cos(angle)) + sine * np.float32(np.sin(angle))
        found[k] = np.maximum(along, 0) ** 2
        found[k + half] = np.minimum(along, 0) ** 2
    return found


def _colour(pixels: NDArray[np.float32], covered: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32 (72,): soft counts of 12 hues x 4 strengths, 15 greys, and 9 moments."""
    weight = covered.ravel()
    total = float(weight.sum())
    if total == 0:
        return np.zeros(72, dtype=np.float32)
    rgb = pixels.reshape(3, -1) * np.float32(1 / 255)
    high = np.maximum(np.maximum(rgb[0], rgb[1]), rgb[2])
    chroma = high - np.minimum(np.minimum(rgb[0], rgb[1]), rgb[2])
    # Hue from the two chroma axes of the colour circle.
    alpha = rgb[0] - np.float32(0.5) * (rgb[1] + rgb[2])
    beta = np.float32(np.sqrt(3) / 2) * (rgb[1] - rgb[2])
    hue = np.arctan2(beta, alpha) * np.float32(_HUES / (2 * np.pi)) % _HUES
    level = (chroma > 0.45).astype(np.intp) + 2 * (high > 0.6)
    slot = level * _HUES
    floor = np.floor(hue)
    share = hue - floor
    index = floor.astype(np.intp) % _HUES
    vivid = weight * np.minimum(1, chroma * 4)
    counts = np.bincount(slot + index, vivid * (1 - share), 4 * _HUES)
    counts += np.bincount(slot + (index + 1) % _HUES, vivid * share, 4 * _HUES)
    grey = np.bincount((high * 14.999).astype(np.intp), weight - vivid, 15)
    mean = rgb @ weight / total
    centred = rgb - mean[:, None]
    squared = centred * centred
    spread = np.sqrt(squared @ weight / total)
    skew = np.cbrt((squared * centred) @ weight / total)
    histogram = np.sqrt(np.concatenate([counts, grey]) / total)
    moments = np.concatenate([mean - 0.5, spread, skew]) * 0.5
    return np.concatenate([histogram, moments]).astype(np.float32)
