"""Answers that anybody may keep for a moment: the same for everyone, and no cookie in them."""

from flask import Response, request

PUBLIC_SECONDS = 30


def cacheable(response: Response) -> Response:
    """Let browsers and proxies keep a public answer for a moment and ask again by its ETag."""
    response.headers["Cache-Control"] = f"public, max-age={PUBLIC_SECONDS}"
    response.add_etag()
    response.make_conditional(request)
    return response
