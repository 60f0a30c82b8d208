"""Errors of the letters domain."""

from campaign.core.errors import InvalidInput, NotFound, Refused


class TransitionRefused(Refused):
    """The letter's life does not allow this step."""


class ActionNotFound(NotFound):
    """No action belongs to this link."""


class LetterAlreadySent(Refused):
    """The same supporter has sent the same text to the same candidate before."""


class LettersClosed(Refused):
    """The campaign takes no letters now: it is not live, or the poll has closed."""


class TemplateInvalid(InvalidInput):
    """A letter template names a field that does not exist."""
