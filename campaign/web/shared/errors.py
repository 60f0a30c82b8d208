"""One place that turns errors into status codes and pages."""

from flask import Flask, Response, make_response, render_template
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from campaign.core.errors import CampaignError, Gone, InvalidInput, NotFound, Refused

_STATUS = ((NotFound, 404), (Gone, 410), (Refused, 409), (InvalidInput, 422))


def init_app(app: Flask) -> None:
    """Register the pages for errors of ours, of HTTP, of a stale form and for everything else."""

    @app.errorhandler(CampaignError)
    def campaign_error(error: CampaignError) -> tuple[str, int]:
        status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
        return _page(status, detail=str(error) if status != 404 else ""), status

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> tuple[str, int]:
        return render_template("errors/stale_form.html", title=_("This form has timed out")), 400

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | HTTPException:
        status = error.code or 500
        if status < 400:
            return error
        response = make_response(_page(status), status)
        for name, value in error.get_headers():
            # Such as Allow on 405 and Retry-After on 429.
            if name.lower() not in ("content-type", "content-length"):
                response.headers.setdefault(name, value)
        return response

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> tuple[str, int]:
        app.logger.error("unexpected error", exc_info=error)
        return _page(500), 500


def _page(status: int, *, detail: str = "") -> str:
    titles = {
        400: _("We could not read that request"),
        403: _("You may not open this page"),
        404: _("There is no page at this address"),
        405: _("This page cannot be used that way"),
        409: _("That is not possible now"),
        410: _("This link has ended"),
        413: _("That was too long"),
        422: _("Something in the form needs to be mended"),
        429: _("Too many tries in a short time"),
    }
    title = titles.get(status, _("Something went wrong on our side"))
    return render_template("errors/error.html", title=title, status=status, detail=detail)
