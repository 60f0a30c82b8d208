"""Addresses as they stand outside of our pages: with the name of this installation."""

from typing import Any

from flask import Flask, url_for

from campaign.web.shared.context import toolkit


def absolute(endpoint: str, **values: Any) -> str:
    """Return a whole address; from BASE_URL, whatever name a visitor used."""
    return f"{toolkit().settings.base_url}{url_for(endpoint, **values)}"


def init_app(app: Flask) -> None:
    """Let templates write such addresses."""
    app.add_template_global(absolute)
