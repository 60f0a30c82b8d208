"""Forms are UTF-8: bytes that are not would come through as other text than was typed."""

from urllib.parse import unquote_to_bytes

from flask import Flask, request

from campaign.core.errors import InvalidInput


class InputGarbled(InvalidInput):
    """The bytes of a form are not UTF-8."""


def init_app(app: Flask) -> None:
    """Refuse forms in another encoding; before anything else reads them."""

    @app.before_request
    def refuse_other_encodings() -> None:
        if request.mimetype == "application/x-www-form-urlencoded":
            try:
                unquote_to_bytes(request.get_data()).decode()
            except UnicodeDecodeError as error:
                raise InputGarbled(
                    "Some signs did not reach us whole. Go back, type them again and send the "
                    "form once more."
                ) from error
