"""One value that changes whenever an answer does, and with most of what public pages show."""

from functools import cache

import structlog
from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy.exc import SQLAlchemyError

from campaign.campaigns.models import Ask, AskVersion, Campaign
from campaign.candidates.models import AddressCorrection, Candidacy
from campaign.core.db import Database
from campaign.elections.models import Ballot, Election
from campaign.geography.models import PostcodeRelease
from campaign.pledges.models import CandidateRequest, PledgeEvent

_log = structlog.get_logger(__name__)


def read_public_version(database: Database) -> object:
    """Return the version; one that equals no other where the database does not answer.

    Covered are answers, what candidates ask for, new wordings of asks and those that are retired, a
    campaign that opens or closes, a poll that is moved, who stands and who was elected. Not covered
    are corrected texts, imported addresses and the numbers of letters: pages that are kept by this
    value are made anew from time to time. A few small counts, about a millisecond.
    """
    try:
        with database.reader() as session:
            return [tuple(row) for statement in _statements() for row in session.execute(statement)]
    except SQLAlchemyError as error:
        _log.warning("public_version_not_read", error=type(error).__name__)
        return object()


@cache
def _statements() -> tuple[Select[*tuple[object, ...]], ...]:
    # The end of each campaign's chain, and not the highest id of all: on PostgreSQL a lower id
    # may be committed after a higher one.
    newest = (
        select(func.max(PledgeEvent.sequence))
        .where(PledgeEvent.campaign_id == Campaign.id)
        .scalar_subquery()
    )
    return (
        select(Campaign.id, Campaign.status, newest).order_by(Campaign.id),
        select(func.count(), func.count(CandidateRequest.settled_at)),
        select(func.count()).select_from(AskVersion),
        select(func.count(), func.sum(cast(Ask.is_retired, Integer))),
        # The sum of ids, because as many can have won after a result is corrected as before.
        select(Candidacy.status, func.count(), func.sum(Candidacy.id))
        .group_by(Candidacy.status)
        .order_by(Candidacy.status),
        select(Election.id, Election.nominations_close_at, Election.poll_closes_at).order_by(
            Election.id
        ),
        select(func.count()).select_from(AddressCorrection),
        select(func.sum(cast(Ballot.is_cancelled, Integer))),
        select(func.count()).select_from(PostcodeRelease),
    )
