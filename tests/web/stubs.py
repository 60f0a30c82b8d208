"""Endpoints that shared pages link to, for an app that does not have them yet."""

from flask import Flask


def add_missing_endpoints(app: Flask) -> None:
    for endpoint, rule in (("home.index", "/"),):
        if endpoint not in app.view_functions:
            app.add_url_rule(rule, endpoint, lambda: "a page")
