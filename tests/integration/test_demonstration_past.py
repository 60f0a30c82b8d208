from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.core.config import PROJECT_ROOT, MailSettings
from campaign.core.emails import EmailRenderer
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import MessageStatus
from campaign.demonstration.answers import Office
from campaign.demonstration.calendar import election_days
from campaign.demonstration.ground import write_island
from campaign.demonstration.island import invent_island
from campaign.demonstration.past import write_past
from campaign.importers.campaign_file import BUILT_IN, load_campaign, read_campaign_file
from campaign.letters.models import Letter, LetterTransition
from campaign.letters.queries import count_letters_by_status
from campaign.letters.rules import LetterStatus
from campaign.letters.service import AnswerPage, Correspondence
from campaign.organisers.queries import list_audit_lines
from campaign.pledges.queries import (
    check_chain,
    count_suggestions,
    list_current_answers,
    list_entries_to_review,
    map_marks,
)
from campaign.pledges.rules import DisputeState
from tests.conftest import FrozenClock
from tests.factories import OrganiserFactory


@pytest.fixture
def past(session: Session, clock: FrozenClock) -> Campaign:
    now = clock()
    days, began = election_days(now.date()), now - timedelta(days=15)
    write_island(session, invent_island(), days=days, now=began)
    file = read_campaign_file(BUILT_IN, election_id=days.election_id)
    live = replace(file, content=replace(file.content, status=CampaignStatus.LIVE))
    campaign, _ = load_campaign(session, live, now=began)
    write_past(
        session,
        campaign,
        office=Office(enters_id=OrganiserFactory().id, reviews_id=OrganiserFactory().id),
        correspondence=Correspondence(
            mail=MailSettings(),
            emails=EmailRenderer(PROJECT_ROOT / "templates"),
            make_action_link=lambda action: f"http://localhost/action/{action.id}/",
            find_answer_page=lambda campaign_id, candidacy_id: AnswerPage(
                f"http://localhost/{candidacy_id}/"
            ),
        ),
        now=now,
    )
    session.flush()
    session.expire_all()
    return campaign


def test_the_past_is_full_and_the_record_of_it_whole(
    session: Session, past: Campaign, clock: FrozenClock
) -> None:
    letters = count_letters_by_status(session, past.id)
    assert 300 <= sum(letters.values()) <= 700
    assert letters[LetterStatus.SENT] > 250
    for status in ("queued", "held", "unconfirmed", "expired", "withdrawn", "failed"):
        assert letters[LetterStatus(status)] >= 1, status

    # Every letter stands where the last entry of its log says, and nothing lies in the future.
    last = select(func.max(LetterTransition.id)).group_by(LetterTransition.letter_id)
    logged = dict(
        session.execute(
            select(LetterTransition.to_status, func.count())
            .where(LetterTransition.id.in_(last))
            .group_by(LetterTransition.to_status)
        ).all()
    )
    assert logged == {status: count for status, count in letters.items() if count}
    assert session.scalar(select(func.max(LetterTransition.at))) <= clock()
    assert session.scalar(select(func.max(Letter.sent_at))) <= clock()

    # What is left in the outbox is what supporters confirmed a moment ago.
    waiting = session.scalars(
        select(OutboxMessage).where(OutboxMessage.status == MessageStatus.QUEUED)
    ).all()
    assert waiting
    assert all(clock() - message.created_at < timedelta(minutes=10) for message in waiting)

    assert check_chain(session, past, now=clock()).faults == []
    answers = list_current_answers(session, past.id)
    assert len(answers) > 100
    assert len({answer.stance for answer in answers.values()}) == 5
    assert check_chain(session, past, now=clock()).heads_checked >= 5
    marks = map_marks(session, past.id).values()
    assert {each.dispute for each in marks} == {None, DisputeState.OPEN, DisputeState.KEPT}
    assert sum(each.is_hidden for each in marks) == 1
    assert count_suggestions(session, past.id) == 3
    to_review = list_entries_to_review(session, past.id)
    assert to_review

    # What the office did stands in the audit log, as if it had been done on the pages.
    verbs = Counter(line.verb for line in list_audit_lines(session, limit=100))
    assert verbs["reject_pledge"] == 1
    assert verbs["approve_pledge"] >= 1
    assert verbs["record_pledge"] == len(to_review) + verbs["approve_pledge"] + 1
