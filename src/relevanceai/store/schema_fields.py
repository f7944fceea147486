"""The fields that a dataset's Lance schema keeps."""

import pyarrow as pa

from relevanceai.store.columns import KIND_KEY, Field
from relevanceai.store.labels import LABEL_PREFIX
from relevanceai.store.names import field_of


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
