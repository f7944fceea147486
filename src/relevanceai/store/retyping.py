"""Retyping: the values of one kind as another keeps them."""

import pyarrow as pa

from relevanceai.store.columns import Field, from_arrow, to_arrow


def in_kind(array: pa.Array, one: Field, final: Field) -> pa.Array:
    """Return an array of one field as another keeps it."""
    if array.null_count == len(array):
        return pa.nulls(len(array), final.arrow().type)
    if one.kind == final.kind:
        return array
    return to_arrow(from_arrow(array, one), final.kind)
