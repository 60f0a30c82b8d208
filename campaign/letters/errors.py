"""Errors of the letters domain."""

from datetime import timedelta

from campaign.core.errors import Gone, InvalidInput, NotFound, Refused


class TransitionRefused(Refused):
    """The letter's life does not allow this step."""


class ActionNotFound(NotFound):
    """No action belongs to this link."""


class ActionExpired(Gone):
    """The action was not confirmed in time: nothing of it is sent."""


class LetterNotFound(NotFound):
    """The letter is not one of this action."""


class LetterAlreadySent(Refused):
    """The same supporter has sent the same text to the same candidate before."""


class LettersClosed(Refused):
    """The campaign takes no letters now: it is not live, or the poll has closed."""


class QuestionClosed(Refused):
    """Nobody asks, or no longer, what becomes of this letter."""


class TooManyMails(Refused):
    """So many mails went to an unproved address lately that another one must wait."""

    def __init__(self, *, limit: int, wait: timedelta) -> None:
        minutes = max(1, round(wait.total_seconds() / 60))
        super().__init__(
            f"We have sent {limit} e-mails to this address within an hour, and do not want to fill "
            "anybody's mailbox. If a link from us is there, press it first: then this browser may "
            f"send at once. Otherwise try again in {minutes} "
            f"{'minute' if minutes == 1 else 'minutes'}. Your text is below, nothing of it is lost."
        )
        self.wait = wait


class RecipientUnavailable(Refused):
    """A chosen candidate does not stand, or not on this ballot."""


class TextInvalid(InvalidInput):
    """A name, subject or text breaks a rule; the sentence says how to mend it."""


class TemplateInvalid(InvalidInput):
    """A letter template names a field that does not exist."""
