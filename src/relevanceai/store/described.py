"""What a dataset's folder and its Lance schema say of it: its name, its format, its fields."""

import json
from pathlib import Path

import pyarrow as pa

from relevanceai.errors import WorkspaceError
from relevanceai.store.columns import KIND_KEY, Field
from relevanceai.store.labels import LABEL_PREFIX
from relevanceai.store.names import field_of


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


def fields_of(schema: pa.Schema) -> list[Field]:
    """Return the fields that the columns of a Lance schema keep; labels are not among them."""
    fields: dict[str, Field] = {}
    for one in schema:
        if one.name.startswith(LABEL_PREFIX):
            continue
        kind = (one.metadata or {}).get(KIND_KEY, b"text").decode()
        width = one.type.list_size if kind == "vector" else 0
        name = field_of(one.name)
        fields[name] = Field(name, one.name, kind, width)  # the latest generation holds
    return list(fields.values())
