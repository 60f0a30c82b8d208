"""Errors that the doors know how to answer; each domain names its own below these."""


class CampaignError(Exception):
    """Base of every error that this toolkit raises on purpose.

    ``str(error)`` is one clear sentence for the person who asked, without any personal data. What
    varies in it can be given as ``values``, so that the sentence can be looked up in a catalogue.
    """

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


class NotFound(CampaignError):
    """What was asked for does not exist, or is not for the public: the web answers 404."""


class Refused(CampaignError):
    """The request is understood and not allowed now: the web answers 409, a command exits 1."""


class Gone(CampaignError):
    """What was asked for existed and has ended: the web answers 410."""


class InvalidInput(CampaignError):
    """Input that a person must mend: the web answers 422, a command exits 1."""


class SettingsError(CampaignError):
    """A setting is missing or makes no sense: nothing starts."""
