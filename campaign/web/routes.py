"""Every blueprint, once."""

from flask import Blueprint

from campaign.web.api import health
from campaign.web.demonstration.mailbox import views as mailbox

BLUEPRINTS: tuple[Blueprint, ...] = (health.blueprint,)
"""In the order in which addresses are matched."""

DEMONSTRATION_BLUEPRINTS: tuple[Blueprint, ...] = (mailbox.blueprint,)
"""Pages that exist in the demonstration only; matched before the others."""
