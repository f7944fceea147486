"""The door: every request passes here first, every response leaves with its headers."""

import asyncio
import json
from collections.abc import Iterable
from urllib.parse import parse_qsl

from markupsafe import Markup
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relevanceai.dashboard.auth import Codes, cookie_value, has_bearer, has_cookie, pasted_code
from relevanceai.dashboard.render import Renderer, here_of
from relevanceai.dashboard.security import (
    MAX_BODY_BYTES,
    SAFE_METHODS,
    add_headers,
    host_of,
    is_ahead_of_time,
    is_foreign,
    is_isolated,
    policy_for_style,
)
from relevanceai.dashboard.settings import Settings

_BOUNCED = "bounced"
_BODY_S = 10.0


class Guard:
    """Checks host, origin, body and authority of each request before any route sees it."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, codes: Codes, renderer: Renderer
    ) -> None:
        self._app = app
        self._settings = settings
        self._codes = codes
        self._renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(MutableHeaders(scope=message))
            await send(message)

        scope = self._without_prefix(scope)
        request = Request(scope, receive)
        response = self._refusal(request)
        if response is None and scope["path"] == self._settings.prefix != "":
            # The links of a page are relative: without the slash they would miss the prefix.
            last = self._settings.prefix.rsplit("/", 1)[-1]
            response = self._bounce(request, request.query_params.multi_items(), f"./{last}/")
        is_open = scope["path"].startswith("/static/") and scope["method"] in SAFE_METHODS
        if response is None and not is_open:
            response = self._admission(request)
            if response is None:
                self._settings.on_request()
        if response is None and scope["method"] not in SAFE_METHODS:
            try:  # only of who may come in, and not for ever
                async with asyncio.timeout(_BODY_S):
                    body = await _body(request)
            except TimeoutError:
                response = _too_slow()
            else:
                response = _too_large() if body is None else None
                receive = _replay(body or b"", receive)
        await (response or self._app)(scope, receive, send_with_headers)

    def _without_prefix(self, scope: Scope) -> Scope:
        """Take the path of `base_url` off, for a proxy that hands it on."""
        prefix = self._settings.prefix
        if not prefix or not scope["path"].startswith(prefix + "/"):
            return scope
        path = scope["path"][len(prefix) :]
        raw: bytes = scope.get("raw_path") or b""
        raw = raw[len(prefix) :] if raw.startswith(prefix.encode()) else b""
        return {**scope, "path": path, "raw_path": raw or None}

    def _refusal(self, request: Request) -> Response | None:
        """Return what a request gets that no page of ours and no user's click can have made."""
        headers = request.headers
        if host_of(headers, self._settings) is None:
            return self._error(
                request,
                421,
                "This address is not the dashboard's",
                "The dashboard answers only to the addresses it was started with. Open the link "
                "that was printed. Behind a proxy, start it with --base-url and the address you "
                "see in the browser.",
            )
        if not is_isolated(request.method, headers, self._settings):
            return self._error(
                request,
                403,
                "Another site asked for this",
                "The dashboard only answers its own pages and links that you click.",
            )
        if request.method not in SAFE_METHODS:
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                return JSONResponse({"error": "Send application/json."}, 415)
        return None

    def _admission(self, request: Request) -> Response | None:
        """Return None for who may come in, else the exchange, the bounce or a refusal."""
        settings = self._settings
        if has_bearer(settings, request.headers):
            return None
        if request.scope["path"].startswith("/api/"):
            # The cookie opens pages; what starts, stops and mints is for the owner's own programs.
            return _unauthorised_api()
        known = has_cookie(settings, request.cookies)
        if request.method != "GET":
            return None if known else _unauthorised_api()
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        codes = [value for name, value in pairs if name == "code"]
        rest = [(name, value) for name, value in pairs if name not in ("code", _BOUNCED)]
        if codes and is_ahead_of_time(request.headers):
            return PlainTextResponse("A link with a code is opened by a person.", 403)
        if codes and self._codes.spend(pasted_code(codes[-1])):
            return self._exchange(request, rest)
        if known:
            return self._bounce(request, rest) if codes else None
        was_bounced = any(name == _BOUNCED for name, _ in pairs)
        if not was_bounced and _may_hold_cookie_back(request.headers):
            return self._bounce(request, [*rest, (_BOUNCED, "1")])
        if request.scope["path"].startswith("/media/"):
            return PlainTextResponse("Open the dashboard's link first.", 401)
        return self._unauthorised(request, rest, was_spent=bool(codes))

    def _exchange(self, request: Request, rest: Iterable[tuple[str, str]]) -> Response:
        """Set the cookie; the page then navigates itself, because a redirect would lose it."""
        response = self._bounce(request, rest)
        response.set_cookie(
            self._settings.cookie_name,
            cookie_value(self._settings),
            path=self._settings.cookie_path(request.headers["host"]),
            httponly=True,
            samesite="strict",
            secure=self._settings.is_secure(request.headers["host"]),
        )
        return response

    def _bounce(
        self, request: Request, pairs: Iterable[tuple[str, str]], path: str | None = None
    ) -> Response:
        """Answer with a page that navigates itself: then the browser does send its cookie."""
        return self._renderer.page(
            request,
            "bounce.html",
            {"target": here_of(request.scope, pairs, path)},
            headers={"cache-control": "no-store"},
        )

    def _unauthorised(
        self, request: Request, rest: list[tuple[str, str]], *, was_spent: bool
    ) -> Response:
        return self._renderer.page(
            request,
            "unauthorised.html",
            {"rest": rest, "was_spent": was_spent, "action": here_of(request.scope)},
            status=401,
            headers={"cache-control": "no-store", "www-authenticate": "Bearer"},
        )

    def _error(self, request: Request, status: int, title: str, message: str) -> Response:
        """Refuse in words, on a page that asks for nothing more: its style is in it."""
        if request.scope["path"].startswith("/api/"):
            return JSONResponse({"error": title, "message": message}, status)
        style = self._renderer.assets.text("refused.css")
        return self._renderer.page(
            request,
            "refused.html",
            {"status": status, "title": title, "message": message, "style": Markup(style)},
            status=status,
            headers={
                "cache-control": "no-store",
                "content-security-policy": policy_for_style(style),
            },
        )


def _may_hold_cookie_back(headers: Headers) -> bool:
    """True for a navigation on which a browser withholds a SameSite=Strict cookie.

    Browsers name the site that caused a request to trustworthy addresses only; without that
    header any page load may be such a navigation.
    """
    if "sec-fetch-site" in headers:
        return is_foreign(headers)
    return "text/html" in headers.get("accept", "")


async def _body(request: Request) -> bytes | None:
    """Return the body, or None when it is longer than `MAX_BODY_BYTES`."""
    length = request.headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length[:12]) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand the body that was read already to whoever reads it next."""
    parts = [body]

    async def replayed() -> Message:
        if parts:
            return {"type": "http.request", "body": parts.pop(), "more_body": False}
        return await receive()

    return replayed


def _too_large() -> Response:
    text = json.dumps({"error": f"The body is longer than {MAX_BODY_BYTES:,} bytes."})
    return Response(text, 413, {"connection": "close"}, "application/json")


def _too_slow() -> Response:
    text = json.dumps({"error": f"The body did not arrive within {_BODY_S:g} seconds."})
    return Response(text, 408, {"connection": "close"}, "application/json")


def _unauthorised_api() -> Response:
    return JSONResponse(
        {"error": "Send the secret: Authorization: Bearer ..."},
        401,
        {"www-authenticate": "Bearer"},
    )
