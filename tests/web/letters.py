"""What the tests of the letters' pages share: a person at the form."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from campaign.core.db import Database
from tests.integration.letters import make_scene

_XHTML = "{http://www.w3.org/1999/xhtml}"


@dataclass
class Place:
    """An arranged campaign, by its addresses."""

    write: str
    campaign_id: int
    names: list[str]


def arrange(app: Flask, session: Session, **scene: Any) -> Place:
    """Write a campaign into the app's database."""
    made = make_scene(**scene)
    place = Place(
        write=f"/{made.campaign.slug}/{made.ballot.constituency.slug}/write",
        campaign_id=made.campaign.id,
        names=[each.person.name for each in made.candidacies],
    )
    session.commit()
    return place


def database_of(app: Flask) -> Database:
    database = app.extensions["campaign"].database
    assert isinstance(database, Database)
    return database


def fields_of(html: str, *, action: str | None = None) -> dict[str, list[str]]:
    """Return what a browser would send for the first form that posts (to ``action``), untouched."""
    root = html5lib.parse(html)
    for form in root.iter(f"{_XHTML}form"):
        if form.get("method") == "post" and action in (None, form.get("action")):
            break
    else:
        raise AssertionError("there is no such form")
    fields: dict[str, list[str]] = {}
    for element in form.iter():
        if element.tag not in (f"{_XHTML}input", f"{_XHTML}textarea"):
            continue
        name, kind = element.get("name"), element.get("type")
        if name is None or (kind == "checkbox" and element.get("checked") is None):
            continue
        value = element.text if element.tag.endswith("textarea") else element.get("value", "on")
        fields.setdefault(name, []).append(value or "")
    return fields


def fill_in(client: FlaskClient, place: Place, **typed: Any) -> dict[str, Any]:
    """Open the form and fill it in as Jane Smith would; ``typed`` wins."""
    page = client.get(place.write)
    assert page.status_code == 200
    person = {"name": "Jane Smith", "email": "Jane@Example.org ", "consent": "y"}
    return {**fields_of(page.text), **person, "step": "preview", **typed}


def send(client: FlaskClient, place: Place, **typed: Any) -> TestResponse:
    """Go from the form over the preview to pressing "send"."""
    preview = client.post(place.write, data=fill_in(client, place, **typed))
    assert preview.status_code == 200, errors_of(preview)
    assert "Look over your letters" in preview.text
    return client.post(place.write, data={**fields_of(preview.text), "step": "send"})


def errors_of(page: TestResponse) -> str:
    """Return the error summary of a page as text."""
    found = re.search(r'class="error-summary".*?</ul>', page.text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def links_in(text: str) -> list[str]:
    """Return the paths of our own links in a mail."""
    return re.findall(r"http://localhost(/\S+)", text)
