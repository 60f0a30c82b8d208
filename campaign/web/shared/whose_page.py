"""Whose address it is, when nothing more can be done for it than to say so."""

from flask import request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import get_campaign, list_public_campaigns
from campaign.campaigns.rules import CampaignStatus, is_valid_slug
from campaign.core.errors import CampaignError
from campaign.core.languages import Language
from campaign.core.tokens import TokenInvalid
from campaign.letters import queries as letters
from campaign.pledges import service as pledges
from campaign.web.shared.context import toolkit

_BY_LINK = {"answer": pledges.find_campaign_of_link, "action": letters.find_campaign_of_link}
"""Links name no campaign in their address; they stand below these."""
_BY_LINK_BELOW_ANSWER = {
    "change": pledges.find_campaign_of_change,
    "not-me": pledges.find_campaign_of_dispute,
}


def find_campaign() -> Campaign | None:
    """Return the public campaign below whose address, or behind whose link, this request is.

    Behind a broken link, the only live campaign.

    In a session of its own: that of the request may be broken, or wait for a rollback.
    """
    try:
        with toolkit().database.reader() as session:
            campaign = _find(session)
    except (CampaignError, SQLAlchemyError):
        return None
    is_public = campaign is not None and campaign.status is not CampaignStatus.DRAFT
    return campaign if is_public else None


def find_office_campaign() -> Campaign | None:
    """Return the campaign, draft or not, below whose address in the office this request is."""
    _office, _slash, rest = request.path.lstrip("/").partition("/")
    slug = rest.partition("/")[0]
    try:
        with toolkit().database.reader() as session:
            return get_campaign(session, slug, include_drafts=True)
    except (CampaignError, SQLAlchemyError):
        return None


def find_language() -> Language:
    """Return the language of the candidate behind whose link this request is, else English.

    A page about an error may come before the view that would have found it out.
    """
    first, *rest = request.path.lstrip("/").split("/")
    if first != "answer":
        return Language.ENGLISH
    token = rest[1] if len(rest) > 1 and rest[0] in _BY_LINK_BELOW_ANSWER else "".join(rest[:1])
    try:
        with toolkit().database.reader() as session:
            return pledges.find_language_of_link(session, toolkit().signer, token)
    except SQLAlchemyError:
        return Language.ENGLISH


def _find(session: Session) -> Campaign | None:
    # The first segment and not the arguments: an address that matches no rule has none.
    first, *rest = request.path.lstrip("/").split("/")
    if is_valid_slug(first):
        return get_campaign(session, first)
    find = _BY_LINK.get(first)
    if first == "answer" and len(rest) > 1 and rest[0] in _BY_LINK_BELOW_ANSWER:
        find, rest = _BY_LINK_BELOW_ANSWER[rest[0]], rest[1:]
    if find is None:
        return None
    try:
        found = find(session, toolkit().signer, rest[0] if rest else "")
    except TokenInvalid:
        found = None
    return found or _only_live_campaign(session)


def _only_live_campaign(session: Session) -> Campaign | None:
    # A link cut short says nothing, but where one campaign runs, its people are the ones to ask.
    live = [each for each in list_public_campaigns(session) if each.status is CampaignStatus.LIVE]
    return live[0] if len(live) == 1 else None
