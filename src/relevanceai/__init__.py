"""Interpret clusters of embeddings: which are close, what is in each, are two of them really two."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relevanceai.client import Client as Client
    from relevanceai.dataset import Dataset as Dataset
    from relevanceai.errors import RelevanceAIError as RelevanceAIError
    from relevanceai.operations.cluster import ClusterOps as ClusterOps
    from relevanceai.operations.viz.cluster import ClusterVizOps as ClusterVizOps
    from relevanceai.show import show_json as show_json

__version__ = "0.1.0"

_HOMES = {
    "Client": "relevanceai.client",
    "Dataset": "relevanceai.dataset",
    "ClusterOps": "relevanceai.operations.cluster",
    "ClusterVizOps": "relevanceai.operations.viz.cluster",
    "RelevanceAIError": "relevanceai.errors",
    "show_json": "relevanceai.show",
}

__all__ = [
    "Client",
    "ClusterOps",
    "ClusterVizOps",
    "Dataset",
    "RelevanceAIError",
    "__version__",
    "show_json",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'relevanceai' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_HOMES))
