"""StoredVectors: the vectors and labels of a dataset's version as a source of passes."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import lance
import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Codes, Encode, VectorBatch
from relevanceai.store.gone import told_when_gone
from relevanceai.store.raw_vectors import RawVectors
from relevanceai.store.vector_cache import raw_vectors, scanned

KEEP_FROM = 2**22
"""Numbers in a dataset's vector field from which raw vectors are kept; fewer are scanned at once."""

_STRETCH_ROWS = 2**20  # rows whose labels and row ids are read at a time
_KEPT_STRETCHES = 12
_PIECE_BYTES = 128 * 2**20  # of vectors given out at a time; those after it are asked for ahead


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring fragments whose labels and row ids are read in one scan."""

    fragments: tuple[lance.LanceFragment, ...]
    start: int
    stop: int


class StoredVectors:
    """One vector field of a dataset, with the labels of a clustering; see `VectorSource`.

    Rows are those of the data files, in their order: one that was deleted, has no vector or is not
    clustered has a label below 0. Without a clustering every row that has a vector is labelled 0.

    Parameters
    ----------
    dataset, name : the dataset's folder and its name, for messages.
    handle : the dataset at one version, at which the source stays.
    column : of the vectors.
    label_column : of the labels; None for none.
    is_kept : use the raw vectors in the cache, and write them where they are not there.
    encode : makes codes of them, which are kept too; None for none.
    """

    def __init__(
        self,
        dataset: Path,
        name: str,
        handle: lance.LanceDataset,
        column: str,
        label_column: str | None,
        *,
        is_kept: bool = True,
        encode: Encode | None = None,
    ) -> None:
        self._dataset = dataset
        self._encode = encode
        self.name = name
        self._handle = handle
        self._column = column
        self._label_column = label_column
        self.n_dims = int(handle.schema.field(column).type.list_size)
        self._stretches = _stretches(handle.get_fragments())
        self.n_rows = self._stretches[-1].stop if self._stretches else 0
        self._is_kept = is_kept and self.n_rows * self.n_dims >= KEEP_FROM
        self._raw: dict[int, RawVectors | None] = {}
        self._read: OrderedDict[int, tuple[NDArray[np.int32], NDArray[np.int64]]] = OrderedDict()
        self._lock = threading.Lock()

    @told_when_gone
    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield rows, as views of the memory map where there is one; see `VectorSource.batches`."""
        for place, stretch in enumerate(self._stretches):
            if stretch.start < stop and start < stretch.stop:
                yield from self._of_stretch(
                    place,
                    max(start - stretch.start, 0),
                    min(stop, stretch.stop) - stretch.start,
                )

    def has_vector(self) -> NDArray[np.bool_]:
        """Tell which documents have a vector, in the order of the scan, without deleted ones."""
        found = [np.empty(0, bool)]
        for place, stretch in enumerate(self._stretches):
            masks = []
            for fragment in stretch.fragments:
                raw = self._raw_vectors(fragment)
                if raw is not None:
                    masks.append(np.ones(raw.n_rows, bool) if raw.valid is None else raw.valid)
                else:
                    masks += [valid for _, valid in scanned(self._handle, [fragment], self._column)]
            has_vector = np.concatenate(masks)
            if any(fragment.num_deletions for fragment in stretch.fragments):
                has_vector = has_vector[self._labels(place)[0] >= 0]
            found.append(has_vector)
        return np.concatenate(found)

    def _of_stretch(self, place: int, start: int, stop: int) -> Iterator[VectorBatch]:
        labels, row_ids = self._labels(place)
        first = 0
        for fragment in self._stretches[place].fragments:
            n_rows = fragment.physical_rows
            low, high = max(start - first, 0), min(stop - first, n_rows)
            if low < high:
                for vectors, valid, row, codes in self._vectors(fragment, low, high):
                    rows = slice(first + row, first + row + len(vectors))
                    held = labels[rows]
                    if valid is not None:
                        held = np.where(valid, held, np.int32(-1))
                    yield VectorBatch(row_ids[rows], vectors, held, codes)
            first += n_rows

    def _vectors(
        self, fragment: lance.LanceFragment, start: int, stop: int
    ) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_] | None, int, Codes | None]]:
        """Vectors of a fragment, which are there, the row at which they begin, and their codes."""
        raw = self._raw_vectors(fragment)
        if raw is not None:
            step = max(1, _PIECE_BYTES // (4 * self.n_dims))
            for piece in raw.pieces(start, stop, step):
                raw.ask_for(piece.first, min(piece.stop + step, stop))
                valid = None if raw.valid is None else raw.valid[piece.first : piece.stop]
                yield piece.vectors, valid, piece.first, raw.codes(piece)
            return
        for vectors, mask in scanned(self._handle, [fragment], self._column, start, stop):
            yield np.where(mask[:, None], vectors, np.float32(0.0)), mask, start, None
            start += len(vectors)

    def _raw_vectors(self, fragment: lance.LanceFragment) -> RawVectors | None:
        if not self._is_kept:
            return None
        with self._lock:  # one thread writes what the others wait for
            number = fragment.fragment_id
            if number not in self._raw:
                self._raw[number] = raw_vectors(
                    self._dataset, self._handle, fragment, self._column, self._encode
                )
            return self._raw[number]

    def _labels(self, place: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Labels and row ids of a stretch; the last few that were read are held."""
        with self._lock:
            if place not in self._read:
                self._read[place] = self._labels_read(self._stretches[place].fragments)
                if len(self._read) > _KEPT_STRETCHES:
                    self._read.popitem(last=False)
            self._read.move_to_end(place)
            return self._read[place]

    def _labels_read(
        self, fragments: Sequence[lance.LanceFragment]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        table = self._handle.scanner(
            columns=[self._label_column] if self._label_column else [],
            fragments=fragments,
            with_row_id=True,
            include_deleted_rows=True,
            scan_in_order=True,
        ).to_table()
        ids = table["_rowid"].combine_chunks()
        row_ids = ids.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        if self._label_column:
            held = table[self._label_column].combine_chunks().fill_null(-1)
            labels = held.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
        else:
            labels = np.zeros(len(row_ids), np.int32)
        if ids.null_count:
            is_there = np.asarray(ids.is_valid()).astype(bool)
            labels = np.where(is_there, labels, np.int32(-1))
        return labels, row_ids


def _stretches(fragments: Sequence[lance.LanceFragment]) -> list[Stretch]:
    """Neighbouring fragments put together until they have `_STRETCH_ROWS` rows."""
    made: list[Stretch] = []
    group: list[lance.LanceFragment] = []
    start = n_rows = 0
    for fragment in fragments:
        group.append(fragment)
        n_rows += fragment.physical_rows
        if n_rows >= _STRETCH_ROWS:
            made.append(Stretch(tuple(group), start, start + n_rows))
            group, start, n_rows = [], start + n_rows, 0
    if group:
        made.append(Stretch(tuple(group), start, start + n_rows))
    return made
