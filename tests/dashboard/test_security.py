"""Who may ask, from where, and what every answer carries."""

import json
from urllib.parse import urljoin

import pytest
from starlette.routing import Route
from tests.dashboard.conftest import ALIAS, FIELD, HOST, PORT, SECRET, MakeClient

from relevanceai.dashboard.security import HEADERS, PAGE_POLICY, safe_link
from relevanceai.dashboard.settings import Settings

RUN = f"/d/shop/c/{FIELD}/{ALIAS}"
BASE = "https://hub.example.org/user/ada/proxy/7431"


def every_address(browser: object) -> list[str]:
    """One address for each route, most of which exist; fails when a route has none."""
    assets = f"/static/{'0' * 12}/page.css"
    known = {
        "/": "/",
        "/sdk/cluster/centroids/closest": "/sdk/cluster/centroids/closest?dataset=shop",
        "/sdk/cluster/centroids/furthest": "/sdk/cluster/centroids/furthest?dataset=shop",
        "/d/{dataset}/c/{field}/{alias}": RUN,
        "/d/{dataset}/c/{field}/{alias}/map/{revision}": f"{RUN}/map/x",
        "/d/{dataset}/c/{field}/{alias}/tiles/{revision}/{order}/{level}/{y}/{x}": (
            f"{RUN}/tiles/x/id/0/0/0"
        ),
        "/d/{dataset}/c/{field}/{alias}/faces/{version}/{place}": f"{RUN}/faces/x/0",
        "/media/{dataset}/{version}": "/media/shop/1?id=item-05&field=item_image&s=96",
        "/static/{version}/{name}": assets,
        "/api/health": "/api/health",
        "/api/codes": "/api/codes",
        "/api/stop": "/api/stop",
    }
    routes = [route.path for route in browser.app.routes if isinstance(route, Route)]
    assert sorted(routes) == sorted(known)
    return [*known.values(), "/nothing/here", "/favicon.ico"]


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize("is_signed_in", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_every_response_of_every_route_carries_the_headers(
    browse: MakeClient, is_signed_in: bool, method: str
):
    browser = browse(is_signed_in=is_signed_in)
    for address in every_address(browser):
        for host in (HOST, "evil.example"):
            response = browser.request(method, address, headers={"host": host})
            for name in HEADERS:
                assert name in response.headers, (method, address, name)
            policy = response.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in response.headers


def test_a_failure_shows_no_traceback_and_carries_the_headers(
    browse: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    from relevanceai.client import Client

    def broken(self: object) -> list[str]:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(Client, "list_datasets", broken)
    response = browse().get("/")
    assert response.status_code == 500
    assert "Something went wrong in the dashboard" in response.text
    assert "secret of the inside" not in response.text
    assert "Traceback" not in response.text
    for name in HEADERS:
        assert name in response.headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere():
    assert "unsafe" not in PAGE_POLICY
    assert "http" not in PAGE_POLICY
    assert "default-src 'none'" in PAGE_POLICY
    assert "frame-ancestors 'none'" in PAGE_POLICY


# ---------------------------------------------------------------- host


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"127.0.0.1.evil.example:{PORT}",
        f"user@127.0.0.1:{PORT}",
        f"127.0.0.1:{PORT}@evil.example",
        f"127.0.0.1:{PORT + 1}",
        "127.0.0.1",
        "localhost",
        f"127.0.0.1:{PORT}.",
        f"localhost.:{PORT}",
        f"0.0.0.0:{PORT}",
        f"127.1:{PORT}",
        f"2130706433:{PORT}",
        f"[::]:{PORT}",
        f"127.0.0.1:{PORT}, evil.example",
        f" 127.0.0.1:{PORT}",
        "",
    ],
)
def test_other_hosts_are_misdirected_even_with_the_secret(browse: MakeClient, host: str):
    browser = browse()
    for address in every_address(browser):
        response = browser.get(address, headers={"host": host})
        assert response.status_code == 421, address
        assert HOST not in response.text


