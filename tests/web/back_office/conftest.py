"""A campaign with candidates and letters, and clients that are logged in."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask_security import hash_password
from sqlalchemy import Select
from sqlalchemy.orm import Session

from campaign.letters.rules import HeldReason, LetterStatus
from campaign.organisers.models import Organiser
from campaign.organisers.rules import Role
from tests.factories import (
    AskFactory,
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    ElectionFactory,
    OrganiserFactory,
    PersonFactory,
)
from tests.factories.letters import LetterFactory
from tests.web.client import CheckingClient

PASSWORD = "correct horse battery staple"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture(scope="session")
def password_hashes() -> dict[str, str]:
    return {}


@pytest.fixture
def make_organiser(
    app: Flask, web_session: Session, password_hashes: dict[str, str]
) -> Callable[..., Organiser]:
    def make(role: Role = Role.ORGANISER, **attributes: object) -> Organiser:
        if not password_hashes:  # argon2 is slow on purpose: once is enough.
            with app.app_context():
                password_hashes["hash"] = hash_password(PASSWORD)
        web_session.expire_on_commit = False  # A later look must not take the write lock again.
        organiser = OrganiserFactory(role=role, password=password_hashes["hash"], **attributes)
        web_session.commit()
        return organiser

    return make


@pytest.fixture
def log_in(app: Flask, make_organiser: Callable[..., Organiser]) -> Callable[..., CheckingClient]:
    """Log somebody in by their session, as the login page leaves it; faster than argon2."""

    def log_in(role: Role = Role.ORGANISER, **attributes: object) -> CheckingClient:
        organiser = make_organiser(role, **attributes)
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"] = organiser.fs_uniquifier
            session["_fresh"] = True
        return client

    return log_in


@pytest.fixture
def fetch(app: Flask) -> Callable[..., list[Any]]:
    """Read what the database holds now, without keeping a transaction open."""

    def fetch(query: Select[Any]) -> list[Any]:
        with app.extensions["campaign"].database.reader() as session:
            return list(session.scalars(query))

    return fetch


def token_of(client: CheckingClient, path: str) -> str:
    """Return the token of the first form of a page."""
    html = client.get(path).get_data(as_text=True)
    return html.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


@pytest.fixture
def arranged(web_session: Session) -> SimpleNamespace:
    """One campaign, two candidates in Aldmoor and Birk, three letters."""
    election = ElectionFactory()
    campaign = CampaignFactory(election=election)
    ask = AskFactory(campaign=campaign, wording="Make streets safer")
    first = BallotFactory(election=election, constituency__name="Aldmoor")
    second = BallotFactory(election=election, constituency__name="Birk")
    jane = CandidacyFactory(
        ballot=first, person=PersonFactory(name="Jane Smith"), party_name="Reed Party"
    )
    john = CandidacyFactory(
        ballot=second,
        person=PersonFactory(name="John Wray", email=None, imported_email=None),
        party_name="=Odd Party",
    )
    sent = LetterFactory(campaign=campaign, candidacy=jane, status=LetterStatus.SENT)
    LetterFactory(campaign=campaign, candidacy=jane, status=LetterStatus.UNCONFIRMED)
    LetterFactory(
        campaign=campaign,
        candidacy=john,
        status=LetterStatus.HELD,
        held_reason=HeldReason.NO_ADDRESS,
    )
    web_session.flush()
    names = SimpleNamespace(
        campaign_id=campaign.id,
        slug=campaign.slug,
        base=f"/organise/{campaign.slug}",
        ask_id=ask.id,
        jane_id=jane.person.id,
        jane_candidacy_id=jane.id,
        john_id=john.person.id,
        letter_id=sent.id,
    )
    web_session.commit()
    return names
