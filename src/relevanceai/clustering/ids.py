"""The ids of clusters: how they are spelt and in which order they stand."""

import re
from collections.abc import Iterable
from typing import TypeAlias

OUTLIER = "outlier"
"""The id under which noise is shown. It is no cluster: it has no centroid."""

NOISE = -1
"""The label of noise in arrays."""

NaturalKey: TypeAlias = tuple[bool, tuple[str | tuple[int, str], ...], str]
"""What ids are sorted by; see `natural_key`."""

_DIGITS = re.compile(r"([0-9]+)")


def cluster_id(number: int) -> str:
    """Return the id of the cluster with a number.

    Parameters
    ----------
    number : a label, 0 or more.

    Returns
    -------
    The public id.

    Examples
    --------
    >>> cluster_id(3)
    'cluster-3'
    """
    return f"cluster-{number}"


def natural_key(name: str) -> NaturalKey:
    """Return what a cluster id is sorted by.

    Runs of the digits 0-9 compare as numbers of any length, the text between them without regard to
    case. Ids that are then equal ("Boots" and "boots", "a-1" and "a-01") stand in the order of
    their characters. "outlier" comes after everything else.

    Parameters
    ----------
    name : a cluster id.

    Returns
    -------
    A key for `sorted`; two ids have the same key only when they are equal.

    Examples
    --------
    >>> natural_key("cluster-2") < natural_key("cluster-10") < natural_key("outlier")
    True
    """
    parts: list[str | tuple[int, str]] = []
    # re.split puts text at the even places and digits at the odd ones, so like meets like.
    for place, part in enumerate(_DIGITS.split(name.casefold())):
        digits = part.lstrip("0")
        parts.append((len(digits), digits) if place % 2 else part)
    return name == OUTLIER, tuple(parts), name


def natural_order(ids: Iterable[str]) -> list[str]:
    """Return cluster ids in the order a person expects.

    Parameters
    ----------
    ids : cluster ids; what stands twice comes back twice.

    Returns
    -------
    A new list, in the order of `natural_key`.

    Examples
    --------
    >>> natural_order(["outlier", "cluster-10", "boots", "cluster-2"])
    ['boots', 'cluster-2', 'cluster-10', 'outlier']
    """
    return sorted(ids, key=natural_key)
