from click.testing import CliRunner
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaign.cli.commands import campaign
from campaign.letters.models import Letter
from campaign.letters.rules import LetterStatus
from tests.conftest import FrozenClock
from tests.integration.letters import make_scene


def test_reconcile_ends_with_one_and_says_what_is_wrong(
    app: Flask, web_session: Session, clock: FrozenClock
) -> None:
    make_scene().write(web_session, now=clock())
    web_session.commit()
    with app.app_context():
        right = CliRunner().invoke(campaign, ["letters", "reconcile"])
        assert right.exit_code == 0
        assert "2 accepted = 2 unconfirmed + 0 queued" in right.stdout
        web_session.execute(update(Letter).values(status=LetterStatus.SENT))
        web_session.commit()
        wrong = CliRunner().invoke(campaign, ["letters", "reconcile"])
    assert wrong.exit_code == 1
    assert "2 sent without a message that was sent: 1, 2" in wrong.stderr
    assert "do not add up" in wrong.stderr
