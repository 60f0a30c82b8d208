"""Review by a second organiser: what the card, the flash and the candidate's mail say."""

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.languages import Language
from campaign.delivery.models import OutboxMessage
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import choose_language, record_pledge, withdraw_pledge
from tests.conftest import FrozenClock
from tests.web.back_office.conftest import token_of
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]
Fetch = Callable[..., list[Any]]


def _commit(session: Session) -> None:
    session.expire_on_commit = False  # A later look must not take the write lock again.
    session.commit()


@pytest.fixture
def enter(
    web_session: Session, arranged: SimpleNamespace, clock: FrozenClock
) -> Callable[..., PledgeEvent]:
    """Enter an answer of Jane's: by her link, or by organiser 901."""

    def enter(
        stance: Stance, channel: Channel = Channel.LINK, said_on: date | None = None
    ) -> PledgeEvent:
        is_hers = channel is Channel.LINK
        event = record_pledge(
            web_session, campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id, ask_id=arranged.ask_id, stance=stance,
            channel=channel, quote="" if is_hers else "Never.",
            entered_by="candidate" if is_hers else "organiser:901", now=clock(), valid_from=said_on,
        )  # fmt: skip
        _commit(web_session)
        return event

    return enter


@pytest.fixture
def withdraw(
    web_session: Session, arranged: SimpleNamespace, clock: FrozenClock
) -> Callable[..., PledgeEvent]:
    def withdraw(entered_by: str) -> PledgeEvent:
        event = withdraw_pledge(
            web_session, campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id, ask_id=arranged.ask_id,
            entered_by=entered_by, now=clock(),
            reason="" if entered_by == "candidate" else "By letter of 1 May.",
        )  # fmt: skip
        _commit(web_session)
        assert event is not None
        return event

    return withdraw


def approve(client: CheckingClient, base: str, event: PledgeEvent) -> str:
    """Approve an entry and return the page that says so."""
    page = f"{base}/review/"
    done = client.post(f"{page}{event.id}/approve", data={"csrf_token": token_of(client, page)})
    assert done.status_code == 303
    return client.get(page).text


def test_an_entry_behind_a_newer_one_is_said_to_stay_behind_it(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch, enter: Callable[..., PledgeEvent]
) -> None:
    waiting = enter(Stance.NO, Channel.LETTER)
    enter(Stance.YES)
    client = log_in()
    card = client.get(f"{arranged.base}/review/").text
    assert "It stays behind what is newer and counts:" in card
    assert "It takes the place of:" not in card
    said = approve(client, arranged.base, waiting)
    assert "public now, in the history: a newer one counts." in said
    assert "The answer is public now." not in said
    (mail,) = fetch(select(OutboxMessage))
    assert "A newer entry for the same ask counts." in mail.body
    assert "takes the place of this one" not in mail.body


def test_a_newer_withdrawal_counts_before_an_older_answer(
    log_in: LogIn,
    arranged: SimpleNamespace,
    enter: Callable[..., PledgeEvent],
    withdraw: Callable[..., PledgeEvent],
) -> None:
    waiting = enter(Stance.NO, Channel.LETTER)
    enter(Stance.YES)
    withdraw("candidate")
    client = log_in()
    card = client.get(f"{arranged.base}/review/").text
    assert "Answer withdrawn" in card.partition("It stays behind what is newer and counts:")[2]
    assert "a newer one counts." in approve(client, arranged.base, waiting)


@pytest.mark.parametrize("is_welsh", [False, True])
def test_a_withdrawal_has_words_of_its_own_and_its_reason_is_for_everybody(
    app: Flask,
    log_in: LogIn,
    arranged: SimpleNamespace,
    web_session: Session,
    fetch: Fetch,
    enter: Callable[..., PledgeEvent],
    withdraw: Callable[..., PledgeEvent],
    is_welsh: bool,
) -> None:
    if is_welsh:
        choose_language(
            web_session, campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id, language=Language.WELSH,
        )  # fmt: skip
    enter(Stance.YES)
    withdrawal = withdraw("organiser:901")
    client = log_in()
    card = client.get(f"{arranged.base}/review/").text
    assert "It takes back:" in card
    assert "How it was given:" not in card
    said = approve(client, arranged.base, withdrawal)
    assert "The withdrawal is public now: the answer before it no longer counts." in said
    (mail,) = fetch(select(OutboxMessage))
    assert "By letter of 1 May." in mail.body
    assert ("yn tynnu'r ateb" if is_welsh else "that you take the following") in mail.body
    assert ("gwirio'r ffynhonnell" if is_welsh else "checked the source") not in mail.body
    assert ("tynnu ateb yn ôl" if is_welsh else "the withdrawal of an answer") in mail.subject
    public = f"/{arranged.slug}/candidates/{arranged.jane_id}/"
    history = app.test_client().get(public).text.partition('id="history"')[2]
    withdrawn = history.partition(f'id="entry-{withdrawal.sequence}"')[2].partition("</li>")[0]
    assert "By letter of 1 May." in withdrawn
    assert "request; a second one has agreed (level 2)" in withdrawn
    assert "seen the source" not in withdrawn
    entry = client.get(f"{arranged.base}/record/{withdrawal.sequence}").text
    assert "By letter of 1 May." in entry
    assert "seen the source" not in entry


def test_what_would_take_the_place_of_a_newer_saying_is_not_approved_and_says_why(
    log_in: LogIn, arranged: SimpleNamespace, enter: Callable[..., PledgeEvent]
) -> None:
    newer = enter(Stance.NO, Channel.LETTER, date(2031, 4, 28))
    older = enter(Stance.YES, Channel.LETTER, date(2031, 4, 20))
    client, page = log_in(), f"{arranged.base}/review/"
    approve(client, arranged.base, newer)
    refused = client.post(f"{page}{older.id}/approve", data={"csrf_token": token_of(client, page)})
    assert refused.status_code == 422
    assert "it would take the place of a newer answer. Reject it." in refused.text
    assert "<details open>" in refused.text
    public = client.get(f"/{arranged.slug}/pledges.json").text
    assert '"stance":"no"' in public
    assert '"stance":"yes"' not in public
