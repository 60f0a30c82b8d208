"""Applications that do next to nothing: the limit of this server on this machine."""

import sqlite3
import threading

from flask import Flask, redirect, request
from werkzeug.wrappers import Response


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


def insert(path: str) -> Flask:
    """Return an application that writes one row of what is posted, and commits it to the disk."""
    app = Flask("bare")
    mine = threading.local()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS texts (id INTEGER PRIMARY KEY, body TEXT)")

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    @app.post("/<path:_anywhere>")
    def write(_anywhere: str) -> Response:
        if not hasattr(mine, "connection"):
            mine.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            mine.connection.execute("PRAGMA synchronous=FULL")
        mine.connection.execute("BEGIN IMMEDIATE")
        mine.connection.execute("INSERT INTO texts (body) VALUES (?)", (request.form["body_0"],))
        mine.connection.execute("COMMIT")
        return redirect("/healthz", 303)

    return app
