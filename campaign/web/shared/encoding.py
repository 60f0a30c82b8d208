"""Forms are UTF-8: bytes that are not would come through as other text than was typed."""

import re
from urllib.parse import unquote_to_bytes

from flask import Flask, request

from campaign.core.errors import InvalidInput

_BEYOND_ASCII = re.compile(rb"(?:%[89A-Fa-f][0-9A-Fa-f])+")


class InputGarbled(InvalidInput):
    """The bytes of a form are not UTF-8."""


def init_app(app: Flask) -> None:
    """Refuse forms in another encoding; before anything else reads them."""

    @app.before_request
    def refuse_other_encodings() -> None:
        if request.mimetype == "application/x-www-form-urlencoded":
            try:
                _check(request.get_data())
            except UnicodeDecodeError as error:
                raise InputGarbled(
                    "Some signs did not reach us whole. Go back, type them again and send the "
                    "form once more."
                ) from error


def _check(form: bytes) -> None:
    """Raise UnicodeDecodeError where a form as it was sent does not hold UTF-8."""
    # Browsers send ASCII, in which only these can be what is not UTF-8.
    for part in _BEYOND_ASCII.findall(form) if form.isascii() else [form]:
        unquote_to_bytes(part).decode()
