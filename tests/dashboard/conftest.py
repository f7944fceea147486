"""A shop with drawn pictures in every form the store takes, and an app over it."""

import base64
import contextlib
import http.client
import io
import json
import os
import shutil
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image, ImageDraw

from relevanceai.client import Client
from relevanceai.dashboard.app import create_app
from relevanceai.dashboard.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

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


# ---------------------------------------------------------------- a real browser

CHROMIUM = os.environ.get("RELEVANCEAI_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
NO_CHROMIUM = "no Chromium: install one, or name it in RELEVANCEAI_CHROMIUM"
TIMEOUT_MS = 15_000
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Served:
    """A dashboard on a port of its own."""

    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self, path: str) -> str:
        """Mint a link, as `closest()` does."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json"}
            connection.request("POST", "/api/codes", "{}", headers)
            code = json.loads(connection.getresponse().read())["code"]
        return f"{self.base}{path}{'&' if '?' in path else '?'}code={code}"


@contextlib.contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Serve a workspace from a thread until the block ends."""
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        app = create_app(Client(home), Settings(secret=SECRET, port=port))
        config = uvicorn.Config(app, log_level="error", ws="none", lifespan="off", loop="asyncio")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Served(port)
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def shop(shop_home: Path) -> Iterator[Served]:
    with serving(shop_home) as served:
        yield served


@pytest.fixture(scope="module")
def many(many_home: Path) -> Iterator[Served]:
    with serving(many_home) as served:
        yield served


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


Visit = Callable[..., "Page"]


@pytest.fixture
def visit(chromium: "Browser", shop: Served) -> Iterator[Visit]:
    """Open a place by a minted link; the test fails when a page logs an error or goes outside."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def go(path: str, served: Served = shop, *, width: int = 1280, **options: object) -> "Page":
        from playwright.sync_api import expect

        context = chromium.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()

        def outside(url: str) -> None:
            if urlsplit(url).hostname not in ("127.0.0.1", "localhost", None):
                faults.append(f"asked for {url}")

        page.on("request", lambda request: outside(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss()))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if message.type == "error" and "status of 404" not in message.text
                else None
            ),
        )
        page.goto(served.link(path))
        page.wait_for_url(lambda url: "code=" not in url)
        expect(page.locator("h1")).not_to_have_text("Opening")
        page.faults = faults
        return page

    yield go
    for context in contexts:
        context.close()
    assert faults == []
