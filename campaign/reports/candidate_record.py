"""Where one candidate stands on every ask of a campaign, and how that came about."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign, Evidence
from campaign.campaigns.queries import list_asks
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.pledges.queries import (
    CurrentAnswer,
    HistoryEntry,
    list_current_answers,
    list_mail_refusals,
    list_person_history,
)
from campaign.pledges.rules import RequestKind
from campaign.reports.constituency import can_be_asked
from campaign.reports.writers import count_writers
from campaign.supporters.rules import public_count


@dataclass(frozen=True, slots=True)
class AskRecord:
    """One ask as it is worded today, its evidence and the candidate's answer."""

    ask: Ask
    evidence: list[Evidence]
    answer: CurrentAnswer | None
    """None for no answer yet, which is not a refusal."""
    latest: HistoryEntry | None
    """The newest entry that was not struck, also from where they stood before; it may not count."""

    @property
    def is_earlier_wording(self) -> bool:
        """Whether the answer was given to a wording that has changed since."""
        return self.answer is not None and self.answer.ask_version != self.ask.current.number


@dataclass(frozen=True, slots=True)
class CandidateRecord:
    """One candidate's standing towards a campaign."""

    candidacy: Candidacy
    asks: list[AskRecord]
    history: list[HistoryEntry]
    """Public entries, newest first, wherever in the election the candidate stood then."""
    refusal: RequestKind | None
    """What they asked for that stops letters."""
    writers: int
    """Supporters with confirmed letters to the candidate, who alone is told of each."""

    @property
    def public_writers(self) -> int | None:
        """Return the supporters as the public is told of them."""
        return public_count(self.writers)

    @property
    def has_answered(self) -> bool:
        """Whether any of the asks is answered, so that the candidate was reached somehow."""
        return any(each.answer for each in self.asks)

    @property
    def can_be_asked(self) -> bool:
        """Whether their silence is theirs, as on the page of the constituency."""
        return can_be_asked(self.candidacy, self.refusal)

    @property
    def is_withdrawn(self) -> bool:
        """Whether the candidate no longer stands."""
        return self.candidacy.status is CandidacyStatus.WITHDRAWN


def build_candidate_record(
    session: Session, campaign: Campaign, candidacy: Candidacy
) -> CandidateRecord:
    """Return what the public sees of one candidate."""
    answers = list_current_answers(session, campaign.id, candidacy_ids=[candidacy.id])
    history = list_person_history(session, campaign.id, candidacy, public_only=True)
    refusals = list_mail_refusals(session, campaign.id, candidacy_ids=[candidacy.id])
    latest = {entry.ask_id: entry for entry in history if not entry.marks.is_struck}
    return CandidateRecord(
        candidacy=candidacy,
        asks=[
            AskRecord(
                ask=ask,
                evidence=[each for each in campaign.evidence if each.ask_id == ask.id],
                answer=answers.get((candidacy.id, ask.id)),
                latest=latest.get(ask.id),
            )
            for ask in list_asks(session, campaign.id)
        ],
        history=history[::-1],
        refusal=refusals.get(candidacy.id),
        writers=count_writers(session, campaign_id=campaign.id, candidacy_id=candidacy.id),
    )
