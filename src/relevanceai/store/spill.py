"""Spill: changes on their way into a dataset, batch by batch, in memory or in a hidden file."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

IN_MEMORY_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Brought:
    """New values of one field, a row each, in the kind that holds them, and which rows have one.

    A value of None in a row of `rows` empties the field; rows outside keep what they have.
    """

    name: str
    kind: str
    width: int
    values: pa.Array
    rows: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Part:
    """New values for some rows: `places` counts rows in the order of the scan, ascending."""

    places: NDArray[np.int64]
    fields: dict[str, Brought]

    def within(self, start: int, stop: int) -> Self:
        """Return what concerns the rows from `start` to `stop`; places count from `start`."""
        first, last = (int(one) for one in np.searchsorted(self.places, [start, stop]))
        cut = {
            name: Brought(
                name,
                one.kind,
                one.width,
                one.values.slice(first, last - first),
                one.rows[first:last],
            )
            for name, one in self.fields.items()
        }
        return type(self)(self.places[first:last] - start, cut)


class Spill:
    """Parts in ascending order of their places; beyond 64 MiB they are kept in a file.

    The file lies in the dataset's folder and has no name there, so that nothing can be left of it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115
        self._firsts: list[int] = []
        self._spans: list[tuple[int, int]] = []
        self._held: tuple[int, Part] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, part: Part) -> None:
        """Keep a part, whose places come after those of all parts before."""
        if not len(part.places) or not part.fields:
            return
        fields: Sequence[Brought] = list(part.fields.values())
        columns = [pa.array(part.places, pa.int64())]
        for one in fields:
            columns += [one.values, pa.array(one.rows)]
        told = json.dumps([[one.name, one.kind, one.width] for one in fields])
        batch = pa.RecordBatch.from_arrays(columns, names=[str(n) for n in range(len(columns))])
        batch = batch.replace_schema_metadata({b"fields": told.encode("utf-8", "surrogatepass")})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        content = sink.getvalue()
        self._file.seek(0, 2)
        self._spans.append((self._file.tell(), content.size))
        self._firsts.append(int(part.places[0]))
        self._file.write(memoryview(content))

    def __iter__(self) -> Iterator[Part]:
        return (self._part(number) for number in range(len(self._spans)))

    def within(self, start: int, stop: int) -> Iterator[Part]:
        """Yield what concerns the rows from `start` to `stop`; places count from `start`."""
        number = max(bisect_right(self._firsts, start) - 1, 0)
        while number < len(self._firsts) and self._firsts[number] < stop:
            part = self._part(number).within(start, stop)
            if len(part.places):
                yield part
            number += 1

    def _part(self, number: int) -> Part:
        if self._held is None or self._held[0] != number:
            offset, size = self._spans[number]
            self._file.seek(offset)
            batch = pa.ipc.open_stream(self._file.read(size)).read_next_batch()
            fields = {}
            told = json.loads(batch.schema.metadata[b"fields"])
            for place, (name, kind, width) in enumerate(told):
                rows = np.asarray(batch[2 * place + 2]).astype(bool)
                fields[name] = Brought(name, kind, width, batch[2 * place + 1], rows)
            self._held = number, Part(batch[0].to_numpy(), fields)
        return self._held[1]
