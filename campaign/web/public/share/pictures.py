"""What the picture beside a shared link says, of a campaign and of a constituency."""

from typing import Any

from flask_babel import gettext as _

from campaign.elections.queries import find_ballot, get_election
from campaign.elections.rules import ElectionPhase
from campaign.reports.credits import LICENCE, credit_line
from campaign.reports.register import count_seats
from campaign.reports.share_image import ShareWords, draw_share_image
from campaign.reports.tallies import tally_campaign, tally_elected, tally_places
from campaign.reports.tracker import Tally
from campaign.web.shared.context import now, session
from campaign.web.shared.filters import day, part_of


def draw_campaign(campaign: Any) -> bytes:
    """Return the picture of a campaign: of its candidates, or of the members once it is known."""
    election = get_election(session(), campaign.election_id)
    elected = tally_elected(session(), campaign)
    if elected is None:
        return _draw(campaign, election, _figure(election, tally_campaign(session(), campaign)))
    part = part_of(elected.answered, elected.standing)
    seats = count_seats(session(), election.id)
    known = part_of(seats.known, seats.contested)
    return _draw(
        campaign,
        election,
        _("%(answered)s members elected had answered", answered=part),
        more=_("%(known)s results are known", known=known) if seats.is_partial else "",
    )


def draw_constituency(campaign: Any, place: Any) -> bytes:
    """Return the picture of a constituency."""
    election = get_election(session(), campaign.election_id)
    ballot = find_ballot(session(), election_id=election.id, constituency_id=place.id)
    if ballot and ballot.is_cancelled:
        figure = str(_("The poll here is cancelled"))
    else:
        figure = _figure(election, tally_places(session(), campaign, [place.id])[place.id])
    return _draw(campaign, election, figure, place=place.name)


def _figure(election: Any, tally: Tally) -> str:
    if not tally.standing:
        return str(_("Nobody is known to stand here yet"))
    part = part_of(tally.answered, tally.standing)
    if election.phase(now()) is ElectionPhase.CLOSED:
        return str(_("%(answered)s candidates had answered", answered=part))
    return str(_("%(answered)s candidates have answered", answered=part))


def _draw(campaign: Any, election: Any, figure: str, *, place: str = "", more: str = "") -> bytes:
    note = str(_("As of %(date)s", date=day(now())))
    return draw_share_image(
        ShareWords(
            organisation=campaign.organisation,
            title=campaign.name,
            place=place,
            figure=figure,
            note=f"{note}: {more}" if more else note,
            imprint=str(campaign.imprint),
            accent=campaign.accent,
            rights=f"{LICENCE} – {credit_line(campaign, election)}",
        )
    )
