"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health
from campaign.web.public.letters import views as letters

BLUEPRINTS: tuple[Blueprint, ...] = (health.blueprint, letters.blueprint)
"""In the order in which addresses are matched."""
