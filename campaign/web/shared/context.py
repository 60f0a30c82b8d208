"""What a view asks the request for: the installation, the time, a database session."""

from datetime import datetime
from typing import cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from campaign.core.toolkit import Toolkit
from campaign.reports.kept_desks import DeskKeeper
from campaign.reports.letter_totals import LetterTotalsKeeper

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def toolkit() -> Toolkit:
    """Return the installation that serves this request."""
    return cast(Toolkit, current_app.extensions["campaign"])


def letter_totals() -> LetterTotalsKeeper:
    """Return what keeps the public counts of letters in this process."""
    return cast(LetterTotalsKeeper, current_app.extensions["campaign.letter_totals"])


def desks() -> DeskKeeper:
    """Return what keeps the writing desks in this process."""
    return cast(DeskKeeper, current_app.extensions["campaign.desks"])


def now() -> datetime:
    """Return the time of this request; the same at every call within it."""
    if "now" not in g:
        g.now = toolkit().clock()
    return cast(datetime, g.now)


def session() -> Session:
    """Return the session of this request: a reader for GET and HEAD, a writer for the rest."""
    if "session" not in g:
        if request.method in SAFE_METHODS:
            g.session = toolkit().database.reader()
        else:
            g.session = toolkit().database.writer()
    return cast(Session, g.session)


def init_app(app: Flask) -> None:
    """Commit what a request wrote after a good answer, and roll back after any other."""

    @app.after_request
    def commit(response: Response) -> Response:
        if "session" in g and request.method not in SAFE_METHODS:
            if response.status_code < 400:
                g.session.commit()
            else:
                g.session.rollback()
        return response

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        if "session" in g:
            g.session.close()
