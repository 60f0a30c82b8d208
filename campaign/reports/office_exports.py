"""Tables that organisers download: no letter's text, no supporter's name or address.

Every row carries the campaign's imprint in its last column.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy, Person
from campaign.elections.models import Ballot
from campaign.geography.models import Constituency
from campaign.letters.models import Action, Letter
from campaign.pledges.models import PledgeEvent
from campaign.reports.spreadsheets import neutral_cell

_BLOCK = 500


def letters_csv(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield the campaign's letters as CSV: one line each, without text or writer."""
    head = (
        "letter_id", "action_id", "written_at", "sent_at", "status", "held_reason", "is_personal",
        "constituency", "gss_code", "person_id", "candidate", "party", "ballot_id",
    )  # fmt: skip
    rows = session.execute(
        select(
            Letter.id, Letter.action_id, Letter.created_at, Letter.sent_at, Letter.status,
            Letter.held_reason, Letter.is_personal, Constituency.name, Constituency.gss_code,
            Person.id, Person.name, Candidacy.party_name, Candidacy.ballot_id,
        )
        .join(Action, Letter.action_id == Action.id)
        .join(Constituency, Action.constituency_id == Constituency.id)
        .join(Candidacy, Letter.candidacy_id == Candidacy.id)
        .join(Person, Candidacy.person_id == Person.id)
        .where(Letter.campaign_id == campaign.id)
        .order_by(Letter.id)
        .execution_options(yield_per=_BLOCK)
    )  # fmt: skip
    return _table(campaign, head, rows)


def pledge_events_csv(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield every entry of the campaign's record of pledges as CSV, rejected ones too."""
    head = (
        "sequence", "kind", "recorded_at", "person_id", "candidate", "party", "ballot_id", "ask",
        "ask_version", "stance", "statement", "channel", "source_url", "quote",
        "archive_sha256", "archive_url", "valid_from", "reason", "verification_level",
        "entered_by", "about_sequence", "previous_hash", "hash",
    )  # fmt: skip
    events = session.scalars(
        select(PledgeEvent)
        .where(PledgeEvent.campaign_id == campaign.id)
        .order_by(PledgeEvent.sequence)
        .options(
            joinedload(PledgeEvent.candidacy).joinedload(Candidacy.person),
            joinedload(PledgeEvent.ask),
            joinedload(PledgeEvent.ask_version),
        )
    ).all()
    sequences = {event.id: event.sequence for event in events}
    rows = (
        (
            event.sequence, event.kind, event.recorded_at, event.candidacy.person_id,
            event.candidacy.person.name, event.candidacy.party_name, event.candidacy.ballot_id,
            event.ask.slug, event.ask_version.number, event.stance, event.statement, event.channel,
            event.source_url, event.quote, event.archive_sha256, event.archive_url,
            event.valid_from, event.reason, event.verification_level, event.entered_by,
            sequences.get(event.refers_to_id or 0), event.previous_hash, event.hash,
        )
        for event in events
    )  # fmt: skip
    return _table(campaign, head, rows)


def candidates_csv(session: Session, campaign: Campaign) -> Iterator[str]:
    """Yield the election's candidates with the addresses that letters go to, as CSV."""
    head = (
        "person_id", "candidate", "party", "ballot_id", "constituency", "gss_code", "status",
        "email", "is_corrected",
    )  # fmt: skip
    rows = session.execute(
        select(
            Person.id, Person.name, Candidacy.party_name, Candidacy.ballot_id, Constituency.name,
            Constituency.gss_code, Candidacy.status, Person.email,
            Person.corrected_email.is_not(None),
        )
        .join(Candidacy, Candidacy.person_id == Person.id)
        .join(Ballot, Candidacy.ballot_id == Ballot.id)
        .join(Constituency, Ballot.constituency_id == Constituency.id)
        .where(Ballot.election_id == campaign.election_id)
        .order_by(Constituency.name, Person.sort_name, Person.id)
        .execution_options(yield_per=_BLOCK)
    )  # fmt: skip
    return _table(campaign, head, rows)


def _table(
    campaign: Campaign, head: Sequence[str], rows: Iterable[Sequence[object]]
) -> Iterator[str]:
    yield _line([*head, "imprint"])
    # In each row, as in the public file: a line of another shape would be read as one more entry.
    imprint = neutral_cell(campaign.imprint)
    for row in rows:
        yield _line([*(_cell(value) for value in row), imprint])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    isoformat = getattr(value, "isoformat", None)
    return isoformat(timespec="seconds") if isoformat else neutral_cell(value)


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
