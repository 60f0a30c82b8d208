import gzip
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from campaign.importers.errors import ImportRefused
from campaign.importers.sources import open_source
from campaign.importers.tables import Table

TABLE = "postcode,code\nAB10 1AB,X00000001\n"


def read(location: Path | str, **options: int) -> tuple[str, str]:
    with open_source(str(location), **options) as source, source.open_text(".csv") as text:
        return text.name, text.text.read()


def read_rows(path: Path) -> list[tuple[int, list[str]]]:
    with open_source(str(path)) as source, source.open_text(".csv") as text:
        return list(Table.read(text).rows())


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_plain_and_gz_files_are_read_with_or_without_a_byte_order_mark(
    tmp_path: Path, start: bytes
) -> None:
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_bytes(start + TABLE.encode())
    packed.write_bytes(gzip.compress(start + TABLE.encode()))
    assert read(plain)[1] == read(packed)[1] == TABLE


def test_of_a_directory_s_zip_one_copy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ONSPD_AUG_2024.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Data/multi_csv/ONSPD_AUG_2024_UK_AB.csv", "wrong")
        archive.writestr("Data/multi_csv/ONSPD_AUG_2024_UK_AL.csv", "wrong")
        archive.writestr("Data/ONSPD_AUG_2024_UK.csv", TABLE)
        archive.writestr("Data/ONSPD_AUG_2024_UK.txt", "wrong")
        archive.writestr("Documents/names.csv", "wrong")
    assert read(path) == ("ONSPD_AUG_2024_UK.csv", TABLE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (TABLE.encode("utf-16"), "UTF-16"),
        ("name\nGlyndŵr\n".encode("cp1252", "replace") + b"\xe9", "not UTF-8"),
        (b"", "empty"),
        (b"\x00\x01\x02", "not a text file"),
        (gzip.compress(TABLE.encode() * 9000)[:-40], "cut off"),
        (b"PK\x03\x04 and then nothing", "damaged"),
        (b"x" * 300_000, "never ends"),
    ],
)
def test_what_is_no_utf_8_text_is_refused_by_name(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match=told) as refusal:
        read_rows(path)
    assert "broken.csv" in str(refusal.value)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(ImportRefused, match="no file nowhere"):
        read("nowhere.csv")


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path == "/short.csv":
            self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(TABLE.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_fetched_and_keeps_the_name_of_its_file(address: str) -> None:
    assert read(f"{address}/NSPL_MAY_2025_UK.csv?x=1") == ("NSPL_MAY_2025_UK.csv", TABLE)


@pytest.mark.parametrize(
    ("path", "told"),
    [("/moved", "302"), ("/missing", "404"), ("/short.csv", "cut off|larger")],
)
def test_an_address_that_gives_no_whole_file_is_refused(address: str, path: str, told: str) -> None:
    with pytest.raises(ImportRefused, match=told):
        read(address + path)


def test_a_download_has_a_largest_size(address: str) -> None:
    with pytest.raises(ImportRefused, match="larger than"):
        read(f"{address}/big.csv", maximum_bytes=10)


@pytest.mark.parametrize("location", ["file:///etc/hostname", "ftp://127.0.0.1/x.csv"])
def test_only_the_web_is_fetched(location: str) -> None:
    with pytest.raises(ImportRefused, match="http://"):
        read(location)
