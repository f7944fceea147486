"""Small or large: whether a pass is left to numpy or done by machine code, by its size alone."""

COMPILED_FROM = 2**24
"""Numbers in a pass from which machine code is worth its loading: 32,768 rows of 512 dimensions."""


def is_large(n_rows: int, n_dims: int) -> bool:
    """Tell whether a pass over so many rows is done by machine code.

    Loading compiled code takes half a second and, the first time on a machine, several; numpy reads
    `COMPILED_FROM` numbers in less. The two agree but for the last digits.

    Examples
    --------
    >>> is_large(1_000, 512), is_large(1_000_000, 512)
    (False, True)
    """
    return n_rows * n_dims >= COMPILED_FROM
