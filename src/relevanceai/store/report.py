"""InsertReport: what an insert or upsert did, to the single document."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InsertReport:
    """What an insert or upsert did.

    `inserted` and `updated` count documents. `failed` holds, by `_id` (or `#7` for the document
    number 7 that had none), why a document was not taken. `made_ids` are the `_id`s made for
    documents that came without. `ignored_fields` names fields that the dataset works out itself
    and that were therefore not taken from the documents. `mixed_fields` names fields that hold
    values of several kinds and are kept as JSON, from which they come back as they went in.
    """

    inserted: int
    updated: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    made_ids: tuple[str, ...] = field(default=(), repr=False)
    ignored_fields: tuple[str, ...] = ()
    mixed_fields: tuple[str, ...] = ()
