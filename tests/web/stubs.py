"""Addresses that layouts link to, for apps in which their pages are not there."""

from flask import Flask

_RULES = {
    "home.index": "/",
    "campaigns.show": "/<campaign_slug>/",
    "campaigns.privacy": "/<campaign_slug>/privacy",
    "tracker.show": "/<campaign_slug>/pledges/",
    "geography.constituency": "/<campaign_slug>/<constituency_slug>/",
}


def add_missing_endpoints(app: Flask) -> None:
    """Give an app every endpoint that a page may link to."""
    for endpoint, rule in _RULES.items():
        if endpoint not in app.view_functions:
            app.add_url_rule(rule, endpoint, lambda **_values: "")
