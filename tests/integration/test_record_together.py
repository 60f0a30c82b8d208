"""Several people at the record in the same moment: one chain, and each decision once."""

import threading
from collections.abc import Callable

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.db import Database
from campaign.pledges.errors import AlreadyDecided, AlreadyReviewed
from campaign.pledges.models import PledgeEvent
from campaign.pledges.queries import check_chain, list_current_answers
from campaign.pledges.rules import Channel, EventKind, Stance
from campaign.pledges.service import (
    dispute_entry,
    hide_texts,
    record_pledge,
    review_pledge,
    settle_dispute,
)
from tests.factories import bind_factories
from tests.factories.pledges import NOW, entered, published
from tests.factories.worlds import pledge_world

Act = Callable[[Session], object]


def test_two_who_review_at_once_decide_once(database: Database) -> None:
    campaign_id, entry_id, _candidacy = _entry(database, is_public=False)
    refused = _at_once(
        database,
        *(_review(entry_id, number=number, is_right=number % 2 == 0) for number in range(2, 8)),
    )
    assert [type(error) for error in refused] == [AlreadyReviewed] * 5
    assert _kinds(database, campaign_id) == ["answer", "one decision"]


def test_two_who_settle_or_hide_at_once_do_so_once(database: Database) -> None:
    campaign_id, entry_id, _candidacy = _entry(database, is_public=True)
    where = {"campaign_id": campaign_id, "event_id": entry_id, "now": NOW}
    with database.transaction() as session:
        dispute_entry(session, entered_by="candidate", words="No.", **where)

    def settle(number: int) -> Act:
        return lambda session: settle_dispute(
            session, is_right=number % 2 == 0, settler=f"organiser:{number}",
            reason="I have heard the recording.", **where,
        )  # fmt: skip

    def hide(number: int) -> Act:
        return lambda session: hide_texts(
            session, hidden_by=f"organiser:{number}", reason="Names somebody private.", **where
        )

    refused = _at_once(database, settle(2), hide(2), settle(3), hide(3))
    assert [type(error) for error in refused] == [AlreadyDecided] * 2
    kinds = _kinds(database, campaign_id)
    assert kinds[:3] == ["answer", "one decision", "dispute"]
    assert sorted(kinds[3:]) == ["hiding", "settled"]


def test_a_candidate_answers_while_organisers_record_and_review(database: Database) -> None:
    campaign_id, entry_id, candidacy_id = _entry(database, is_public=False)
    with database.reader() as session:
        ask_id = session.get_one(PledgeEvent, entry_id).ask_id

    def give(turn: int, channel: Channel, entered_by: str) -> Act:
        return lambda session: record_pledge(
            session, campaign_id=campaign_id, candidacy_id=candidacy_id, ask_id=ask_id,
            stance=Stance.YES, statement=f"turn {turn}", channel=channel, entered_by=entered_by,
            quote="" if channel is Channel.LINK else "“Yes”, town hall", now=NOW,
        )  # fmt: skip

    refused = _at_once(
        database,
        *(give(turn, Channel.LINK, "candidate") for turn in range(4)),
        *(give(turn, Channel.HUSTINGS, "organiser:1") for turn in range(4)),
        _review(entry_id, number=2, is_right=True),
    )
    assert refused == []
    assert len(_kinds(database, campaign_id)) == 10
    with database.reader() as session:
        (current,) = list_current_answers(session, campaign_id).values()
        assert current.channel is Channel.LINK, "what waits for review takes no place"


def _review(entry_id: int, *, number: int, is_right: bool) -> Act:
    return lambda session: review_pledge(
        session, event_id=entry_id, is_right=is_right, reviewer=f"organiser:{number}", now=NOW,
        reason="" if is_right else "The source says the opposite.",
    )  # fmt: skip


def _entry(database: Database, *, is_public: bool) -> tuple[int, int, int]:
    """Make a campaign with one entry by organiser 1; return its id, the entry's, whose it is."""
    with database.writer() as session, bind_factories(session):
        world = pledge_world()
        entry = (published if is_public else entered)(session, world)
        found = world.campaign.id, entry.id, entry.candidacy_id
        session.commit()
        return found


def _at_once(database: Database, *acts: Act) -> list[Exception]:
    """Do everything in threads that start together; return what was refused."""
    errors: list[Exception] = []
    start = threading.Barrier(len(acts))

    def do(act: Act) -> None:
        try:
            start.wait()
            with database.transaction() as session:
                act(session)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def _kinds(database: Database, campaign_id: int) -> list[str]:
    """Return what the record holds, which must be one unbroken chain."""
    with database.reader() as session:
        assert check_chain(session, session.get_one(Campaign, campaign_id), now=NOW).faults == []
        events = session.query(PledgeEvent).filter_by(campaign_id=campaign_id)
        words = {
            EventKind.REVIEW: "one decision", EventKind.REJECTION: "one decision",
            EventKind.DISPUTE_KEPT: "settled", EventKind.DISPUTE_STRUCK: "settled",
        }  # fmt: skip
        return [words.get(each.kind, each.kind.value) for each in events.order_by("sequence")]
