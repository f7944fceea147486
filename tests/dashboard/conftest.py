"""A shop with drawn pictures in every form the store takes, and an app over it."""

import base64
import io
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from relevanceai.client import Client
from relevanceai.dashboard.app import create_app
from relevanceai.dashboard.settings import Settings

with warnings.catch_warnings():
    # Newer starlettes would rather have another HTTP client; they work with this one.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PORT = 7431
HOST = f"127.0.0.1:{PORT}"
SECRET = "a-secret-of-the-tests-0123456789"
FIELD = "look_vector_"
ALIAS = "main-cluster"
HOSTILE_ID = "../../../etc/passwd?x=1#🦊 & \"<b>'"
KINDS = ("circle", "square", "ring", "bar")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def picture(kind: int, colour: tuple[int, int, int], form: str = "PNG") -> bytes:
    """Draw one of four shapes."""
    image = Image.new("RGB", (160, 120), "white")
    draw = ImageDraw.Draw(image)
    box = (30, 10, 130, 110)
    if kind == 0:
        draw.ellipse(box, fill=colour)
    elif kind == 1:
        draw.rectangle(box, fill=colour)
    elif kind == 2:
        draw.ellipse(box, outline=colour, width=18)
    else:
        draw.rectangle((10, 50, 150, 70), fill=colour)
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def shop_documents() -> list[dict[str, object]]:
    """64 documents of four kinds; the first of each kind is the hostile or unusual one."""
    rng = np.random.default_rng(3)
    forms = ("PNG", "JPEG", "WEBP", "GIF")
    documents: list[dict[str, object]] = []
    for i in range(64):
        kind = i % 4
        colour = tuple(int(each) for each in rng.integers(20, 220, 3))
        middle = np.zeros(12)
        middle[kind] = 4.0
        middle[0] += 2.0 if kind == 1 else 0.0
        documents.append(
            {
                "_id": f"item-{i:02}",
                "item_image": picture(kind, colour, forms[(i // 4) % 4]),
                "item_title": f"A {KINDS[kind]} in colour {colour}",
                "item_price": round(5 + 90 * rng.random(), 2),
                "item_link": f"https://shop.example/items/{i}",
                "stock": int(rng.integers(0, 20_000)),
                "insert_date_": datetime(2024, 1 + i % 12, 3),
                FIELD: (middle + rng.normal(size=12) * 0.6).astype(np.float32).tolist(),
            }
        )
    documents[0] |= {
        "_id": HOSTILE_ID,
        "item_title": "<script>alert(1)</script><img src=x onerror=alert(2)>",
        "item_link": "javascript:alert(document.domain)",
    }
    documents[1]["item_link"] = 'https://shop.example/"onmouseover="alert(1)'
    documents[2]["item_link"] = "data:text/html,<script>alert(1)</script>"
    return documents


def shop_paths() -> list[dict[str, object]]:
    """Documents whose pictures are paths: one inside the media folder, the others not."""
    vector = [1.0, 0.0]
    return [
        {"_id": "inside", "photo": "inside.png", "a_vector_": vector},
        {"_id": "uri", "photo": data_uri(picture(1, (9, 9, 200))), "a_vector_": vector},
        {"_id": "above", "photo": "../secret.png", "a_vector_": vector},
        {"_id": "absolute", "photo": "/etc/passwd", "a_vector_": vector},
        {"_id": "svg", "photo": "data:image/svg+xml;base64,PHN2Zy8+", "a_vector_": vector},
        {"_id": "remote", "photo": "http://169.254.169.254/latest.png", "a_vector_": vector},
        {"_id": "text", "photo": "no picture", "a_vector_": vector},
    ]


def data_uri(content: bytes) -> str:
    """Return a PNG as text."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


@pytest.fixture(scope="session")
def shop_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with `shop` (four clusters with pictures), `paths` and `bare` (not clustered)."""
    home = tmp_path_factory.mktemp("dashboard") / "home"
    client = Client(home)
    shop = client.Dataset("shop")
    documents = shop_documents()
    shop.insert_documents(documents)
    labels = [i % 4 for i in range(len(documents))]
    shop.set_cluster_labels([FIELD], ALIAS, labels)
    paths = client.Dataset("paths")
    paths.insert_documents(shop_paths())
    paths.media_folder.mkdir(parents=True, exist_ok=True)
    (paths.media_folder / "inside.png").write_bytes(picture(0, (200, 30, 30)))
    (paths.media_folder.parent / "secret.png").write_bytes(picture(0, (200, 30, 30)))
    paths.set_cluster_labels(["a_vector_"], "one", [0] * 7)
    client.Dataset("bare").insert_documents([{"_id": "1", "b_vector_": [0.5, 0.5]}])
    return home


@pytest.fixture(scope="session")
def many_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with 1,000 clusters of two documents."""
    home = tmp_path_factory.mktemp("many") / "home"
    many = Client(home).Dataset("many")
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(2_000, 8)).astype(np.float32)
    many.insert_documents(
        [
            {"_id": str(i), "title": f"document {i}", "text_vector_": vector.tolist()}
            for i, vector in enumerate(vectors)
        ]
    )
    many.set_cluster_labels(["text_vector_"], "thousand", [i % 1000 for i in range(2_000)])
    return home


MakeClient = Callable[..., TestClient]


@pytest.fixture
def browse(shop_home: Path) -> Iterator[MakeClient]:
    """Make a test client; signed in with the bearer secret unless told otherwise."""
    opened: list[TestClient] = []

    def make(
        home: Path = shop_home, *, is_signed_in: bool = True, host: str = HOST, **settings: object
    ) -> TestClient:
        app = create_app(Client(home), Settings(secret=SECRET, port=PORT, **settings))
        client = TestClient(
            app, f"http://{host}", raise_server_exceptions=False, follow_redirects=False
        )
        if is_signed_in:
            client.headers["authorization"] = f"Bearer {SECRET}"
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def page(browse: MakeClient) -> TestClient:
    """A browser that is signed in, on the shop."""
    return browse()
