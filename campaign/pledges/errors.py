"""Errors of the pledges domain."""

from campaign.core.errors import Gone, InvalidInput, NotFound, Refused


class AnswerLinkRevoked(Gone):
    """The link has been replaced or switched off, or the campaign has closed."""


class PledgeEventNotFound(NotFound):
    """No such entry in this campaign's record."""


class PledgeInvalid(InvalidInput):
    """An answer breaks a rule of the record."""


class OwnEntry(Refused):
    """Nobody reviews what they entered themselves."""


class AnswersClosed(Gone):
    """The campaign or the poll has closed: the record can be read and no longer answered."""


class RecordClosed(Refused):
    """An organiser's entry comes after the campaign or the poll has closed."""


class AlreadyReviewed(Refused):
    """Each entry is reviewed once."""


class AlreadyDecided(Refused):
    """What a form would do to an entry or a suggestion has been done, or is no longer possible."""


class SuggestionNotFound(NotFound):
    """No such suggestion in this campaign."""


class TooManySuggestions(Refused):
    """So many suggestions wait that organisers must first decide on some."""


class ImportRefused(InvalidInput):
    """A file with a campaign's record does not fit the record that is here."""


class ChangeNotFound(NotFound):
    """No such change of an answer waits."""


class InvitationsRefused(Refused):
    """Invitations cannot be planned, or the plan not be stopped, as things stand."""


class LinkNotMailed(Refused):
    """A new link cannot be mailed to the candidate."""
