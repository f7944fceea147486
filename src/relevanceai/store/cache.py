"""The cache of a dataset: files that can be made again, kept in bounds, deleted at any time."""

from contextlib import suppress
from pathlib import Path

from relevanceai.store.cached_map import forget

LIMIT_BYTES = 256 * 1024 * 1024


def cache_folder(dataset: Path) -> Path:
    """Return the folder of a dataset's cache; it need not exist."""
    return dataset / "cache"


def vectors_folder(dataset: Path) -> Path:
    """Return the folder of a dataset's raw vectors (`vector_cache`); it need not exist."""
    return cache_folder(dataset) / "vectors"


def cached_files(dataset: Path) -> list[Path]:
    """Return the files of a dataset's cache, the one written last at the end."""
    folder = cache_folder(dataset)
    return [path for _, path in sorted([*_dated(folder), *_dated(vectors_folder(dataset))])]


def cached_bytes(dataset: Path) -> int:
    """Return the size of a dataset's cache."""
    return sum(_size(path) for path in cached_files(dataset))


def trim(dataset: Path, limit_bytes: int = LIMIT_BYTES) -> int:
    """Delete the oldest files of a dataset's cache until the rest fits; return the bytes freed.

    Raw vectors have a limit of their own and are left alone, except where nothing is to be left.
    """
    if limit_bytes <= 0:
        forget(dataset)
    files = cached_files(dataset)
    if limit_bytes > 0:
        files = [path for path in files if path.parent == cache_folder(dataset)]
    total, freed = sum(_size(path) for path in files), 0
    for path in files:
        if total - freed <= limit_bytes:
            break
        size = _size(path)
        with suppress(OSError):  # read only, or another process was quicker
            path.unlink()
            freed += size
    return freed


def _dated(folder: Path) -> list[tuple[int, Path]]:
    dated = []
    if folder.is_dir():
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                if path.is_file():
                    dated.append((path.stat().st_mtime_ns, path))
    return dated


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
