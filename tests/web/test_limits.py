"""Marked views are limited together, for each address apart, and only where limits are on."""

from collections.abc import Callable

from flask import Flask

from campaign.web.shared import limits
from campaign.web.shared.limits import Limit, limited

TWICE = Limit("twice", "2 per minute")


def build(make_app: Callable[..., Flask], *, enabled: bool) -> Flask:
    app = make_app(rate_limits_enabled=False)
    for name in ("one", "two"):
        app.add_url_rule(
            f"/{name}", name, limited(TWICE)(lambda: ("ok", {"Content-Type": "text/plain"}))
        )
    if enabled:
        settings = app.extensions["campaign"].settings
        limits.init_app(app, settings.__class__(**{**vars(settings), "rate_limits_enabled": True}))
    return app


def test_views_of_one_name_count_together(make_app: Callable[..., Flask]) -> None:
    client = build(make_app, enabled=True).test_client()
    codes = [client.get(path).status_code for path in ("/one", "/two", "/one")]
    assert codes == [200, 200, 429]
    other = client.get("/one", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200


def test_nothing_is_counted_where_limits_are_off(make_app: Callable[..., Flask]) -> None:
    client = build(make_app, enabled=False).test_client()
    assert [client.get("/one").status_code for _ in range(4)] == [200] * 4
