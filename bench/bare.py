"""Applications that do next to nothing: the limit of this server on this machine."""

import sqlite3
import threading

from flask import Flask, request


def page(size: int) -> Flask:
    """Return an application whose every page is a string of ``size`` bytes."""
    app = Flask("bare")
    text = "x" * size

    @app.get("/")
    @app.get("/healthz")
    def show() -> str:
        return text

    return app


def lookup(path: str) -> Flask:
    """Return an application that looks one postcode up in a database of ours."""
    app = Flask("bare")
    mine = threading.local()

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    @app.get("/")
    def show() -> str:
        if not hasattr(mine, "connection"):
            mine.connection = sqlite3.connect(path)
        row = mine.connection.execute(
            "SELECT constituency_id FROM postcodes WHERE postcode = ?", (request.args["postcode"],)
        ).fetchone()
        return str(row[0])

    return app
