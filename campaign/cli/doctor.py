"""``campaign doctor``: whether all is well, and what to do where it is not."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import cast

import click
from flask import current_app

from campaign.cli.base import toolkit
from campaign.delivery.channels.base import Channel
from campaign.delivery.errors import DeliveryFailed
from campaign.delivery.returns import Provider
from campaign.followups.probing import find_return, send_probe
from campaign.reports.doctor import Finding, Level, list_findings
from campaign.reports.doctor.findings import age
from campaign.reports.doctor.resolver import DnsResolver, Resolver

_MARKS = {Level.OK: "ok     ", Level.WARNING: "warning", Level.PROBLEM: "problem"}
_LOOK_EVERY_SECONDS = 1.0


@click.command("doctor")
@click.option("--quiet", is_flag=True, help="Print problems only: nothing where all is well.")
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON.")
@click.option("--probe", is_flag=True, help="Only send a message that must come back, and wait.")
@click.option("--to", default="", help="With --probe: an address that does not exist.")
@click.option(
    "--wait",
    type=click.IntRange(min=0),
    help="With --probe: seconds to wait; 60 by itself, 360 where IMAP is read.",
)
def doctor(*, quiet: bool, as_json: bool, probe: bool, to: str, wait: int | None) -> None:
    """Check database, worker, outbox, mail, DNS and settings; end with 1 when there is a problem.

    Warnings alone end with 0.
    """
    if (to or wait is not None) and not probe:
        raise click.UsageError("--to and --wait belong to --probe.")
    if probe and (quiet or as_json):
        raise click.UsageError("--probe goes alone; the next run of the doctor knows its result.")
    if probe:
        _probe(to=to, wait=wait)
    else:
        _examine(quiet=quiet, as_json=as_json)


def _examine(*, quiet: bool, as_json: bool) -> None:
    findings = list_findings(
        settings=toolkit().settings,
        database=toolkit().database,
        channel=_make_channel(),
        now=toolkit().clock(),
        resolver=_resolver(),
    )
    problems = [finding for finding in findings if finding.level is Level.PROBLEM]
    if as_json:
        answer = {"problems": len(problems), "findings": [asdict(each) for each in findings]}
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        for finding in problems if quiet else findings:
            click.echo(_line(finding))
    if problems:
        raise click.ClickException(f"{len(problems)} of {len(findings)} checks found a problem.")


def _line(finding: Finding) -> str:
    return f"{_MARKS[finding.level]}  {finding.check:<11}  {finding.text}"


def _probe(*, to: str, wait: int | None) -> None:
    settings = toolkit().settings
    if settings.mail.channel != "smtp":
        raise click.ClickException(
            f"MAIL_CHANNEL is {settings.mail.channel}: messages do not leave this machine, "
            "so nothing can come back."
        )
    sent_at = toolkit().clock()
    try:
        number = send_probe(toolkit(), _make_channel(), to=to, now=sent_at)
    except DeliveryFailed as failure:
        raise click.ClickException(f"The probe did not leave: {failure}") from failure
    seconds = wait if wait is not None else 360 if settings.imap.host else 60
    click.echo(f"The probe has left. Waiting up to {seconds} seconds for it to come back.")
    ends_at = time.monotonic() + seconds
    while (found := find_return(toolkit(), number)) is None:
        if time.monotonic() >= ends_at:
            raise click.ClickException(_where_to_look(settings.mail.provider))
        time.sleep(_LOOK_EVERY_SECONDS)
    returned_at, provider = found
    way = "by mail" if provider is Provider.MAIL else f"as a report of {provider}"
    click.echo(f"It came back {way}, {age(returned_at - sent_at)} after it left.")


def _where_to_look(provider: str) -> str:
    if provider:
        return (
            "Nothing has come back yet. Look at the service's list of events, whether its webhook "
            f"leads to /webhooks/{provider}, and what it was answered there. If a report comes "
            "later, the next campaign doctor says so."
        )
    return (
        "Nothing has come back yet. Follow the message: the relay's log, the MX of the return "
        "path's domain, the log of the mail server there, then the log of campaign mail receive. "
        "If it comes later, the next campaign doctor says so."
    )


def _resolver() -> Resolver:
    """Return what asks the DNS; tests put another into the installation."""
    given = current_app.extensions.get("campaign.resolver")
    return cast(Resolver, given) if given is not None else DnsResolver()


def _make_channel() -> Channel:
    make = cast(Callable[[], Channel], current_app.extensions["campaign.make_channel"])
    return make()
