"""The words that clusters are named by: those of the texts of some documents, or their categories."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.concepts import folded
from relevanceai.contrast.fields import Kind, settled
from relevanceai.contrast.names import held_out
from relevanceai.contrast.terms import TermTable, as_written, term_table
from relevanceai.errors import InvalidInputError, listed
from relevanceai.progress import notice

TEXT_CHARACTERS = 2_000
"""So many characters of a text are read for its words."""

_NAMING: tuple[Kind, ...] = ("text", "category", "tags")
_SPELT_FROM = 200  # documents that a term's spelling is taken from


@dataclass(frozen=True, slots=True)
class NamingWords:
    """The terms of the sampled documents: folded, and as they stand; the texts they come from.

    `texts` has a text a document, "" for none. Where names are made of categories, `texts` is empty
    and terms are values, which stand as they are, each of the field that `field_of` says (-1: a
    tag). `variants` has the terms that were folded into one.
    """

    table: TermTable
    raw: TermTable
    variants: dict[int, list[int]]
    texts: list[str]
    has: NDArray[np.bool_]  # whether a document has anything to be named by
    fields: tuple[str, ...]
    field_of: NDArray[np.intp] | None = None

    @property
    def has_terms(self) -> bool:
        return bool(self.table.vocabulary)

    def spelt(self, term: int, documents: NDArray[np.intp], raw_counts: NDArray[np.int64]) -> str:
        """Return a term as these documents write it."""
        variants = self.variants.get(term, [term])
        best = self.raw.vocabulary[variants[int(np.argmax(raw_counts[variants]))]]
        if not self.texts:
            return " ".join(best.split())
        return as_written(best, [self.texts[place] for place in documents[:_SPELT_FROM]])


def naming_words(columns: dict[str, list[object]], *, is_asked: bool, dataset: str) -> NamingWords:
    """The words of the fields that have any: those asked for, else texts, else categories."""
    held: dict[str, tuple[Kind, NDArray[np.bool_], list[object]]] = {}
    for name, values in columns.items():
        column, _, notes = settled(name, values)
        is_code = column is not None and column.kind == "category" and not _has_text(values)
        if is_code and not is_asked:
            continue  # numbers that stand for something name nothing
        if is_asked and (column is None or is_code or column.kind not in _NAMING):
            column, _, notes = settled(name, values, "text")  # one value everywhere, ids, addresses
        if column is None or (is_asked and not column.values):
            if is_asked:
                reason = notes[-1].reason if notes else "has no text"
                raise InvalidInputError(
                    f"Field {name!r} of dataset {dataset!r} {reason}, so clusters cannot be named "
                    "by it. Pass text_fields=[...] with a field of text, or leave it out."
                )
            continue
        held[name] = column.kind, column.present, column.values
    n_documents = len(next(iter(columns.values()), []))
    has = np.zeros(n_documents, bool)
    named = tuple(name for name, (kind, _, _) in held.items() if kind == "text")
    if named and is_asked and len(named) < len(held):
        left = [name for name in held if name not in named]
        notice(
            f"names are made of the words of {listed(named)}; {listed(left)} "
            f"{'holds' if len(left) == 1 else 'hold'} categories, which name clusters only where no "
            "field of text is asked for, too"
        )
    if named:
        texts = [""] * n_documents
        for name in named:
            _, present, values = held[name]
            has |= present
            for place, value in zip(np.flatnonzero(present).tolist(), values, strict=True):
                before = f"{texts[place]}\n\n" if texts[place] else ""
                texts[place] = before + str(value)[:TEXT_CHARACTERS]
        raw = term_table(texts)
        table, number = folded(raw)
        variants: dict[int, list[int]] = {}
        for place, root in enumerate(number.tolist()):
            variants.setdefault(root, []).append(place)
        return NamingWords(table, raw, variants, texts, has, named)
    named = tuple(name for name, (kind, _, _) in held.items() if kind in ("category", "tags"))
    numbers: dict[str, int] = {}
    field_of: list[int] = []
    document, term = [], []
    for number_of_field, name in enumerate(named):
        kind, present, values = held[name]
        has |= present
        for place, value in zip(np.flatnonzero(present).tolist(), values, strict=True):
            for one in value if isinstance(value, list) else [value]:
                shown = str(one) if len(named) == 1 else f"{name}: {one}"
                document.append(place)
                term.append(numbers.setdefault(shown.replace(" ", "\u00a0"), len(numbers)))
                if len(numbers) > len(field_of):
                    field_of.append(number_of_field if kind == "category" else -1)
    entries = np.unique(
        np.array(document, np.intp) * max(len(numbers), 1) + np.array(term, np.intp)
    )
    documents, term_of = np.divmod(entries, max(len(numbers), 1))
    table = TermTable(n_documents, list(numbers), documents, term_of)
    return NamingWords(table, table, {}, [], has, named, np.array(field_of, np.intp))


def _has_text(values: Sequence[object]) -> bool:
    return any(isinstance(one, str) for one in values)


def held_out_of(words: NamingWords, clusters: NDArray[np.int32], seed: int) -> NDArray[np.bool_]:
    """A third of the documents of each cluster that have words."""
    mask = np.zeros(len(clusters), bool)
    mask[words.has] = held_out(clusters[words.has], np.random.default_rng(seed))
    return mask


def raw_counts(words: NamingWords, documents: NDArray[np.intp]) -> NDArray[np.int64]:
    starts = np.searchsorted(words.raw.document, documents)
    ends = np.searchsorted(words.raw.document, documents, side="right")
    sizes = ends - starts
    entry = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found = words.raw.term[entry + np.repeat(starts, sizes)]
    return np.bincount(found, minlength=len(words.raw.vocabulary))
