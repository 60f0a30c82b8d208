"""Errors of the delivery domain."""

from campaign.core.errors import CampaignError, InvalidInput


class UnsafeHeader(InvalidInput):
    """A header holds a line break or another control character."""


class DeliveryFailed(CampaignError):
    """A try did not succeed; ``is_permanent`` tells whether another try can help.

    ``code`` is the SMTP reply code where there was one. The text holds no address.
    """

    def __init__(self, detail: str, *, is_permanent: bool, code: int | None = None) -> None:
        super().__init__(detail)
        self.is_permanent = is_permanent
        self.code = code
