"""Verify: read everything that a dataset keeps, and say what is not as it must be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.errors import RelevanceAIError, listed
from relevanceai.store.cache import cached_files
from relevanceai.store.columns import Field, from_arrow, vectors_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.history import tags
from relevanceai.store.labels import LABEL_PREFIX, Clustering, kept_arrays, read_record
from relevanceai.store.schema_fields import fields_of

_DAMAGE = (OSError, ValueError, TypeError, LookupError, RuntimeError, pa.ArrowException)
"""What reading a damaged file raises; Lance also panics, which is no Exception."""
_BATCH_ROWS = 4096
_LOOKED_UP = 1000


@dataclass(slots=True)
class Findings:
    """What a check found.

    `problems` are wrong answers, or data that cannot be read. `notes` are harmless: leftovers of
    a write that was cut off, files that nothing refers to.
    """

    documents: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Turn whatever goes wrong in the block into a problem: damaged files raise anything."""
        try:
            yield
        except RelevanceAIError as error:
            self.problems.append(str(error))
        except BaseException as error:
            if not isinstance(error, _DAMAGE) and type(error).__name__ != "PanicException":
                raise
            text = " ".join(str(error).split())
            self.problems.append(f"{what} cannot be read: {type(error).__name__}: {text:.300}")


def verified(store: DocumentStore, on_rows: Callable[[int], object] = id) -> Findings:
    """Read every row, record and tag of the latest version, and return what is wrong.

    Takes no lock: what is written meanwhile is not looked at.
    """
    found = Findings()
    with found.reading(f"Dataset {store.name!r}"):
        pinned = store.snapshot()
        handle = pinned.opened()
        found.documents = int(handle.count_rows())
        clusterings = _clusterings(pinned, handle, found)
        _check_rows(pinned, handle, clusterings, found, on_rows)
        _check_tags(store, found)
        _note_files(pinned, handle, found)
    return found


def _clusterings(
    store: DocumentStore, handle: lance.LanceDataset, found: Findings
) -> list[Clustering]:
    """Return the clusterings of every label column that has a readable record."""
    there = []
    for column in handle.schema.names:
        if column.startswith(LABEL_PREFIX):
            with found.reading(f"The record of {column}"):
                there.append(
                    read_record(store.folder / "clusterings", column.removeprefix(LABEL_PREFIX))
                )
    fields = {one.name: one for one in fields_of(handle.schema)}
    for one in there:
        lacking = [
            name
            for name in one.vector_fields
            if name not in fields or fields[name].kind != "vector"
        ]
        if lacking:
            found.notes.append(
                f"Clustering {one.label_path!r} was made from {listed(lacking)}, "
                "which the dataset no longer has."
            )
        if len(set(one.ids)) < len(one.ids):
            found.problems.append(f"Two leaves of {one.label_path!r} have the same id.")
    return there


class _Rows:
    """What has to be known of all rows at once."""

    def __init__(self) -> None:
        self.ids: list[pa.Array] = []
        self.row_ids: list[NDArray[np.int64]] = []
        self.bad: dict[str, list[str]] = {}  # the problem, and the `_id`s it concerns

    def note(self, problem: str, ids: pa.Array, rows: NDArray[np.bool_]) -> None:
        if rows.any():
            self.bad.setdefault(problem, []).extend(
                map(str, ids.filter(pa.array(rows)).to_pylist())
            )


def _check_rows(
    store: DocumentStore,
    handle: lance.LanceDataset,
    clusterings: list[Clustering],
    found: Findings,
    on_rows: Callable[[int], object],
) -> None:
    fields = fields_of(handle.schema)
    rows = _Rows()
    columns = [one.column for one in fields] + [one.column for one in clusterings]
    stream = handle.to_batches(columns=columns, with_row_id=True, batch_size=_BATCH_ROWS)
    with found.reading(f"The documents of {store.name!r}"):
        for batch in stream:
            batch.validate(full=True)
            rows.ids.append(batch["_id"])
            rows.row_ids.append(batch["_rowid"].to_numpy().astype(np.int64))
            has_vector = {one.name: _check_field(one, batch, rows) for one in fields}
            for one in clusterings:
                _check_labels(one, batch, has_vector, rows)
            on_rows(batch.num_rows)
        _check_identity(store, rows, found)
    for problem, ids in rows.bad.items():
        found.problems.append(f"{problem}: {len(ids):,} documents, {listed(ids, limit=3)}.")


