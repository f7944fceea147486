"""One-time codes, and the cookie or bearer token that a code is exchanged for."""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from relevanceai.dashboard.settings import Settings

CODE_LIFETIME_S = 600.0
MAX_CODES = 512


class Codes:
    """One-time codes: each opens the dashboard once, within ten minutes.

    Only digests are kept, at most `MAX_CODES` of them; the oldest goes when one more is minted.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._expiry: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._expiry)

    def mint(self) -> str:
        """Return a fresh code of 192 random bits."""
        code = secrets.token_urlsafe(24)
        now = self._clock()
        with self._lock:
            while self._expiry and (
                len(self._expiry) >= MAX_CODES or next(iter(self._expiry.values())) <= now
            ):
                self._expiry.popitem(last=False)
            self._expiry[_digest(code)] = now + CODE_LIFETIME_S
        return code

    def spend(self, code: str) -> bool:
        """Return whether `code` was good; it is not good a second time."""
        with self._lock:
            expiry = self._expiry.pop(_digest(code), None)
        return expiry is not None and self._clock() < expiry


def pasted_code(text: str) -> str:
    """Return the code in what a person pasted: the code itself, or the whole link.

    Examples
    --------
    >>> pasted_code(" http://127.0.0.1:7431/?code=abc ")
    'abc'
    >>> pasted_code("abc")
    'abc'
    """
    text = text.strip()[:4096]
    if "code=" not in text:
        return text
    try:
        query = urlsplit(text).query
    except ValueError:
        return text
    return parse_qs(query).get("code", [text])[-1]


def cookie_value(settings: Settings) -> str:
    """Return what the session cookie holds: derived from the secret, which it does not reveal."""
    return hmac.new(settings.secret.encode(), b"session cookie", hashlib.sha256).hexdigest()


def has_bearer(settings: Settings, headers: Mapping[str, str]) -> bool:
    """True when the request carries the secret itself; compared in constant time."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given, wanted = _bytes(token.strip()), _bytes(settings.secret)
    return hmac.compare_digest(given, wanted) and scheme.lower() == "bearer"


def has_cookie(settings: Settings, cookies: Mapping[str, str]) -> bool:
    """True when the request carries this start's session cookie; compared in constant time."""
    given = _bytes(cookies.get(settings.cookie_name, ""))
    return hmac.compare_digest(given, _bytes(cookie_value(settings)))


def _digest(code: str) -> bytes:
    return hashlib.sha256(_bytes(code)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
