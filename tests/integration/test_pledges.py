import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Person, PersonAlias
from campaign.core.db import Database
from campaign.core.tokens import Signer
from campaign.pledges.errors import (
    AlreadyReviewed,
    AnswerLinkRevoked,
    AnswersClosed,
    OwnEntry,
    PledgeEventNotFound,
    PledgeInvalid,
    RecordClosed,
)
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import (
    check_chain,
    list_current_answers,
    list_entries_to_review,
    list_history,
    wants_no_mail,
)
from campaign.pledges.rules import Channel, EventKind, RequestKind, Stance, VerificationLevel
from campaign.pledges.service import (
    answer_token,
    note_request,
    open_answer_link,
    record_pledge,
    replace_answer_link,
    review_pledge,
    withdraw_pledge,
)
from tests.factories import BallotFactory, CandidacyFactory, bind_factories
from tests.factories.worlds import PledgeWorld, pledge_world

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    return pledge_world()


def answer(session: Session, world: PledgeWorld, **changes: Any) -> PledgeEvent:
    values: dict[str, Any] = {
        "campaign_id": world.campaign.id,
        "candidacy_id": world.candidacies[0].id,
        "ask_id": world.asks[0].id,
        "stance": Stance.YES,
        "channel": Channel.LINK,
        "entered_by": "candidate",
        "now": NOW,
    }
    return record_pledge(session, **(values | changes))


def entered(session: Session, world: PledgeWorld, **changes: Any) -> PledgeEvent:
    values = {
        "channel": Channel.HUSTINGS,
        "entered_by": "organiser:1",
        "quote": "“I will”, town hall, 30 April",
    }
    return answer(session, world, **(values | changes))


def test_an_answer_by_link_is_public_at_once(session: Session, world: PledgeWorld) -> None:
    event = answer(session, world, statement=" Of course. ")
    found = list_current_answers(session, world.campaign.id)
    assert list(found) == [(world.candidacies[0].id, world.asks[0].id)]
    current = found[world.candidacies[0].id, world.asks[0].id]
    assert (current.stance, current.statement) == (Stance.YES, "Of course.")
    assert current.verification_level is VerificationLevel.FIRST_HAND
    assert (event.sequence, current.ask_version) == (1, 1)


def test_the_same_answer_again_adds_nothing(session: Session, world: PledgeWorld) -> None:
    first = answer(session, world)
    assert answer(session, world, now=NOW + timedelta(days=1)) is first
    assert answer(session, world, statement="Now with reasons.") is not first


def test_the_same_answer_to_a_new_wording_is_a_new_event(
    session: Session, world: PledgeWorld
) -> None:
    first = answer(session, world)
    world.asks[0].versions.append(
        AskVersion(number=2, title="Make it first now", wording="Now.", created_at=NOW)
    )
    second = answer(session, world)
    assert (second.sequence, second.ask_version.number) == (2, 2)
    assert first.ask_version.number == 1


def test_a_change_and_a_withdrawal_keep_the_history(session: Session, world: PledgeWorld) -> None:
    answer(session, world)
    answer(session, world, stance=Stance.PARTLY)
    where = {"candidacy_id": world.candidacies[0].id, "ask_id": world.asks[0].id}
    withdraw = {"campaign_id": world.campaign.id, "entered_by": "candidate", "now": NOW, **where}
    assert withdraw_pledge(session, **withdraw) is not None
    assert withdraw_pledge(session, **withdraw) is None
    assert list_current_answers(session, world.campaign.id) == {}
    history = list_history(session, world.campaign.id, world.candidacies[0].id)
    assert [(e.kind, e.stance) for e in history] == [
        (EventKind.ANSWER, Stance.YES),
        (EventKind.ANSWER, Stance.PARTLY),
        (EventKind.WITHDRAWAL, None),
    ]
    answer(session, world, stance=Stance.PARTLY)
    assert len(list_current_answers(session, world.campaign.id)) == 1


