"""Settings of one dashboard: its secret, the addresses it answers to, and what it calls back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, urlsplit

from relevanceai.errors import InvalidInputError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def _nothing() -> None:
    """Do nothing: the callback of a dashboard that nobody watches."""


@dataclass(frozen=True)
class Settings:
    """What a dashboard must know before its first request.

    Parameters
    ----------
    secret : the bearer token of this start, at least 16 characters.
    port : the port the server listens on, on the loopback address.
    base_url : what a browser sees in front of a proxy, with a path or without; its host is allowed.
    allowed_hosts : further `Host` values, each exactly as a browser sends it ("lab:7431").
    on_request : called for every request that was let in.
    on_stop : called when the owner asks the process to end.
    clock : seconds that only grow.
    """

    secret: str = field(repr=False)
    port: int
    base_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    on_request: Callable[[], None] = _nothing
    on_stop: Callable[[], None] = _nothing
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if len(self.secret) < 16:
            raise InvalidInputError(
                f"The dashboard's secret has {len(self.secret)} characters, at least 16 are needed. "
                "Pass secrets.token_urlsafe(32)."
            )
        if self.base_url is not None:
            parts = urlsplit(self.base_url)
            if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
                raise InvalidInputError(
                    f"base_url {self.base_url!r} is not an address of a page. "
                    "Pass scheme, host and, if need be, a path: 'https://hub.example.org/proxy/7431'."
                )

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Every `Host` header that is answered, in lower case, port included."""
        hosts = {f"{name}:{self.port}" for name in _LOOPBACK_NAMES}
        if self.port == 80:
            hosts.update(_LOOPBACK_NAMES)
        hosts.update(host.lower() for host in self.allowed_hosts)
        return frozenset(hosts | self.base_hosts)

    @cached_property
    def base_hosts(self) -> frozenset[str]:
        """The `Host` headers that belong to `base_url`; with and without a default port."""
        if self.base_url is None:
            return frozenset()
        parts = urlsplit(self.base_url)
        host = parts.netloc.lower()
        default = _DEFAULT_PORTS[parts.scheme]
        bare = host.removesuffix(f":{default}")
        if parts.port in (None, default):
            return frozenset({bare, f"{bare}:{default}"})
        return frozenset({host})

    @cached_property
    def origins(self) -> frozenset[str]:
        """Every `Origin` from which a request that changes something may come."""
        own = {f"http://{host}" for host in self.hosts - self.base_hosts}
        if self.base_url is not None:
            scheme = urlsplit(self.base_url).scheme
            own.update(f"{scheme}://{host}" for host in self.base_hosts)
        return frozenset(own)

    @cached_property
    def prefix(self) -> str:
        """The path of `base_url` without a slash at its end; empty when there is none."""
        return urlsplit(self.base_url).path.rstrip("/") if self.base_url else ""

    @cached_property
    def cookie_name(self) -> str:
        """The name of the session cookie: cookies are shared by all ports of a host."""
        return f"relevanceai-{self.port}"

    def cookie_path(self, host: str) -> str:
        """The `Path` of the session cookie for a browser that sent this `Host`.

        Others may share the host of a proxy: there the cookie goes to this prefix only.
        """
        if host.lower() not in self.base_hosts or ";" in self.prefix:  # which ends a cookie's path
            return "/"
        return quote(self.prefix, safe="/%:@!$&'()*+,=~") + "/"

    def is_secure(self, host: str) -> bool:
        """True when a browser that sent this `Host` speaks https, so the cookie may say so."""
        is_base = host.lower() in self.base_hosts
        return is_base and urlsplit(self.base_url or "").scheme == "https"
