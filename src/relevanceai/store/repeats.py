"""Repeats: which ids of millions stand more than once, in little more memory than the ids."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_SHARE_ROWS = 1_000_000
_ENDING = 4  # bytes at the end of an id: where ids that are counted up differ


def repeated(ids: pa.ChunkedArray) -> list[str]:
    """Return the ids that stand more than once.

    Parameters
    ----------
    ids : text, none null, none empty.

    Notes
    -----
    Arrow's table of distinct values takes some 85 bytes an id. Ids that are equal end alike, so
    they are counted in shares by their ending, of about a million each. Where all end alike, the
    one share is as large as all of them.

    Examples
    --------
    >>> repeated(pa.chunked_array([["a", "b"], ["c", "a"]]))
    ['a']
    """
    found: list[str] = []
    for share in _shares(ids, -(-len(ids) // _SHARE_ROWS)):
        if pc.count_distinct(share).as_py() < len(share):
            counts = pc.value_counts(share)
            several = counts.filter(pc.greater(counts.field("counts"), 1))
            found += several.field("values").to_pylist()
    return found


def _shares(ids: pa.ChunkedArray, n_shares: int) -> Iterator[pa.ChunkedArray]:
    if n_shares < 2:
        yield ids
        return
    share_of = [_ending(chunk) % np.uint32(n_shares) for chunk in ids.chunks]
    for number in range(n_shares):
        yield pa.chunked_array(
            [
                chunk.filter(pa.array(shares == number))
                for chunk, shares in zip(ids.chunks, share_of, strict=True)
            ],
            pa.string(),
        )


def _ending(ids: pa.StringArray) -> NDArray[np.uint32]:
    """Return a number made of the last bytes of each id."""
    if not len(ids):  # which may have no buffers
        return np.empty(0, np.uint32)
    _, offsets, data = ids.buffers()
    ends = np.frombuffer(offsets, np.int32)[ids.offset : ids.offset + len(ids) + 1]
    bytes_of = np.frombuffer(data, np.uint8)
    number = np.zeros(len(ids), np.uint32)
    for back in range(1, _ENDING + 1):
        place = np.maximum(ends[1:] - back, ends[:-1])
        number = number * np.uint32(31) + bytes_of[place]
    return number
