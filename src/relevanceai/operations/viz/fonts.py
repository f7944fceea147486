"""Letters that the fonts at hand can draw: fonts that help out, and a box where none has the letter.

matplotlib warns of each letter that it cannot draw, each time that it draws: in a script, a notebook
and when a figure is saved. What no font has is a box either way, so it becomes one here, once, and
one line says so.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from relevanceai.progress import notice

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

BOX = "\N{WHITE SQUARE}"
_BUNDLED = "DejaVu Sans"  # comes with matplotlib, which takes it when a family is not there

# Common fonts of many letters, those without serifs first; for a script, the plainest of it.
FALLBACKS = (
    _BUNDLED,
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Source Han Sans SC",
    "Source Han Sans",
    "PingFang SC",
    "Hiragino Sans",
    "Hiragino Sans GB",
    "Heiti TC",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "SimHei",
    "Yu Gothic",
    "Meiryo",
    "MS Gothic",
    "Malgun Gothic",
    "NanumGothic",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "IPAexGothic",
    "IPAGothic",
    "TakaoGothic",
    "VL Gothic",
    "Droid Sans Fallback",
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Bengali",
    "Noto Sans Devanagari",
    "Noto Sans Hebrew",
    "Noto Sans Tamil",
    "Noto Sans Thai",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
    "Noto Emoji",
    "Segoe UI",
    "Segoe UI Symbol",
    "Nirmala UI",
    "Leelawadee UI",
    "Arial Unicode MS",
    "FreeSans",
    "Unifont",
)


def drawable(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return texts that can be drawn without a warning, and the font families to draw them with.

    The families are the user's own (`font.family`), then those of `FALLBACKS` that are installed
    and have letters which the former lack. A letter that no family has becomes a box, which is said
    on stderr, once for the same letters; marks and joiners without a form of their own are left out.
    """
    import matplotlib

    families = list(matplotlib.rcParams["font.family"])
    lacking = _lacking({letter for text in texts for letter in text}, families)
    if not lacking:
        return list(texts), families
    lacking |= _lacking({BOX}, families)
    for name in _installed():
        left = _lacking(lacking, [name])
        if left < lacking:
            families.append(name)
            lacking = left
    boxed = sorted(filter(_has_a_form, lacking))
    if boxed:
        _say_once("".join(boxed))
    instead = {ord(letter): BOX if letter in boxed else "" for letter in lacking}
    return [text.translate(instead) for text in texts], families


def _lacking(letters: Iterable[str], families: Sequence[str]) -> set[str]:
    """Return the letters that none of the families can draw."""
    fonts = [font for name in families if (font := _font(name)) is not None]
    fonts = fonts or [font for font in [_font(_BUNDLED)] if font is not None]
    return {
        letter for letter in letters if not any(font.get_char_index(ord(letter)) for font in fonts)
    }


def _font(family: str) -> "FT2Font | None":
    """Return the font that matplotlib takes for a family; None when it has none of this name."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    try:
        return get_font(findfont(FontProperties(family=[family]), fallback_to_default=False))
    except ValueError:
        return None


def _installed() -> list[str]:
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return [name for name in FALLBACKS if name in there]


def _has_a_form(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Mn", "Me", "Cf")


@cache
def _say_once(letters: str) -> None:
    shown = letters[:10] + ("…" if len(letters) > 10 else "")
    notice(
        f"no installed font has {shown!r}: the heat map shows boxes in their place. "
        "Install a font that has them, such as Noto Sans CJK for Chinese, Japanese and Korean."
    )
