"""Where an import reads from: a file or an address; plain, gz or zip; always UTF-8 text."""

import contextlib
import gzip
import io
import re
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path, PurePosixPath
from typing import IO, Any, TextIO, cast
from urllib.parse import unquote, urlsplit

from campaign.importers.errors import ImportRefused

MAXIMUM_DOWNLOAD_BYTES = 1024**3
NETWORK_TIMEOUT_SECONDS = 30.0
"""For one answer of the server, not for the whole download."""
MAXIMUM_DOWNLOAD_SECONDS = 3600.0
_BLOCK = 256 * 1024
_LONGEST_FIRST_LINE = 64 * 1024
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WHOLE_COUNTRY = re.compile(r"(^|/)Data/[^/]+\.csv$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file to import, on this machine."""

    name: str
    """The file's own name, as errors and releases show it."""
    path: Path

    @property
    def size(self) -> int:
        """Return the number of bytes to read, packed ones where it is packed."""
        return self.path.stat().st_size

    @contextlib.contextmanager
    def open_text(self, *suffixes: str) -> Iterator["OpenSource"]:
        """Open the file, or the one member of a zip that has one of the suffixes, as text.

        Raises ImportRefused for what is no UTF-8 text.
        """
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(self.path.open("rb"))
            start = raw.read(4)
            raw.seek(0)
            name = self.name
            unpacked: IO[bytes] = raw
            if start.startswith(b"\x1f\x8b"):
                unpacked = cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=raw)))
            elif start == b"PK\x03\x04":
                name, unpacked = self._open_member(stack, raw, suffixes)
            buffered = io.BufferedReader(cast(Any, unpacked), _BLOCK)
            with reading(name):
                _check_text(name, buffered.peek(_LONGEST_FIRST_LINE)[:_LONGEST_FIRST_LINE])
            text = io.TextIOWrapper(buffered, encoding="utf-8-sig", newline="")
            yield OpenSource(name=name, text=text, raw=raw)

    def _open_member(
        self, stack: contextlib.ExitStack, raw: IO[bytes], suffixes: tuple[str, ...]
    ) -> tuple[str, IO[bytes]]:
        with reading(self.name):
            archive = stack.enter_context(zipfile.ZipFile(raw))
            member = _choose_member(self.name, archive.infolist(), suffixes)
            return PurePosixPath(member.filename).name, stack.enter_context(archive.open(member))


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """A source that is being read."""

    name: str
    """Name of the text that is read: for a zip, that of its member."""
    text: TextIO
    raw: IO[bytes]

    @property
    def position(self) -> int:
        """Return how many bytes of the file have been read, packed ones where it is packed."""
        return 0 if self.raw.closed else self.raw.tell()


@contextlib.contextmanager
def open_source(
    location: str,
    *,
    maximum_bytes: int = MAXIMUM_DOWNLOAD_BYTES,
    timeout_seconds: float = NETWORK_TIMEOUT_SECONDS,
) -> Iterator[Source]:
    """Yield the file at a path, or what an http(s) address gives, fetched to a temporary file."""
    if "://" not in location:
        path = Path(location)
        if path.is_dir():
            raise ImportRefused(f"{location} is a folder; name the file in it.")
        if not path.is_file():
            raise ImportRefused(f"There is no file {location}.")
        yield Source(name=path.name, path=path)
        return
    with tempfile.TemporaryDirectory(prefix="campaign-import-") as folder:
        path = Path(folder) / "download"
        name = _fetch(location, path, maximum_bytes=maximum_bytes, timeout_seconds=timeout_seconds)
        yield Source(name=name, path=path)


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what a broken file raises while it is read into one clear sentence."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ImportRefused(
            f"{name} is not UTF-8 text; save it as “CSV UTF-8” and import it again."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile) as error:
        raise ImportRefused(
            f"{name} is damaged or cut off in the middle; fetch it again."
        ) from error
    except NotImplementedError as error:
        raise ImportRefused(
            f"{name} is packed in a way that cannot be read here; unpack it and import the CSV."
        ) from error


def _check_text(name: str, start: bytes) -> None:
    if not start.strip():
        raise ImportRefused(f"{name} is empty.")
    if start.startswith(_UTF_16):
        raise ImportRefused(f"{name} is UTF-16 text; save it as “CSV UTF-8” and import it again.")
    if b"\0" in start:
        raise ImportRefused(f"{name} is not a text file.")
    # A first line without an end would be read into memory whole.
    if len(start) == _LONGEST_FIRST_LINE and b"\n" not in start and b"\r" not in start:
        raise ImportRefused(f"{name} does not look like a table: its first line never ends.")


def _choose_member(
    name: str, members: list[zipfile.ZipInfo], suffixes: tuple[str, ...]
) -> zipfile.ZipInfo:
    """Choose what to read; the ONS packs the whole country once, and again in pieces."""
    fitting = [
        member
        for member in members
        if member.filename.lower().endswith(suffixes) and "__macosx" not in member.filename.lower()
    ]
    whole = [member for member in fitting if _WHOLE_COUNTRY.search(member.filename)]
    if len(fitting) == 1:
        return fitting[0]
    if len(whole) == 1:
        return whole[0]
    kinds = " or ".join(suffixes)
    if not fitting:
        raise ImportRefused(f"{name} holds no {kinds} file.")
    raise ImportRefused(
        f"{name} holds {len(fitting)} {kinds} files and none of them alone in a folder Data; "
        "unpack it and import the right one."
    )


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(address: str, path: Path, *, maximum_bytes: int, timeout_seconds: float) -> str:
    """Fetch an address into a file; returns the file's name."""
    _check_scheme(address)
    limit = f"{maximum_bytes / 1024**2:,.0f} MB"
    ends_at = time.monotonic() + MAXIMUM_DOWNLOAD_SECONDS
    request = urllib.request.Request(address, headers={"User-Agent": "campaign-import"})  # noqa: S310
    opener = urllib.request.build_opener(_WebOnly)
    received = 0
    try:
        with opener.open(request, timeout=timeout_seconds) as answer, path.open("wb") as file:
            if int(answer.headers.get("Content-Length") or 0) > maximum_bytes:
                raise ImportRefused(f"The file at this address is larger than {limit}.")
            while block := answer.read(_BLOCK):
                received += len(block)
                if received > maximum_bytes:
                    raise ImportRefused(f"The file at this address is larger than {limit}.")
                if time.monotonic() > ends_at:
                    raise ImportRefused("The download took more than an hour.")
                file.write(block)
            expected = answer.headers.get("Content-Length")
            name = (
                answer.headers.get_filename()
                or PurePosixPath(unquote(urlsplit(answer.url).path)).name
            )
    except urllib.error.HTTPError as error:
        error.close()
        raise ImportRefused(f"The server answered {error.code} for this address.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise ImportRefused(f"The file could not be fetched: {reason}.") from error
    if expected is not None and received != int(expected):
        raise ImportRefused("The download was cut off; try again.")
    return PurePosixPath(name).name or "download"


def _check_scheme(address: str) -> None:
    if urlsplit(address).scheme not in ("http", "https"):
        raise ImportRefused("An address must begin with http:// or https://.")
