"""The sample catalogue: which products there are, photographed, named and described."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image

from relevanceai.samples import wording
from relevanceai.samples.bags import backpack, handbag
from relevanceai.samples.boots import ankle_boot, high_boot, rain_boot
from relevanceai.samples.clothes import dress, socks, t_shirt
from relevanceai.samples.design import Design, Dice
from relevanceai.samples.headwear import hat, sunglasses
from relevanceai.samples.jewellery import necklace, watch
from relevanceai.samples.light_shoes import heel, sandal
from relevanceai.samples.picture_vectors import pixels_vector
from relevanceai.samples.shoes import loafer, trainer
from relevanceai.samples.sketch import Sketch, png
from relevanceai.samples.title_vectors import rarity, title_vectors

_SEED = 20220514

KINDS: Mapping[str, tuple[Callable[[Dice], Design], int]] = MappingProxyType(
    {
        "ankle_boot": (ankle_boot, 75),
        "high_boot": (high_boot, 55),
        "rain_boot": (rain_boot, 50),
        "trainer": (trainer, 75),
        "loafer": (loafer, 50),
        "heel": (heel, 40),
        "sandal": (sandal, 45),
        "socks": (socks, 40),
        "handbag": (handbag, 80),
        "backpack": (backpack, 70),
        "watch": (watch, 75),
        "necklace": (necklace, 60),
        "t_shirt": (t_shirt, 85),
        "dress": (dress, 75),
        "hat": (hat, 55),
        "sunglasses": (sunglasses, 70),
    }
)
"""Each kind of product: what designs one, and how many there are."""

N_PRODUCTS = sum(n for _, n in KINDS.values())

FIELDS: tuple[str, ...] = (
    "_id",
    "product_image",
    "product_image_clip_vector_",
    "product_link",
    "product_price",
    "product_title",
    "product_title_clip_vector_",
    "query",
    "source",
    "insert_date_",
)
"""Fields of a document, in order."""

_DRAWN = frozenset({"product_image", "product_image_clip_vector_"})


@dataclass(frozen=True)
class Product:
    """One product: its kind is for drawing and naming only, and never stored."""

    number: int
    kind: str
    design: Design
    dice: Dice
    words: dict[str, Any]


def _order() -> list[str]:
    kinds = [kind for kind, (_, n) in KINDS.items() for _ in range(n)]
    shuffled = np.random.default_rng(_SEED).permutation(len(kinds))
    return [kinds[i] for i in shuffled]


def _product(number: int, kind: str) -> Product:
    dice = Dice(_SEED, number)
    design = KINDS[kind][0](dice)
    name = wording.title(kind, design, dice)
    source = wording.source(dice)
    slug = "-".join(
        "".join(c if c.isalnum() else " " for c in name.casefold().replace("'", "")).split()
    )
    words = {
        "_id": f"product-{number:04d}",
        "product_link": f"https://{source}/p/{slug}-{number:04d}",
        "product_price": wording.price(kind, dice),
        "product_title": name,
        "query": wording.query(kind, name, dice),
        "source": source,
        "insert_date_": wording.insert_date(dice),
    }
    return Product(number, kind, design, dice, words)


@lru_cache(maxsize=1)
def products() -> tuple[Product, ...]:
    """Return all products, in words and designs, before any is drawn; kinds well mixed."""
    return tuple(_product(number, kind) for number, kind in enumerate(_order()))


def photograph(design: Design, dice: Dice) -> Image.Image:
    """Draw a product as it lies before the camera: turned, moved, nearer or further, or a pair."""
    sketch = Sketch()
    pair = design.stance == "pair" and dice.chance(0.4)
    turn = dice.between(-4, 4)
    flip = design.stance != "front" and dice.chance(0.5)
    scale = dice.between(0.93, 1.03)
    dx, dy = dice.between(-2, 2), dice.between(-1.5, 1.5)
    stretch = dice.between(0.96, 1.04)
    if flip:
        dx -= design.dx
    else:
        dx += design.dx
    with sketch.posed(turn=turn, flip=flip, scale=scale, dx=dx, dy=dy + design.dy, stretch=stretch):
        if pair:
            with sketch.posed(scale=0.86, dx=6, dy=-6):
                design.paint(sketch)
            sketch.recede()
            with sketch.posed(scale=0.93, dx=-3.5, dy=3.5):
                design.paint(sketch)
        else:
            design.paint(sketch)
    return sketch.finished()


def documents(
    number_of_documents: int = N_PRODUCTS,
    *,
    fields: tuple[str, ...] = FIELDS,
    on_document: Callable[[int], object] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the first documents of the catalogue, drawing each as it comes.

    Parameters
    ----------
    number_of_documents : how many, at most `N_PRODUCTS`.
    fields : which fields to make; pictures are drawn only when a field needs them.
    on_document : called with 1 after each document, as a progress bar's `update`.
    """
    everything = products()
    wanted = everything[:number_of_documents]
    titles = [product.words["product_title"] for product in everything]
    title_rows = (
        title_vectors(titles[: len(wanted)], rarity(titles))
        if "product_title_clip_vector_" in fields
        else None
    )
    needs_picture = not _DRAWN.isdisjoint(fields)
    for row, product in enumerate(wanted):
        made: dict[str, Any] = dict(product.words)
        if needs_picture:
            # Dice of its own, so that drawing twice, or not at all, changes nothing else.
            picture = photograph(product.design, Dice(_SEED + 1, product.number))
            made["product_image"] = png(picture)
            made["product_image_clip_vector_"] = pixels_vector(picture)
        if title_rows is not None:
            made["product_title_clip_vector_"] = title_rows[row]
        yield {field: made[field] for field in fields}
        if on_document is not None:
            on_document(1)
