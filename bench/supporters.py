"""Many supporters who press the button that sends: each another person, at another address."""

import ipaddress
import re
import secrets
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count
from urllib.parse import urlencode

from bench.serving import HOST, Site

RECIPIENTS = 5
_BLOCK = 65_536
_PATIENCE_SECONDS = 30
_FIRST_CLIENT = int(ipaddress.IPv4Address("10.0.0.1"))
_OWN_WORDS = (
    "\n\nI have lived in this town for {years} years, and it matters to me because I see every "
    "week, at the school gate and on the bus, what children meet when nobody looks after them."
)


_TYPED = ("text", "hidden", "email")


@dataclass(frozen=True)
class Form:
    """The form as a browser holds it: filled in but for who writes."""

    path: str
    cookie: str
    fields: Sequence[tuple[str, str]]


class FormReader(HTMLParser):
    """Collect what a browser would post of a page with one form, but for choices."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "textarea":
            self._text = given["name"]
            self.fields.append((self._text, ""))
        elif tag == "input" and (given.get("type", "text") in _TYPED or _is_ticked(given)):
            self.fields.append((given["name"], given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            name, text = self.fields[-1]
            self.fields[-1] = (name, text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = None


def _is_ticked(given: dict[str, str]) -> bool:
    return given.get("type") == "checkbox" and "checked" in given


def open_form(site: Site, path: str) -> Form:
    """Fetch the page to write on, and tick five candidates."""
    status, headers, body = site.get(path)
    if status != 200:
        raise RuntimeError(f"{path}: {status}")
    reader = FormReader()
    reader.feed(body.decode())
    recipients = [each for each in reader.fields if each[0] == "recipients"][:RECIPIENTS]
    if len(recipients) < RECIPIENTS:
        raise RuntimeError(f"{path} has fewer than {RECIPIENTS} candidates to write to")
    own = {"recipients", "keep", "name", "email", "submission_key", "website", "postcode"}
    fields = [each for each in reader.fields if each[0] not in own]
    cookie = headers.get("set-cookie", "").partition(";")[0]
    return Form(path=path, cookie=cookie, fields=[*fields, *recipients])


@dataclass
class Crowd:
    """Supporters without end: no two share an address of mail or of the network."""

    form: Form
    _numbers: Iterator[int] = field(default_factory=count)
    _run: str = field(default_factory=lambda: secrets.token_hex(4))

    def requests(self, number: int) -> list[bytes]:
        """Return as many presses of the button, each by somebody new, as they come over HTTP."""
        return [self._request(next(self._numbers)) for _ in range(number)]

    def _request(self, number: int) -> bytes:
        words = _OWN_WORDS.format(years=number)
        posted = [
            (name, value + words if name.startswith("body_") else value)
            for name, value in self.form.fields
        ]
        posted += [
            ("submission_key", secrets.token_urlsafe(24)),
            ("name", f"Jane Smith {_in_letters(number)}"),
            ("email", f"jane.{self._run}.{number}@example.org"),
            ("consent", "y"),
            ("step", "send"),
        ]
        body = urlencode(posted).encode()
        # As nginx in front passes it on; the limits on requests from one address stay on.
        client = ipaddress.IPv4Address(_FIRST_CLIENT + number)
        head = (
            f"POST {self.form.path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {self.form.cookie}\r\n"
            f"X-Forwarded-For: {client}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def send_each(port: int, requests: Sequence[bytes], *, connections: int) -> list[float]:
    """Send each request once; return how long each took in seconds. All must be answered by 303.

    One request at a time on each of the connections, which are kept.
    """
    waiting = iter(requests)
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            peer = socket.create_connection((HOST, port), timeout=_PATIENCE_SECONDS)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _send_next(selector, peer, waiting)
        while selector.get_map():
            ready = selector.select(_PATIENCE_SECONDS)
            if not ready:
                raise RuntimeError("the server has fallen silent")
            for key, _events in ready:
                peer, (begun, answer) = key.fileobj, key.data
                assert isinstance(peer, socket.socket)
                answer += peer.recv(_BLOCK)
                if not _is_whole(answer):
                    continue
                times.append(time.perf_counter() - begun)
                selector.unregister(peer)
                _send_next(selector, peer, waiting)
    return times


def _send_next(
    selector: selectors.BaseSelector, peer: socket.socket, waiting: Iterator[bytes]
) -> None:
    request = next(waiting, None)
    if request is None:
        peer.close()
        return
    begun = time.perf_counter()
    peer.sendall(request)
    selector.register(peer, selectors.EVENT_READ, (begun, bytearray()))


def _is_whole(answer: bytearray) -> bool:
    head, separator, body = bytes(answer).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 303"):
        raise RuntimeError(f"not accepted: {answer[:2000].decode(errors='replace')}")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(separator) and length is not None and len(body) >= int(length[1])


def _in_letters(number: int) -> str:
    """Return a number as a name can hold it."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
