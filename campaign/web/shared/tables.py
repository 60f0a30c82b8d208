"""Tables as files that a spreadsheet program opens as they are."""

from collections.abc import Iterable
from itertools import chain

from flask import Response

_BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the alphabet of its own country, and "Siân" for "SiÃ¢n"."""


def csv_file(lines: Iterable[str], name: str) -> Response:
    """Return lines of CSV as a file to be saved under a name; sent as they come."""
    response = Response(chain([_BYTE_ORDER_MARK], lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response
