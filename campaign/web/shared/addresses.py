"""Addresses: as they stand outside of our pages, and the numbers of rows in them."""

from typing import Any

from flask import Flask, url_for
from werkzeug.routing import IntegerConverter

from campaign.web.shared.context import toolkit

LARGEST_NUMBER = 999_999_999
"""Databases compare a little more with the number of a row, and none of ours comes near it."""


class RowNumber(IntegerConverter):
    """``<int:…>`` of every route: what no row can have as its number is no address of ours."""

    regex = r"\d{1,9}"


def read_number(text: str) -> int:
    """Return the number of a row that a query names; raises ValueError for what can be none."""
    number = int(text)
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError("no row has this number")
    return number


def absolute(endpoint: str, **values: Any) -> str:
    """Return a whole address; from BASE_URL, whatever name a visitor used."""
    return f"{toolkit().settings.base_url}{url_for(endpoint, **values)}"


def init_app(app: Flask) -> None:
    """Let templates write such addresses, and routes read such numbers."""
    app.add_template_global(absolute)
    app.url_map.converters["int"] = RowNumber
