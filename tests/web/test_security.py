"""What every answer carries, whatever it answers."""

import hashlib
import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.client import CheckingClient

PLACES = ("/", "/nowhere/", "/healthz", "/static/css/site.css", "/robots.txt")


@pytest.mark.parametrize("address", PLACES)
def test_every_answer_carries_the_security_headers(client: CheckingClient, address: str) -> None:
    with client.get(address) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


def test_https_is_demanded_where_the_site_has_it(make_app: Callable[..., Flask]) -> None:
    app = make_app(base_url="https://campaign.example.org")
    answer = app.test_client().get("/", base_url="https://campaign.example.org")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert app.config["SESSION_COOKIE_SECURE"]
    assert app.config["SESSION_COOKIE_NAME"].startswith("__Host-")


def test_session_cookies_are_for_this_site_and_not_for_scripts(app: Flask) -> None:
    assert app.config["SESSION_COOKIE_HTTPONLY"]
    assert app.config["SESSION_COOKIE_SAMESITE"] == "Lax"


@pytest.mark.parametrize("address", ["/%ff%fe/", "/a%00b/", "/safer/find?postcode=%ff"])
def test_broken_addresses_are_answered_and_not_thrown(client: CheckingClient, address: str) -> None:
    assert client.get(address).status_code in (400, 404)


def test_a_wrong_method_says_which_are_right(client: CheckingClient) -> None:
    answer = client.delete("/")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_an_error_of_ours_is_a_page_and_not_a_trace(make_app: Callable[..., Flask]) -> None:
    app = make_app()

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail of the machine")

    app.testing = False
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Something went wrong on our side" in answer.text


def test_files_of_the_site_are_kept_for_long_under_an_address_of_their_content(
    client: CheckingClient,
) -> None:
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)
    assert any("/css/site.css?v=" in each for each in addresses)
    for address in addresses:
        path, _, version = address.partition("?v=")
        with client.get(address) as answer:
            content = hashlib.sha256(answer.data).hexdigest()
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "max-age=2592000, public"
            etag = answer.headers["ETag"]
        assert content.startswith(version), path
        assert len(version) >= 8, path
        with client.get(address, headers={"If-None-Match": etag}) as again:
            assert again.status_code == 304


@pytest.mark.parametrize("path", ["nothing.css", "../wsgi.py", "css/", "%2e%2e/wsgi.py"])
def test_nothing_but_files_of_the_site_is_served(client: CheckingClient, path: str) -> None:
    with client.get(f"/static/{path}") as answer:
        assert answer.status_code == 404
        assert "Content-Security-Policy" in answer.headers
