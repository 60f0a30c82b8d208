"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health
from campaign.web.public.pledges import views as pledges
from campaign.web.public.tracker import views as tracker

BLUEPRINTS: tuple[Blueprint, ...] = (health.blueprint, pledges.blueprint, tracker.blueprint)
"""In the order in which addresses are matched."""
