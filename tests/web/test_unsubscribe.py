"""Declining notices: by the link in their header, with one click or on a page."""

import json
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.delivery.channels.base import copy_for_sending
from campaign.delivery.channels.mime import build_email
from campaign.delivery.models import OutboxMessage, Suppression
from campaign.delivery.rules import Lane, MessageStatus
from campaign.followups.incoming import take_mail
from tests.conftest import FrozenClock
from tests.integration.letters import make_scene, messages_of
from tests.returned import ANN, sample, send_one
from tests.web.letters import fields_of


@pytest.fixture
def link(app: Flask, web_session: Session, clock: FrozenClock) -> str:
    """The link of the notice that Jane got when her letter came back."""
    toolkit = app.extensions["campaign"]
    _, token = send_one(toolkit, web_session, make_scene(emails=(ANN,)), now=clock())
    take_mail(toolkit, web_session, sample("postfix_unknown_user", token), now=clock())
    (notice,) = messages_of(web_session, Lane.NOTICE)
    header = json.loads(notice.headers)["List-Unsubscribe"]
    web_session.commit()
    return urlsplit(header.strip("<>")).path


def declined(app: Flask) -> list[str]:
    with app.extensions["campaign"].database.reader() as session:
        found = session.scalars(select(Suppression).where(Suppression.reason == "unsubscribed"))
        return [each.address_key for each in found]


def test_a_notice_names_the_link_in_one_piece(
    web_session: Session, link: str, clock: FrozenClock
) -> None:
    (notice,) = messages_of(web_session, Lane.NOTICE)
    written = build_email(copy_for_sending(notice, date=clock()))
    web_session.rollback()
    assert f"\r\nList-Unsubscribe: <http://localhost{link}>\r\n".encode() in written
    email = message_from_bytes(written, policy=default)
    assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "jane" not in link


def test_what_was_asked_for_cannot_be_declined(web_session: Session, clock: FrozenClock) -> None:
    make_scene().write(web_session, now=clock())
    (confirmation,) = messages_of(web_session, Lane.CONFIRMATION)
    assert "List-Unsubscribe" not in confirmation.headers
    web_session.rollback()


def test_one_click_of_a_mail_program_is_enough(app: Flask, client: FlaskClient, link: str) -> None:
    for _ in range(2):
        assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert declined(app) == ["jane@example.org"]
    with app.extensions["campaign"].database.reader() as session:
        (notice,) = session.scalars(select(OutboxMessage).where(OutboxMessage.lane == Lane.NOTICE))
        assert notice.status is MessageStatus.CANCELLED


def test_opening_the_link_changes_nothing_and_shows_a_button(
    app: Flask, client: FlaskClient, link: str
) -> None:
    page = client.get(link)
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert declined(app) == []
    assert "You get no more" in client.post(link, data=fields_of(page.text)).text
    assert declined(app) == ["jane@example.org"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_we_did_not_make_leads_nowhere(
    app: Flask, client: FlaskClient, link: str, method: str
) -> None:
    assert getattr(client, method)(f"{link[:-5]}AAAA/").status_code == 404
    other = app.extensions["campaign"].signer.sign("unsubscribe", "erased@example.org")
    assert getattr(client, method)(f"/unsubscribe/{other}/").status_code == 404
    assert declined(app) == []
