"""Spooling: documents of any number on their way in, checked chunk by chunk, settled over the call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.store.columns import EXACT_IN_FLOAT, Field, kind_of, normalised, to_arrow
from relevanceai.store.incoming import (
    Incoming,
    check_vectors,
    gathered,
    is_vector_name,
    next_generation,
)
from relevanceai.store.names import column_of
from relevanceai.store.spill import Brought, Part, Spill
from relevanceai.store.vector_columns import vector_column


@dataclass(slots=True)
class _Seen:
    """What came in for one field so far."""

    kinds: set[str] = field(default_factory=set)
    width: int = 0
    has_large: bool = False
    is_mixed: bool = False

    def kind(self) -> str | None:
        """The one kind that holds all of it; None where nothing but missing values came."""
        if self.kinds == {"integer", "number"}:
            return "json" if self.has_large else "number"
        return next(iter(self.kinds)) if len(self.kinds) == 1 else "json" if self.kinds else None


class Spool:
    """The documents of one call: what they hold goes to the spill, what it tells stays here.

    Parameters
    ----------
    spill : where the values go, each chunk in the kinds that hold it.
    kept : the fields of the dataset.
    vector_fields : that hold vectors whatever their names.
    """

    def __init__(
        self,
        spill: Spill,
        kept: Sequence[Field],
        *,
        upsert: bool,
        on_error: Literal["raise", "skip"],
        vector_fields: frozenset[str],
    ) -> None:
        self.spill = spill
        self.kept = {one.name: one for one in kept}
        self.ids: list[pa.Array] = []
        self.failed: dict[str, str] = {}
        self.made: list[str] = []
        self.ignored: dict[str, None] = {}
        self._seen: dict[str, _Seen] = {}
        self._upsert, self._on_error = upsert, on_error
        self._named = vector_fields
        self._position = self._n_rows = 0

    def add(self, documents: Sequence[Mapping[str, object]]) -> None:
        """Check the next documents and put what they hold into the spill."""
        incoming = self._checked(documents)
        self._position += len(documents)
        places = np.arange(self._n_rows, self._n_rows + len(incoming.ids))
        self._n_rows += len(incoming.ids)
        self.ids.append(pa.array(incoming.ids, pa.string()))
        self.failed |= incoming.failed
        self.made += incoming.made_ids
        self.ignored |= dict.fromkeys(incoming.ignored)
        fields = {}
        for name, values in incoming.values.items():
            rows = np.zeros(len(values), bool)
            rows[list(incoming.brought.get(name, ()))] = True
            kind, width, array = self._array(name, values, is_vector=name in incoming.vectors)
            fields[name] = Brought(name, kind, width, array, rows)
        self.spill.add(Part(places, fields))

    def _checked(self, documents: Sequence[Mapping[str, object]]) -> Incoming:
        vectors = self._named | {name for name, one in self._seen.items() if one.width}
        incoming = gathered(
            documents,
            keep_last=self._upsert,
            on_error=self._on_error,
            vector_fields=vectors,
            first=self._position,
        )
        for name in sorted(incoming.vectors - vectors):
            seen = self._seen.get(name)
            if seen is not None and seen.kinds and not is_vector_name(name):
                incoming.vectors.discard(name)  # arrays after lists: lists like those
                values = incoming.values[name]
                values[:] = [normalised(value) for value in values]
        came = [
            Field(name, column_of(name), "vector", one.width)
            for name, one in self._seen.items()
            if one.width and name not in self.kept
        ]
        check_vectors(incoming, [*self.kept.values(), *came], self._on_error)
        return incoming

    def _array(
        self, name: str, values: Sequence[object], *, is_vector: bool
    ) -> tuple[str, int, pa.Array]:
        """Return the kind, the width and the values of a chunk, exact whatever comes after it."""
        seen = self._seen.setdefault(name, _Seen())
        if is_vector:
            found = vector_column(values)
            if found is None:
                return "json", 0, pa.nulls(len(values), pa.string())
            seen.width = found[1]
            seen.kinds.add("vector")
            return "vector", found[1], found[0]
        kind = kind_of(values)
        if kind is None:
            return "json", 0, pa.nulls(len(values), pa.string())
        types = set(map(type, values))
        whole = [one for one in values if type(one) is int] if int in types else []
        seen.has_large |= any(abs(one) > EXACT_IN_FLOAT for one in whole)
        if whole and float in types and types <= {int, float, NoneType}:
            seen.kinds |= {"integer", "number"}
            return "json", 0, to_arrow(values, "json")  # which keeps the whole ones whole
        seen.kinds.add(kind)
        seen.is_mixed |= kind == "json" and not types <= {list, dict, NoneType}
        return kind, 0, to_arrow(values, kind)

    def settled(
        self, whole_end: Mapping[str, int]
    ) -> tuple[list[Field], dict[str, Field], tuple[str, ...]]:
        """Return the fields as they are to be kept, by name those kept that change, and those mixed.

        Parameters
        ----------
        whole_end : of each kept field of whole numbers, the greatest size among them.
        """
        fields: list[Field] = []
        rewritten: dict[str, Field] = {}
        mixed = []
        for name, seen in self._seen.items():
            kept, kind = self.kept.get(name), seen.kind()
            if kind is None:
                if kept is not None:
                    fields.append(kept)
                continue
            is_mixed = kind == "json" and (seen.is_mixed or len(seen.kinds) > 1)
            if kept is None:
                fields.append(Field(name, column_of(name), kind, seen.width))
            elif kept.kind in (kind, "json"):
                fields.append(kept)
            else:
                pair = {kept.kind, kind} == {"integer", "number"}
                is_exact = not seen.has_large and whole_end.get(name, 0) <= EXACT_IN_FLOAT
                joined = "number" if pair and is_exact else "json"
                is_mixed |= joined == "json"
                one = kept
                if joined != kept.kind:
                    one = Field(name, next_generation(kept.column), joined)
                    rewritten[name] = one
                fields.append(one)
            if is_mixed:
                mixed.append(name)
        return fields, rewritten, tuple(sorted(mixed))

    def joins_whole_numbers(self) -> list[Field]:
        """Return the kept fields of whole numbers to which fractions came."""
        return [
            one
            for name, one in self.kept.items()
            if one.kind == "integer" and name in self._seen and self._seen[name].kind() == "number"
        ]


def last_of_each(ids: pa.ChunkedArray, repeats: Sequence[str], *, first: bool) -> NDArray[np.bool_]:
    """Return which rows stay when of each id that is repeated only the last, or the first, does."""
    stays = np.ones(len(ids), bool)
    if not repeats:
        return stays
    found = pc.index_in(ids, value_set=pa.array(repeats, pa.string()))
    of_row = pc.fill_null(found, -1).to_numpy()
    rows = np.flatnonzero(of_row >= 0)
    stays[rows] = False
    order = rows[::-1] if first else rows
    chosen = np.zeros(len(repeats), np.int64)
    chosen[of_row[order]] = order  # of several the one assigned last holds
    stays[chosen] = True
    return stays
