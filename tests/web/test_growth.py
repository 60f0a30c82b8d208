"""No page's work in the database grows faster than the record: counted in steps, not in seconds.

SQLite tells how many steps of its machine a statement takes. For four times the entries a page may
take some four times as many, where it reads them all; one that looks through the record for each
entry of it takes sixteen times as many.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.candidates.models import Candidacy
from campaign.core.db import table_of
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.organisers.rules import Role
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import Channel, EventKind, Stance
from campaign.pledges.service import answer_token
from tests.factories import (
    EARLY,
    AskFactory,
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    ElectionFactory,
    OrganiserFactory,
)
from tests.web.client import CheckingClient

FEW, MANY = 400, 1600
MOST = 10.0
"""How many times the steps at most for four times the entries; by the square it were sixteen.

More than four, because here each candidate's own history grows as well."""
COUNTED = 20
"""Steps between two calls of the counter."""
SLACK = 2_000
"""Steps that nobody minds: below this, a ratio says nothing."""

ROOMS = ("home.", "campaigns.", "geography.", "tracker.", "feeds.", "embeds.", "press.", "share.")
ROOMS += ("record.", "suggestions.", "letters.write", "api.", "pledges.", "objections.")
ROOMS += ("organise_campaigns.", "organise_candidates.", "organise_pledges.", "organise_record.")
ROOMS += ("organise_exports.", "organise_suggestions.", "organise_invitations.")
NOT_ASKED = {
    "campaigns.look": "this campaign has chosen no colour",
    "geography.find": "reads the query",
    "organise_candidates.correct_address": "this candidate's address needs no correction",
    "organise_record.copy": "no copy is kept",
    "pledges.change": "has a link of its own",
    "pledges.dispute": "has a link of its own",
    "objections.object_": "leads to an entry that can be objected to",
}


@pytest.fixture
def values(app: Flask, web_session: Session) -> dict[str, object]:
    """A campaign of forty candidates in four places; returns what stands in its addresses."""
    election = ElectionFactory()
    campaign = CampaignFactory(election=election, slug="safer-streets")
    for position in (1, 2):
        AskFactory(campaign=campaign, position=position, slug=f"ask-{position}")
    for number in range(4):
        ballot = BallotFactory(election=election, constituency__slug=f"place-{number}")
        for _ in range(10):
            candidacy = CandidacyFactory(ballot=ballot)
    web_session.commit()
    toolkit = app.extensions["campaign"]
    token = answer_token(
        web_session, toolkit.signer, campaign_id=campaign.id, candidacy_id=candidacy.id
    )
    return {
        "campaign_slug": "safer-streets",
        "constituency_slug": "place-3",
        "person_id": candidacy.person_id,
        "token": token,
        "ask_slug": "ask-1",
        "kind": "not_me",
        "sequence": 1,
    }


@pytest.fixture
def client(app: Flask, web_session: Session, values: dict[str, object]) -> CheckingClient:
    """Somebody who may see everything."""
    organiser = OrganiserFactory(role=Role.OWNER)
    web_session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = organiser.fs_uniquifier, True
    return client


def test_no_page_takes_more_than_its_share_for_a_longer_record(
    app: Flask, client: CheckingClient, web_session: Session, values: dict[str, object]
) -> None:
    paths = list(_paths(app, values))
    assert len(paths) > 45, "most pages are looked at"
    _grow_to(web_session, FEW)
    few = {path: _steps(app, client, path) for path in paths}
    _grow_to(web_session, MANY)
    many = {path: _steps(app, client, path) for path in paths}
    assert max(few.values()) > 10 * SLACK, "the steps are counted"
    too_steep = {
        path: f"{few[path]} steps, then {many[path]}"
        for path in paths
        if many[path] > MOST * max(few[path], SLACK)
    }
    assert not too_steep


