"""Gathering: changed fields as they come in, checked, and compared with what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.store.columns import Field, kind_of, normalised, to_arrow
from relevanceai.store.documents import DocumentStore
from relevanceai.store.incoming import Incoming, check_vectors, gathered, is_vector_name
from relevanceai.store.names import column_of
from relevanceai.store.spill import Brought, Part, Spill
from relevanceai.store.vector_columns import vector_column

LARGE = 2**53
"""Beyond it not every whole number is a float64."""


@dataclass(slots=True)
class Seen:
    """What came in for one field so far."""

    kinds: set[str] = field(default_factory=set)
    width: int = 0
    has_large: bool = False


class Changes:
    """Changed fields, checked batch by batch as they come, and put into the spill."""

    def __init__(self, pinned: DocumentStore, spill: Spill) -> None:
        self.kept = {one.name: one for one in pinned.fields()}
        self.seen: dict[str, Seen] = {}
        self.spill = spill

    def add(self, places: NDArray[np.int64], documents: Sequence[Document]) -> None:
        """Take in the fields to set of some documents."""
        rows = [row for row, one in enumerate(documents) if len(one) > 1]
        if rows:
            self.spill.add(Part(places[rows], self.arrays([documents[row] for row in rows])))

    def arrays(self, documents: Sequence[Document]) -> dict[str, Brought]:
        """Return the values by field, each in the kind that holds these."""
        incoming = self._checked(documents)
        made = {}
        for name, values in incoming.values.items():
            rows = np.zeros(len(values), bool)
            rows[list(incoming.brought.get(name, ()))] = True
            seen = self.seen.setdefault(name, Seen())
            kind, width, array = "json", 0, pa.nulls(len(values), pa.string())
            if name in incoming.vectors:
                found = vector_column(values)
                if found is not None:
                    kind, width, array = "vector", found[1], found[0]
                    seen.width = width
            else:
                held = kind_of(values)
                if held is not None:
                    kind, array = held, to_arrow(values, held)
                    whole = (one for one in values if isinstance(one, int))
                    seen.has_large |= any(abs(one) > LARGE for one in whole)
            if array.null_count < len(array):
                seen.kinds.add(kind)
            made[name] = Brought(name, kind, width, array, rows)
        return made

    def _checked(self, documents: Sequence[Document]) -> Incoming:
        vectors = {name for name, one in self.kept.items() if one.kind == "vector"}
        vectors |= {name for name, one in self.seen.items() if one.width}
        incoming = gathered(documents, keep_last=False, vector_fields=vectors)
        for name in sorted(incoming.vectors - vectors):
            if name in self.seen and self.seen[name].kinds and not is_vector_name(name):
                incoming.vectors.discard(name)  # arrays after lists: lists like those
                values = incoming.values[name]
                values[:] = [normalised(value) for value in values]
        came = [
            Field(name, column_of(name), "vector", one.width)
            for name, one in self.seen.items()
            if one.width and name not in self.kept
        ]
        check_vectors(incoming, [*self.kept.values(), *came], "raise")
        return incoming


def is_same(old: object, new: object, kept: Field | None) -> bool:
    """Tell whether a value is the one that is kept, in the type in which it is kept."""
    if kept is not None and kept.kind == "number" and type(new) is int:
        new = float(new)
    if type(old) is not type(new):
        return False
    if isinstance(old, float) and isinstance(new, float):  # NaN is itself, and -0.0 is not 0.0
        return np.float64(old).tobytes() == np.float64(new).tobytes()
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(
            is_same(one, other, None) for one, other in zip(old, new, strict=True)
        )
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(is_same(old[key], new[key], None) for key in old)
    return bool(old == new)