@pytest.mark.parametrize("host", [HOST, f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_own_hosts_are_answered(browse: MakeClient, host: str):
    assert browse().get("/", headers={"host": host}).status_code == 200


def test_two_hosts_in_one_request_are_refused(browse: MakeClient):
    response = browse().get("/", headers=[("host", HOST), ("host", HOST)])
    assert response.status_code == 421


def test_hosts_of_proxies_are_answered_when_named():
    settings = Settings(
        secret=SECRET, port=PORT, base_url="https://hub.example:443/x", allowed_hosts=("Lab:80",)
    )
    assert {"hub.example", "hub.example:443", "lab:80"} < settings.hosts
    assert "hub.example:80" not in settings.hosts
    assert settings.is_secure("hub.example")
    assert not settings.is_secure(HOST)


# ---------------------------------------------------------------- who caused the request


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "dest"),
    [
        ("no-cors", "image"),
        ("no-cors", "script"),
        ("cors", "empty"),
        ("navigate", "iframe"),
        ("navigate", "object"),
        ("navigate", "embed"),
        ("same-origin", "empty"),
    ],
)
def test_other_sites_get_nothing_but_a_click(browse: MakeClient, site: str, mode: str, dest: str):
    browser = browse()
    headers = {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest}
    for address in every_address(browser):
        assert browser.get(address, headers=headers).status_code == 403, address


def test_another_site_may_link_to_a_page(browse: MakeClient):
    headers = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }
    assert browse().get("/", headers=headers).status_code == 200
    assert browse().post("/api/codes", headers=headers, json={}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": f"http://127.0.0.1:{PORT}.evil.example"},
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    ],
)
def test_forged_posts_are_refused(browse: MakeClient, headers: dict[str, str]):
    called = []
    browser = browse(on_stop=lambda: called.append(1))
    response = browser.post("/api/stop", headers=headers, json={})
    assert response.status_code == 403
    assert called == []


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain; application/json",
        "",
    ],
)
def test_only_json_is_taken(browse: MakeClient, kind: str):
    response = browse().post("/api/codes", headers={"content-type": kind}, content=b"{}")
    assert response.status_code == 415


def test_bodies_are_bounded(browse: MakeClient):
    headers = {"content-type": "application/json"}
    browser = browse()
    assert browser.post("/api/codes", headers=headers, content=b" " * 65_536).status_code == 200
    assert browser.post("/api/codes", headers=headers, content=b" " * 65_537).status_code == 413

    def stream():
        for _ in range(100):
            yield b" " * 1_000

    assert browser.post("/api/codes", headers=headers, content=stream()).status_code == 413


def test_nothing_changes_by_get(browse: MakeClient):
    called = []
    browser = browse(on_stop=lambda: called.append(1))
    for address in ("/api/stop", "/api/codes"):
        assert browser.get(address).status_code == 405
    assert called == []


def test_web_sockets_are_closed(browse: MakeClient):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), browse().websocket_connect("/"):
        pass


# ---------------------------------------------------------------- behind a proxy


@pytest.mark.parametrize("keeps_prefix", [True, False])
@pytest.mark.parametrize("host", ["hub.example.org", HOST])
def test_links_stay_under_the_proxys_prefix(browse: MakeClient, keeps_prefix: bool, host: str):
    import re

    browser = browse(base_url=BASE)
    for address in ("/", "/sdk/cluster/centroids/closest?dataset=shop", RUN, f"{RUN}/", "/no"):
        asked = f"/user/ada/proxy/7431{address}" if keeps_prefix else address
        response = browser.get(asked, headers={"host": host})
        found = re.findall(r'(?:href|src|action|data-src|data-page)="([^"#]*)"', response.text)
        assert len(found) > 5
        for link in found:
            if link.startswith("https://shop.example"):
                continue
            assert urljoin(BASE + address, link).startswith(BASE + "/"), (address, link)


def test_the_prefix_without_its_slash_is_sent_on(browse: MakeClient):
    browser = browse(base_url=BASE)
    response = browser.get("/user/ada/proxy/7431?a=1", headers={"host": "hub.example.org"})
    assert 'content="0;url=./7431/?a=1"' in response.text


