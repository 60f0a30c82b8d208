"""Pages that are the same for everybody, so that a front proxy can serve them."""

from flask import Response, make_response, request

FRESH_SECONDS = 5
"""How long a public page may lag behind what happened, in all: Age is taken off on the way."""


def same_for_everybody(body: str | Response) -> Response:
    """Return a page with ETag and Cache-Control; answers 304 where the visitor has it already.

    Only for pages that set no cookie and hold no token.
    """
    response = make_response(body)
    response.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    response.add_etag(weak=True)  # The compressed page is the same page.
    response.make_conditional(request)
    return response
