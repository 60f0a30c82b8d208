"""Keeps pages that are the same for everybody, as a shared cache in front of the application.

It obeys what an answer says of itself: kept is what is ``public`` with a ``max-age``, sets no
cookie and varies by nothing. Such pages hold nothing of one visitor, so these, and only these, are
compressed: in a page with a secret, the size of what is compressed can betray it (BREACH).

A page stands as long as the version of what the public sees does; that is read once a second. When
it has changed, or the page is a minute old, one thread makes it anew. The others get the old one
meanwhile, but nobody once its max-age has passed since it was last known to be right. ``Age`` says
how long ago that was, so that browsers and proxies keep it for the rest of the time only.
"""

import gzip
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_BYTES = 8 * 1024 * 1024
"""Room for pages in each process: some hundred constituencies. The longest unused goes first."""
LONGEST_SECONDS = 60.0
"""A page is made anew after this, whatever the version says: it does not cover every word."""
VERSION_SECONDS = 1.0
"""How long a version is believed before it is read again."""
WAIT_SECONDS = 5.0
"""How long a request waits for another that makes the same page, before it makes it itself."""

_SMALLEST_COMPRESSED = 500
_SMALLEST_KEPT_TWICE = 32_000
_LARGEST_KEPT_TWICE = 1_000_000
"""Smaller and larger ones are kept compressed alone, and unpacked for the few that take no gzip.

A large one is a whole record or table: it takes a second to make, and a thirtieth of its size."""
_ENTRY_OVERHEAD = 2_000
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
_BESIDE_THE_CACHE = ("HTTP_AUTHORIZATION", "HTTP_RANGE")
_MAX_AGE = re.compile(r"\bmax-age=(\d+)")
_COMPRESSIBLE = re.compile(
    r"(text/|application/(json|javascript|x-ndjson|atom\+xml)|image/svg\+xml)"
)
_ETAG = re.compile(r'(?:W/)?("[^"]*")')
_MARKETING = re.compile(r"(utm_\w+|fbclid|gclid|dclid|msclkid|twclid|ttclid|igshid|mc_cid|mc_eid)")
"""Parameters that mail programs and social networks hang on links; no page reads them."""
_PAGED = "/api/"
_PAGE = re.compile(r"page=[1-9]\d{0,4}")
"""How programs ask for the next part of a list of the usual size."""

Headers = list[tuple[str, str]]
Key = tuple[str, str, str, str]
"""Scheme, host, path, and the query where it counts."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What the public sees, as one value, and when it was read."""

    value: object
    read_at: float


@dataclass(slots=True)
class _Page:
    """An answer as it was made, plain and compressed."""

    version: object
    """That of the moment before it was made."""
    made_at: float
    right_at: float
    """When it was last known to be right."""
    lasts: float
    """Seconds from then."""
    etag: str
    headers: Headers
    """Without Content-Length and Content-Encoding."""
    plain: bytes | None
    compressed: bytes | None

    @property
    def size(self) -> int:
        """Return how much room it takes."""
        return len(self.plain or b"") + len(self.compressed or b"") + _ENTRY_OVERHEAD

    def body(self, *, is_compressed: bool) -> bytes:
        """Return the page as it is sent."""
        if self.compressed is None or (self.plain is not None and not is_compressed):
            return self.plain or b""
        return self.compressed if is_compressed else gzip.decompress(self.compressed)


