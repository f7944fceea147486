"""What a reader is told when the files it reads are deleted under it."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import pyarrow as pa

from relevanceai.errors import NotFoundError, RelevanceAIError


class _Named(Protocol):
    name: str


P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound=_Named)


def told_when_gone(
    read: Callable[Concatenate[S, P], Iterator[T]],
) -> Callable[Concatenate[S, P], Iterator[T]]:
    """Make a generator of rows raise NotFoundError when its files are deleted while it reads."""

    @wraps(read)
    def reading(store: S, /, *given: P.args, **named: P.kwargs) -> Iterator[T]:
        try:
            yield from read(store, *given, **named)
        except (OSError, pa.ArrowInvalid) as error:
            if isinstance(error, RelevanceAIError) or "Not found: " not in str(error):
                raise
            raise NotFoundError(
                f"Dataset {store.name!r} was deleted, or this version of it cleaned up, while it "
                "was being read. Read it again."
            ) from error

    return reading