def test_the_cookie_is_secure_behind_https(browse: MakeClient):
    browser = browse(base_url=BASE)
    code = browser.post("/api/codes", json={}).json()["code"]
    del browser.headers["authorization"]
    headers = {"host": "hub.example.org", "sec-fetch-site": "none"}
    cookie = browser.get(f"/?code={code}", headers=headers).headers["set-cookie"]
    assert "Secure" in cookie
    assert "Path=/user/ada/proxy/7431/;" in cookie  # others may live on that host


@pytest.mark.parametrize(
    ("base_url", "host", "expected"),
    [
        (BASE, "HUB.example.org:443", "/user/ada/proxy/7431/"),
        (BASE, HOST, "/"),
        ("https://hub.example.org", "hub.example.org", "/"),
        ("https://hub.example.org/€ a", "hub.example.org", "/%E2%82%AC%20a/"),
        ("https://hub.example.org/%e2%82%ac", "hub.example.org", "/%e2%82%ac/"),
        ("https://hub.example.org/a;Domain=x", "hub.example.org", "/"),
        (None, HOST, "/"),
    ],
)
def test_the_cookie_goes_to_our_own_part_of_a_host(base_url: str | None, host: str, expected: str):
    settings = Settings(secret=SECRET, port=PORT, base_url=base_url)
    assert settings.cookie_path(host) == expected


@pytest.mark.parametrize("address", ["tiles/x/id/0/0/0", "tiles/x/id/0/1/-1", "faces/x/0"])
def test_endless_numbers_in_addresses_are_not_found(browse: MakeClient, address: str):
    endless = address.rpartition("/")[0] + "/" + "9" * 5_000
    assert browse().get(f"{RUN}/{endless}").status_code in (404, 409)


def test_what_may_not_come_in_is_not_read(browse: MakeClient):
    browser = browse(is_signed_in=False)
    large = {
        "content-type": "application/json",
        "content-length": str(10**9),
        "sec-fetch-site": "none",
    }
    for address in ("/api/codes", "/", "/static/x/page.css"):
        assert browser.post(address, headers=large, content=b"{}").status_code == 401


def test_a_body_that_does_not_arrive_is_not_waited_for(
    browse: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    import asyncio

    from relevanceai.dashboard import guard

    monkeypatch.setattr(guard, "_BODY_S", 0.01)
    sent = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = {
        "host": HOST,
        "authorization": f"Bearer {SECRET}",
        "content-type": "application/json",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/codes",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(browse().app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"]) == {"error": "The body did not arrive within 0.01 seconds."}


def test_the_owner_is_answered_while_all_threads_are_busy(browse: MakeClient):
    import inspect

    routes = [r for r in browse().app.routes if r.path.startswith("/api/")]
    assert len(routes) == 3
    assert all(inspect.iscoroutinefunction(route.endpoint) for route in routes)


def test_the_proxys_own_origin_may_post(browse: MakeClient):
    browser = browse(base_url=BASE)
    good = {"host": "hub.example.org", "origin": "https://hub.example.org"}
    bad = {"host": "hub.example.org", "origin": "http://hub.example.org"}
    assert browser.post("/api/codes", headers=good, json={}).status_code == 200
    assert browser.post("/api/codes", headers=bad, json={}).status_code == 403


# ---------------------------------------------------------------- links


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
        "/relative",
        "https://",
        "https:///x",
        "http:evil",
        "https://a\\b",
        "https://a b",
        "https://a\u2028b",
        "https://[bad",
        "mailto:",
        "blob:https://a/b",
        "https://" + "a" * 5_000,
        7,
        None,
        b"https://example.org",
    ],
)
def test_other_schemes_are_no_links(value: object):
    assert safe_link(value) is None


@pytest.mark.parametrize(
    "value", ["https://example.org/a?b=c#d", "http://example.org", "mailto:a@example.org"]
)
def test_links_are_links(value: str):
    assert safe_link(value) == value
