"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health
from campaign.web.demonstration.mailbox import views as mailbox
from campaign.web.public.campaigns import views as campaigns
from campaign.web.public.geography import views as geography
from campaign.web.public.home import views as home
from campaign.web.public.pledges import views as pledges
from campaign.web.public.tracker import views as tracker

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.blueprint,
    home.blueprint,
    campaigns.blueprint,
    geography.blueprint,
    pledges.blueprint,
    tracker.blueprint,
)

DEMONSTRATION_BLUEPRINTS: tuple[Blueprint, ...] = (mailbox.blueprint,)
"""Pages that exist in the demonstration only."""
