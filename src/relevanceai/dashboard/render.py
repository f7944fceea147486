"""Turns a template and its values into a response; knows how links find their way home."""

import gzip
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from relevanceai.dashboard.assets import Assets, accepts_gzip

QueryValue: TypeAlias = str | int | list[str] | tuple[str, ...] | None
_PACK_FROM_BYTES = 1_400


def root_of(scope: Scope) -> str:
    """Return the way from this page to the dashboard's root, as a relative address.

    Links are relative, so that they hold behind any proxy, whatever it does to path and host.

    Examples
    --------
    >>> root_of({"path": "/sdk/cluster/centroids/closest", "raw_path": b"/sdk/cluster/centroids/closest"})
    '../../../'
    >>> root_of({"path": "/", "raw_path": b"/"})
    './'
    """
    raw = cast(bytes | None, scope.get("raw_path")) or quote(scope["path"]).encode()
    return "../" * (raw.count(b"/") - 1) or "./"


def here_of(scope: Scope, pairs: Iterable[tuple[str, str]] = (), address: str | None = None) -> str:
    """Return the address of this page relative to itself, with another query.

    Only the last segment is used, quoted and after `./`, so it cannot leave the server.
    """
    if address is None:
        raw = cast(bytes | None, scope.get("raw_path")) or quote(scope["path"]).encode()
        last = raw.split(b"?", 1)[0].rsplit(b"/", 1)[-1].decode("latin-1")
        address = "./" + quote(last, safe="%~")
    text = urlencode(list(pairs), quote_via=quote)
    return f"{address}?{text}" if text else address


def path(*segments: str) -> str:
    """Join path segments, each percent-encoded.

    Examples
    --------
    >>> path("d", "a/b")
    'd/a%2Fb'
    """
    return "/".join(quote(segment, safe="~") for segment in segments)


def query(pairs: Mapping[str, QueryValue]) -> str:
    """Return `?name=value&...` in the given order; None and empty lists are left out."""
    flat: list[tuple[str, str]] = []
    for name, value in pairs.items():
        if value is None:
            continue
        if isinstance(value, (str, int)):
            flat.append((name, str(value)))
        else:
            flat.extend((name, each) for each in value)
    return "?" + urlencode(flat, quote_via=quote) if flat else ""


def plural(number: int, word: str) -> str:
    """Return a word as it stands behind a number.

    Examples
    --------
    >>> plural(1, "document"), plural(0, "document")
    ('document', 'documents')
    """
    return word if number == 1 else f"{word}s"


class Renderer:
    """The templates of the package, ready to answer requests."""

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self._environment = Environment(
            loader=PackageLoader("relevanceai.dashboard"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(path=path, query=query, plural=plural)

    def warm(self) -> None:
        """Compile every template, so that no visitor waits for it."""
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Render a template as the response to a request, packed when that pays."""
        root = root_of(request.scope)
        text = self._environment.get_template(template).render(
            root=root, static=f"{root}static/{self.assets.version}/", **(values or {})
        )
        return packed(request, text.encode(), "text/html; charset=utf-8", status, headers)


def packed(
    request: Request,
    body: bytes,
    media_type: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a response, compressed when the browser unpacks gzip and the body is not tiny."""
    sent = {"cache-control": "private, no-cache", "vary": "accept-encoding", **(headers or {})}
    if len(body) >= _PACK_FROM_BYTES and accepts_gzip(request):
        body = gzip.compress(body, 5, mtime=0)
        sent["content-encoding"] = "gzip"
    return Response(body, status, sent, media_type)