class PageCache:
    """A WSGI application around another; safe between threads, one for each process."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        static_prefix: str,
        read_version: Callable[[], object],
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._static_prefix = static_prefix
        self._read_version = read_version
        self._max_bytes = max_bytes
        self._clock = clock
        self._pages: OrderedDict[Key, _Page] = OrderedDict()
        self._bytes = 0
        self._makers: dict[Key, threading.Event] = {}
        self._lock = threading.Lock()
        self._version = _Version(None, -VERSION_SECONDS)
        self._version_lock = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer from what is kept, or ask the application and keep its answer where it may be."""
        key = self._key(environ)
        if key is None:
            return self._application(environ, start_response)
        version = self._current_version()
        page = self._find(key)
        if page is None:
            return self._make(key, version, environ, start_response)
        if page.version == version.value:
            page.right_at = max(page.right_at, version.read_at)
            if self._clock() - page.made_at < LONGEST_SECONDS:
                return self._answer(page, environ, start_response)
        other = self._claim(key)
        if other is None:
            try:
                return self._make(key, version, environ, start_response)
            finally:
                self._release(key)
        if self._clock() - page.right_at < page.lasts:
            return self._answer(page, environ, start_response)
        other.wait(WAIT_SECONDS)
        newer = self._find(key)
        if newer is not None and newer is not page:
            return self._answer(newer, environ, start_response)
        return self._make(key, version, environ, start_response)

    def _current_version(self) -> _Version:
        """Return the version, read anew by one thread where it is a second old."""
        version = self._version
        if self._clock() - version.read_at < VERSION_SECONDS:
            return version
        # The first of a process must be waited for; later, the others go on with the old one.
        if self._version_lock.acquire(blocking=version.value is None):
            try:
                if self._version is version:
                    read_at = self._clock()
                    self._version = _Version(self._read_version(), read_at)
            finally:
                self._version_lock.release()
        return self._version

    def _key(self, environ: "WSGIEnvironment") -> Key | None:
        """Return what tells one page from another; None for what goes past the cache."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return None
        path: str = environ.get("PATH_INFO", "")
        query: str = environ.get("QUERY_STRING", "")
        page = ""
        if query and not path.startswith(self._static_prefix) and not _says_nothing(query):
            # Anybody can invent queries; kept, they would drive everything else out. But a list
            # has only so many pages: beyond the last there is an error, which is not kept.
            if not (path.startswith(_PAGED) and _PAGE.fullmatch(query)):
                return None
            page = query
        if any(name in environ for name in _BESIDE_THE_CACHE):
            return None
        return environ.get("wsgi.url_scheme", ""), environ.get("HTTP_HOST", ""), path, page

    def _make(
        self,
        key: Key,
        version: _Version,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD":
            return self._application(environ, start_response)
        # The whole page is wanted, whatever this one visitor has already.
        asked = {name: value for name, value in environ.items() if name not in _CONDITIONS}
        asked["QUERY_STRING"] = key[3]
        said: list[tuple[str, Headers]] = []

        def listen(status: str, headers: Headers, _exc_info: object = None) -> Callable[..., None]:
            said[:] = [(status, headers)]
            return _refuse_write

        made_at = self._clock()
        # Werkzeug and WhiteNoise say status and headers before they hand over the body.
        body = self._application(asked, listen)
        status, headers = said[0]
        lasts = _seconds_to_keep(status, headers)
        if lasts is None:
            self._drop(key)
            start_response(status, headers)
            return body
        try:
            content = b"".join(body)
        finally:
            getattr(body, "close", _nothing)()
        page = _page(content, headers, version=version.value, made_at=made_at, lasts=lasts)
        self._keep(key, page)
        return self._answer(page, environ, start_response)

    def _answer(
        self, page: _Page, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        # Rounded up: whoever keeps the page must not add the rest of a second to its max-age.
        age = ("Age", str(max(0, math.ceil(self._clock() - page.right_at))))
        known: str = environ.get("HTTP_IF_NONE_MATCH", "")
        if known and (known.strip() == "*" or page.etag in _ETAG.findall(known)):
            start_response(
                "304 NOT MODIFIED",
                [*(each for each in page.headers if each[0].lower() != "content-type"), age],
            )
            return []
        headers = [*page.headers, age]
        is_compressed = page.compressed is not None and _takes_gzip(
            environ.get("HTTP_ACCEPT_ENCODING", "")
        )
        if is_compressed:
            headers.append(("Content-Encoding", "gzip"))
        body = page.body(is_compressed=is_compressed)
        headers.append(("Content-Length", str(len(body))))
        start_response("200 OK", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _find(self, key: Key) -> _Page | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def _keep(self, key: Key, page: _Page) -> None:
        self._drop(key)
        if page.size > self._max_bytes // 4:
            return
        with self._lock:
            self._pages[key] = page
            self._bytes += page.size
            while self._bytes > self._max_bytes:
                _key, oldest = self._pages.popitem(last=False)
                self._bytes -= oldest.size

    def _drop(self, key: Key) -> None:
        with self._lock:
            page = self._pages.pop(key, None)
            self._bytes -= page.size if page else 0

    def _claim(self, key: Key) -> threading.Event | None:
        """Return who makes this page already; None where it falls to the caller."""
        with self._lock:
            other = self._makers.get(key)
            if other is None:
                self._makers[key] = threading.Event()
            return other

    def _release(self, key: Key) -> None:
        with self._lock:
            self._makers.pop(key).set()


def _seconds_to_keep(status: str, headers: Headers) -> float | None:
    if not status.startswith("200"):
        return None
    control = ""
    for name, value in headers:
        match name.lower():
            case "cache-control":
                control = value.lower()
            case "set-cookie" | "content-encoding" | "vary":
                return None
    allowed = _MAX_AGE.search(control)
    if allowed is None or "public" not in control or int(allowed[1]) == 0:
        return None
    return float(allowed[1])


def _page(
    content: bytes, headers: Headers, *, version: object, made_at: float, lasts: float
) -> _Page:
    named = {name.lower(): value for name, value in headers}
    etag = _ETAG.search(named.get("etag", ""))
    kept = [each for each in headers if each[0].lower() not in ("content-length", "etag")]
    if etag:
        # Weak, because it stands for the plain and the compressed page alike.
        kept.append(("ETag", f"W/{etag[1]}"))
    plain: bytes | None = content
    compressed = None
    if len(content) >= _SMALLEST_COMPRESSED and _COMPRESSIBLE.match(named.get("content-type", "")):
        compressed = gzip.compress(content, compresslevel=6, mtime=0)
        kept.append(("Vary", "Accept-Encoding"))
        if not _SMALLEST_KEPT_TWICE <= len(content) <= _LARGEST_KEPT_TWICE:
            plain = None
    return _Page(version, made_at, made_at, lasts, etag[1] if etag else "", kept, plain, compressed)


def _says_nothing(query: str) -> bool:
    names = (pair.partition("=")[0] for pair in query.split("&"))
    return all(_MARKETING.fullmatch(name) for name in names)


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            quality = parameters.strip().removeprefix("q=").strip()
            return not re.fullmatch(r"0(\.0*)?", quality)
    return False


def _refuse_write(_data: bytes) -> None:
    raise NotImplementedError("answers are returned here, never written")


def _nothing() -> None:
    """Stand in for a body that needs no closing."""
