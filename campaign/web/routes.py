"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health

BLUEPRINTS: tuple[Blueprint, ...] = (health.blueprint,)
"""In the order in which addresses are matched."""
