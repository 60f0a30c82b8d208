"""``campaign organiser``: who may enter the back office."""

import sys

import click
from flask import current_app, url_for
from flask_security import hash_password
from flask_security.recoverable import generate_reset_password_token

from campaign.cli.base import RefusalGroup, toolkit
from campaign.organisers.rules import MINIMUM_PASSWORD_LENGTH, Role
from campaign.organisers.service import add_organiser, record_audit


@click.group("organiser", cls=RefusalGroup, help="Who may enter the back office.")
def organiser() -> None:
    """Group the commands about organisers."""


@organiser.command("add")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="owner, organiser, moderator or viewer; each may do all that the ones after it may.",
)
@click.option("--name", default="", help="What colleagues see in the audit log.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input instead of printing a link to set one.",
)
def add(email: str, role: str, name: str, password_stdin: bool) -> None:
    """Give EMAIL a login, and print a link at which its owner sets a password."""
    kit = toolkit()
    now = kit.clock()
    password = _read_password() if password_stdin else None
    with kit.database.transaction() as session:
        added = add_organiser(
            session,
            email=email,
            name=name,
            role=Role(role),
            password_hash=hash_password(password) if password else None,
            now=now,
        )
        record_audit(
            session,
            organiser_id=None,
            verb="add_organiser",
            subject=f"organiser:{added.id}",
            reason=f"Added as {role} by a command on the server.",
            now=now,
        )
        address = added.email
        token = generate_reset_password_token(added)  # type: ignore[no-untyped-call]
    click.echo(f"{address} can now enter the back office as {role}.")
    if password is None:
        click.echo("Hand this link to them; it sets their password and works for 24 hours:")
        click.echo(f"{kit.settings.base_url}{_path_to_set_password(token)}")
        click.echo("After that, “Forgot your password?” on the login page sends them a new one.")


def _read_password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < MINIMUM_PASSWORD_LENGTH:
        raise click.ClickException(
            f"The password needs at least {MINIMUM_PASSWORD_LENGTH} characters."
        )
    return password


def _path_to_set_password(token: str) -> str:
    with current_app.test_request_context():
        return url_for("security.reset_password", token=token)
