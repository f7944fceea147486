"""Rewriting: the columns of fields that change in many documents, written anew in one commit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.store.changing import renewed, replace_columns
from relevanceai.store.columns import Field, from_arrow, kind_of, vectors_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.gathering import LARGE, Changes, is_same
from relevanceai.store.incoming import next_generation
from relevanceai.store.names import column_of
from relevanceai.store.retyping import in_kind
from relevanceai.store.spill import Brought, Part

_SCAN_ROWS = 1024


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """What a change did.

    `changed` counts the documents that differ from what they were, `fields` names the fields in
    which they do. `unclustered` counts, for each label path, the documents that lost their label
    because a vector changed. `mixed_fields` names fields that now hold values of several kinds and
    are kept as JSON for that.
    """

    changed: int
    fields: tuple[str, ...] = ()
    unclustered: Mapping[str, int] = field(default_factory=dict)
    mixed_fields: tuple[str, ...] = ()


@dataclass(slots=True)
class _Survey:
    """What a change means for one field: the rows that differ, the kinds of what stays."""

    differs: NDArray[np.bool_]
    kinds: set[str] = field(default_factory=set)
    has_large: bool = False


def rewrite_columns(store: DocumentStore, pinned: DocumentStore, changes: Changes) -> ChangeReport:
    """Write the columns of the fields that change anew, in one commit; clear labels that no longer hold.

    Parameters
    ----------
    pinned : the version that `changes` are of, which is the latest: the caller holds `writing()`.
    """
    handle = pinned.opened()
    surveys = _surveyed(handle, handle.count_rows(), changes)
    finals: dict[str, Field] = {}
    mixed = []
    for name, survey in surveys.items():
        if survey.differs.any():
            final = _final(name, changes, survey)
            if final is None:
                continue
            finals[name] = final
            kinds = survey.kinds | changes.seen[name].kinds
            if final.kind == "json" and kinds != {"json"}:
                mixed.append(name)
    if not finals:
        return ChangeReport(0)
    lost: dict[str, NDArray[np.bool_]] = {}
    unclustered: dict[str, int] = {}
    clusterings = []
    for one in pinned.clusterings():
        moved = [surveys[name].differs for name in one.vector_fields if name in finals]
        if not moved:
            continue
        gone = np.logical_or.reduce(moved)
        n_lost = int((gone & pinned.labels(one)[1]).sum())
        if n_lost:
            clusterings.append((one, renewed(store, one)))
            lost[one.token], unclustered[one.label_path] = gone, n_lost
    replaced = {later.column: one.column for one, later in clusterings}
    for name, final in finals.items():
        if name in changes.kept:
            replaced[final.column] = changes.kept[name].column
    schema = pa.schema(
        [one.arrow() for one in finals.values()]
        + [pa.field(later.column, pa.int32()) for _, later in clusterings]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for start, batch in _scanned(handle, list(replaced.values())):
            parts = list(changes.spill.within(start, start + batch.num_rows))
            columns = [
                _column(batch, changes.kept.get(name), final, parts)
                for name, final in finals.items()
            ]
            for one, _ in clusterings:
                gone = lost[one.token][start : start + batch.num_rows]
                held = batch[one.column]
                there = np.asarray(held.is_valid()).astype(bool) & ~gone
                labels = held.fill_null(-1).to_numpy(zero_copy_only=False)
                columns.append(pa.array(labels, pa.int32(), mask=~there))
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    replace_columns(store, pa.RecordBatchReader.from_batches(schema, batches()), replaced)
    differs = np.logical_or.reduce([surveys[name].differs for name in finals])
    return ChangeReport(int(differs.sum()), tuple(finals), unclustered, tuple(sorted(mixed)))


def _scanned(
    handle: lance.LanceDataset, columns: Sequence[str]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield columns in the order of the scan, with the place of the first row of each batch."""
    start = 0
    for batch in handle.to_batches(columns=list(columns), with_row_id=True, batch_size=_SCAN_ROWS):
        yield start, batch
        start += batch.num_rows


