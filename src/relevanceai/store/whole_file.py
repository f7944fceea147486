"""Writes a small file whole or not at all."""

import os
import uuid
from pathlib import Path


def write_file(path: Path, content: bytes, *, is_synced: bool = True) -> None:
    """Write a file whole or not at all: a temporary file beside it, synced, then renamed.

    Parameters
    ----------
    is_synced : False for what is checked when it is read and can be made again: after a power cut
        the file may then be there and not be whole.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            if is_synced:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
