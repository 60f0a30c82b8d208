"""What a view asks the request for: the installation, the time, a database session."""

from datetime import datetime
from typing import cast

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from campaign.core.toolkit import Toolkit
from campaign.reports.letter_totals import LetterTotalsKeeper

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def toolkit() -> Toolkit:
    """Return the installation that serves this request."""
    return cast(Toolkit, current_app.extensions["campaign"])


def letter_totals() -> LetterTotalsKeeper:
    """Return what keeps the public counts of letters in this process."""
    return cast(LetterTotalsKeeper, current_app.extensions["campaign.letter_totals"])


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
            if "reader" in g:
                g.reader.commit()  # No connection is kept while another one is waited for.
            g.session = toolkit().database.writer()
    return cast(Session, g.session)


def reading_session() -> Session:
    """Return a session that only reads, also in a request that may come to write.

    Writers take turns: what is read and checked before the first row is written, and what is
    refused, keeps nobody waiting.
    """
    if request.method in SAFE_METHODS:
        return session()
    if "reader" not in g:
        g.reader = toolkit().database.reader()
    return cast(Session, g.reader)


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
        for name in ("session", "reader"):
            if name in g:
                g.get(name).close()
