"""What a worker knows of domains that want less from us."""

from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Session

from campaign.core.db import table_of
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.models import DomainPause
from campaign.delivery.rules import Lane, domain_of
from campaign.delivery.service.domains import ease_domain, pause_domain

_DOMAINS = table_of(DomainPause)
_KNOWN = select(_DOMAINS.c.domain, _DOMAINS.c.ends_at)

log = structlog.stdlib.get_logger(__name__)


def list_known(connection: Connection) -> dict[str, datetime]:
    """Return every domain that has wanted less of late, and when its pause ends or has ended."""
    return {row.domain: row.ends_at for row in connection.execute(_KNOWN)}


class DomainWatch:
    """Domains as they stood at the last claim, and what this worker was told since."""

    def __init__(self) -> None:
        self._known: dict[str, datetime] = {}

    def refresh(self, session: Session) -> Mapping[str, datetime]:
        """Read them again; with a batch of two seconds at most, no worker is long behind."""
        self._known = list_known(session.connection())
        return self._known

    def is_paused(self, message: Row[tuple[object, ...]], now: datetime) -> bool:
        """Tell whether a message must wait for its recipient's domain."""
        if not self._known or message.lane is Lane.CONFIRMATION:
            return False
        return self._known.get(domain_of(message.recipient_key), now) > now

    def learn(
        self,
        session: Session,
        message: Row[tuple[object, ...]],
        failure: DeliveryFailed | None,
        now: datetime,
    ) -> None:
        """Pause a domain that has just asked for it, or make its next pause shorter."""
        domain = domain_of(message.recipient_key)
        if failure is not None and failure.is_throttled:
            pause = pause_domain(session, domain, reason=str(failure), now=now)
            self._known[domain] = pause.ends_at
            log.warning("domain_paused", domain=domain, ends_at=pause.ends_at.isoformat())
        elif failure is None and self._known.get(domain, now) < now:
            ease_domain(session, domain, now)