@pytest.mark.parametrize("page", ["press.candidates_csv", "feeds.constituency"])
def test_a_file_of_one_constituency_takes_no_longer_for_answers_elsewhere(
    app: Flask, client: CheckingClient, web_session: Session, page: str
) -> None:
    with app.test_request_context():
        path = app.url_for(page, campaign_slug="safer-streets", constituency_slug="place-3")
    _grow_to(web_session, FEW)
    few = _steps(app, client, path)
    _grow_to(web_session, MANY, not_in="place-3")
    assert few > SLACK, "the steps are counted"
    # Struck entries are looked for in the whole record.
    assert _steps(app, client, path) < 1.6 * few


def _paths(app: Flask, values: dict[str, object]) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if (
            "GET" in (rule.methods or ())
            and rule.endpoint.startswith(ROOMS)
            and rule.endpoint not in NOT_ASKED
        ):
            with app.test_request_context():
                yield app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})


def _steps(app: Flask, client: CheckingClient, path: str) -> int:
    """Return the steps that a page takes of SQLite when it is asked for a second time."""
    client.get(path)
    with _counting(app) as calls:
        answer = client.get(path)
    assert answer.status_code in (200, 302), f"{path}: {answer.status_code}"
    return next(calls) * COUNTED


@contextmanager
def _counting(app: Flask) -> Iterator["count[int]"]:
    engine = app.extensions["campaign"].database.engine
    calls = count()

    def step() -> int:
        next(calls)
        return 0

    def listen(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_progress_handler(step, COUNTED)

    def leave(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.set_progress_handler(None, 0)

    event.listen(engine, "checkout", listen)
    event.listen(engine, "checkin", leave)
    try:
        yield calls
    finally:
        event.remove(engine, "checkout", listen)
        event.remove(engine, "checkin", leave)


def _grow_to(session: Session, length: int, *, not_in: str = "") -> None:
    """Add entries in bulk: by link, entered and reviewed, objected to, hidden; nothing is chained.

    Every place in the record has the id of the same number. None is of a candidate in the
    constituency ``not_in``.
    """
    known = session.query(PledgeEvent).count()
    candidacies = session.scalars(
        select(Candidacy.id)
        .join(Candidacy.ballot)
        .join(Ballot.constituency)
        .where(Constituency.slug != not_in)
    ).all()
    asks = session.execute(select(AskVersion.ask_id, AskVersion.id)).all()
    rows = []
    for sequence in range(known + 1, length + 1):
        round_, part = divmod(sequence - 1, 5)
        candidacy_id = candidacies[round_ % len(candidacies)]
        ask_id, version_id = asks[round_ // len(candidacies) % len(asks)]
        entered = round_ * 5 + 2
        kind, channel, about = (
            (EventKind.ANSWER, Channel.LINK, None),
            (EventKind.ANSWER, Channel.HUSTINGS, None),
            (EventKind.REVIEW, Channel.HUSTINGS, entered),
            (EventKind.DISPUTE, Channel.HUSTINGS, entered),
            ((EventKind.HIDING, EventKind.DISPUTE_KEPT)[round_ % 2], Channel.HUSTINGS, entered),
        )[part]
        rows.append(
            {
                "id": sequence,
                "campaign_id": 1,
                "sequence": sequence,
                "kind": kind,
                "candidacy_id": candidacy_id,
                "ask_id": ask_id,
                "ask_version_id": version_id,
                "refers_to_id": about,
                "stance": Stance.YES if kind is EventKind.ANSWER else None,
                "statement": "",
                "channel": channel,
                "source_url": "",
                "quote": "I will." if channel is Channel.HUSTINGS else "",
                "verification_level": 3 if channel is Channel.LINK else 2,
                "entered_by": "candidate" if channel is Channel.LINK else f"organiser:{part}",
                "recorded_at": EARLY + timedelta(minutes=sequence),
                "form": 2,
                "previous_hash": f"{sequence - 1:064}",
                "hash": f"{sequence:064}",
            }
        )
    session.execute(table_of(PledgeEvent).insert(), rows)
    session.commit()
