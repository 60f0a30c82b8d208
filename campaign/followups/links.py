"""What organisers do with a candidate's link: switch it off, replace it, mail the new one."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_campaigns_of
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import get_candidacy
from campaign.core.toolkit import Toolkit
from campaign.delivery.rules import Lane
from campaign.elections.queries import get_election
from campaign.followups.candidate_mail import (
    answer_link,
    is_reachable,
    queue_to_candidate,
    render_for,
)
from campaign.followups.changes import ask_about_changes
from campaign.pledges.errors import LinkNotMailed
from campaign.pledges.queries import list_ever_answered
from campaign.pledges.rules import ChangeOutcome
from campaign.pledges.service import (
    drop_open_changes,
    renew_open_changes,
    replace_answer_link,
    revoke_answer_link,
    takes_answers,
    takes_answers_of,
)


def revoke_link(
    session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> None:
    """Switch a candidate's link off, and drop the changes that came by it and still wait."""
    ids = {"campaign_id": campaign.id, "candidacy_id": candidacy.id}
    revoke_answer_link(session, **ids)
    drop_open_changes(session, **ids, outcome=ChangeOutcome.DROPPED, now=now)


def replace_link(
    toolkit: Toolkit,
    session: Session,
    campaign: Campaign,
    candidacy: Candidacy,
    *,
    is_mailed: bool,
    now: datetime,
) -> None:
    """End every link made so far and make a new one; mail it to the address on file if wanted.

    Without a mail the new link stands in the next letter. Raises LinkNotMailed where no mail can
    reach the candidate, or the poll has closed; then nothing has changed.
    """
    if is_mailed and not _can_be_mailed(session, campaign, candidacy, now=now):
        raise LinkNotMailed(
            "The link cannot be mailed: no address is known that works, or the poll has closed."
        )
    replace_answer_link(session, campaign_id=campaign.id, candidacy_id=candidacy.id)
    if is_mailed:
        _mail_link(toolkit, session, campaign, candidacy, now=now)


def follow_address(
    toolkit: Toolkit,
    session: Session,
    candidacy_ids: Sequence[int],
    *,
    promised: Collection[tuple[int, int]],
    now: datetime,
) -> None:
    """End what the former address of a candidate had: every link, and each mail about a change.

    Whoever has answered gets a new link at the new address, and is asked there about what waits;
    so does whoever was promised one, by campaign and candidacy. The others read theirs in the next
    invitation or letter.
    """
    for candidacy_id in candidacy_ids:
        candidacy = get_candidacy(session, candidacy_id)
        for campaign in list_campaigns_of(session, candidacy.ballot.election_id):
            if not takes_answers_of(session, campaign, candidacy, now=now):
                continue
            ids = {"campaign_id": campaign.id, "candidacy_id": candidacy.id}
            replace_answer_link(session, **ids)
            is_promised = (campaign.id, candidacy.id) in promised
            if is_promised or candidacy.id in list_ever_answered(session, campaign.id):
                mail_promised_link(toolkit, session, campaign, candidacy, now=now)
            if renew_open_changes(session, **ids, now=now):
                ask_about_changes(toolkit, session, campaign, candidacy, now=now)


def mail_promised_link(
    toolkit: Toolkit, session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> None:
    """Mail a candidate the new link that their page promised, where it can reach them."""
    if _can_be_mailed(session, campaign, candidacy, now=now):
        _mail_link(toolkit, session, campaign, candidacy, now=now)


def _can_be_mailed(
    session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> bool:
    return is_reachable(session, candidacy) and takes_answers(session, campaign, now=now)


def _mail_link(
    toolkit: Toolkit, session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> None:
    session.flush()
    text = render_for(
        toolkit,
        session,
        "answer_link_reissued",
        campaign=campaign,
        candidacy=candidacy,
        link=answer_link(toolkit, session, campaign.id, candidacy.id),
    )
    queue_to_candidate(
        toolkit,
        session,
        text,
        campaign=campaign,
        candidacy=candidacy,
        # Asked for by a person just now, like a confirmation; it also reaches who declined notices.
        lane=Lane.CONFIRMATION,
        now=now,
        not_after=get_election(session, campaign.election_id).poll_closes_at,
    )
