"""``campaign demo``: an invented election with web, delivery worker and a local mailbox."""

import os
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import click
from flask_security import hash_password
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.queries import get_candidacy
from campaign.cli.base import toolkit
from campaign.core import schema
from campaign.core.config import PROJECT_ROOT
from campaign.core.toolkit import Toolkit
from campaign.demonstration.answers import Office
from campaign.demonstration.calendar import election_days
from campaign.demonstration.folder import clear, only_one, organiser_password
from campaign.demonstration.ground import write_island
from campaign.demonstration.island import Island, invent_island
from campaign.demonstration.past import write_past
from campaign.demonstration.processes import (
    LOOPBACK,
    Group,
    free_port,
    web_program,
    worker_program,
)
from campaign.demonstration.state import find_polling_day
from campaign.demonstration.timeline import PAST_DAYS, Step
from campaign.followups.answers import publish_answers
from campaign.followups.correspondence import correspondence
from campaign.followups.invitation_plans import Timetable, start_invitations
from campaign.followups.invitations import run_invitation_chores
from campaign.geography.rules import format_postcode
from campaign.importers.campaign_file import BUILT_IN, load_campaign, read_campaign_file
from campaign.organisers.rules import Role, actor_of
from campaign.organisers.service import add_organiser
from campaign.pledges.queries import list_current_answers
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import AnswerDoor, GivenAnswer

OWNER = "owner@example.org"
_SECOND_THOUGHT = "Yes, as long as the courts keep their say in every single case."
_STARTED = "CAMPAIGN_DEMONSTRATION"


@click.command("demo")
@click.option("--fresh", is_flag=True, help="Start over: forget what was done before.")
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=5000,
    show_default=True,
    help="Where to listen on this machine; the next free port when it is taken.",
)
def demo(*, fresh: bool, port: int) -> None:
    """Run an invented election on this machine, until Ctrl-C; nothing leaves the machine."""
    settings = toolkit().settings
    if not settings.is_demonstration:
        _start_again_as_demonstration(settings.instance_path / "demo", fresh=fresh, port=port)
    folder = settings.instance_path
    with only_one(folder):
        if fresh:
            clear(folder)
        kit = toolkit()
        password = organiser_password(folder)
        _prepare(kit, password)
        group = Group(
            [web_program(_port_of(kit)), worker_program()],
            folder=PROJECT_ROOT,
            environment=os.environ,
        )
        failure = group.run(is_ready=lambda: _answers(kit), when_ready=lambda: _tour(kit, password))
        kit.database.dispose()
    if failure is not None:
        raise click.ClickException(f"{failure} Everything has been stopped; try FRESH=1.")
    click.echo("The demonstration has ended; its data is kept.")


def _start_again_as_demonstration(folder: Path, *, fresh: bool, port: int) -> None:
    """Replace this process by one whose installation is the demonstration's own."""
    chosen = free_port(port)
    if chosen is None:
        raise click.ClickException(f"No port from {port} on is free on this machine.")
    if chosen != port:
        click.echo(f"Port {port} is taken, so this is port {chosen}.")
    with only_one(folder):
        if fresh:
            clear(folder)
    sys.stdout.flush()
    os.environ[_STARTED] = "1"
    os.environ["CAMPAIGN_INSTANCE"] = str(folder.parent)
    os.environ["BASE_URL"] = f"http://{LOOPBACK}:{chosen}"
    start = "from campaign.app import main; main()"
    os.chdir(PROJECT_ROOT)
    os.execv(sys.executable, [sys.executable, "-c", start, "demo", "--port", str(chosen)])  # noqa: S606


def _prepare(kit: Toolkit, password: str) -> None:
    """Bring the database to the newest schema and fill it where it is empty."""
    schema.upgrade(kit.database)
    with kit.database.reader() as session:
        polling_day = find_polling_day(session)
    now = kit.clock()
    if polling_day is None:
        click.echo("Inventing an island, its election and two weeks of letters …")
        with kit.database.transaction() as session:
            invent(kit, session, password)
    elif polling_day < now.date():
        click.echo("Polling day is over in the stored demonstration: start over with FRESH=1.")


