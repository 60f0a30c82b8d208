"""Errors of the delivery domain."""

from campaign.core.errors import CampaignError, InvalidInput, NotFound, Refused


class UnsafeHeader(InvalidInput):
    """A header holds a line break or another control character."""


class UnsendableAddress(InvalidInput):
    """An address that this installation cannot put into an SMTP envelope."""


class MessageNotFound(NotFound):
    """There is no message with this number in the outbox."""


class MessageNotFailed(Refused):
    """Only a message that failed for good can be tried again by hand."""


class KeyFileTaken(Refused):
    """A file for a new key is there already, or cannot be written."""


class NoProbeAddress(Refused):
    """Nobody can tell to whom a probe of the way back is to be sent."""


class EventNotFound(NotFound):
    """There is no event of this number, or nothing is left to decide about it."""


class SuppressionNotFound(NotFound):
    """No entry of this number keeps an address from getting mail."""


class MessageUnderWay(Refused):
    """A report about a message whose sending is not recorded yet; it must come again."""


class WebhookForged(Refused):
    """A webhook whose signature, secret or time is not right. Nothing of it may be used."""


class WebhookUnreadable(InvalidInput):
    """A webhook of the right sender that is not in the form we know."""


class DeliveryFailed(CampaignError):
    """A try did not succeed; ``is_permanent`` tells whether another try can help.

    ``code`` is the SMTP reply code where there was one. ``stops_channel`` says that the fault lies
    between us and the relay, so that the next message would meet it too; ``is_our_fault`` that it
    stays until a person changes something on our side; ``is_throttled`` that the recipient's domain
    wants less from us for a while. The text holds no address.
    """

    def __init__(
        self,
        detail: str,
        *,
        is_permanent: bool,
        code: int | None = None,
        stops_channel: bool = False,
        is_our_fault: bool = False,
        is_throttled: bool = False,
    ) -> None:
        super().__init__(detail)
        self.is_permanent = is_permanent
        self.code = code
        self.stops_channel = stops_channel
        self.is_our_fault = is_our_fault
        self.is_throttled = is_throttled
