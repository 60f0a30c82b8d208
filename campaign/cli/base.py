"""How every command behaves: what it is given, and how it ends."""

from typing import Any, cast

import click
from flask import current_app

from campaign.core.errors import CampaignError
from campaign.core.toolkit import Toolkit


class RefusalGroup(click.Group):
    """A group of commands that end with 1 and one sentence on standard error when refused."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignError as error:
            raise click.ClickException(str(error)) from error


def toolkit() -> Toolkit:
    """Return the installation that this command works on."""
    return cast(Toolkit, current_app.extensions["campaign"])