def _surveyed(handle: lance.LanceDataset, n_rows: int, changes: Changes) -> dict[str, _Survey]:
    """Compare what came with what is kept; one pass over the fields that are touched."""
    surveys = {name: _Survey(np.zeros(n_rows, bool)) for name in changes.seen}
    known = [one for name, one in changes.kept.items() if name in surveys]
    for start, batch in _scanned(handle, [one.column for one in known]):
        stop = start + batch.num_rows
        brought = {name: np.zeros(batch.num_rows, bool) for name in surveys}
        for part in changes.spill.within(start, stop):
            for name, one in part.fields.items():
                places = part.places[one.rows]
                brought[name][places] = True
                held = changes.kept.get(name)
                old = None if held is None else batch[held.column].take(pa.array(places))
                new = one.values.filter(pa.array(one.rows))
                surveys[name].differs[start + places] = _differing(old, held, new, one)
        for kept in known:
            survey, seen = surveys[kept.name], changes.seen[kept.name]
            if "json" in seen.kinds or (seen.kinds <= {kept.kind} and kept.kind != "json"):
                continue  # what stays does not tell the kind
            staying = batch[kept.column].filter(pa.array(~brought[kept.name])).drop_null()
            if kept.kind in ("json", "integer") and len(staying):
                values = from_arrow(staying, kept)
                survey.kinds |= {kind_of([value]) or "json" for value in values}
                whole = (value for value in values if isinstance(value, int))
                survey.has_large |= any(abs(value) > LARGE for value in whole)
            elif len(staying):
                survey.kinds.add(kept.kind)
    return surveys


def _differing(
    old: pa.Array | None, kept: Field | None, new: pa.Array, one: Brought
) -> NDArray[np.bool_]:
    """Tell of each row whether the new value is another than the old."""
    is_new = np.asarray(new.is_valid()).astype(bool)
    if old is None or kept is None:
        return is_new
    is_old = np.asarray(old.is_valid()).astype(bool)
    if not is_new.any():
        return is_old
    if kept.kind == one.kind == "vector":
        differs: NDArray[np.bool_] = (vectors_of(old)[0] != vectors_of(new)[0]).any(axis=1)
        return np.where(is_old & is_new, differs, is_old != is_new)
    fresh = from_arrow(new, Field(one.name, "", one.kind, one.width))
    pairs = zip(from_arrow(old, kept), fresh, strict=True)
    return np.array([not is_same(before, after, kept) for before, after in pairs], bool)


def _final(name: str, changes: Changes, survey: _Survey) -> Field | None:
    """Return the field as it is to be kept: in the kind that holds what stays and what came.

    None where nothing but missing values came for a field that is not there.
    """
    kept, seen = changes.kept.get(name), changes.seen[name]
    column = column_of(name) if kept is None else next_generation(kept.column)
    if kept is not None and kept.kind == "vector":
        return Field(name, column, "vector", kept.width)
    if seen.width:
        return Field(name, column, "vector", seen.width)
    kinds = seen.kinds | survey.kinds
    if not seen.kinds:  # emptied
        return None if kept is None else Field(name, column, kept.kind)
    if kept is not None and not survey.kinds and seen.kinds == {kept.kind}:
        return Field(name, column, kept.kind)
    if kinds == {"integer", "number"}:
        is_exact = not (seen.has_large or survey.has_large)
        return Field(name, column, "number" if is_exact else "json")
    return Field(name, column, kinds.pop() if len(kinds) == 1 else "json")


def _column(
    batch: pa.RecordBatch, kept: Field | None, final: Field, parts: Sequence[Part]
) -> pa.Array:
    """Return a column of the rows of one batch: what stays, and what came in its place."""
    n_rows = batch.num_rows
    pieces, index = [], np.arange(n_rows)
    end = n_rows
    for part in parts:
        one = part.fields.get(final.name)
        if one is not None and one.rows.any():
            new = one.values.filter(pa.array(one.rows))
            source = Field(one.name, "", one.kind, one.width)
            pieces.append(in_kind(new, source, final))
            index[part.places[one.rows]] = end + np.arange(len(new))
            end += len(new)
    if kept is None:
        base = pa.nulls(n_rows, final.arrow().type)
    elif kept.kind == final.kind:
        base = batch[kept.column]
    else:  # what is replaced need not fit the kind
        stays = pa.array(index < n_rows)
        held = batch[kept.column]
        base = in_kind(pc.if_else(stays, held, pa.scalar(None, held.type)), kept, final)
    return pa.concat_arrays([base, *pieces]).take(pa.array(index)) if pieces else base