def test_an_entry_is_public_after_somebody_else_reviewed_it(
    session: Session, world: PledgeWorld
) -> None:
    entry = entered(session, world)
    assert list_current_answers(session, world.campaign.id) == {}
    assert [e.id for e in list_entries_to_review(session, world.campaign.id)] == [entry.id]
    with pytest.raises(OwnEntry):
        review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:1", now=NOW)
    review = review_pledge(
        session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW
    )
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.verification_level is VerificationLevel.CONFIRMED
    assert list_entries_to_review(session, world.campaign.id) == []
    (public,) = list_history(session, world.campaign.id, world.candidacies[0].id, public_only=True)
    assert public.verification_level is VerificationLevel.CONFIRMED
    with pytest.raises(AlreadyReviewed):
        review_pledge(session, event_id=entry.id, is_right=False, reviewer="organiser:3", now=NOW)
    with pytest.raises(PledgeEventNotFound):
        review_pledge(session, event_id=review.id, is_right=True, reviewer="organiser:3", now=NOW)


def test_a_rejected_entry_never_becomes_public(session: Session, world: PledgeWorld) -> None:
    answer(session, world, stance=Stance.NO)
    entry = entered(session, world)
    review_pledge(session, event_id=entry.id, is_right=False, reviewer="organiser:2", now=NOW)
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.stance is Stance.NO
    public = list_history(session, world.campaign.id, world.candidacies[0].id, public_only=True)
    assert [e.stance for e in public] == [Stance.NO]


def test_a_later_answer_by_link_stands_before_an_older_entry_reviewed_late(
    session: Session, world: PledgeWorld
) -> None:
    entry = entered(session, world, stance=Stance.YES)
    answer(session, world, stance=Stance.NO)
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW)
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.stance is Stance.NO


@pytest.mark.parametrize(
    "changes",
    [
        {"quote": ""},
        {"source_url": "javascript:alert(1)"},
        {"channel": Channel.LINK},
        {"entered_by": "candidate"},
        {"statement": "x" * 501},
        {"ask_id": 99_999},
    ],
)
def test_entries_that_break_a_rule_are_refused(
    session: Session, world: PledgeWorld, changes: dict[str, Any]
) -> None:
    with pytest.raises(PledgeInvalid):
        entered(session, world, **changes)


def test_a_candidate_of_another_election_is_refused(session: Session, world: PledgeWorld) -> None:
    other = CandidacyFactory(ballot=BallotFactory(election__id="parl.2029-05-03"))
    with pytest.raises(PledgeInvalid):
        answer(session, world, candidacy_id=other.id)


def test_nothing_is_recorded_after_the_poll_or_the_campaign_has_closed(
    session: Session, world: PledgeWorld
) -> None:
    after = world.election.poll_closes_at
    with pytest.raises(AnswersClosed):
        answer(session, world, now=after)
    with pytest.raises(RecordClosed):
        entered(session, world, now=after)
    assert answer(session, world, now=after - timedelta(seconds=1)).sequence == 1
    world.campaign.status = CampaignStatus.CLOSED
    with pytest.raises(AnswersClosed):
        answer(session, world, stance=Stance.NO)


def test_links_open_until_they_are_replaced_revoked_or_closed(
    session: Session, world: PledgeWorld
) -> None:
    signer = Signer("a secret of the tests that is long enough")
    who = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    first = answer_token(session, signer, **who)
    assert open_answer_link(session, signer, first, now=NOW).candidacy.id == who["candidacy_id"]
    with pytest.raises(AnswersClosed):
        open_answer_link(session, signer, first, now=world.election.poll_closes_at)
    replace_answer_link(session, **who)
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, signer, first, now=NOW)
    second = answer_token(session, signer, **who)
    assert open_answer_link(session, signer, second, now=NOW)
    note_request(session, kind=RequestKind.NOT_ME, now=NOW, **who)
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, signer, second, now=NOW)


