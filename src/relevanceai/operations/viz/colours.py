"""The colours of heat maps: seaborn's rocket, dark for low and light for high, without seaborn.

Importing seaborn loads scipy.stats, and takes a second, which is more than drawing the picture. The
numbers are those of seaborn's own table (`seaborn.cm`, copyright 2012-2024 Michael L. Waskom, BSD
3-Clause licence), rounded to bytes.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.colors import ListedColormap

_ROCKET = (
    "03051a04051a05061b06071c07071d08081e0a091f0b09200d0a210e0b22100b23110c24130d25140e26"
    "160e27170f28180f291a102a1b112b1d112c1e122d20122e211330221331241432251433271534281535"
    "2a16362b16372d17382e173930173a31183b33183c34193d35193e37193f381a403a1a413c1a423d1a42"
    "3f1b43401b44421b45431c46451c47461c48481c48491d494b1d4a4c1d4b4e1d4b501d4c511e4d531e4d"
    "541e4e561e4f581e4f591e505b1e515c1e515e1f52601f52611f53631f53641f54661f54681f55691f55"
    "6b1f566d1f566e1f57701f57711f57731f58751f58761f58781f597a1f597b1f597d1f5a7f1e5a811e5a"
    "821e5a841e5a861e5b871e5b891e5b8b1d5b8c1d5b8e1d5b901d5b921c5b931c5b951c5b971c5b981b5b"
    "9a1b5b9c1b5b9e1a5b9f1a5ba11a5ba3195ba4195ba6195aa8185aaa185aab185aad1759af1759b01759"
    "b21758b41658b51657b71657b91657ba1656bc1656bd1655bf1654c11754c21753c41753c51852c71951"
    "c81951ca1a50cb1b4fcd1c4ece1d4ecf1e4dd11f4cd2204cd3214bd5224ad62449d72549d82748d92847"
    "db2946dc2b46dd2c45de2e44df2f44e03143e13342e23442e33641e43841e53940e63b40e73d3fe83f3f"
    "e8403ee9423eea443eeb463eeb483eec4a3eec4c3eed4e3eed503eee523fee543fef5640ef5840ef5a41"
    "f05c42f05e42f06043f16244f16445f16646f26747f26948f26b49f26d4bf26f4cf3714df3734ef37450"
    "f37651f37852f47a54f47c55f47d57f47f58f4815af4835bf4845df4865ef58860f58a61f58b63f58d64"
    "f58f66f59067f59269f5946bf5966cf5976ef59970f69b71f69c73f69e75f6a077f6a178f6a37af6a47c"
    "f6a67ef6a880f6a981f6ab83f6ad85f6ae87f6b089f6b18bf6b38df6b48ff6b691f6b893f6b995f6bb97"
    "f6bc99f6be9bf6bf9df6c19ff7c2a2f7c4a4f7c6a6f7c7a8f7c9aaf7caacf7ccaff7cdb1f7cfb3f7d0b5"
    "f8d1b8f8d3baf8d4bcf8d6bef8d7c0f8d9c3f8dac5f8dcc7f9ddc9f9dfcbf9e0cdf9e2d0f9e3d2f9e5d4"
    "fae6d6fae8d8fae9dafaebdd"
)


@cache
def rocket() -> "ListedColormap":
    """Return the map of 256 colours as matplotlib takes it, under the name seaborn gives it."""
    from matplotlib.colors import ListedColormap

    colours = [f"#{_ROCKET[at : at + 6]}" for at in range(0, len(_ROCKET), 6)]
    return ListedColormap(colours, name="rocket")
