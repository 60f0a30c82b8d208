"""The links that candidates answer by."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import get_candidacy, get_candidacy_of_person
from campaign.candidates.rules import CandidacyStatus
from campaign.core.clock import day_in
from campaign.core.languages import Language
from campaign.core.tokens import Signer, TokenInvalid
from campaign.elections.queries import get_election
from campaign.elections.rules import ElectionPhase
from campaign.pledges.errors import AnswerLinkRevoked, AnswersClosed
from campaign.pledges.models import AnswerLink
from campaign.pledges.queries import get_language

_PURPOSE = "answer"
CONFIRM = "confirm-change"
DISPUTE = "dispute-change"
"""Purposes of the links in the mail about a change; like the first, they begin with whose it is."""


_CLOSED = (
    "“%(campaign)s” no longer takes answers, because the poll or the campaign has closed. "
    "To correct the record, write to %(email)s."
)
_NOT_STANDING = (
    "You are no longer on the list of candidates, so “%(campaign)s” takes no answer of yours. "
    "If that is wrong, write to %(email)s."
)
_MOVED = (
    "You are now on the list of candidates for %(place)s, so this link has ended. The next e-mail "
    "that “%(campaign)s” sends you has your new link. To have it sooner, or if that is wrong, "
    "write to %(email)s."
)


@dataclass(frozen=True, slots=True)
class AnswerDoor:
    """What a candidate's link opens."""

    campaign: Campaign
    candidacy: Candidacy


def answer_token(session: Session, signer: Signer, *, campaign_id: int, candidacy_id: int) -> str:
    """Return the token of a candidate's personal link to answer a campaign; writes nothing."""
    return answer_token_and_language(
        session, signer, campaign_id=campaign_id, candidacy_id=candidacy_id
    )[0]


def answer_token_and_language(
    session: Session, signer: Signer, *, campaign_id: int, candidacy_id: int
) -> tuple[str, Language]:
    """Return the token of a candidate's link, and the language that they chose behind it.

    In one, because every letter needs both and the database is to be asked once.
    """
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    token = signer.sign(_PURPOSE, [campaign_id, candidacy_id, link.generation if link else 1])
    return token, link.language if link else Language.ENGLISH


def read_answer_token(session: Session, signer: Signer, token: str) -> tuple[int, int]:
    """Return campaign and candidacy of a token; raises TokenInvalid or AnswerLinkRevoked."""
    campaign_id, candidacy_id, generation = signer.read(_PURPOSE, token)
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    if link is not None and (link.is_revoked or link.generation != generation):
        raise AnswerLinkRevoked("This link has been replaced by a newer one or switched off.")
    return campaign_id, candidacy_id


def find_campaign_of_link(session: Session, signer: Signer, token: str) -> Campaign | None:
    """Return whose link this is, also where it opens nothing any more; raises TokenInvalid."""
    campaign_id, *_rest = signer.read(_PURPOSE, token)
    return session.get(Campaign, campaign_id)


def find_language_of_link(session: Session, signer: Signer, token: str) -> Language:
    """Return the language of the candidate whose link this is, also where it opens nothing now.

    Of any kind that a candidate gets. English where it is broken: then nobody knows whose it is.
    """
    for purpose in (_PURPOSE, CONFIRM, DISPUTE):
        try:
            campaign_id, candidacy_id, _number = signer.read(purpose, token)
        except TokenInvalid:
            continue
        return get_language(session, campaign_id, candidacy_id)
    return Language.ENGLISH


def open_answer_link(session: Session, signer: Signer, token: str, *, now: datetime) -> AnswerDoor:
    """Return what a candidate's link opens.

    Raises TokenInvalid, AnswerLinkRevoked, or AnswersClosed when the campaign or the poll is over,
    or the candidate no longer stands.
    """
    campaign_id, candidacy_id = read_answer_token(session, signer, token)
    campaign = session.get_one(Campaign, campaign_id)
    candidacy = get_candidacy(session, candidacy_id)
    check_takes_answers_of(session, campaign, candidacy, now=now)
    return AnswerDoor(campaign, candidacy)


def check_takes_answers_of(
    session: Session,
    campaign: Campaign,
    candidacy: Candidacy,
    *,
    now: datetime,
    closed: str = _CLOSED,
) -> None:
    """Raise AnswersClosed, in a sentence for the candidate, unless they can answer a campaign.

    ``closed`` is the sentence for the time after the poll or the campaign.
    """
    if takes_answers_of(session, campaign, candidacy, now=now):
        return
    values = {"campaign": campaign.name, "email": campaign.contact_email}
    if not takes_answers(session, campaign, now=now):
        raise AnswersClosed(closed, **values)
    today = get_candidacy_of_person(
        session, person_id=candidacy.person_id, election_id=campaign.election_id
    )
    if today.status is CandidacyStatus.WITHDRAWN:
        raise AnswersClosed(_NOT_STANDING, **values)
    language = get_language(session, campaign.id, candidacy.id)
    raise AnswersClosed(_MOVED, place=today.ballot.constituency.name_in(language), **values)


def takes_answers_of(
    session: Session, campaign: Campaign, candidacy: Candidacy, *, now: datetime
) -> bool:
    """Tell whether a candidate can answer: the record is open, and they still stand there."""
    return candidacy.status is not CandidacyStatus.WITHDRAWN and takes_answers(
        session, campaign, now=now
    )


def takes_answers(session: Session, campaign: Campaign, *, now: datetime) -> bool:
    """Tell whether a campaign's record is open: it is live, and the poll has not closed."""
    election = get_election(session, campaign.election_id)
    return (
        campaign.status is CampaignStatus.LIVE and election.phase(now) is not ElectionPhase.CLOSED
    )


def today_in(session: Session, campaign: Campaign, *, now: datetime) -> date:
    """Return the day that it is where a campaign's election is held."""
    return day_in(get_election(session, campaign.election_id).timezone, now)


def revoke_answer_link(session: Session, *, campaign_id: int, candidacy_id: int) -> None:
    """Switch a candidate's link off; the next ``replace_answer_link`` makes a new one."""
    _answer_link(session, campaign_id, candidacy_id).is_revoked = True


def replace_answer_link(session: Session, *, campaign_id: int, candidacy_id: int) -> None:
    """Let every link made so far end; tokens made from now on open again."""
    link = _answer_link(session, campaign_id, candidacy_id)
    link.generation += 1
    link.is_revoked = False


def choose_language(
    session: Session, *, campaign_id: int, candidacy_id: int, language: Language
) -> None:
    """Keep the language in which a candidate wants their page and the campaign's mail."""
    _answer_link(session, campaign_id, candidacy_id).language = language


def _answer_link(session: Session, campaign_id: int, candidacy_id: int) -> AnswerLink:
    link = session.get(AnswerLink, (campaign_id, candidacy_id))
    if link is None:
        link = AnswerLink(
            campaign_id=campaign_id,
            candidacy_id=candidacy_id,
            generation=1,
            is_revoked=False,
            language=Language.ENGLISH,
        )
        session.add(link)
    return link
