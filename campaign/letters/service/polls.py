"""What is under way follows its poll: moved later it still leaves, moved earlier it stops in time.

A message carries the close of poll as it was when it was queued, so that the worker needs to know
nothing of elections.
"""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.delivery.rules import campaign_scope
from campaign.delivery.service import move_deadlines
from campaign.elections.models import Election
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from campaign.letters.service.placing import digest_time

BATCH = 5_000


@dataclass
class FollowPolls:
    """A worker's chore: bring a campaign's messages up to the close of its poll.

    It remembers what it has done, because to look through a million waiting messages each minute
    would cost more than it finds. A change is gone through twice: what was queued in the moment of
    the change may still carry the old time, and so may what a worker had just in hand.
    """

    _done: dict[int, datetime] = field(default_factory=dict)
    _done_twice: dict[int, datetime] = field(default_factory=dict)

    def __call__(self, session: Session, now: datetime) -> bool:
        """Do one batch; tell whether something is left."""
        polls = session.execute(
            select(Campaign, Election).join(Election, Election.id == Campaign.election_id)
        ).all()
        for campaign, election in polls:
            closes_at = election.poll_closes_at
            if self._done_twice.get(campaign.id) == closes_at:
                continue
            moved = move_deadlines(
                session, campaign_scope(campaign.id), not_after=closes_at, limit=BATCH
            )
            if moved == BATCH:
                return True
            _bring_digests_forward(session, campaign, election, now=now)
            if self._done.get(campaign.id) == closes_at:
                self._done_twice[campaign.id] = closes_at
            self._done[campaign.id] = closes_at
        return False


def _bring_digests_forward(
    session: Session, campaign: Campaign, election: Election, *, now: datetime
) -> None:
    """Let no letter wait for a digest that would come later than one that is planned now."""
    next_at = digest_time(campaign, election, now=now)
    session.execute(
        update(Letter)
        .where(
            Letter.campaign_id == campaign.id,
            Letter.status == LetterStatus.QUEUED,
            Letter.outbox_message_id.is_(None),
            Letter.digest_at > next_at,
        )
        .values(digest_at=next_at)
        .execution_options(synchronize_session="fetch")
    )
