"""The pages that other sites show in a frame: a campaign, a constituency, a candidate."""

from typing import Any

from flask import render_template
from flask_babel import gettext as _

from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import CampaignStatus
from campaign.elections.queries import find_ballot, get_election
from campaign.elections.rules import ElectionPhase
from campaign.reports.candidate_record import build_candidate_record
from campaign.reports.constituency import list_stands
from campaign.reports.credits import LICENCE_NAME, LICENCE_URL
from campaign.reports.register import count_seats
from campaign.reports.tallies import tally_campaign, tally_elected
from campaign.web.shared.context import now, session


def draw_campaign(campaign: Any) -> str:
    """Return how far a campaign has come."""
    return _draw(
        "campaign",
        campaign,
        is_closed=campaign.status is CampaignStatus.CLOSED,
        tally=tally_campaign(session(), campaign),
        elected=tally_elected(session(), campaign),
        seats=count_seats(session(), campaign.election_id),
    )


def draw_constituency(campaign: Any, place: Any) -> str:
    """Return where everybody who stands in a constituency stands, first of all who was elected."""
    ballot = find_ballot(session(), election_id=campaign.election_id, constituency_id=place.id)
    asks = list_asks(session(), campaign.id)
    stands = list_stands(session(), campaign, ballot, asks) if ballot else []
    standing = [each for each in stands if each.is_standing]
    return _draw(
        "constituency",
        campaign,
        constituency=place,
        ballot=ballot,
        asks=asks,
        stands=sorted(standing, key=lambda each: not each.is_elected),
        has_open=any(
            len(each.answers) < len(asks) and (each.answers or each.can_be_asked)
            for each in standing
        ),
        has_unreachable=any(not each.answers and not each.can_be_asked for each in standing),
    )


def draw_candidate(campaign: Any, candidacy: Any) -> str:
    """Return where one candidate stands."""
    record = build_candidate_record(session(), campaign, candidacy)
    is_known = record.has_answered or record.can_be_asked
    return _draw(
        "candidate",
        campaign,
        record=record,
        has_open=is_known and not all(each.answer for each in record.asks),
        has_unreachable=not is_known,
    )


def _draw(
    name: str,
    campaign: Any,
    *,
    has_open: bool = False,
    has_unreachable: bool = False,
    **facts: Any,
) -> str:
    """Return a frame; ``has_open`` where it shows an ask without an answer."""
    election = get_election(session(), campaign.election_id)
    is_over = election.phase(now()) is ElectionPhase.CLOSED
    return render_template(
        f"embeds/{name}.html",
        campaign=campaign,
        election=election,
        is_over=is_over,
        notes=[
            *([_what_silence_means(is_over=is_over)] if has_open else []),
            *([_("“No address known”: the campaign could not ask.")] if has_unreachable else []),
        ],
        now=now(),
        licence_name=LICENCE_NAME,
        licence_url=LICENCE_URL,
        **facts,
    )


def _what_silence_means(*, is_over: bool) -> str:
    if is_over:
        return str(_("“No answer” means just that: it is not a no."))
    return str(_("“No answer yet” means just that: it is not a no."))
