"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health, metrics, webhooks
from campaign.web.api.v1 import documentation as api_documentation
from campaign.web.api.v1 import views as api
from campaign.web.back_office.account import views as back_office_account
from campaign.web.back_office.answer_links import views as back_office_answer_links
from campaign.web.back_office.campaigns import views as back_office_campaigns
from campaign.web.back_office.candidates import views as back_office_candidates
from campaign.web.back_office.delivery import views as back_office_delivery
from campaign.web.back_office.exports import views as back_office_exports
from campaign.web.back_office.invitations import views as back_office_invitations
from campaign.web.back_office.letters import views as back_office_letters
from campaign.web.back_office.mail_choice import views as back_office_mail_choice
from campaign.web.back_office.pledges import views as back_office_pledges
from campaign.web.back_office.record import views as back_office_record
from campaign.web.back_office.returned import views as back_office_returned
from campaign.web.back_office.suggestions import views as back_office_suggestions
from campaign.web.demonstration.mailbox import views as mailbox
from campaign.web.demonstration.styles import views as styles
from campaign.web.embeds import oembed
from campaign.web.embeds import views as embeds
from campaign.web.public.campaigns import views as campaigns
from campaign.web.public.feeds import views as feeds
from campaign.web.public.geography import views as geography
from campaign.web.public.home import views as home
from campaign.web.public.letters import views as letters
from campaign.web.public.mail_choice import views as mail_choice
from campaign.web.public.objections import views as objections
from campaign.web.public.pledges import views as pledges
from campaign.web.public.press import views as press
from campaign.web.public.record import views as record
from campaign.web.public.share import views as share
from campaign.web.public.suggestions import views as suggestions
from campaign.web.public.tracker import views as tracker
from campaign.web.public.unsubscribe import views as unsubscribe

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.blueprint,
    metrics.blueprint,
    api.blueprint,
    api_documentation.blueprint,
    webhooks.blueprint,
    back_office_account.blueprint,
    back_office_answer_links.blueprint,
    back_office_campaigns.blueprint,
    back_office_candidates.blueprint,
    back_office_delivery.blueprint,
    back_office_exports.blueprint,
    back_office_invitations.blueprint,
    back_office_letters.blueprint,
    back_office_mail_choice.blueprint,
    back_office_pledges.blueprint,
    back_office_record.blueprint,
    back_office_returned.blueprint,
    back_office_suggestions.blueprint,
    home.blueprint,
    campaigns.blueprint,
    embeds.blueprint,
    oembed.blueprint,
    feeds.blueprint,
    geography.blueprint,
    letters.blueprint,
    mail_choice.blueprint,
    objections.blueprint,
    pledges.blueprint,
    press.blueprint,
    share.blueprint,
    record.blueprint,
    suggestions.blueprint,
    tracker.blueprint,
    unsubscribe.blueprint,
)

PROVED_BY_THEMSELVES: tuple[Blueprint, ...] = (webhooks.blueprint, unsubscribe.blueprint)
"""Machines post here, with a signature instead of the token of a form."""

DEMONSTRATION_BLUEPRINTS: tuple[Blueprint, ...] = (mailbox.blueprint, styles.blueprint)
"""Pages that exist in the demonstration only."""
