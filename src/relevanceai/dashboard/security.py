"""The rules a request must meet and the headers every response carries; no I/O."""

import base64
import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from relevanceai.dashboard.settings import Settings

MAX_BODY_BYTES = 65_536
SAFE_METHODS = frozenset({"GET", "HEAD"})

PAGE_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types fragments",
    ]
)
MEDIA_POLICY = "sandbox; default-src 'none'"

HEADERS: Mapping[str, str] = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}

_LINK_SCHEMES = {"http", "https"}
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]")


def policy_for_style(style: str) -> str:
    """Return the policy of a page that may load nothing, and has just this style in itself."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )


def add_headers(headers: MutableHeaders) -> None:
    """Add each of `HEADERS` that the response has not set itself."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def host_of(headers: Headers, settings: Settings) -> str | None:
    """Return the request's `Host` when it is one of ours, exactly, and there is only one."""
    hosts = headers.getlist("host")
    if len(hosts) != 1 or hosts[0].lower() not in settings.hosts:
        return None
    return hosts[0]


def is_foreign(headers: Mapping[str, str]) -> bool:
    """True when a browser says that another origin caused the request."""
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def is_ahead_of_time(headers: Mapping[str, str]) -> bool:
    """True when a browser fetches a page in case somebody opens it, which nobody has done yet."""
    names = ("sec-purpose", "purpose", "x-purpose", "x-moz")
    said = " ".join(headers.get(name, "") for name in names).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


def is_isolated(method: str, headers: Mapping[str, str], settings: Settings) -> bool:
    """True when no other site may have made this request on the user's behalf.

    Another origin may only do what a click on a link does: a top-level GET navigation. What
    changes something must come from a page of ours, or carry the secret (no browser involved).
    """
    if is_foreign(headers):
        return (
            method == "GET"
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )
    if method in SAFE_METHODS:
        return True
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower() in settings.origins
    return "sec-fetch-site" in headers or "authorization" in headers


def safe_link(value: object) -> str | None:
    """Return `value` when it is an address that may stand in an `href`, else None.

    Only http and https with a host, and mailto; nothing with blanks, control characters or
    backslashes, which browsers read in ways of their own.

    Examples
    --------
    >>> safe_link("https://example.org/boots")
    'https://example.org/boots'
    >>> safe_link("javascript:alert(1)") is None
    True
    """
    if not isinstance(value, str) or len(value) > 4096 or _UNPRINTABLE.search(value):
        return None
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme in _LINK_SCHEMES and host:
        return value
    return value if parts.scheme == "mailto" and "@" in parts.path else None
