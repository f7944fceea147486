"""The pages in Chromium: one click in, keyboard, side by side, themes, narrow screens, axe."""

import contextlib
import http.server
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from relevanceai.client import Client
from relevanceai.dashboard.app import create_app
from relevanceai.dashboard.settings import Settings
from tests.dashboard.conftest import ALIAS, FIELD, SECRET

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = os.environ.get("RELEVANCEAI_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="no Chromium: install one, or name it in RELEVANCEAI_CHROMIUM",
    ),
]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOP = "/sdk/cluster/centroids/closest?dataset=shop"
MAP = f"/d/shop/c/{FIELD}/{ALIAS}"
PLACES = {
    "home": "/",
    "closest": SHOP,
    "furthest": "/sdk/cluster/centroids/furthest?dataset=shop&per=5",
    "map": MAP,
    "one": f"{MAP}?a=cluster-0&b=cluster-0",
    "missing": f"{SHOP}&cluster=no",
}


@dataclass
class Served:
    """A dashboard on a port of its own."""

    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def link(self, path: str) -> str:
        """Mint a link, as `closest()` does."""
        import http.client
        import json

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
        page = context.new_page()

        def outside(url: str) -> None:
            if urlsplit(url).hostname not in ("127.0.0.1", "localhost", None):
                faults.append(f"asked for {url}")

        page.on("request", lambda request: outside(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append("dialog"), dialog.dismiss()))
        page.on(
            "console",
            lambda message: faults.append(message.text)
            if message.type == "error" and "status of 404" not in message.text
            else None,
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


def ready(page: "Page") -> "Page":
    page.wait_for_selector("#heatmap.is-ready")
    return page


def cell(page: "Page", i: int, j: int, n: int = 4) -> tuple[float, float]:
    """The middle of a cell, in the canvas's own pixels: the plot ends 2 pixels from the right."""
    box = page.locator("canvas").bounding_box()
    axis = page.evaluate(
        """() => {
          const canvas = document.querySelector("canvas");
          const seen = canvas.getContext("2d");
          const ratio = canvas.width / canvas.clientWidth;
          const y = Math.round(6 * ratio);
          for (let x = 0; x < canvas.width; x += 1) {
            const [r, g, b, a] = seen.getImageData(x, y, 1, 1).data;
            if (a === 255 && r > 200 && g > 180 && b > 150 && !(r === g && g === b)) {
              return x / ratio;
            }
          }
          return 0;
        }"""
    )
    size = (box["width"] - 2 - axis) / n
    return axis + (j + 0.5) * size, 2 + (i + 0.5) * size


# ---------------------------------------------------------------- one click


@contextlib.contextmanager
def foreign_page(link: str) -> Iterator[str]:
    """Serve a page of another site, as a notebook on `localhost` is, with one link."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f'<title>Notebook</title><a id="go" href="{link}">go</a>'.encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_link_opens_with_one_click_from_another_site(chromium: "Browser", shop: Served):
    link = shop.link(SHOP)
    context = chromium.new_context()
    with foreign_page(link) as notebook, contextlib.closing(context):
        page = context.new_page()
        page.goto(notebook)
        page.click("#go")
        page.wait_for_selector("text=Documents closest to cluster centers")
        assert page.url == shop.base + SHOP
        cookie = next(c for c in context.cookies() if c["name"] == f"relevanceai-{shop.port}")
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert page.evaluate("document.cookie") == ""
        page.go_back()
        assert page.url == notebook
        # The same link again, its code spent: the session is there, so the page opens.
        page.click("#go")
        page.wait_for_selector("text=Documents closest to cluster centers")
        assert "code" not in page.url
        page.wait_for_function("!location.search.includes('bounced')")


def test_a_spent_link_in_another_browser_asks_for_a_fresh_one(chromium: "Browser", shop: Served):
    link = shop.link(SHOP)
    for number in range(2):
        context = chromium.new_context()
        with foreign_page(link) as notebook, contextlib.closing(context):
            page = context.new_page()
            page.goto(notebook)
            page.click("#go")
            if number == 0:
                page.wait_for_selector("text=Documents closest to cluster centers")
                continue
            page.wait_for_selector("text=This page needs a link of yours")
            page.fill("#code", shop.link("/"))
            page.click("text=Open")
            page.wait_for_selector("text=Documents closest to cluster centers")
            assert page.url == shop.base + SHOP


# ---------------------------------------------------------------- the guide's page


def test_pictures_load_and_tabs_lead_on(visit: Visit):
    page = visit(SHOP)
    page.wait_for_function("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")
    page.click("text=Cluster-2")
    page.wait_for_selector("text=A ring in colour")
    assert page.locator(".tabs [aria-current]").inner_text() == "Cluster-2"


def test_rows_per_page_apply_at_once_and_columns_by_the_menu(visit: Visit):
    page = visit(SHOP)
    page.select_option("#per", "5")
    page.wait_for_url("**per=5**")
    assert page.locator("tbody tr").count() == 5
    page.click("text=Hide columns")
    page.keyboard.press("Escape")
    assert not page.locator("details.menu").evaluate("(menu) => menu.open")
    page.click("text=Hide columns")
    page.check("text=stock")
    page.click(".menu-body button")
    page.wait_for_url("**hide=stock**")
    assert page.locator("thead th").count() == 7


def test_hostile_documents_run_nothing(visit: Visit):
    page = visit(f"{SHOP}&per=25")
    page.wait_for_load_state("networkidle")
    assert page.locator("text=<script>alert(1)</script>").count() == 1
    assert page.locator("tbody script").count() == 0


# ---------------------------------------------------------------- the heat map


def test_a_click_on_a_cell_shows_both_clusters_side_by_side(visit: Visit):
    page = ready(visit(MAP))
    x, y = cell(page, 1, 3)
    page.locator("canvas").click(position={"x": x, "y": y})
    page.wait_for_selector("#side-2 >> text=Cluster-3")
    assert page.locator("#compare-title").inner_text() == "Cluster-1 and Cluster-3"
    assert page.url.endswith("?a=cluster-1&b=cluster-3")
    assert page.locator("#compare .cards").count() == 2
    assert page.locator("#compare .cards img").count() == 12
    page.reload()
    assert page.locator("#compare-title").inner_text() == "Cluster-1 and Cluster-3"


def test_the_diagonal_shows_one_cluster(visit: Visit):
    page = ready(visit(MAP))
    x, y = cell(page, 2, 2)
    page.locator("canvas").click(position={"x": x, "y": y})
    page.wait_for_selector("#compare-title >> text=/^Cluster-2$/")
    assert page.locator("#compare .cards").count() == 1


def test_hovering_reads_a_cell_out_and_escape_takes_it_away(visit: Visit):
    page = ready(visit(MAP))
    x, y = cell(page, 0, 1)
    page.locator("canvas").hover(position={"x": x, "y": y})
    tip = page.locator(".hm-tip")
    shown = page.locator("#compare .figure b").inner_text()
    assert tip.inner_text().split("\n") == [shown, "Cluster-0 × Cluster-1"]
    assert tip.locator("img").count() == 2
    page.keyboard.press("Tab")
    page.locator("canvas").focus()
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_the_keyboard_moves_reads_out_and_picks(visit: Visit):
    page = ready(visit(MAP))
    page.locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("[role=status] >> text=/^Cluster-2 and Cluster-0: /")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector("[role=status] >> text=/^Cluster-2 and Cluster-3: /")
    page.keyboard.press("Enter")
    page.wait_for_selector("#compare-title >> text=Cluster-3")
    assert page.url.endswith("?a=cluster-2&b=cluster-3")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"


def test_a_pair_of_the_table_is_compared_without_leaving_the_page(visit: Visit):
    page = ready(visit(MAP))
    page.evaluate("window.stayed = true")
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    page.wait_for_selector("#compare-title >> text=Cluster-2")
    assert page.evaluate("window.stayed")
    assert page.evaluate("document.activeElement.id") == "compare"


def test_likeness_and_range_are_links(visit: Visit):
    page = ready(visit(f"{MAP}?a=cluster-1&b=cluster-2"))
    page.click("text=By likeness")
    page.wait_for_url("**order=linkage**")
    assert page.locator("#compare-title").inner_text() == "Cluster-1 and Cluster-2"
    ready(page).click("text=Fit")
    page.wait_for_url("**range=data**")
    ready(page)
    assert "order=linkage" in page.url


def test_a_server_that_is_gone_is_said_with_what_to_type(visit: Visit):
    page = ready(visit(MAP))
    page.route("**/*fragment=1*", lambda route: route.abort())
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    banner = page.wait_for_selector("[role=alert]")
    assert "relevanceai dashboard" in banner.inner_text()
    page.unroute("**/*fragment=1*")
    page.locator("a[data-a=cluster-1][data-b=cluster-2]").click()
    page.wait_for_selector("#compare-title >> text=Cluster-2")
    assert page.locator("[role=alert]").count() == 0
    page.faults[:] = [fault for fault in page.faults if "ERR_FAILED" not in fault]


def test_a_tile_that_failed_can_be_loaded_again(visit: Visit, many: Served):
    page = visit("/", many)
    page.route("**/tiles/**", lambda route: route.abort())
    page.goto(f"{many.base}/d/many/c/text_vector_/thousand")
    page.wait_for_selector(".hm-retry:visible")
    page.unroute("**/tiles/**")
    page.click(".hm-retry")
    ready(page)
    page.wait_for_selector(".hm-retry", state="hidden")
    page.faults[:] = [fault for fault in page.faults if "ERR_FAILED" not in fault]


def test_a_thousand_clusters_zoom_by_wheel_and_keys(visit: Visit, many: Served):
    page = ready(visit("/d/many/c/text_vector_/thousand", many))
    canvas = page.locator("canvas")
    canvas.hover()
    for _ in range(12):
        page.mouse.wheel(0, -300)
    page.wait_for_selector("canvas.zoomed")
    canvas.focus()
    page.keyboard.press("0")
    page.wait_for_selector("canvas:not(.zoomed)")
    page.keyboard.press("+")
    page.wait_for_selector("canvas.zoomed")
    for _ in range(30):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**a=cluster-**")


def test_the_picture_can_be_saved(visit: Visit):
    page = ready(visit(MAP))
    size = page.evaluate(
        """async (address) => {
          const { createHeatmap } = await import(address);
          const el = document.createElement("div");
          document.querySelector("main").append(el);
          const map = createHeatmap(el, {
            n: 2, label: String, thumb: () => null, lo: 0, hi: 1, exact: () => null,
            getTile: async () => Uint16Array.from([65534, 0, 65535, 65534]),
          });
          await new Promise((done) => setTimeout(done, 50));
          map.setData({ n: 1, getTile: async () => Uint16Array.from([65534]) });
          map.zoom(2);
          map.fit();
          map.show(0, 0);
          const blob = await map.toPNG();
          map.destroy();
          return [blob.type, blob.size > 500, el.childElementCount];
        }""",
        page.locator("link[rel=modulepreload]").evaluate("(link) => link.href"),
    )
    assert size == ["image/png", True, 0]


# ---------------------------------------------------------------- without script


def test_everything_works_without_script(visit: Visit):
    page = visit(SHOP, java_script_enabled=False)
    page.click("text=Cluster-1")
    assert page.locator("td >> text=A square in colour").count() > 5
    page.select_option("#per", "5")
    page.click(".rows button")
    assert page.locator("tbody tr").count() == 5
    page.click(".head >> text=Heat map")
    assert page.locator("text=The picture needs JavaScript").is_visible()
    page.click("a[data-a=cluster-1][data-b=cluster-2]")
    assert page.locator("#compare-title").inner_text() == "Cluster-1 and Cluster-2"
    assert page.locator("#theme").is_hidden()


# ---------------------------------------------------------------- themes, widths, axe


def test_the_theme_is_switched_and_remembered(visit: Visit):
    page = visit("/", color_scheme="light")

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    button = page.locator("#theme")
    assert button.inner_text() == "System theme"
    button.click()
    assert (button.inner_text(), ground()) == ("Light theme", light)
    button.click()
    assert button.inner_text() == "Dark theme"
    dark = ground()
    assert dark != light
    page.goto(page.url + SHOP[1:])
    assert ground() == dark
    page.locator("#theme").click()
    page.reload()
    assert ground() == light
    page.emulate_media(color_scheme="dark")
    assert ground() == dark


@pytest.mark.parametrize("width", [320, 640, 1024, 1280])
def test_nothing_is_wider_than_the_screen(visit: Visit, width: int):
    page = visit("/", width=width)
    for path in PLACES.values():
        page.goto(urlsplit(page.url)._replace(path="", query="").geturl() + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("width", [320, 1280])
def test_targets_are_24_pixels_or_more(visit: Visit, width: int):
    page = visit("/", width=width)
    for path in PLACES.values():
        page.goto(urlsplit(page.url)._replace(path="", query="").geturl() + path)
        page.wait_for_load_state("networkidle")
        small = page.evaluate(
            """() => [...document.querySelectorAll("a, button, select, summary, input, canvas")]
              .filter((el) => el.checkVisibility() && !el.closest("p, .skip"))
              .filter((el) => el.type !== "hidden" && el.type !== "checkbox")
              .map((el) => [el.getBoundingClientRect(), el])
              .filter(([box]) => box.width > 0 && Math.min(box.width, box.height) < 24)
              .map(([box, el]) => `${el.outerHTML.slice(0, 90)} ${box.width}x${box.height}`)"""
        )
        assert small == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing(
    visit: Visit, chromium: "Browser", shop: Served, many: Served, scheme: str, width: int
):
    axe = (files("axe_core_python") / "axe.min.js").read_text()
    page = visit("/", width=width, color_scheme=scheme)
    places = [shop.base + path for path in PLACES.values()]
    signed_out = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    with contextlib.closing(signed_out):
        for address in [*places, "out", "many"]:
            seen = page
            if address == "out":
                seen = signed_out.new_page()
                seen.goto(shop.base)
            elif address == "many":
                seen = visit(
                    "/sdk/cluster/centroids/closest", many, width=width, color_scheme=scheme
                )
            else:
                page.goto(address)
            seen.wait_for_load_state("networkidle")
            for menu in seen.locator("details").all():
                menu.locator("summary").first.click()
            seen.evaluate(axe)
            found = seen.evaluate("axe.run()")
            problems = [
                (fault["id"], node["target"], node["any"][:1])
                for fault in found["violations"]
                for node in fault["nodes"]
            ]
            assert problems == [], address


def test_forced_colours_keep_the_current_tab_apart(visit: Visit):
    page = visit(SHOP, forced_colors="active")
    current = page.locator(".tabs [aria-current]")
    other = page.locator(".tabs a:not([aria-current])").first
    border = "(el) => getComputedStyle(el).borderBottomColor"
    assert current.evaluate(border) != other.evaluate(border)


def test_nothing_moves_for_who_does_not_want_it(visit: Visit):
    page = visit(SHOP, reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert page.locator(".segments a").first.evaluate(
        "(el) => parseFloat(getComputedStyle(el).transitionDuration)"
    ) == 0


def test_skip_links_lead_to_the_content(visit: Visit):
    page = visit(SHOP)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the documents"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "documents"


def test_no_other_site_can_frame_or_read_the_page(chromium: "Browser", shop: Served):
    context = chromium.new_context()
    with foreign_page("/") as notebook, contextlib.closing(context):
        page = context.new_page()
        page.goto(shop.link("/"))
        page.wait_for_selector("text=Datasets")
        page.goto(notebook)
        answer = page.evaluate(
            "(address) => fetch(address, {credentials: 'include', mode: 'no-cors'})"
            ".then((r) => r.type, (error) => error.name)",
            shop.base + "/",
        )
        assert answer == "TypeError"
        picture = page.evaluate(
            """(address) => new Promise((done) => {
              const image = new Image();
              image.onload = () => done("shown");
              image.onerror = () => done("refused");
              image.src = address;
            })""",
            f"{shop.base}/media/shop/1?id=item-05&field=item_image&s=96",
        )
        assert picture == "refused"
