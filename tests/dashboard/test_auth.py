"""Codes are good once and for ten minutes; the cookie follows; nothing else opens a page."""

import re
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.conftest import HOST, PORT, SECRET, Clock, MakeClient

from relevanceai.dashboard.auth import (
    CODE_LIFETIME_S,
    MAX_CODES,
    Codes,
    cookie_value,
    pasted_code,
)
from relevanceai.dashboard.settings import Settings
from relevanceai.errors import InvalidInputError

LINK = "/sdk/cluster/centroids/closest?dataset=shop"
NAVIGATION = {
    "accept": "text/html",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}
CROSS_SITE = NAVIGATION | {"sec-fetch-site": "cross-site"}
TYPED = NAVIGATION | {"sec-fetch-site": "none"}
OWN = NAVIGATION | {"sec-fetch-site": "same-origin"}


def refresh_target(text: str) -> str:
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]*)"', text)
    assert found, text
    return found[1].replace("&amp;", "&")


def mint(client: object) -> str:
    response = client.post("/api/codes", headers={"authorization": f"Bearer {SECRET}"}, json={})
    assert response.status_code == 200
    return response.json()["code"]


# ---------------------------------------------------------------- codes


def test_a_code_is_good_once():
    codes = Codes(Clock())
    code = codes.mint()
    assert codes.spend(code)
    assert not codes.spend(code)


def test_a_code_is_good_for_ten_minutes():
    clock = Clock()
    codes = Codes(clock)
    early, late = codes.mint(), codes.mint()
    clock.now_s += CODE_LIFETIME_S - 0.001
    assert codes.spend(early)
    clock.now_s += 0.001
    assert not codes.spend(late)


def test_a_thousand_codes_are_not_kept_and_the_newest_work():
    codes = Codes(Clock())
    minted = [codes.mint() for _ in range(1_000)]
    assert len(set(minted)) == 1_000
    assert len(codes) == MAX_CODES
    assert not codes.spend(minted[0])
    assert all(codes.spend(code) for code in minted[-MAX_CODES:])


def test_expired_codes_are_dropped_when_one_is_minted():
    clock = Clock()
    codes = Codes(clock)
    for _ in range(20):
        codes.mint()
    clock.now_s += CODE_LIFETIME_S
    codes.mint()
    assert len(codes) == 1


@given(st.text())
def test_no_other_text_is_a_code(text: str):
    codes = Codes(Clock())
    codes.mint()
    assert not codes.spend(text)
    assert not codes.spend(pasted_code(text))


def test_a_whole_link_can_be_pasted():
    assert pasted_code("http://127.0.0.1:7431/x?dataset=a&code=abc_-9 ") == "abc_-9"
    assert pasted_code("http://[bad/?code=x") == "http://[bad/?code=x"


# ---------------------------------------------------------------- the exchange


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sec-purpose", "prefetch"),
        ("Sec-Purpose", "Prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("x-purpose", "preview"),
    ],
)
def test_a_prefetch_spends_no_code(browse: MakeClient, name: str, value: str):
    browser = browse(is_signed_in=False)
    code = mint(browser)
    early = browser.get(f"{LINK}&code={code}", headers={**TYPED, name: value})
    assert early.status_code == 403
    assert "set-cookie" not in early.headers
    assert "set-cookie" in browser.get(f"{LINK}&code={code}", headers=TYPED).headers


def test_a_printed_link_opens_with_one_click_and_drops_its_code(browse: MakeClient):
    browser = browse(is_signed_in=False)
    code = mint(browser)
    first = browser.get(f"{LINK}&code={code}", headers=CROSS_SITE)
    assert first.status_code == 200
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"relevanceai-{PORT}=")
    for part in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Max-Age" not in cookie
    assert "Secure" not in cookie
    assert SECRET not in first.text + cookie
    target = refresh_target(first.text)
    assert "code=" not in target
    second = browser.get(urljoin(f"http://{HOST}{LINK}", target), headers=OWN)
    assert second.status_code == 200
    assert "Documents closest to cluster centers" in second.text


def test_the_exchange_keeps_the_rest_of_the_address(browse: MakeClient):
    browser = browse(is_signed_in=False)
    query = "dataset=a%26b&field=x_vector_&field=y_vector_&alias=%E2%82%AC%20%22%3E"
    first = browser.get(
        f"/sdk/cluster/centroids/closest?{query}&code={mint(browser)}", headers=TYPED
    )
    assert refresh_target(first.text) == f"./closest?{query}"


def test_a_spent_code_without_a_cookie_gets_one_bounce_and_then_a_form(browse: MakeClient):
    browser, other = browse(is_signed_in=False), browse(is_signed_in=False)
    code = mint(browser)
    assert browser.get(f"{LINK}&code={code}", headers=CROSS_SITE).status_code == 200
    again = browse(is_signed_in=False).get(f"{LINK}&code={code}", headers=CROSS_SITE)
    assert again.status_code == 200
    assert "set-cookie" not in again.headers
    target = refresh_target(again.text)
    assert target == "./closest?dataset=shop&bounced=1"
    refused = other.get(f"/sdk/cluster/centroids/{target[2:]}", headers=OWN)
    assert refused.status_code == 401
    assert "This page needs a link of yours" in refused.text
    assert 'name="dataset" value="shop"' in refused.text
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_spent_code_with_a_cookie_opens_the_page(browse: MakeClient):
    browser = browse(is_signed_in=False)
    code = mint(browser)
    browser.get(f"{LINK}&code={code}", headers=TYPED)
    again = browser.get(f"{LINK}&code={code}", headers=OWN)
    assert refresh_target(again.text) == "./closest?dataset=shop"
    assert browser.get(LINK, headers=OWN).status_code == 200


