"""Wording: titles, prices, searches, shops and dates of the sample products; all made up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from relevanceai.samples.design import Design, Dice

_BRANDS = (
    "Brindlewick", "Quillmere", "Tarnova", "Osperly", "Fennimoor", "Yarrowby", "Halvorne",
    "Pellimar", "Dunmarrow", "Kestrelle", "Larkhollow", "Mossgate", "Ottersby", "Windlemore",
    "Zephyrine", "Corrivale", "Umberley", "Nettlefold & Wren", "Juniperra", "Vallowick",
)  # fmt: skip

_SHOPS = ("market.example", "outlet.example", "shop.example", "boutique.example")

_FIRST_DAY = datetime(2022, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Words:
    """How products of one kind are named, priced and searched for.

    Parameters
    ----------
    nouns : what it may be called in a title.
    makes : materials or finishes that may be named.
    queries : what people type to find it.
    price : the lowest and highest price.
    wearers : whom it is for, put before the noun now and then.
    """

    nouns: tuple[str, ...]
    makes: tuple[str, ...]
    queries: tuple[str, ...]
    price: tuple[float, float]
    wearers: tuple[str, ...] = ("Women's", "Men's", "Unisex", "", "", "")


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "ankle_boot": Words(
            ("Ankle Boots", "Ankle Boots", "Short Boots"),
            ("Leather", "Suede", "Nubuck", "Vegan Leather"),
            ("womens ankle boots", "leather ankle boots", "chelsea boots", "mens boots"),
            (49, 179),
        ),
        "high_boot": Words(
            ("Knee Boots", "Long Boots", "Tall Boots"),
            ("Leather", "Suede", "Stretch", "Vegan Leather"),
            ("knee high boots", "womens long boots", "riding boots"),
            (79, 249),
            ("Women's", "Women's", ""),
        ),
        "rain_boot": Words(
            ("Rain Boots", "Wellington Boots", "Wellies"),
            ("Rubber", "Natural Rubber", "Waterproof"),
            ("rain boots", "wellington boots", "waterproof boots kids"),
            (19, 69),
            ("Kids'", "Women's", "Men's", ""),
        ),
        "trainer": Words(
            ("Trainers", "Sneakers", "Running Shoes"),
            ("Mesh", "Leather", "Canvas", "Knit"),
            ("running shoes", "mens trainers", "white sneakers", "sports shoes women"),
            (35, 139),
        ),
        "loafer": Words(
            ("Loafers", "Slip-On Shoes", "Moccasins"),
            ("Leather", "Suede", "Patent", "Polished Leather"),
            ("mens loafers", "leather slip on shoes", "smart shoes"),
            (45, 165),
        ),
        "heel": Words(
            ("Heels", "Court Shoes", "Pumps", "High Heel Shoes"),
            ("Satin", "Leather", "Suede", "Patent"),
            ("high heels", "court shoes", "party shoes women"),
            (39, 159),
            ("Women's", "Women's", ""),
        ),
        "sandal": Words(
            ("Sandals", "Summer Sandals", "Sandal Shoes"),
            ("Leather", "Cork", "Suede", "Canvas"),
            ("summer sandals", "womens sandals", "beach shoes"),
            (15, 89),
        ),
        "socks": Words(
            ("Socks", "Crew Socks", "Ankle Socks"),
            ("Cotton", "Wool", "Bamboo", "Merino"),
            ("cotton socks", "funny socks", "warm socks"),
            (4, 19),
        ),
        "handbag": Words(
            ("Handbag", "Bag", "Shoulder Bag"),
            ("Leather", "Saffiano", "Grained Leather", "Vegan Leather"),
            ("leather handbag", "womens handbags", "tote bag"),
            (49, 320),
            ("Women's", "", ""),
        ),
        "backpack": Words(
            ("Backpack", "Rucksack", "Day Pack"),
            ("Canvas", "Recycled", "Waterproof", "Waxed Cotton"),
            ("school backpack", "laptop backpack", "hiking rucksack"),
            (25, 139),
            ("", "Kids'", "Unisex"),
        ),
        "watch": Words(
            ("Watch", "Wristwatch", "Quartz Watch"),
            ("Stainless Steel", "Sapphire Glass", "Classic", "Automatic"),
            ("mens watch", "womens watch", "wrist watch gift"),
            (59, 420),
        ),
        "necklace": Words(
            ("Necklace", "Chain Necklace"),
            ("Sterling", "Plated", "Handmade", "Delicate"),
            ("gold necklace", "pearl necklace", "necklace gift for her"),
            (18, 210),
            ("Women's", "", ""),
        ),
        "t_shirt": Words(
            ("T-Shirt", "Tee", "Short Sleeve T-Shirt"),
            ("Cotton", "Organic Cotton", "Heavyweight Cotton", "Linen Blend"),
            ("cotton t shirt", "graphic tee", "mens t shirts"),
            (9, 39),
        ),
        "dress": Words(
            ("Dress", "Midi Dress", "Summer Dress"),
            ("Cotton", "Viscose", "Linen", "Satin"),
            ("summer dress", "floral dress", "party dress"),
            (29, 149),
            ("Women's", "", "Girls'"),
        ),
        "hat": Words(
            ("Hat",),
            ("Wool", "Cotton", "Woven", "Soft"),
            ("sun hat", "winter hat", "baseball cap", "fedora"),
            (12, 65),
        ),
        "sunglasses": Words(
            ("Sunglasses", "Shades"),
            ("Polarised", "UV400", "Gradient", "Tinted"),
            ("sunglasses women", "polarised sunglasses", "mens sunglasses"),
            (15, 149),
        ),
    }
)  # fmt: skip
"""The kinds of products, and how each is spoken of."""

_HAT_QUERIES = {
    "Sun Hat": ("sun hat", "straw hat", "beach hat"),
    "Fedora": ("fedora", "felt hat"),
    "Beanie": ("winter hat", "beanie"),
    "Cap": ("baseball cap", "sports cap"),
}
_HATS = {"Sun": "Sun Hat", "Fedora": "Fedora Hat", "Beanie": "Beanie Hat", "Cap": "Baseball Cap"}


def title(kind: str, design: Design, dice: Dice) -> str:
    """Return a title in the manner of a shop: brand, style, material, noun, colour."""
    known = WORDS[kind]
    brand, noun = dice.pick(_BRANDS), dice.pick(known.nouns)
    make, wearer = dice.pick(known.makes), dice.pick(known.wearers)
    style = design.style
    if kind == "hat":
        style, noun = "", _HATS[design.style]
    if style in ("Plain",) or style.casefold() in make.casefold() or make.split()[0] in style:
        make = ""
    if style.split()[:1] == noun.split()[:1]:
        style = ""
    colour = "" if design.colour in style else design.colour
    if dice.chance(0.5):
        parts = [brand, wearer, style, make, noun]
        return " ".join(filter(None, parts)) + (f", {colour}" if colour else "")
    parts = [brand, colour, make, style, noun]
    return " ".join(filter(None, parts)) + (f" - {wearer}" if wearer else "")


def price(kind: str, dice: Dice) -> float:
    """Return a price in the range of the kind, lower ones more often, ending as prices do."""
    low, high = WORDS[kind].price
    amount = low + (high - low) * dice.between(0, 1) ** 1.7
    return round(int(amount) + dice.pick((0.0, 0.5, 0.95, 0.99, 0.99)), 2)


def query(kind: str, name: str, dice: Dice) -> str:
    """Return what somebody typed before the product of this name was shown."""
    queries = WORDS[kind].queries
    if kind == "hat":
        queries = next(texts for hat, texts in _HAT_QUERIES.items() if hat in name)
    wearer = "women" if "Women" in name else "men" if "Men" in name else ""
    other = {"women": "mens", "men": "women", "": "\n"}[wearer]
    fitting = [text for text in queries if not any(word.startswith(other) for word in text.split())]
    return dice.pick(fitting or queries)


def source(dice: Dice) -> str:
    """Return the shop; `.example` names lead nowhere (RFC 2606)."""
    return dice.pick(_SHOPS)


def insert_date(dice: Dice) -> datetime:
    """Return a time in the spring of 2022, in UTC."""
    return _FIRST_DAY + timedelta(minutes=int(dice.between(0, 92 * 24 * 60)))
