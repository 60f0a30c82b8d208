"""Numbers for a monitoring program, in the form of Prometheus."""

import secrets
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from campaign.reports.metrics import Measure, list_measures
from campaign.web.shared.context import now, session, toolkit

if TYPE_CHECKING:
    from prometheus_client.core import Metric

blueprint = Blueprint("metrics", __name__)

_PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


@blueprint.get("/metrics")
def show() -> Response:
    """Count and show: to whoever has the token, or without one to programs of this machine."""
    token = toolkit().settings.metrics_token
    if token and not _shows(token):
        answer = _plain("Show METRICS_TOKEN as a bearer token.\n", 401)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if not token and not _is_from_this_machine():
        return _plain("Metrics are off: METRICS_TOKEN is not set.\n", 404)
    measures = list_measures(session(), mail=toolkit().settings.mail, now=now())
    return _rendered(measures, request.headers.get("Accept", ""))


def _shows(token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return secrets.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_from_this_machine() -> bool:
    """Tell whether a program here asks us itself: to a front server we would all be neighbours."""
    if any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _rendered(measures: Iterable[Measure], accepted: str) -> Response:
    # Here: most installations never ask for it.
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(measures))
    encode, content_type = choose_encoder(accepted)
    return Response(encode(registry), content_type=content_type)


class _Collector:
    """What the library asks for its numbers."""

    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = measures

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for measure in self._measures:
            make = CounterMetricFamily if measure.only_grows else GaugeMetricFamily
            family = make(measure.name, measure.help, labels=measure.labels)
            for labels, value in measure.values.items():
                family.add_metric(labels, value)
            yield family


def _plain(text: str, status: int) -> Response:
    return Response(text, status=status, mimetype="text/plain")
