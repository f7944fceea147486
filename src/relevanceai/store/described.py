"""What a dataset's folder says of it, without opening it: its name and its format."""

import json
from pathlib import Path

from relevanceai.errors import WorkspaceError


def described_name(folder: Path) -> str | None:
    """Return the name of the dataset kept in a folder, or None when there is none."""
    name = described(folder).get("name")
    return name if isinstance(name, str) else None


def described(folder: Path) -> dict[str, object]:
    """Return what `dataset.json` says, nothing where there is none.

    Raises
    ------
    WorkspaceError : the file cannot be read.
    """
    try:
        described = json.loads((folder / "dataset.json").read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"The description of a dataset cannot be read: {folder / 'dataset.json'} ({error}). "
            "Bring the file back from a copy of the workspace."
        ) from error
    return described if isinstance(described, dict) else {}
