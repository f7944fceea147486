"""Documents by row id, those fetched last held in memory: looking at a page again costs no reading."""

import pickle
import threading
from collections import OrderedDict
from collections.abc import Sequence

from relevanceai.batch import Document
from relevanceai.store.documents import DocumentStore

MEMORY_BYTES = 32 * 2**20
"""What is held of all datasets together."""

_LARGEST_BYTES = 8 * 2**20  # an answer that is larger, with pictures or vectors, is not held

_held: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
_lock = threading.Lock()


def documents_at(
    store: DocumentStore,
    row_ids: Sequence[int],
    *,
    select_fields: Sequence[str] | None,
    include_vector: bool,
) -> list[Document]:
    """Return documents in the order asked; each call gives dicts of its own.

    Parameters
    ----------
    store : a snapshot. What is held is of its version and of no other.
    row_ids, select_fields, include_vector : as for `DocumentStore.read`.
    """
    if not store.exists():  # arrays of a notebook: their documents lie in memory already
        return list(store.read(row_ids, select_fields=select_fields, include_vector=include_vector))
    fields = None if select_fields is None else tuple(select_fields)
    key = (str(store.folder), store.revision(), tuple(row_ids), fields, include_vector)
    with _lock:
        held = _held.get(key)
        if held is not None:
            _held.move_to_end(key)
    if held is not None:
        again: list[Document] = pickle.loads(held)  # our own bytes, never out of this process
        return again
    documents = list(
        store.read(row_ids, select_fields=select_fields, include_vector=include_vector)
    )
    if not include_vector:
        _hold(key, documents)
    return documents


def _hold(key: tuple[object, ...], documents: list[Document]) -> None:
    content = pickle.dumps(documents, pickle.HIGHEST_PROTOCOL)
    if len(content) > _LARGEST_BYTES:
        return
    with _lock:
        _held[key] = content
        while sum(map(len, _held.values())) > MEMORY_BYTES:
            _held.popitem(last=False)
