"""The pledges of a campaign as open data: one row for each candidate and ask, in CSV and JSON.

In the CSV every row carries licence, credit, imprint, campaign, election and the day on which the
file was made in its last columns. Lines of comment
before or after the table would have been shorter, but spreadsheet programs show them as broken
rows and parsers stop at them; and a row that is sorted, filtered or copied keeps its credit.
The JSON has them once, beside the rows. Cells of the CSV are neutralised, so that a
statement cannot act as a formula; the JSON has every text as it was given.
"""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks, list_asks_ever
from campaign.core.clock import whole_minute
from campaign.elections.queries import get_election
from campaign.pledges.queries import list_current_answers
from campaign.reports.credits import LICENCE, credit_line
from campaign.reports.register import list_standings
from campaign.reports.spreadsheets import neutral_cell


@dataclass(frozen=True, slots=True)
class PledgeRecord:
    """One candidate's answer to one ask; ``stance`` is empty where there is none yet."""

    person_id: int
    """Democracy Club's id, like ``ballot_id``."""
    person_name: str
    ballot_id: str
    constituency_gss_code: str
    constituency_name: str
    party_id: str
    party_name: str
    candidacy_status: str
    """``withdrawn`` ones belong in no denominator, nor those of a cancelled ballot."""
    is_ballot_cancelled: bool
    ask: str
    ask_version: int | None
    """Number of the wording that was answered; None without an answer."""
    stance: str
    statement: str
    channel: str
    source_url: str
    quote: str
    verification_level: int | None
    recorded_at: str
    valid_from: str
    """The day on which it was said, where it was not that of recording."""
    dispute: str
    """``open`` or ``kept`` where the candidate objects to the entry."""
    is_hidden: bool
    """Whether the texts of the entry are out of public view."""
    archive_sha256: str
    """Of a copy of the source that the organisers keep."""
    archive_url: str
    """Where anybody can see a copy."""
    sequence: int | None
    """Place in the record, where the entry stands with its hash."""


@dataclass(frozen=True, slots=True)
class PledgeExport:
    """A campaign's rows with what must stand beside them."""

    campaign: Campaign
    generated_at: datetime
    """To the minute."""
    licence: str
    credit: str
    imprint: str
    asks: list[dict[str, object]]
    records: list[PledgeRecord]


def build_pledge_export(
    session: Session, campaign: Campaign, *, now: datetime, constituency_id: int | None = None
) -> PledgeExport:
    """Collect a campaign's public answers for every candidacy of its election, or of one place."""
    election = get_election(session, campaign.election_id)
    asks = list_asks(session, campaign.id)
    standings = list_standings(session, election.id, constituency_id=constituency_id)
    # Of everybody without naming anybody: it is the shorter question.
    ids = None if constituency_id is None else [each.candidacy_id for each in standings]
    answers = list_current_answers(session, campaign.id, candidacy_ids=ids)
    records = []
    for standing in standings:
        for ask in asks:
            answer = answers.get((standing.candidacy_id, ask.id))
            records.append(
                PledgeRecord(
                    person_id=standing.person_id,
                    person_name=standing.name,
                    ballot_id=standing.ballot_id,
                    constituency_gss_code=standing.gss_code,
                    constituency_name=standing.constituency_name,
                    party_id=standing.party_id,
                    party_name=standing.party_name,
                    candidacy_status=standing.status,
                    is_ballot_cancelled=standing.is_cancelled,
                    ask=ask.slug,
                    ask_version=answer.ask_version if answer else None,
                    stance=answer.stance if answer else "",
                    statement=answer.statement if answer else "",
                    channel=answer.channel if answer else "",
                    source_url=answer.source_url if answer else "",
                    quote=answer.quote if answer else "",
                    verification_level=int(answer.verification_level) if answer else None,
                    recorded_at=_iso(answer.recorded_at) if answer else "",
                    valid_from=answer.valid_from.isoformat()
                    if answer and answer.valid_from
                    else "",
                    dispute=(answer.marks.dispute or "") if answer else "",
                    is_hidden=answer.marks.is_hidden if answer else False,
                    archive_sha256=answer.archive_sha256 if answer else "",
                    archive_url=answer.archive_url if answer else "",
                    sequence=answer.sequence if answer else None,
                )
            )
    return PledgeExport(
        campaign=campaign,
        generated_at=whole_minute(now),
        licence=LICENCE,
        credit=credit_line(campaign, election),
        imprint=str(campaign.imprint),
        asks=[
            {
                "ask": ask.slug,
                "is_retired": ask.is_retired,
                "versions": [
                    {"version": version.number, "title": version.title, "wording": version.wording}
                    for version in ask.versions
                ],
            }
            for ask in list_asks_ever(session, campaign.id)
        ],
        records=records,
    )


def csv_lines(export: PledgeExport) -> Iterator[str]:
    """Yield the CSV line by line, the header first."""
    names = [field.name for field in fields(PledgeRecord)]
    notes = {
        "licence": export.licence,
        "credit": export.credit,
        "imprint": export.imprint,
        "campaign": export.campaign.slug,
        "election": export.campaign.election_id,
        # Not the minute: the ETag holds for as long as nothing else changes.
        "generated_on": export.generated_at.astimezone(UTC).date().isoformat(),
    }
    yield _line([*names, *notes])
    cells = [neutral_cell(note) for note in notes.values()]
    for record in export.records:
        yield _line([*(_cell(getattr(record, name)) for name in names), *cells])


def json_text(export: PledgeExport) -> str:
    """Return the JSON document."""
    campaign = export.campaign
    return json.dumps(
        {
            "campaign": campaign.slug,
            "name": campaign.name,
            "organisation": campaign.organisation,
            "election": campaign.election_id,
            "generated_at": _iso(export.generated_at),
            "licence": export.licence,
            "credit": export.credit,
            "imprint": export.imprint,
            "asks": export.asks,
            "pledges": [asdict(record) for record in export.records],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _cell(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else neutral_cell(value)


def _line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
