"""Fields whose lists of numbers look like vectors: told of where they are kept as lists."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import pyarrow as pa

from relevanceai.store.columns import from_json
from relevanceai.store.incoming import is_vector_name
from relevanceai.store.streams import is_json_text

LOOKED_AT = 100
"""Documents, from the first on, that are looked at."""


class NumberLists:
    """Looks at the first documents on their way in.

    `widths` has the fields whose values there are all lists of numbers, two or more, all of one
    length; and that length.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    @property
    def widths(self) -> dict[str, int]:
        """The fields found so far."""
        return {name: width for name, width in self._seen.items() if width}

    def of_documents(
        self, documents: Iterable[Mapping[str, object]]
    ) -> Iterator[Mapping[str, object]]:
        """Yield the documents as they are."""
        for place, document in enumerate(documents):
            if place < LOOKED_AT and isinstance(document, Mapping):
                self._look(document)
            yield document

    def of_reader(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Return a stream of the same batches; the first of them is looked at."""
        lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_list_view)
        nested = [
            one.name
            for one in reader.schema
            if is_json_text(one) or any(fits(one.type) for fits in lists)
        ]
        if not nested or len(set(reader.schema.names)) < len(reader.schema.names):
            return reader
        first = next(iter(reader), None)
        if first is None:
            return pa.RecordBatchReader.from_batches(reader.schema, iter(()))
        texts = {one.name for one in reader.schema if is_json_text(one)}
        for row in first.slice(0, LOOKED_AT).select(nested).to_pylist():
            self._look(
                {
                    name: from_json(value) if name in texts and value is not None else value
                    for name, value in row.items()
                }
            )
        return pa.RecordBatchReader.from_batches(reader.schema, chain([first], reader))

    def _look(self, document: Mapping[str, object]) -> None:
        for name, value in document.items():
            if value is None or self._seen.get(name) == 0:
                continue
            if isinstance(name, str) and not is_vector_name(name):
                width = _width(value)
                before = self._seen.setdefault(name, width)
                self._seen[name] = width if width == before else 0


def _width(value: object) -> int:
    """The length of a list of two or more numbers, else 0."""
    if not isinstance(value, list | tuple) or len(value) < 2:
        return 0
    is_numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
    return len(value) if is_numbers else 0