def _check_field(one: Field, batch: pa.RecordBatch, rows: _Rows) -> NDArray[np.bool_]:
    """Check the values of one field, and return which rows have one."""
    array, ids = batch[one.column], batch["_id"]
    valid = np.asarray(array.is_valid()).astype(bool)
    if one.kind == "vector":
        matrix, _ = vectors_of(array)
        infinite = valid & ~np.isfinite(matrix).all(axis=1)
        rows.note(f"{one.name!r} holds NaN or infinity", ids, infinite)
    elif one.kind == "json":
        broken = np.zeros(len(array), bool)
        for row in range(len(array)):
            try:
                from_arrow(array.slice(row, 1), one)
            except (ValueError, TypeError, ArithmeticError):
                broken[row] = True
        rows.note(f"{one.name!r} holds text that is not the JSON it should be", ids, broken)
    elif one.name == "_id":
        empty = ~valid | (np.asarray(pc.fill_null(pc.equal(array, ""), True)).astype(bool))
        rows.note("The `_id` is empty", ids, empty)
    return valid


def _check_labels(
    one: Clustering, batch: pa.RecordBatch, has_vector: dict[str, NDArray[np.bool_]], rows: _Rows
) -> None:
    held, ids = batch[one.column], batch["_id"]
    valid = np.asarray(held.is_valid()).astype(bool)
    labels = held.fill_null(-1).to_numpy(zero_copy_only=False)
    outside = (labels < -1) | (labels >= len(one.ids))
    rows.note(f"The label in {one.label_path!r} is none of its {len(one.ids):,}", ids, outside)
    for name in one.vector_fields:
        if name in has_vector:
            rows.note(
                f"There is a label in {one.label_path!r} but no {name!r}",
                ids,
                valid & ~has_vector[name],
            )


def _check_identity(store: DocumentStore, rows: _Rows, found: Findings) -> None:
    """Check that ids and row ids are unique, counted right, and lead to each other."""
    ids = pa.chunked_array(rows.ids, pa.string())
    row_ids = np.concatenate(rows.row_ids) if rows.row_ids else np.empty(0, np.int64)
    if len(ids) != found.documents:
        found.problems.append(
            f"{found.documents:,} documents are counted, but {len(ids):,} can be read."
        )
    if len(np.unique(row_ids)) < len(row_ids):
        found.problems.append("Two rows have the same row id.")
    if pc.count_distinct(ids).as_py() < len(ids):
        counts = pc.value_counts(ids)
        several = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
        found.problems.append(
            f"{len(several):,} `_id` are there more than once: {listed(map(str, several), limit=3)}."
        )
        return
    places = np.unique(np.linspace(0, len(ids) - 1, min(len(ids), _LOOKED_UP)).astype(np.int64))
    asked = {str(ids[int(place)].as_py()): int(row_ids[place]) for place in places}
    wrong = [one for one, row in store.row_ids(asked).items() if asked.pop(one) != row]
    if wrong or asked:
        found.problems.append(
            f"{len(wrong) + len(asked):,} documents are not found by their `_id`: "
            f"{listed([*wrong, *asked], limit=3)}."
        )


def _check_tags(store: DocumentStore, found: Findings) -> None:
    uri, here = store.opened().uri, set(store.opened().schema.names)
    for name, number in tags(store).items():
        with found.reading(f"Version {number}, which tag {name!r} names,"):
            tagged = lance.dataset(uri, version=number)
            tagged.count_rows()
            for column in tagged.schema.names:
                if column.startswith(LABEL_PREFIX) and column not in here:
                    read_record(store.folder / "clusterings", column.removeprefix(LABEL_PREFIX))


def _note_files(store: DocumentStore, handle: lance.LanceDataset, found: Findings) -> None:
    """Note what does no harm but is not needed."""
    if (store.folder / "changing.json").exists():
        found.notes.append("A write is going on, or was cut off: the next one takes it back first.")
    fields = fields_of(handle.schema)
    n_labels = sum(column.startswith(LABEL_PREFIX) for column in handle.schema.names)
    spare = len(handle.schema.names) - len(fields) - n_labels
    spare += n_labels - len(store.clusterings()) if not found.problems else 0
    if spare:
        found.notes.append(f"{spare:,} columns were replaced by later ones and not dropped.")
    for file in cached_files(store.folder):
        if file.suffix == ".npz" and file.name[0] != "." and kept_arrays(file) is None:
            found.notes.append(f"{file.name} is not whole; it is made anew when it is needed.")
    folder = store.folder / "clusterings"
    if not folder.is_dir():
        return
    used = {column.removeprefix(LABEL_PREFIX) for column in _all_columns(handle)}
    for file in sorted(folder.iterdir()):
        if file.name.startswith("."):
            found.notes.append(f"{file.name} was left by a write that was cut off.")
        elif file.suffix == ".json" and file.stem not in used:
            found.notes.append(f"{file.name} records a clustering that no version has.")


def _all_columns(handle: lance.LanceDataset) -> set[str]:
    """Return the label columns of every version that is kept."""
    columns: set[str] = set()
    for one in handle.versions():
        schema = lance.dataset(handle.uri, version=int(one["version"])).schema
        columns.update(name for name in schema.names if name.startswith(LABEL_PREFIX))
    return columns
