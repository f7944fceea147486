"""Named colours of the sample products, and how they are mixed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]

WHITE: Colour = (242, 242, 240)
INK: Colour = (38, 38, 42)
GOLD: Colour = (205, 164, 78)
SILVER: Colour = (190, 195, 202)
ROSE_GOLD: Colour = (214, 156, 134)

LEATHER: Mapping[str, Colour] = MappingProxyType(
    {
        "Black": (44, 42, 45),
        "Tan": (186, 128, 74),
        "Chestnut": (134, 76, 44),
        "Chocolate": (84, 56, 44),
        "Burgundy": (118, 36, 46),
        "Charcoal": (86, 88, 94),
        "Navy": (44, 56, 92),
        "Olive": (104, 104, 66),
        "Sand": (208, 182, 142),
        "Cognac": (162, 92, 44),
        "Taupe": (154, 136, 120),
        "Forest": (46, 84, 66),
    }
)
"""Colours of boots, shoes, bags and watch straps."""

BRIGHT: Mapping[str, Colour] = MappingProxyType(
    {
        "Red": (202, 46, 48),
        "Mustard": (226, 172, 48),
        "Teal": (30, 128, 134),
        "Coral": (238, 118, 98),
        "Pink": (236, 150, 174),
        "Sky": (122, 178, 222),
        "Mint": (142, 206, 178),
        "Lilac": (176, 156, 214),
        "Cobalt": (42, 86, 180),
        "Emerald": (24, 126, 86),
        "Orange": (236, 132, 50),
        "Berry": (160, 40, 98),
    }
)
"""Colours that children, rain and summer bring out."""

QUIET: Mapping[str, Colour] = MappingProxyType(
    {
        "White": (238, 238, 236),
        "Grey": (168, 170, 174),
        "Black": (50, 50, 54),
        "Navy": (46, 60, 98),
        "Oatmeal": (216, 202, 178),
        "Sage": (148, 166, 138),
        "Dusty Rose": (206, 152, 150),
        "Denim": (84, 116, 158),
        "Rust": (180, 88, 52),
        "Plum": (104, 58, 94),
    }
)
"""Colours of clothes for every day."""

METALS: Mapping[str, Colour] = MappingProxyType(
    {"Gold": GOLD, "Silver": SILVER, "Rose Gold": ROSE_GOLD}
)

GEMS: Mapping[str, Colour] = MappingProxyType(
    {
        "Ruby": (188, 28, 62),
        "Sapphire": (36, 76, 178),
        "Emerald": (18, 132, 92),
        "Amethyst": (136, 82, 178),
        "Topaz": (240, 168, 58),
        "Turquoise": (54, 180, 184),
        "Onyx": (44, 44, 50),
    }
)


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Return `first` with a share (0 to 1) of `second` in it.

    Examples
    --------
    >>> mixed((0, 0, 0), (200, 100, 50), 0.5)
    (100, 50, 25)
    """
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


def darker(colour: Colour, share: float = 0.25) -> Colour:
    """Return the colour with a share of near-black in it."""
    return mixed(colour, (18, 14, 20), share)


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    """Return the colour with a share of white in it."""
    return mixed(colour, (255, 255, 255), share)


def brightness(colour: Colour) -> float:
    """Return how light the colour is, from 0 (black) to 1 (white), by the weights of Rec. 601."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def contrasting(colour: Colour, share: float = 0.4) -> Colour:
    """Return a darker colour for a light one, a lighter colour for a dark one."""
    return darker(colour, share) if brightness(colour) > 0.42 else lighter(colour, share)
