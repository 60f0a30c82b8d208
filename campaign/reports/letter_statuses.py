"""The letters of a campaign as statuses: who was written to and what became of it, never by whom.

Nothing of the supporter is in it, neither address nor name nor text, and of times only the day.
"""

import csv
import io
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.letters.models import Letter
from campaign.reports.spreadsheets import neutral_cell

_COLUMNS = (
    "letter", "created_on", "status", "held_reason", "sent_on", "is_personal", "person_id",
    "person_name", "party_id", "party_name", "ballot_id", "constituency_gss_code",
    "constituency_name", "imprint",
)  # fmt: skip


def csv_lines(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield a campaign's letters as CSV line by line, the header first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def line(cells: tuple[object, ...]) -> str:
        writer.writerow([neutral_cell(cell) for cell in cells])
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    yield line(_COLUMNS)
    rows = session.execute(
        select(
            Letter.id,
            Letter.created_at,
            Letter.status,
            Letter.held_reason,
            Letter.sent_at,
            Letter.is_personal,
            Person.id,
            Person.name,
            Candidacy.party_id,
            Candidacy.party_name,
            Ballot.id,
            Constituency.gss_code,
            Constituency.name,
        )
        .join(Letter.candidacy)
        .join(Candidacy.person)
        .join(Candidacy.ballot)
        .join(Ballot.constituency)
        .where(Letter.campaign_id == campaign.id)
        .order_by(Letter.id)
        .execution_options(yield_per=1000)
    )
    for number, created_at, status, held_reason, sent_at, is_personal, *rest in rows:
        yield line(
            (
                number,
                created_at.date(),
                status,
                held_reason,
                sent_at.date() if sent_at else "",
                "yes" if is_personal else "no",
                *rest,
                campaign.imprint,
            )
        )
