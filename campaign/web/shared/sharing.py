"""Files and answers that scripts of every site may read: marked by ``@for_all_sites``."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, request

from campaign.web.shared.problems import open_to_all_sites

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "_is_for_all_sites"


def for_all_sites(view: View) -> View:
    """Mark a view as open; stands below the route. What it answers is the same for everybody."""
    setattr(view, _MARK, True)
    return view


def init_app(app: Flask) -> None:
    """Say so on every answer of such a view: to a browser's preflight and where nothing is found.

    By the view itself this could not be said of those, and a script would be told of no status.
    """

    @app.after_request
    def share(response: Response) -> Response:
        view = app.view_functions.get(request.endpoint or "")
        return open_to_all_sites(response) if getattr(view, _MARK, False) else response
