"""What waits for an organiser in the whole installation, whatever campaign it belongs to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.candidates.queries import count_open_repairs
from campaign.delivery.queries import (
    count_failed_mail,
    count_undecided_events,
    list_domain_pauses,
)


@dataclass(frozen=True, slots=True)
class SharedNeeds:
    """Counts of what all campaigns share."""

    repairs: int
    """Candidates whose address does not work."""
    bounces: int
    """Returned mail that no program can read."""
    failed_mail: int
    """Confirmations and notices that could not be sent."""
    paused_domains: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.repairs or self.bounces or self.failed_mail or self.paused_domains)


def shared_needs(session: Session, *, now: datetime) -> SharedNeeds:
    """Count what waits for an organiser of any campaign."""
    return SharedNeeds(
        repairs=count_open_repairs(session),
        bounces=count_undecided_events(session),
        failed_mail=count_failed_mail(session),
        paused_domains=len(list_domain_pauses(session, now)),
    )
