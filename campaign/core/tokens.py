"""Signed links: purpose-bound tokens that name a row and need no row of their own."""

from datetime import UTC, datetime
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from campaign.core.errors import Gone, NotFound


class TokenInvalid(NotFound):
    """The link was cut, changed, or made for something else."""


class TokenExpired(Gone):
    """The link was right once and is too old now."""


class Signer:
    """Make and read signed tokens; each purpose has its own key, so no link opens two doors."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def sign(self, purpose: str, payload: Any) -> str:
        """Return a URL-safe token for a payload of JSON values."""
        return self._serializer(purpose).dumps(payload)

    def read(self, purpose: str, token: str, *, max_age: int | None = None) -> Any:
        """Return the payload of a token made for this purpose.

        ``max_age`` is in seconds. Raises TokenExpired when older, TokenInvalid for anything else.
        """
        return self.read_with_time(purpose, token, max_age=max_age)[0]

    def read_with_time(
        self, purpose: str, token: str, *, max_age: int | None = None
    ) -> tuple[Any, datetime]:
        """Return the payload and the moment at which the token was signed, an aware UTC time."""
        try:
            payload, signed_at = self._serializer(purpose).loads(
                token, max_age=max_age, return_timestamp=True
            )
        except SignatureExpired as error:
            raise TokenExpired("This link has expired.") from error
        except BadSignature as error:
            raise TokenInvalid("This link is not complete or not valid.") from error
        return payload, signed_at.astimezone(UTC)

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret_key, salt=f"campaign.{purpose}")
