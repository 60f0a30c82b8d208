"""Changes of earlier answers that nobody confirms: time, bounced mail, the close of poll."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.candidates.rules import CandidacyStatus
from campaign.core.db import Database
from campaign.core.languages import Language
from campaign.core.toolkit import Toolkit
from campaign.delivery.models import OutboxMessage
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import MessageStatus
from campaign.delivery.service import suppress
from campaign.followups.answers import publish_answers
from campaign.followups.change_chores import run_change_chores
from campaign.followups.changes import confirm_changes, decide_change
from campaign.followups.links import replace_link, revoke_link
from campaign.followups.requests import correct_candidate_address
from campaign.pledges.errors import AnswerLinkRevoked, AnswersClosed, LinkNotMailed
from campaign.pledges.models import CandidateRequest, PendingChange, PledgeEvent
from campaign.pledges.queries import check_chain
from campaign.pledges.rules import ChangeOutcome, Channel, RequestKind, Stance
from campaign.pledges.service import (
    AnswerDoor,
    GivenAnswer,
    answer_token,
    change_token,
    choose_language,
    dispute_token,
    note_request,
    open_answer_link,
    open_change_link,
    open_dispute_link,
    record_pledge,
    review_pledge,
)
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.integration.candidates import NOW, make_toolkit, sent


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    return pledge_world()


@pytest.fixture
def tools(database: Database) -> Toolkit:
    return make_toolkit(database)


def answer(
    tools: Toolkit,
    session: Session,
    world: PledgeWorld,
    stance: Stance,
    *,
    statement: str = "",
    now: datetime = NOW,
) -> None:
    door = AnswerDoor(world.campaign, world.candidacies[0])
    given = GivenAnswer(world.asks[0].id, stance, statement)
    publish_answers(tools, session, door, [given], now=now)
    session.flush()


def stances(session: Session) -> list[Stance | None]:
    return [each.stance for each in session.scalars(select(PledgeEvent).order_by(PledgeEvent.id))]


def newest_change(session: Session) -> PendingChange:
    return session.scalars(select(PendingChange).order_by(PendingChange.id.desc())).first()


@pytest.fixture
def waiting(tools: Toolkit, session: Session, world: PledgeWorld) -> PendingChange:
    answer(tools, session, world, Stance.YES)
    answer(tools, session, world, Stance.NO)
    return newest_change(session)


def test_a_change_takes_effect_a_day_after_its_mail_has_left(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    day = timedelta(hours=24)
    run_change_chores(tools, session, NOW + day)
    assert waiting.outcome is None, "the mail is still here: nobody could protest"
    assert waiting.due_at == NOW + 2 * day
    left_at = NOW + timedelta(hours=30)
    sent(session, left_at)
    run_change_chores(tools, session, NOW + 2 * day)
    assert (waiting.outcome, waiting.due_at) == (None, left_at + day)
    run_change_chores(tools, session, left_at + day)
    assert waiting.outcome is ChangeOutcome.UNOPPOSED
    assert stances(session) == [Stance.YES, Stance.NO]
    run_change_chores(tools, session, left_at + 2 * day)
    assert len(stances(session)) == 2
    receipts = session.scalars(
        select(OutboxMessage).where(OutboxMessage.subject.startswith("Receipt"))
    ).all()
    assert len(receipts) == 2
    assert check_chain(session, world.campaign, now=left_at + 2 * day).faults == []


def test_an_entry_of_organisers_in_the_meantime_is_asked_about_first(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    sent(session, NOW)
    later = NOW + timedelta(hours=3)
    entry = record_pledge(
        session, campaign_id=world.campaign.id, candidacy_id=world.candidacies[0].id,
        ask_id=world.asks[0].id, stance=Stance.PARTLY, channel=Channel.HUSTINGS, quote="In part.",
        entered_by="organiser:1", now=later,
    )  # fmt: skip
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=later)
    day = timedelta(days=1)
    run_change_chores(tools, session, NOW + day)
    assert (waiting.outcome, waiting.due_at) == (None, NOW + 2 * day)
    mail = session.get_one(OutboxMessage, waiting.outbox_message_id)
    assert "Now: Partly\n   Then: No\n" in mail.body
    sent(session, NOW + day)
    run_change_chores(tools, session, NOW + 2 * day)
    assert waiting.outcome is ChangeOutcome.UNOPPOSED


@pytest.mark.parametrize("language", Language)
def test_a_mail_about_a_statement_shows_the_one_of_today_and_what_becomes_of_it(
    tools: Toolkit, session: Session, world: PledgeWorld, language: Language
) -> None:
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    choose_language(session, **ids, language=language)
    answer(tools, session, world, Stance.YES, statement="I will.\nSoon.")
    answer(tools, session, world, Stance.YES, statement="I might.")
    answer(tools, session, world, Stance.YES)
    replaced, removed = (
        session.get_one(OutboxMessage, each.outbox_message_id).body
        for each in session.scalars(select(PendingChange).order_by(PendingChange.id))
    )
    now, then = (
        ("Statement now:", "Statement then:")
        if language is Language.ENGLISH
        else ("Datganiad nawr:", "Datganiad wedyn:")
    )
    assert f"{now} I will.\n   Soon.\n" in replaced
    assert f"{then} I might.\n" in replaced
    assert f"{now} I will.\n   Soon.\n" in removed
    assert re.search(rf"{then} (none; it is removed|dim; caiff ei dynnu)\n", removed)
    closes = world.election.poll_closes_at
    run_change_chores(tools, session, closes)
    lapsed = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert f"{now} I will.\n   Soon.\n" in lapsed.body
    assert re.search(r"(Its statement: none|Ei ddatganiad: dim)\n", lapsed.body)


@pytest.mark.parametrize("fault", ["bounced", "failed", "moved"])
def test_a_change_whose_mail_did_not_arrive_goes_to_the_organisers(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange, fault: str
) -> None:
    person = world.candidacies[0].person
    sent(session, NOW)
    if fault == "bounced":
        suppress(
            session, person.email or "", reason=SuppressionReason.HARD_BOUNCE, source="x", now=NOW
        )
    elif fault == "failed":
        message = session.get_one(OutboxMessage, waiting.outbox_message_id)
        message.status = MessageStatus.FAILED
    else:
        person.email = "elsewhere@example.org"
    later = NOW + timedelta(days=1)
    run_change_chores(tools, session, later)
    assert (waiting.outcome, waiting.due_at) == (None, None)
    run_change_chores(tools, session, later + timedelta(days=9))
    assert stances(session) == [Stance.YES]
    (request,) = session.scalars(select(CandidateRequest)).all()
    assert request.kind == RequestKind.CHANGE_TO_CHECK
    outcome = decide_change(
        tools,
        session,
        waiting.id,
        campaign=world.campaign,
        candidacy=world.candidacies[0],
        is_right=True,
        now=later,
    )
    assert outcome is ChangeOutcome.ALLOWED
    assert stances(session) == [Stance.YES, Stance.NO]


def test_what_is_not_confirmed_when_the_poll_closes_lapses_and_is_said(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    closes = world.election.poll_closes_at
    answer(tools, session, world, Stance.YES)
    asked_at = closes - timedelta(hours=3)
    answer(tools, session, world, Stance.NO, now=asked_at)
    change = newest_change(session)
    mail = session.get_one(OutboxMessage, change.outbox_message_id)
    assert "only if you confirm it before the poll closes" in mail.body
    sent(session, asked_at)
    run_change_chores(tools, session, closes - timedelta(seconds=1))
    assert change.outcome is None
    run_change_chores(tools, session, closes)
    assert change.outcome is ChangeOutcome.LAPSED
    assert stances(session) == [Stance.YES]
    told = session.scalars(
        select(OutboxMessage).where(OutboxMessage.subject.startswith("Not changed"))
    ).one()
    assert "The change that lapsed: No" in told.body
    assert f"/safer-streets/candidates/{world.candidacies[0].person_id}/" in told.body


def correct_address(
    tools: Toolkit, session: Session, world: PledgeWorld, email: str | None, *, now: datetime = NOW
) -> None:
    correct_candidate_address(
        tools,
        session,
        person_id=world.candidacies[0].person_id,
        email=email,
        reason="told us",
        actor="organiser:1",
        now=now,
    )
    session.flush()


def opened(
    session: Session, tools: Toolkit, change: PendingChange, *, now: datetime = NOW
) -> list[PendingChange]:
    token = change_token(tools.signer, change)
    return open_change_link(session, tools.signer, token, now=now).changes


def test_a_new_address_is_asked_anew_and_the_links_of_the_old_one_end(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    candidacy = world.candidacies[0]
    ids = {"campaign_id": world.campaign.id, "candidacy_id": candidacy.id}
    old_link = answer_token(session, tools.signer, **ids)
    sent(session, NOW)
    correct_address(tools, session, world, "right@example.org")
    for name in ("change", "not-me"):
        opens = {"change": open_change_link, "not-me": open_dispute_link}[name]
        sign = {"change": change_token, "not-me": dispute_token}[name]
        with pytest.raises(AnswerLinkRevoked):
            opens(session, tools.signer, sign(tools.signer, waiting), now=NOW)
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, tools.signer, old_link, now=NOW)
    renewed = newest_change(session)
    assert (renewed.stance, renewed.outcome) == (waiting.stance, None)
    mails = session.scalars(
        select(OutboxMessage).where(OutboxMessage.recipient == "right@example.org")
    ).all()
    assert sorted(each.subject.split(":")[0] for each in mails) == [
        "Please confirm",
        'Your new link to answer "' + world.campaign.name + '"',
    ]
    (link,) = (each for each in mails if each.subject.startswith("Your new link"))
    token = link.body.split("/answer/")[1].split("/")[0]
    assert open_answer_link(session, tools.signer, token, now=NOW).candidacy is candidacy
    _door, outcomes = confirm_changes(tools, session, change_token(tools.signer, renewed), now=NOW)
    assert outcomes == [ChangeOutcome.CONFIRMED]
    assert stances(session) == [Stance.YES, Stance.NO]


def test_where_no_address_is_left_the_organisers_ask(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    correct_address(tools, session, world, None)
    with pytest.raises(AnswerLinkRevoked):
        opened(session, tools, waiting)
    renewed = newest_change(session)
    assert (renewed.outcome, renewed.due_at) == (None, None)
    assert session.scalars(select(CandidateRequest.kind)).all() == [RequestKind.CHANGE_TO_CHECK]


def test_no_link_of_a_mail_to_a_former_address_opens_however_the_address_changed(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    assert opened(session, tools, waiting) == [waiting]
    person = world.candidacies[0].person
    person.email = (person.email or "").upper()
    assert opened(session, tools, waiting) == [waiting], "the same address in other letters"
    person.email = "imported@example.org"
    with pytest.raises(AnswerLinkRevoked):
        opened(session, tools, waiting)


def test_who_has_not_answered_gets_no_mail_only_because_their_address_is_corrected(
    tools: Toolkit, session: Session, world: PledgeWorld
) -> None:
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    old_link = answer_token(session, tools.signer, **ids)
    correct_address(tools, session, world, "right@example.org")
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, tools.signer, old_link, now=NOW)
    assert open_answer_link(
        session, tools.signer, answer_token(session, tools.signer, **ids), now=NOW
    )
    assert session.scalars(select(OutboxMessage)).all() == []


@pytest.mark.parametrize("language", Language)
def test_what_waits_for_somebody_who_stands_no_longer_lapses_and_is_said(
    tools: Toolkit,
    session: Session,
    world: PledgeWorld,
    waiting: PendingChange,
    language: Language,
) -> None:
    candidacy = world.candidacies[0]
    choose_language(
        session, campaign_id=world.campaign.id, candidacy_id=candidacy.id, language=language
    )
    sent(session, NOW)
    candidacy.status = CandidacyStatus.WITHDRAWN
    session.flush()
    with pytest.raises(AnswersClosed, match="no longer on the list of candidates"):
        opened(session, tools, waiting)
    assert run_change_chores(tools, session, NOW) == 1, "at once, and not when it is due"
    assert waiting.outcome is ChangeOutcome.LAPSED
    assert stances(session) == [Stance.YES]
    told = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    why = {
        Language.ENGLISH: "You are no longer on the list of candidates in Northmoor East.",
        Language.WELSH: "Nid ydych ar y rhestr o ymgeiswyr yn etholaeth Northmoor East mwyach.",
    }
    assert why[language] in told.body
    assert f"/safer-streets/candidates/{candidacy.person_id}/" in told.body


def test_no_organiser_lets_a_change_of_somebody_take_effect_who_stands_no_longer(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    world.candidacies[0].status = CandidacyStatus.WITHDRAWN
    outcome = decide_change(
        tools,
        session,
        waiting.id,
        campaign=world.campaign,
        candidacy=world.candidacies[0],
        is_right=True,
        now=NOW,
    )
    assert outcome is ChangeOutcome.LAPSED
    assert stances(session) == [Stance.YES]


def test_a_change_is_never_given_to_a_later_wording(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    session.add(
        AskVersion(ask_id=world.asks[0].id, number=2, title="Now", wording="Now.", created_at=NOW)
    )
    session.flush()
    session.expire(world.asks[0])
    sent(session, NOW)
    run_change_chores(tools, session, NOW + timedelta(days=1))
    assert waiting.outcome is ChangeOutcome.LAPSED
    assert stances(session) == [Stance.YES]


@pytest.mark.parametrize("kind", [RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS])
def test_what_came_by_a_link_that_was_revoked_is_dropped(
    session: Session, world: PledgeWorld, waiting: PendingChange, kind: RequestKind
) -> None:
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    note_request(session, **ids, kind=kind, now=NOW)
    assert waiting.outcome is ChangeOutcome.DROPPED


def test_organisers_switch_a_link_off_and_mail_a_new_one(
    tools: Toolkit, session: Session, world: PledgeWorld, waiting: PendingChange
) -> None:
    campaign, candidacy = world.campaign, world.candidacies[0]
    make: Callable[[], str] = partial(
        answer_token,
        session,
        tools.signer,
        campaign_id=campaign.id,
        candidacy_id=candidacy.id,
    )
    old = make()
    revoke_link(session, campaign, candidacy, now=NOW)
    session.flush()
    assert waiting.outcome is ChangeOutcome.DROPPED
    for token in (old, make()):
        with pytest.raises(AnswerLinkRevoked):
            open_answer_link(session, tools.signer, token, now=NOW)
    replace_link(tools, session, campaign, candidacy, is_mailed=True, now=NOW)
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, tools.signer, old, now=NOW)
    mail = session.scalars(
        select(OutboxMessage).where(OutboxMessage.subject.startswith("Your new link"))
    ).one()
    token = mail.body.split("/answer/")[1].split("/")[0]
    assert open_answer_link(session, tools.signer, token, now=NOW).candidacy is candidacy
    candidacy.person.email = None
    with pytest.raises(LinkNotMailed):
        replace_link(tools, session, campaign, candidacy, is_mailed=True, now=NOW)
    assert open_answer_link(session, tools.signer, token, now=NOW)