def invent(kit: Toolkit, session: Session, password: str) -> None:
    """Fill an empty database with an island, its election and two weeks of letters."""
    now = kit.clock()
    days, began = election_days(now.date()), now - timedelta(days=PAST_DAYS + 1)
    write_island(session, invent_island(), days=days, now=began)
    file = read_campaign_file(BUILT_IN, election_id=days.election_id)
    live = replace(file, content=replace(file.content, status=CampaignStatus.LIVE))
    campaign, _changes = load_campaign(session, live, now=began)
    owner = add_organiser(
        session,
        email=OWNER,
        name="Rowena Ashdown",
        role=Role.OWNER,
        password_hash=hash_password(password),
        now=began,
    )
    colleague = add_organiser(
        session, email="colleague@example.org", name="Tomos Hale", role=Role.ORGANISER, now=began
    )
    write_past(
        session,
        campaign,
        office=Office(enters_id=colleague.id, reviews_id=owner.id),
        correspondence=correspondence(kit, session),
        further=_office_days(kit, campaign, organiser_id=owner.id, now=now),
        now=now,
    )


def _office_days(
    kit: Toolkit, campaign: Campaign, *, organiser_id: int, now: datetime
) -> list[Step]:
    """Return how all candidates were invited, and how one asked for a change that still waits."""
    invited_at = now - timedelta(days=6)
    plan = Timetable(invite_at=invited_at, first_reminder_days=9, second_reminder_days=7)
    actor = actor_of(organiser_id)
    # So lately that the worker still has the mail, and its links can be tried in the mailbox.
    asked_at = now - timedelta(minutes=3)

    def change(session: Session) -> None:
        own = [
            each
            for each in list_current_answers(session, campaign.id).values()
            if each.channel is Channel.LINK and each.stance is Stance.YES
        ]
        first = min(own, key=lambda each: each.event_id)
        publish_answers(
            kit,
            session,
            AnswerDoor(campaign, get_candidacy(session, first.candidacy_id)),
            [GivenAnswer(first.ask_id, Stance.YES_WITH_RESERVATIONS, _SECOND_THOUGHT)],
            now=asked_at,
        )

    chores = [invited_at + timedelta(minutes=minutes) for minutes in (1, 20)]
    return [
        Step(
            invited_at,
            lambda session: start_invitations(session, campaign, plan, actor=actor, now=invited_at),
        ),
        *(Step(at, partial(run_invitation_chores, kit, now=at)) for at in chores),
        Step(asked_at, change),
    ]


def _port_of(kit: Toolkit) -> int:
    return int(kit.settings.base_url.rpartition(":")[2])


def _answers(kit: Toolkit) -> bool:
    try:
        with urlopen(f"{kit.settings.base_url}/readyz", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _tour(kit: Toolkit, password: str) -> None:
    base, island = kit.settings.base_url, invent_island()
    postcodes = ", ".join(format_postcode(postcode) for postcode in _examples(island))
    click.echo(f"""
  {base}/

  Organiser   {OWNER}  password  {password}
  Postcodes   {postcodes}

  1. Type a postcode on the front page, choose candidates and write to them.
  2. Read the e-mail at {base}/mailbox/ and press its link: it asks you to confirm.
  3. A moment later the letters to the candidates lie in the same mailbox.
  4. Follow the link in one of them and answer as the candidate; “Who has answered” shows it.
  5. Log in at {base}/organise/ to see letters and answers as the organiser.

  Nothing leaves this machine. Ctrl-C ends it; FRESH=1 starts over.
""")


def _examples(island: Island) -> list[str]:
    """Return postcodes of a lively seat, one whose candidates share a name, and one that ended."""
    by_name = {seat.name: seat.postcodes[0] for seat in island.seats}
    return [by_name["Port Velland Harbour"], by_name["Great Yarrick"], island.ended_postcode]
