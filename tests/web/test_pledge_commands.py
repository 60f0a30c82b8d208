import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from campaign.cli.commands import campaign
from campaign.letters.rules import LetterStatus
from campaign.pledges.models import PledgeEvent
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import record_pledge
from tests.conftest import FrozenClock
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world


@pytest.fixture
def world(web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    return pledge_world()


@pytest.fixture
def head(web_session: Session, world: PledgeWorld, clock: FrozenClock) -> PledgeEvent:
    """The newest of two events of the world."""
    for stance in (Stance.YES, Stance.NO):
        event = record_pledge(
            web_session,
            campaign_id=world.campaign.id,
            candidacy_id=world.candidacies[0].id,
            ask_id=world.asks[0].id,
            stance=stance,
            statement="-1 is what I say",
            channel=Channel.LINK,
            entered_by="candidate",
            now=clock(),
        )
    web_session.commit()
    return event


def run(app: Flask, *arguments: str) -> tuple[int, str, str]:
    with app.app_context():
        result = CliRunner().invoke(campaign, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_a_record_that_nobody_touched(app: Flask, head: PledgeEvent) -> None:
    sentence = f"safer-streets: 2 entries, unbroken; last hash {head.hash}\n"
    assert run(app, "pledges", "verify") == (0, sentence, "")
    assert run(app, "pledges", "verify", "--campaign", "safer-streets") == (0, sentence, "")


def test_a_record_that_was_changed_after_the_fact(
    app: Flask, web_session: Session, head: PledgeEvent
) -> None:
    web_session.execute(text("DROP TRIGGER pledge_events_refuse_UPDATE"))
    web_session.execute(text("UPDATE pledge_events SET stance = 'no' WHERE sequence = 1"))
    web_session.commit()
    code, output, error = run(app, "pledges", "verify")
    assert code == 1
    assert output.startswith("safer-streets: entry 1: its content is not what was hashed")
    assert f"2 entries, BROKEN; last hash {head.hash}" in output
    assert error == "Error: The record is broken: safer-streets.\n"


def test_a_campaign_that_does_not_exist(app: Flask) -> None:
    code, output, error = run(app, "pledges", "verify", "--campaign", "nothing")
    assert (code, output, error) == (1, "", "Error: There is no campaign at this address.\n")
    assert run(app, "export", "pledges")[0] == 2


def test_pledges_as_a_file(app: Flask, head: PledgeEvent, tmp_path: Path) -> None:
    path = tmp_path / "pledges.csv"
    assert run(app, "export", "pledges", "--campaign", "safer-streets", "--output", str(path)) == (
        0, "", "",
    )  # fmt: skip
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["stance"] for row in rows] == ["no", "", "", ""]
    assert rows[0]["statement"] == "'-1 is what I say"
    nowhere = str(tmp_path / "missing" / "pledges.csv")
    code, _output, error = run(
        app, "export", "pledges", "--campaign", "safer-streets", "--output", nowhere
    )
    assert (code, error) == (1, f"Error: Cannot write {nowhere}: No such file or directory.\n")


def test_letters_leave_without_anything_about_their_writers(
    app: Flask, web_session: Session, world: PledgeWorld
) -> None:
    letter_from_somebody(web_session, world, status=LetterStatus.SENT)
    letter_from_somebody(web_session, world, status=LetterStatus.UNCONFIRMED)
    web_session.commit()
    code, output, _error = run(app, "export", "letters", "--campaign", "safer-streets")
    rows = list(csv.DictReader(io.StringIO(output)))
    assert (code, [row["status"] for row in rows]) == (0, ["sent", "unconfirmed"])
    assert (rows[0]["person_name"], rows[0]["sent_on"]) == ("Ann Ash", "2031-04-01")
    assert rows[0]["imprint"].startswith("Promoted by")
    for secret in ("supporter-", "Sam Supporter", "Secret"):
        assert secret not in output
