"""Design: one product before it is painted, and the dice that its variations are thrown with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from relevanceai.samples.colours import Colour
from relevanceai.samples.sketch import Sketch

T = TypeVar("T")


class Dice:
    """Random choices of one product: the same seed and number give the same choices."""

    def __init__(self, seed: int, number: int) -> None:
        self._rng = np.random.default_rng([seed, number])

    def between(self, low: float, high: float) -> float:
        """Return a number between two others, each equally likely."""
        return low + (high - low) * float(self._rng.random())

    def chance(self, probability: float) -> bool:
        """Return True with a probability."""
        return float(self._rng.random()) < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(float(self._rng.random()) * len(options))]

    def colour(self, *palettes: Mapping[str, Colour]) -> tuple[str, Colour]:
        """Return a colour's name and the colour, from one of the palettes."""
        return self.pick([item for palette in palettes for item in palette.items()])


@dataclass(frozen=True)
class Design:
    """What a product looks like, in paint and in the words of its title.

    Parameters
    ----------
    paint : draws the product upright, facing right, in the middle of a sketch.
    colour : the name of its colour.
    style : the word or words that tell it from others of its kind, such as "Chelsea".
    stance : how photographs show it: "pair" (a second one stands behind), "single" (may face
        left or right), or "front" (seen from the front, upright).
    dx, dy : how far to move it to stand in the middle and on the floor that footwear shares.
    """

    paint: Callable[[Sketch], None]
    colour: str
    style: str
    stance: str = "front"
    dx: float = 0.0
    dy: float = 0.0
