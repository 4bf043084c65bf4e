"""Who may speak to the server: the browser of whoever started it."""

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

_NAMES = ("127.0.0.1", "localhost")


class Headers(Protocol):
    """A request's headers by name, in whatever a server keeps them."""

    def get(self, name: str, default: str, /) -> str:
        """What a header says, or the default."""


class Guard:
    """Lets in requests to this machine's own name that know the token.

    Any page of the web can send requests to loopback addresses, and by a name that it
    lets point there (DNS rebinding) even read the answers. So the name that a request
    is for must be this machine's, and it must carry a token, which other pages don't
    know; what changes something must come from our own page.

    Args:
        port: Where the server listens. Cookies of one host are shared by its ports.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(24)
        self.cookie = f"mmext_view_{port}"
        self._hosts = {f"{name}:{port}" for name in _NAMES}

    def is_for_us(self, headers: Headers) -> bool:
        """Whether a request is for this machine by one of its own names."""
        return headers.get("Host", "").lower() in self._hosts

    def knows(self, token: str) -> bool:
        """Whether somebody has the token."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def is_let_in(self, headers: Headers) -> bool:
        """Whether a request carries the token, as a cookie."""
        try:
            cookies = SimpleCookie(headers.get("Cookie", ""))
        except CookieError:
            return False
        return self.cookie in cookies and self.knows(cookies[self.cookie].value)

    def is_from_our_page(self, headers: Headers) -> bool:
        """Whether a change is asked for by a page of this server."""
        origin = headers.get("Origin", "")
        return origin == f"http://{headers.get('Host', '')}"

    def set_cookie(self) -> str:
        """What gives a browser the token, for as long as it runs."""
        return f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"
