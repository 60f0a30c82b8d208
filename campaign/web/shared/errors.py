"""One place that turns errors into status codes and pages, or JSON where programs ask."""

from typing import Any

from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from campaign.core.errors import CampaignError, Gone, InvalidInput, NotFound, Refused
from campaign.web.shared.accounts import PREFIX, find_account
from campaign.web.shared.languages import error_words, speak
from campaign.web.shared.problems import http_problem, is_for_programs, problem
from campaign.web.shared.security import let_be_framed
from campaign.web.shared.stale_forms import find_posted_form
from campaign.web.shared.whose_page import find_campaign, find_language, find_office_campaign

_STATUS = ((NotFound, 404), (Gone, 410), (Refused, 409), (InvalidInput, 422))


def init_app(app: Flask) -> None:
    """Register the pages for errors of ours, of HTTP, of a stale form and for everything else."""

    @app.errorhandler(CampaignError)
    def campaign_error(error: CampaignError) -> Response:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
        if is_for_programs():
            return problem(status, detail=str(error))
        return _page(status, error=error if status != 404 else None)

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> Response:
        speak(find_language())
        title = _("This form has timed out")
        if _is_in_office():
            return _office_page(400, title=title, is_stale=True)
        page = render_template(
            "errors/stale_form.html",
            title=title,
            campaign=find_campaign(),
            posted=find_posted_form(),
        )
        return _answer(page, 400)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        response = http_problem(error) if is_for_programs() else _page(status)
        for name, value in error.get_headers():
            # Such as Allow on 405 and Retry-After on 429.
            if name.lower() not in ("content-type", "content-length"):
                response.headers.setdefault(name, value)
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        app.logger.error("unexpected error", exc_info=error)
        if is_for_programs():
            return problem(500)
        # A database that is in trouble is not asked once more.
        return _page(500, is_plain=isinstance(error, SQLAlchemyError))


def _page(status: int, *, error: CampaignError | None = None, is_plain: bool = False) -> Response:
    if not is_plain:
        speak(find_language())
    detail = error_words(error) if error else ""
    titles = {
        400: _("We could not read that request"),
        403: _("You may not open this page"),
        404: _("There is no page at this address"),
        405: _("This page cannot be used that way"),
        409: _("That is not possible now"),
        410: _("This link has ended"),
        413: _("That file is too large") if _is_upload() else _("That was too long"),
        422: _("Something in the form needs to be mended"),
        429: _("Too many tries in a short time"),
    }
    title = titles.get(status, _("Something went wrong on our side"))
    if not is_plain and _is_in_office():
        return _office_page(status, title=title, detail=detail, is_upload=_is_upload())
    is_framed = request.path.startswith("/embed/")
    page = render_template(
        "errors/framed.html" if is_framed else "errors/error.html",
        title=title,
        status=status,
        detail=detail,
        is_upload=_is_upload(),
        campaign=None if is_plain else find_campaign(),
    )
    # A browser that may not frame an answer shows an error of its own, as if the site were down.
    return let_be_framed(_answer(page, status)) if is_framed else _answer(page, status)


def _is_upload() -> bool:
    return request.mimetype == "multipart/form-data"


def _is_in_office() -> bool:
    try:
        return request.path.startswith(f"{PREFIX}/") and find_account() is not None
    except SQLAlchemyError:  # Then nobody can be told from anybody.
        return False


def _office_page(status: int, **words: Any) -> Response:
    """Return an error to somebody who is logged in, with the navigation of the office."""
    page = render_template(
        "back_office/error.html", status=status, campaign=find_office_campaign(), **words
    )
    return _answer(page, status)


def _answer(page: str, status: int) -> Response:
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    return response
