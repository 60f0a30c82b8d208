"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health, webhooks
from campaign.web.back_office.account import views as back_office_account
from campaign.web.back_office.answer_links import views as back_office_answer_links
from campaign.web.back_office.campaigns import views as back_office_campaigns
from campaign.web.back_office.candidates import views as back_office_candidates
from campaign.web.back_office.delivery import views as back_office_delivery
from campaign.web.back_office.exports import views as back_office_exports
from campaign.web.back_office.invitations import views as back_office_invitations
from campaign.web.back_office.letters import views as back_office_letters
from campaign.web.back_office.pledges import views as back_office_pledges
from campaign.web.back_office.returned import views as back_office_returned
from campaign.web.demonstration.mailbox import views as mailbox
from campaign.web.demonstration.styles import views as styles
from campaign.web.public.campaigns import views as campaigns
from campaign.web.public.geography import views as geography
from campaign.web.public.home import views as home
from campaign.web.public.letters import views as letters
from campaign.web.public.pledges import views as pledges
from campaign.web.public.tracker import views as tracker
from campaign.web.public.unsubscribe import views as unsubscribe

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.blueprint,
    webhooks.blueprint,
    back_office_account.blueprint,
    back_office_answer_links.blueprint,
    back_office_campaigns.blueprint,
    back_office_candidates.blueprint,
    back_office_delivery.blueprint,
    back_office_exports.blueprint,
    back_office_invitations.blueprint,
    back_office_letters.blueprint,
    back_office_pledges.blueprint,
    back_office_returned.blueprint,
    home.blueprint,
    campaigns.blueprint,
    geography.blueprint,
    letters.blueprint,
    pledges.blueprint,
    tracker.blueprint,
    unsubscribe.blueprint,
)

PROVED_BY_THEMSELVES: tuple[Blueprint, ...] = (webhooks.blueprint, unsubscribe.blueprint)
"""Machines post here, with a signature instead of the token of a form."""

DEMONSTRATION_BLUEPRINTS: tuple[Blueprint, ...] = (mailbox.blueprint, styles.blueprint)
"""Pages that exist in the demonstration only."""
