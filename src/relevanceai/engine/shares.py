"""Shares: how the rows of a pass are cut for kernels and threads, by sizes alone."""

from itertools import pairwise

LEAST_ROWS = 16_384
"""Rows that are worth a kernel of their own."""

MOST_SHARES = 64
_STATES_PER_SHARE = 32  # bytes of vectors for each byte of state: merging costs a few per cent

PIECE_ROWS = 262_144
PIECE_BYTES = 512 * 2**20
"""What a kernel is given at a time: enough for its windows, little enough to stop soon."""


def shares(n_rows: int, n_dims: int, state_bytes: int) -> list[tuple[int, int]]:
    """Cut the rows of a pass into the shares that kernels of their own work off.

    The cut rests on the sizes alone, never on the number of threads, so that sums come out the same
    everywhere. The more a kernel holds, the fewer there are, down to two.

    Parameters
    ----------
    n_rows, n_dims : of the vectors, as float32.
    state_bytes : what one kernel holds.

    Returns
    -------
    (start, stop) of each share, in order; none when there are no rows.

    Examples
    --------
    >>> shares(40_000, 512, 1_000)
    [(0, 20000), (20000, 40000)]
    >>> len(shares(1_000_000, 512, 16 * 1_000 * 512)), len(shares(1_000_000, 512, 16 * 10_000 * 512))
    (4, 2)
    """
    wanted = 4 * n_rows * n_dims // max(_STATES_PER_SHARE * state_bytes, 1)
    most = max(1, min(n_rows // LEAST_ROWS, MOST_SHARES))
    n_shares = min(most, max(2, wanted))
    n_shares = 1 << (n_shares.bit_length() - 1)
    edges = [n_rows * place // n_shares for place in range(n_shares + 1)]
    return [(start, stop) for start, stop in pairwise(edges) if start < stop]


def piece_rows(n_dims: int) -> int:
    """Return how many rows of this width a kernel is given at a time."""
    return max(1, min(PIECE_ROWS, PIECE_BYTES // (4 * max(n_dims, 1))))
