"""What somebody needs before them to write: candidates, where each stands, and drafts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import get_campaign, list_asks
from campaign.candidates.models import Candidacy
from campaign.candidates.queries import list_ballot_candidacies
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot
from campaign.elections.queries import get_ballot, get_election
from campaign.geography.queries import get_constituency
from campaign.letters.errors import LettersClosed
from campaign.letters.queries import list_drafts
from campaign.letters.rules import Draft, DraftGroup, group_drafts
from campaign.letters.service import check_open
from campaign.pledges.queries import CurrentAnswer, list_current_answers, list_mail_refusals
from campaign.pledges.rules import RequestKind


@dataclass(frozen=True, kw_only=True)
class WritingDesk:
    """A campaign, a ballot, and those who stand on it in the order of the ballot paper."""

    campaign: Campaign
    ballot: Ballot
    candidacies: Sequence[Candidacy]
    """Only those that may be written to: nobody who withdrew or wants nothing more."""
    refusing: Sequence[Candidacy]
    """Those who stand and have asked this campaign for no more letters."""
    wrongly_addressed: Collection[int]
    """Candidacies whose known address is said to be wrong."""
    asks: Sequence[Ask]
    answers: Mapping[tuple[int, int], CurrentAnswer]
    drafts: Sequence[Draft]
    greetings: Mapping[int, str] = field(init=False)
    names: Mapping[int, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "greetings", {d.candidacy_id: d.greeting for d in self.drafts})
        object.__setattr__(self, "names", {c.id: c.person.name for c in self.candidacies})

    @property
    def reachable(self) -> list[Candidacy]:
        """Return those with an address."""
        return [each for each in self.candidacies if self._has_address(each)]

    @property
    def unreachable(self) -> list[Candidacy]:
        """Return those whose address nobody knows yet."""
        return [each for each in self.candidacies if not self._has_address(each)]

    def _has_address(self, candidacy: Candidacy) -> bool:
        return bool(candidacy.person.email) and candidacy.id not in self.wrongly_addressed

    @property
    def groups(self) -> list[DraftGroup]:
        """Return the drafts as editors show them."""
        return group_drafts(self.drafts)


def open_desk(
    session: Session, *, campaign_slug: str, constituency_slug: str, now: datetime
) -> WritingDesk:
    """Return the desk at an address; raises a NotFound, or LettersClosed when it is too late."""
    campaign = get_campaign(session, campaign_slug)
    election = get_election(session, campaign.election_id)
    constituency = get_constituency(
        session, boundary_set_id=election.boundary_set_id, slug=constituency_slug
    )
    ballot = get_ballot(session, election_id=election.id, constituency_id=constituency.id)
    check_open(campaign, election, now)
    if ballot.is_cancelled:
        raise LettersClosed("The poll in this constituency has been cancelled.")
    standing = [
        each
        for each in list_ballot_candidacies(session, ballot.id)
        if each.status is CandidacyStatus.STANDING
    ]
    refusals = list_mail_refusals(
        session, campaign.id, candidacy_ids=[each.id for each in standing]
    )
    refusing = [each for each in standing if refusals.get(each.id) is RequestKind.NOTHING_MORE]
    candidacies = [each for each in standing if each not in refusing]
    answers = list_current_answers(
        session, campaign.id, candidacy_ids=[each.id for each in candidacies]
    )
    return WritingDesk(
        campaign=campaign,
        ballot=ballot,
        candidacies=candidacies,
        refusing=refusing,
        wrongly_addressed=refusals.keys(),
        asks=list_asks(session, campaign.id),
        answers=answers,
        drafts=list_drafts(
            session,
            campaign=campaign,
            ballot=ballot,
            candidacies=candidacies,
            stances={key: answer.stance for key, answer in answers.items()},
        ),
    )