def test_a_spent_code_that_is_typed_says_so(browse: MakeClient):
    browser = browse(is_signed_in=False)
    response = browser.get(f"{LINK}&code=spent", headers=TYPED)
    assert response.status_code == 401
    assert "This link has been used, or is older than ten minutes" in response.text


def test_an_expired_code_does_not_open(browse: MakeClient):
    clock = Clock()
    browser = browse(is_signed_in=False, clock=clock)
    code = mint(browser)
    clock.now_s += CODE_LIFETIME_S + 1
    assert browser.get(f"/?code={code}", headers=TYPED).status_code == 401


def test_an_old_browser_is_bounced_once_and_a_program_never(browse: MakeClient):
    browser = browse(is_signed_in=False)
    old = browser.get(LINK, headers={"accept": "text/html"})
    assert refresh_target(old.text) == "./closest?dataset=shop&bounced=1"
    assert browser.get(f"{LINK}&bounced=1", headers={"accept": "text/html"}).status_code == 401
    assert browser.get(LINK, headers={"accept": "*/*"}).status_code == 401


def test_looking_at_a_link_does_not_spend_it(browse: MakeClient):
    browser = browse(is_signed_in=False)
    code = mint(browser)
    assert browser.head(f"{LINK}&code={code}", headers=TYPED).status_code == 401
    assert "set-cookie" in browser.get(f"{LINK}&code={code}", headers=TYPED).headers


@pytest.mark.parametrize("path", ["//evil.example/x", "/%2f%2fevil.example", "/\\evil.example"])
def test_a_bounce_never_leaves_the_server(browse: MakeClient, path: str):
    browser = browse(is_signed_in=False)
    address = f"http://{HOST}{path}"
    response = browser.get(f"{address}?code={mint(browser)}", headers=CROSS_SITE)
    target = refresh_target(response.text)
    assert target.startswith("./")
    assert urljoin(address, target).startswith(f"http://{HOST}/")


def test_a_code_of_another_server_does_not_open(browse: MakeClient):
    one, other = browse(is_signed_in=False), browse(is_signed_in=False)
    assert other.get(f"/?code={mint(one)}", headers=TYPED).status_code == 401


def test_the_cookie_of_another_start_does_not_open(browse: MakeClient):
    browser = browse(is_signed_in=False)
    stale = cookie_value(Settings(secret="another-secret-0123456789", port=PORT))
    browser.cookies.set(f"relevanceai-{PORT}", stale)
    assert browser.get("/", headers=OWN).status_code == 401


@pytest.mark.parametrize("value", ["", "é", "x" * 10_000])
def test_odd_cookies_do_not_open_and_do_not_break(browse: MakeClient, value: str):
    browser = browse(is_signed_in=False)
    header = f"relevanceai-{PORT}={value}".encode()
    response = browser.get("/", headers=[*OWN.items(), ("cookie", header)])
    assert response.status_code == 401


# ---------------------------------------------------------------- the bearer


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {SECRET}", f"Bearer {SECRET}x"]
)
def test_only_the_secret_itself_opens_the_api(browse: MakeClient, header: str):
    browser = browse(is_signed_in=False)
    response = browser.post("/api/codes", headers={"authorization": header}, json={})
    assert response.status_code == 401
    assert response.json() == {"error": "Send the secret: Authorization: Bearer ..."}


def test_the_cookie_does_not_open_the_api(browse: MakeClient):
    browser = browse(is_signed_in=False)
    browser.get(f"/?code={mint(browser)}", headers=TYPED)
    assert browser.get("/", headers=OWN).status_code == 200
    own = {"sec-fetch-site": "same-origin", "origin": f"http://{HOST}"}
    assert browser.post("/api/stop", headers=own, json={}).status_code == 401
    assert browser.get("/api/health", headers=own).status_code == 401


def test_health_says_who_answers(browse: MakeClient, shop_home):
    import os

    from relevanceai import __version__

    assert browse().get("/api/health").json() == {
        "workspace": str(shop_home),
        "version": __version__,
        "pid": os.getpid(),
    }


def test_stop_answers_and_then_calls_back(browse: MakeClient):
    called = []
    response = browse(on_stop=lambda: called.append(1)).post("/api/stop", json={})
    assert response.status_code == 202
    assert called == [1]


def test_only_requests_that_were_let_in_count_as_use(browse: MakeClient):
    seen = []
    browser = browse(is_signed_in=False, on_request=lambda: seen.append(1))
    browser.get("/", headers=TYPED)
    browser.get("/", headers={"host": "evil.example"})
    browser.get("/?code=no", headers=CROSS_SITE)
    assert seen == []
    browser.get("/", headers={"authorization": f"Bearer {SECRET}"})
    assert seen == [1]


# ---------------------------------------------------------------- settings


def test_a_short_secret_is_refused():
    with pytest.raises(InvalidInputError) as error:
        Settings(secret="short", port=PORT)
    assert str(error.value) == (
        "The dashboard's secret has 5 characters, at least 16 are needed. "
        "Pass secrets.token_urlsafe(32)."
    )


@pytest.mark.parametrize("url", ["hub.example", "ftp://hub.example", "https://", "http://a@b"])
def test_a_base_url_that_is_none_is_refused(url: str):
    with pytest.raises(InvalidInputError) as error:
        Settings(secret=SECRET, port=PORT, base_url=url)
    assert str(error.value) == (
        f"base_url {url!r} is not an address of a page. "
        "Pass scheme, host and, if need be, a path: 'https://hub.example.org/proxy/7431'."
    )


def test_settings_do_not_show_their_secret():
    assert SECRET not in repr(Settings(secret=SECRET, port=PORT))
