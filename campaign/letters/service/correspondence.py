"""What mail about letters is written with, handed down by whoever knows pledges and links."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from campaign.core.config import MailSettings
from campaign.core.emails import EmailRenderer
from campaign.core.languages import Language
from campaign.letters.models import Action
from campaign.letters.rules import MailStop

Seen = tuple[int, datetime]
"""A candidacy, and when somebody last saw where it stands."""


def stop_nobody(_campaign_id: int, _candidacy_ids: Collection[int] | None) -> dict[int, MailStop]:
    """Say that every candidate may be written to."""
    return {}


def refuse_nobody(_campaign_id: int, _candidacy_ids: Collection[int]) -> Collection[int]:
    """Say that nobody has asked for no more letters."""
    return ()


def nobody_answered(_campaign_id: int, _candidacy_ids: Collection[int]) -> dict[int, datetime]:
    """Say that no candidate has answered."""
    return {}


def all_answered(_campaign_id: int, seen: Collection[Seen], _now: datetime) -> dict[Seen, str]:
    """Say of every candidate no more than that they have answered."""
    return dict.fromkeys(seen, "has answered")


@dataclass(frozen=True, slots=True)
class AnswerPage:
    """A candidate's own page: its address, and the language that they chose there."""

    link: str
    language: Language = Language.ENGLISH


@dataclass(frozen=True, kw_only=True)
class Correspondence:
    """What is needed to write mail about letters: settings, templates and makers of links."""

    mail: MailSettings
    emails: EmailRenderer
    make_action_link: Callable[[Action], str]
    find_answer_page: Callable[[int, int], AnswerPage]
    """From campaign and candidacy to where the candidate answers."""
    list_mail_stops: Callable[[int, Collection[int] | None], Mapping[int, MailStop]] = stop_nobody
    """From a campaign, and candidacies or ``None`` for all, to those that must not be mailed."""
    list_refusing: Callable[[int, Collection[int]], Collection[int]] = refuse_nobody
    """From a campaign and candidacies to those among them that want no more letters."""
    list_answer_times: Callable[[int, Collection[int]], Mapping[int, datetime]] = nobody_answered
    """From a campaign and candidacies to when the public record of those among them last grew."""
    map_headlines: Callable[[int, Collection[Seen], datetime], Mapping[Seen, str]] = all_answered
    """From a campaign and what was seen to what each candidate has done from then until a moment.

    In words that stand after a name.
    """
    make_unsubscribe_link: Callable[[str], str] | None = None
    """From the Message-ID of a notice to where its reader can decline further ones."""
