"""Errors for programs, in one form: RFC 9457, with what to do next."""

import json

from flask import Response, request
from werkzeug.exceptions import HTTPException

PREFIXES = ("/api/", "/oembed")
MIMETYPE = "application/problem+json"

_WORDS = {
    400: ("The request could not be read.", "Compare it with the examples of the documentation."),
    404: ("There is nothing at this address.", "Start from the list of campaigns."),
    405: ("Only reading is possible here.", "Use a method that the header Allow names."),
    410: ("This has ended.", "Start from the list of campaigns."),
    422: ("A parameter is not what is expected.", "Mend what stands under errors and ask again."),
    429: (
        "Too many requests in a short time.",
        "Wait for the seconds in Retry-After; ask with If-None-Match for what you have already.",
    ),
    501: ("This form is not offered.", "Ask for format=json."),
}
_OTHER = ("Something went wrong on our side.", "Ask again in a few minutes.")


def is_for_programs() -> bool:
    """Tell whether this request asks an address that programs read."""
    return request.path.startswith(PREFIXES)


def problem(status: int, *, detail: str = "", errors: object = None) -> Response:
    """Return an error with its title and the next step; ``detail`` says what is wrong here."""
    title, next_step = _WORDS.get(status, _OTHER)
    body: dict[str, object] = {"status": status, "title": title, "next_step": next_step}
    if request.path.startswith("/api/"):
        body["documentation"] = f"{request.script_root}/api/v1/"
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    response = Response(json.dumps(body), status=status, mimetype=MIMETYPE)
    response.headers["Cache-Control"] = "no-store"
    return open_to_all_sites(response)


def http_problem(error: HTTPException) -> Response:
    """Return an error of HTTP in our form, with what a check of parameters found."""
    data = getattr(error, "data", None) or {}
    detail = ""
    if error.code == 404 and request.path.startswith("/api/") and request.path.endswith("/"):
        detail = "Addresses of the API have no slash at their end."
    return problem(error.code or 500, detail=detail, errors=data.get("messages"))


def open_to_all_sites(response: Response) -> Response:
    """Let scripts of every site read an answer that is the same for everybody; no cookie counts."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method in ("GET", "HEAD", "OPTIONS"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Link, Retry-After, X-Pagination"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
