"""What somebody needs before them to write: candidates, where each stands, and drafts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import get_campaign, list_asks
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.elections.models import Ballot
from campaign.elections.queries import get_ballot_at
from campaign.letters.errors import LettersClosed
from campaign.letters.queries import list_drafts
from campaign.letters.rules import Draft, DraftGroup, group_drafts
from campaign.letters.service import check_open
from campaign.pledges.queries import CurrentAnswer
from campaign.reports.constituency import CandidateStand, list_stands


@dataclass(frozen=True, kw_only=True)
class WritingDesk:
    """A campaign, a ballot, and those who stand on it in the order of the ballot paper."""

    campaign: Campaign
    ballot: Ballot
    stands: Sequence[CandidateStand]
    """Those who stand today, with their answers; nobody who withdrew."""
    asks: Sequence[Ask]
    drafts: Sequence[Draft]
    greetings: Mapping[int, str] = field(init=False)
    names: Mapping[int, str] = field(init=False)
    """What to call each; with the party where two on the ballot share a name."""
    shown_stances: Mapping[int, str] = field(init=False)
    """Each one's stances in the order of the asks, for a form to say what its writer has seen."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "greetings", {d.candidacy_id: d.greeting for d in self.drafts})
        bearers = Counter(each.person.name for each in self.candidacies)
        names = {
            each.id: f"{each.person.name} ({each.party_name})"
            if bearers[each.person.name] > 1
            else each.person.name
            for each in self.candidacies
        }
        object.__setattr__(self, "names", names)
        answers = self.answers
        shown = {
            each.id: ",".join(
                answer.stance if (answer := answers.get((each.id, ask.id))) else ""
                for ask in self.asks
            )
            for each in self.candidacies
        }
        object.__setattr__(self, "shown_stances", shown)

    @property
    def candidacies(self) -> list[Candidacy]:
        """Return those who may be written to: nobody who wants nothing more."""
        return [each.candidacy for each in self.stands if not each.is_refusing]

    @property
    def refusing(self) -> list[Candidacy]:
        """Return those who have asked this campaign for no more letters."""
        return [each.candidacy for each in self.stands if each.is_refusing]

    @property
    def reachable(self) -> list[Candidacy]:
        """Return those with an address."""
        return [each.candidacy for each in self.stands if each.is_reachable]

    @property
    def unreachable(self) -> list[Candidacy]:
        """Return those whose right address nobody knows yet."""
        return [
            each.candidacy for each in self.stands if not each.is_reachable and not each.is_refusing
        ]

    @property
    def answers(self) -> dict[tuple[int, int], CurrentAnswer]:
        """Return the public answers of today by candidacy and ask."""
        return _answers(self.stands)

    @property
    def groups(self) -> list[DraftGroup]:
        """Return the drafts as editors show them: last those for nobody who can be reached."""
        reachable = {each.id for each in self.reachable}
        return sorted(
            group_drafts(self.drafts),
            key=lambda group: reachable.isdisjoint(group.candidacy_ids),
        )


def open_desk(
    session: Session, *, campaign_slug: str, constituency_slug: str, now: datetime
) -> WritingDesk:
    """Return the desk at an address; raises a NotFound, or LettersClosed when it is too late."""
    campaign = get_campaign(session, campaign_slug)
    ballot = get_ballot_at(
        session, election_id=campaign.election_id, constituency_slug=constituency_slug
    )
    check_open(campaign, ballot.election, now)
    if ballot.is_cancelled:
        raise LettersClosed("The poll in this constituency has been cancelled.")
    asks = list_asks(session, campaign.id)
    stands = [
        each
        for each in list_stands(session, campaign, ballot, asks)
        if each.candidacy.status is CandidacyStatus.STANDING
    ]
    return WritingDesk(
        campaign=campaign,
        ballot=ballot,
        stands=stands,
        asks=asks,
        drafts=list_drafts(
            session,
            campaign=campaign,
            ballot=ballot,
            asks=asks,
            candidacies=[each.candidacy for each in stands if not each.is_refusing],
            stances={key: answer.stance for key, answer in _answers(stands).items()},
        ),
    )


def _answers(stands: Sequence[CandidateStand]) -> dict[tuple[int, int], CurrentAnswer]:
    return {
        (stand.candidacy.id, ask_id): answer
        for stand in stands
        for ask_id, answer in stand.answers.items()
    }
