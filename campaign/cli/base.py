"""How every command behaves: what it is given, and how it ends."""

from typing import Any, cast

import click
from flask import current_app
from sqlalchemy.exc import DBAPIError

from campaign.core import schema
from campaign.core.errors import CampaignError
from campaign.core.toolkit import Toolkit


class RefusalGroup(click.Group):
    """A group of commands that end with 1 and one sentence on standard error when refused."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CampaignError as error:
            raise click.ClickException(str(error)) from error
        except DBAPIError as error:
            raise click.ClickException(_why(error)) from error


def _why(error: DBAPIError) -> str:
    """Say in one sentence what to do about a database that cannot be used as it is."""
    try:
        is_current = schema.is_current(toolkit().database)
    except DBAPIError:
        return "The database does not answer; check DATABASE_URL and that its server runs."
    if not is_current:
        return "The database does not have the newest schema; run: campaign db upgrade"
    return f"The database refused: {type(error.orig).__name__}. campaign doctor may say more."


def toolkit() -> Toolkit:
    """Return the installation that this command works on."""
    return cast(Toolkit, current_app.extensions["campaign"])
