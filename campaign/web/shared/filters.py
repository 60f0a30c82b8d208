"""How templates print numbers, days and the organisation's Markdown."""

import re
from datetime import date, datetime
from functools import lru_cache

import nh3
from babel import Locale
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import format_date, format_datetime, get_locale
from flask_babel import gettext as _
from markdown_it import MarkdownIt
from markupsafe import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_TAGS = {"p", "h2", "h3", "h4", "ul", "ol", "li", "a", "strong", "em", "blockquote", "br", "hr"}
_URL_SCHEMES = {"http", "https", "mailto", "tel"}
_QUOTED = re.compile(r'“((?:[^“”]|“[^“”]*”)*)”|"([^"]*)"')
"""Words between one pair of quotation marks, in which others may be."""


@lru_cache(maxsize=64)  # The same few texts stand on every page of a campaign.
def markdown(text: str) -> Markup:
    """Return an organiser's Markdown as safe HTML; HTML in it is shown as text."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes=_URL_SCHEMES,
        url_relative="deny",
        link_rel="noopener nofollow",
    )
    return Markup(html)  # noqa: S704 - nh3 has just cleaned it


def number(value: int) -> str:
    """Return a whole number with the language's thousands separator."""
    return _number(value, get_locale())


@lru_cache(maxsize=4096)  # A tracker prints two thousand of them, few of them different.
def _number(value: int, locale: Locale) -> str:
    return str(format_decimal(value, locale=locale))


def part_of(part: int, whole: int) -> str:
    """Return a count with its denominator: 3 of 12."""
    return _part_of(part, whole, get_locale())


@lru_cache(maxsize=4096)
def _part_of(part: int, whole: int, locale: Locale) -> str:
    words = _("%(part)s of %(whole)s", part=_number(part, locale), whole=_number(whole, locale))
    return str(words)


def day(value: date | datetime) -> str:
    """Return a day in words: 4 July 2024."""
    return str(format_date(value, "d MMMM y"))


def month(value: date) -> str:
    """Return a month in words: June 1996."""
    return str(format_date(value, "MMMM y"))


def moment(value: datetime) -> str:
    """Return a moment in local time: 4 July 2024, 22:00."""
    return str(format_datetime(value, "d MMMM y, HH:mm"))


def in_quotes(text: str) -> str:
    """Return a text in quotation marks, of which one pair around the whole is enough."""
    found = _QUOTED.fullmatch(text)
    return f"“{(found[1] or found[2] or '') if found else text}”"


def init_app(app: Flask) -> None:
    """Give the filters to the templates."""
    app.add_template_global(part_of)
    for function in (markdown, number, day, month, moment, in_quotes):
        app.add_template_filter(function)