def test_requests_that_stop_mail(session: Session, world: PledgeWorld) -> None:
    ann, bob = (
        {"campaign_id": world.campaign.id, "candidacy_id": candidacy.id}
        for candidacy in world.candidacies
    )
    request = note_request(session, kind=RequestKind.NOTHING_MORE, now=NOW, **ann)
    assert note_request(session, kind=RequestKind.NOTHING_MORE, now=NOW, **ann) is request
    assert wants_no_mail(session, **ann)
    request.settled_at = NOW
    assert not wants_no_mail(session, **ann)
    wrong = note_request(session, kind=RequestKind.WRONG_ADDRESS, now=NOW, **bob)
    assert wants_no_mail(session, **bob)
    wrong.settled_at = NOW
    assert not wants_no_mail(session, **bob)


def test_the_chain_holds_and_says_where_it_was_broken(
    database: Database, session: Session, world: PledgeWorld
) -> None:
    for stance in (Stance.YES, Stance.NO, Stance.PARTLY):
        answer(session, world, stance=stance)
    entry = entered(session, world, candidacy_id=world.candidacies[1].id)
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW)
    report = check_chain(session, world.campaign)
    assert (report.count, report.faults) == (5, [])
    assert report.head_hash == session.query(PledgeEvent).filter_by(sequence=5).one().hash
    _let_changes_through(database, session)
    session.execute(text("UPDATE pledge_events SET stance = 'yes' WHERE sequence = 2"))
    session.execute(text("UPDATE pledge_events SET sequence = 7 WHERE sequence = 5"))
    found = [
        (fault.sequence, fault.problem) for fault in check_chain(session, world.campaign).faults
    ]
    assert found == [
        (2, "its content is not what was hashed when it was added"),
        (7, "entry 5 should come here and is missing"),
        (7, "its content is not what was hashed when it was added"),
    ]
    session.rollback()


def test_the_chain_survives_a_merge_of_two_entries_for_one_person(
    session: Session, world: PledgeWorld
) -> None:
    answer(session, world)
    old_id = world.candidacies[0].person_id
    session.add(Person(id=99, name="Ann Ash", sort_name="ash ann", email=None))
    session.flush()
    world.candidacies[0].person_id = 99
    session.flush()
    assert [f.sequence for f in check_chain(session, world.campaign).faults] == [1]
    session.add(PersonAlias(old_person_id=old_id, person_id=99))
    assert check_chain(session, world.campaign).faults == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE pledge_events SET statement = 'never said'", "DELETE FROM pledge_events"],
)
def test_the_database_refuses_to_change_the_record(
    session: Session, world: PledgeWorld, statement: str
) -> None:
    answer(session, world)
    with pytest.raises(DatabaseError, match="added, never changed"):
        session.execute(text(statement))


def test_writers_at_the_same_time_make_one_chain_without_a_gap(database: Database) -> None:
    with database.writer() as session, bind_factories(session):
        world = pledge_world()
        session.commit()
        campaign_id = world.campaign.id
        candidacy_ids = [candidacy.id for candidacy in world.candidacies]
        ask_ids = [ask.id for ask in world.asks]
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def write(number: int) -> None:
        try:
            start.wait()
            for turn in range(5):
                with database.transaction() as session:
                    record_pledge(
                        session,
                        campaign_id=campaign_id,
                        candidacy_id=candidacy_ids[number % 2],
                        ask_id=ask_ids[number // 2],
                        stance=Stance.YES,
                        statement=f"turn {turn}",
                        channel=Channel.LINK,
                        entered_by="candidate",
                        now=NOW,
                    )
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reader() as session:
        report = check_chain(session, session.get_one(type(world.campaign), campaign_id))
        assert (report.count, report.faults) == (20, [])


def _let_changes_through(database: Database, session: Session) -> None:
    if database.is_sqlite:
        session.execute(text("DROP TRIGGER pledge_events_refuse_UPDATE"))
    else:
        session.execute(text("ALTER TABLE pledge_events DISABLE TRIGGER USER"))
