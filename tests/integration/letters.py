"""What the tests of letters share: a campaign with candidates, and somebody who writes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.core.config import PROJECT_ROOT, MailSettings
from campaign.core.emails import EmailRenderer
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.elections.models import Ballot
from campaign.letters.models import Action, Letter, LetterTransition
from campaign.letters.queries import list_drafts
from campaign.letters.rules import Writer, prepare_letters
from campaign.letters.service import AnswerPage, Correspondence, Submission, submit_action
from tests.factories import (
    AskFactory,
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    ElectionFactory,
    PersonFactory,
    TemplateVariantFactory,
)

CORRESPONDENCE = Correspondence(
    mail=MailSettings(channel="mailbox"),
    emails=EmailRenderer(PROJECT_ROOT / "templates"),
    make_action_link=lambda action: f"http://localhost/action/{action.id}/",
    find_answer_page=lambda campaign_id, candidacy_id: AnswerPage(
        f"http://localhost/answer/{candidacy_id}/"
    ),
)

_NAMES = ("Ann Able", "Bob Baker", "Cy O'Cole", "Dee Dodd")


@dataclass
class Scene:
    """A live campaign on one ballot: two candidates with an address, in order, unless said."""

    campaign: Campaign
    ballot: Ballot
    candidacies: list[Candidacy] = field(default_factory=list)

    def write(
        self,
        session: Session,
        *,
        now: datetime,
        key: str = "the key of one form",
        email: str = "jane@example.org",
        name: str = "Jane Smith",
        body: str | None = None,
        subject: str | None = None,
        to: Sequence[int] | None = None,
        is_proven: bool = False,
        correspondence: Correspondence = CORRESPONDENCE,
        **writer: Any,
    ) -> Submission:
        """Submit the letters of one supporter to all candidates or those of the given places."""
        drafts = list_drafts(
            session,
            campaign=self.campaign,
            ballot=self.ballot,
            asks=list_asks(session, self.campaign.id),
            candidacies=self.candidacies,
            stances={},
        )
        chosen = [drafts[place] for place in (range(len(drafts)) if to is None else to)]
        letters = prepare_letters(
            drafts,
            texts={
                each.candidacy_id: (subject or each.subject, body or each.body) for each in chosen
            },
            name=name,
            postcode=None,
        )
        return submit_action(
            session,
            campaign=self.campaign,
            ballot=self.ballot,
            writer=Writer(name=name, email=email, **writer),
            letters=letters,
            submission_key=key,
            is_proven=is_proven,
            correspondence=correspondence,
            now=now,
        )


def make_scene(
    *, emails: Sequence[str | None] = ("ann@example.org", "bob@example.org"), **election: Any
) -> Scene:
    """Arrange a campaign; ``None`` is a candidate without an address."""
    ballot = BallotFactory(election=ElectionFactory(**election))
    campaign = CampaignFactory(election=ballot.election)
    AskFactory(campaign=campaign)
    TemplateVariantFactory(campaign=campaign)
    return Scene(
        campaign=campaign,
        ballot=ballot,
        candidacies=[
            CandidacyFactory(person=PersonFactory(name=name, email=email), ballot=ballot)
            for name, email in zip(_NAMES, emails, strict=False)
        ],
    )


def scene_in(session: Session) -> Scene:
    """Load the one scene of a database into another session."""
    return Scene(
        campaign=session.scalars(select(Campaign)).one(),
        ballot=session.scalars(select(Ballot)).one(),
        candidacies=list(session.scalars(select(Candidacy).order_by(Candidacy.id))),
    )


def letters_of(session: Session) -> list[Letter]:
    return list(session.scalars(select(Letter).order_by(Letter.id)))


def messages_of(session: Session, lane: Lane | None = None) -> list[OutboxMessage]:
    query = select(OutboxMessage).order_by(OutboxMessage.id)
    return list(session.scalars(query if lane is None else query.where(OutboxMessage.lane == lane)))


def log_of(session: Session, letter: Letter) -> list[str]:
    """Return the statuses that a letter went through."""
    return [
        entry.to_status.value
        for entry in session.scalars(
            select(LetterTransition)
            .where(LetterTransition.letter_id == letter.id)
            .order_by(LetterTransition.id)
        )
    ]


def actions_of(session: Session) -> list[Action]:
    return list(session.scalars(select(Action).order_by(Action.id)))


def deliver(session: Session, message: OutboxMessage, now: datetime, *, sent: bool = True) -> None:
    """Do to a message what the worker does when it has been tried."""
    message.status = MessageStatus.SENT if sent else MessageStatus.FAILED
    if sent:
        message.sent_at = now
    else:
        message.failed_at, message.last_error = now, "550 no such mailbox"
