"""HoldsDocuments: what each class of methods on a dataset's documents stands on."""

from pathlib import Path
from typing import Protocol

from relevanceai.store.documents import DocumentStore
from relevanceai.store.workspace import Workspace


class HoldsDocuments(Protocol):
    """A dataset, as seen from the classes that add methods to it."""

    _store: DocumentStore
    _workspace: Workspace

    @property
    def name(self) -> str:
        """The dataset's name."""
        ...

    @property
    def media_folder(self) -> Path:
        """The only folder from which pictures named by path are opened."""
        ...

    def opened(self) -> DocumentStore:
        """Return the store of a dataset that exists; build a sample that was never there."""
        ...
