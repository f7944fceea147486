"""Leftovers: the hidden folders in which datasets are made and removed, when a kill left them.

`.new-`, `.build-` and `.gone-` folders stand beside the datasets. Each is named after the dataset
whose lock its maker holds, so one whose lock is free belongs to nobody.
"""

import shutil
import uuid
from pathlib import Path

from filelock import FileLock, Timeout

_KINDS = ("new", "build", "gone")


def hidden_folder(dataset: Path, kind: str) -> Path:
    """Return a fresh hidden path beside a dataset's folder; the caller holds the dataset's lock."""
    return dataset.with_name(f".{kind}-{dataset.name}-{uuid.uuid4().hex[:12]}")


def leftovers(datasets: Path) -> list[Path]:
    """Return the hidden folders that stand among the datasets, sorted."""
    if not datasets.is_dir():
        return []
    return sorted(one for one in datasets.iterdir() if _owner(one) is not None)


def remove_leftovers(dataset: Path) -> None:
    """Remove the hidden folders of one dataset; the caller holds its lock."""
    for one in leftovers(dataset.parent):
        if _owner(one) == dataset.name:
            shutil.rmtree(one, ignore_errors=True)


def remove_all_leftovers(datasets: Path, locks: Path) -> int:
    """Remove the hidden folders whose dataset nobody is writing to; return the bytes freed."""
    freed = 0
    for one in leftovers(datasets):
        locks.mkdir(exist_ok=True)
        lock = FileLock(locks / f"{_owner(one)}.lock", is_singleton=True)
        try:
            with lock.acquire(timeout=0):
                freed += sum(path.lstat().st_size for path in one.rglob("*") if path.is_file())
                shutil.rmtree(one, ignore_errors=True)
        except Timeout:
            continue
    return freed


def _owner(path: Path) -> str | None:
    """Return the slug of the dataset that a hidden folder is of, or None for anything else."""
    kind, _, rest = path.name.removeprefix(".").partition("-")
    slug, _, token = rest.rpartition("-")
    is_ours = path.name.startswith(".") and kind in _KINDS and slug and len(token) == 12
    return slug if is_ours else None
