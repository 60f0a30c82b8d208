"""The words of the record: stances, what an event does, how an answer came, how well it stands."""

from enum import IntEnum, StrEnum

from campaign.core.languages import Language


class Stance(StrEnum):
    """A candidate's answer to one ask. Silence is not among them: it is the absence of one."""

    YES = "yes"
    YES_WITH_RESERVATIONS = "yes_with_reservations"
    PARTLY = "partly"
    NO = "no"
    DECLINED = "declined"
    """Declined to answer."""


STANCE_WORDS = {
    Stance.YES: "Yes",
    Stance.YES_WITH_RESERVATIONS: "Yes, with reservations",
    Stance.PARTLY: "Partly",
    Stance.NO: "No",
    Stance.DECLINED: "Declined to answer",
}
"""For plain-text mail; pages have theirs in ``components/stances.html``."""

STANCE_WORDS_IN = {
    Language.ENGLISH: STANCE_WORDS,
    Language.WELSH: {
        Stance.YES: "Ie",
        Stance.YES_WITH_RESERVATIONS: "Ie, gydag amodau",
        Stance.PARTLY: "Yn rhannol",
        Stance.NO: "Na",
        Stance.DECLINED: "Wedi gwrthod ateb",
    },
}
"""The same in each language that a candidate can choose; a test keeps pages and mail alike."""


class EventKind(StrEnum):
    """What an event does to the record."""

    ANSWER = "answer"
    WITHDRAWAL = "withdrawal"
    """The candidate takes their answer to an ask back; the history keeps it."""
    REVIEW = "review"
    """A second organiser finds an entry right: from then on it is public."""
    REJECTION = "rejection"
    """A second organiser finds an entry wrong: it never becomes public."""
    DISPUTE = "dispute"
    """The candidate objects to an entry, themselves or through an organiser: it is marked."""
    DISPUTE_KEPT = "dispute_kept"
    """An organiser has looked into the objection: the entry stands."""
    DISPUTE_STRUCK = "dispute_struck"
    """An organiser has looked into the objection: the entry no longer counts."""
    HIDING = "hiding"
    """An organiser takes the texts of an entry out of public view; its stance stays."""
    UNHIDING = "unhiding"
    """An organiser shows the texts of an entry again."""


ENTRY_KINDS = (EventKind.ANSWER, EventKind.WITHDRAWAL)
"""What says where a candidate stands; everything else speaks about one of these."""
DECISION_KINDS = (EventKind.REVIEW, EventKind.REJECTION)
MARK_KINDS = (
    EventKind.DISPUTE,
    EventKind.DISPUTE_KEPT,
    EventKind.DISPUTE_STRUCK,
    EventKind.HIDING,
    EventKind.UNHIDING,
)
"""What changes how an entry is shown after it has become public."""


class Channel(StrEnum):
    """How an answer reached the record."""

    LINK = "link"
    LETTER = "letter"
    PUBLIC_STATEMENT = "public_statement"
    HUSTINGS = "hustings"
    VOLUNTEER = "volunteer"
    """Said to a volunteer or supporter of the campaign, as on a doorstep."""


class VerificationLevel(IntEnum):
    """How well an answer is vouched for."""

    UNVERIFIED = 0
    SOURCED = 1
    """A source is given: a link or a quote with place and date."""
    CONFIRMED = 2
    """A second organiser has seen the source."""
    FIRST_HAND = 3
    """The candidate answered through their own link."""


class RequestKind(StrEnum):
    """What waits for an organiser about a candidate, mostly because they asked for it."""

    NOT_ME = "not_me"
    WRONG_ADDRESS = "wrong_address"
    NOTHING_MORE = "nothing_more"
    CHANGE_DISPUTED = "change_disputed"
    """Said behind the mail about a change: somebody else asked for it."""
    CHANGE_TO_CHECK = "change_to_check"
    """Not said by anybody: a change waits, and no mail can ask the candidate about it."""


PAGE_REQUESTS = frozenset({RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS, RequestKind.NOTHING_MORE})
"""What the candidate's page offers."""

REVOKING = frozenset({RequestKind.NOT_ME, RequestKind.WRONG_ADDRESS})
"""What ends the link: whoever reads that mailbox may not be the candidate."""


class DisputeState(StrEnum):
    """What has become of a candidate's objection to an entry."""

    OPEN = "open"
    KEPT = "kept"
    STRUCK = "struck"


class SuggestionStatus(StrEnum):
    """What has become of evidence that somebody suggested."""

    WAITING = "waiting"
    TAKEN_UP = "taken_up"
    """An organiser has entered it in the record, where a second one reviews it."""
    REJECTED = "rejected"


CANDIDATE = "candidate"
"""Who entered an event that came by the candidate's own link."""
