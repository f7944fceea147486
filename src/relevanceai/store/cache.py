"""The cache of a dataset: files that can be made again, kept in bounds, deleted at any time."""

from contextlib import suppress
from pathlib import Path

LIMIT_BYTES = 256 * 1024 * 1024


def cache_folder(dataset: Path) -> Path:
    """Return the folder of a dataset's cache; it need not exist."""
    return dataset / "cache"


def cached_files(dataset: Path) -> list[Path]:
    """Return the files of a dataset's cache, the one written last at the end."""
    folder = cache_folder(dataset)
    if not folder.is_dir():
        return []
    return [path for _, path in sorted(_dated(folder))]


def cached_bytes(dataset: Path) -> int:
    """Return the size of a dataset's cache."""
    return sum(_size(path) for path in cached_files(dataset))


def trim(dataset: Path, limit_bytes: int = LIMIT_BYTES) -> int:
    """Delete the oldest files of a dataset's cache until the rest fits; return the bytes freed."""
    files = cached_files(dataset)
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
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            dated.append((path.stat().st_mtime_ns, path))
    return dated


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
