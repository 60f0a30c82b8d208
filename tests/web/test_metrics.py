"""``/metrics``: who may read it, and what it says."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaign.candidates.service import open_repair
from campaign.core.config import Settings
from campaign.core.errors import SettingsError
from campaign.delivery import service
from campaign.delivery.incoming.storing import store_event
from campaign.delivery.models import DeliveryProbe, OutboxMessage
from campaign.delivery.returns import EventKind, Provider, SuppressionReason
from campaign.delivery.rules import ALL_SCOPES, Lane, MessageStatus
from campaign.reports import metrics
from tests.conftest import FrozenClock
from tests.factories import PersonFactory
from tests.integration.letters import make_scene
from tests.web.client import CheckingClient

TOKEN = "a token of the tests"


def test_a_program_on_the_same_machine_may_read_them(client: CheckingClient) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
        {"headers": {"Via": "1.1 proxy"}},
        {"environ_base": {"REMOTE_ADDR": "203.0.113.5"}},
        {"environ_base": {"REMOTE_ADDR": ""}},
    ],
)
def test_nobody_else_is_told_without_a_token(
    client: CheckingClient, request_: dict[str, dict[str, str]]
) -> None:
    answer = client.get("/metrics", **request_)
    assert answer.status_code == 404
    assert "METRICS_TOKEN" in answer.text
    assert "campaign_" not in answer.text


@pytest.mark.parametrize(
    ("given", "status"),
    [("", 401), (f"Basic {TOKEN}", 401), ("Bearer wrong ŵ", 401), (f"Bearer {TOKEN}", 200)],
)
def test_a_token_is_asked_of_everybody(
    make_app: Callable[..., Flask], given: str, status: int
) -> None:
    client = make_app(metrics_token=TOKEN).test_client()
    headers = {"Authorization": given, "X-Forwarded-For": "203.0.113.5"}
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_short_token_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match="METRICS_TOKEN"):
        Settings(secret_key="x" * 40, metrics_token="short")


def test_the_newer_form_is_spoken_too(client: CheckingClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


Numbers = dict[tuple[str, ...], float]


@pytest.fixture
def read(client: CheckingClient) -> Callable[[], Numbers]:
    def read() -> Numbers:
        families = text_string_to_metric_families(client.get("/metrics").text)
        return dict(_numbers(families))

    return read


def _numbers(families: object) -> Iterator[tuple[tuple[str, ...], float]]:
    for family in families:  # type: ignore[attr-defined]
        for sample in family.samples:
            name = sample.name.removeprefix("campaign_")
            yield (name, *sample.labels.values()), sample.value


def queue(
    session: Session, app: Flask, clock: FrozenClock, *, lane: Lane, **values: object
) -> OutboxMessage:
    return service.queue_message(
        session,
        mail=app.extensions["campaign"].settings.mail,
        lane=lane,
        scope="campaign:1",
        recipient=str(values.pop("recipient", "a@example.org")),
        from_name="Jane",
        subject="Safer streets",
        body="Dear candidate",
        now=clock(),
        **values,  # type: ignore[arg-type]
    )


def test_an_empty_installation_has_numbers_already(read: Callable[[], Numbers]) -> None:
    found = read()
    assert found["messages", "letter", "queued"] == 0
    assert found["queue_oldest_seconds", "confirmation"] == 0
    assert found["workers",] == 0
    assert ("worker_silence_seconds",) not in found
    assert found["paused", "all"] == 0


def test_the_queue_has_its_depth_and_age_by_lane(
    app: Flask, web_session: Session, clock: FrozenClock, read: Callable[[], Numbers]
) -> None:
    queue(web_session, app, clock, lane=Lane.CONFIRMATION)
    clock.advance(minutes=5)
    queue(web_session, app, clock, lane=Lane.LETTER)
    queue(web_session, app, clock, lane=Lane.NOTICE)
    web_session.commit()
    clock.advance(seconds=30)
    found = read()
    assert found["messages", "confirmation", "queued"] == 1
    assert found["queue_oldest_seconds", "confirmation"] == 330
    assert found["queue_oldest_seconds", "letter"] == 30
    service.pause(web_session, scope=ALL_SCOPES, actor="Olive", reason="", now=clock())
    web_session.commit()
    found = read()
    assert found["paused", "all"] == 1
    assert found["queue_oldest_seconds", "letter"] == 0, "what may not leave is not late"


def test_the_worker_shows_its_life_and_its_tries(
    app: Flask, web_session: Session, clock: FrozenClock, read: Callable[[], Numbers]
) -> None:
    queue(web_session, app, clock, lane=Lane.CONFIRMATION)
    web_session.commit()
    app.extensions["campaign.make_worker"]().run_once()
    clock.advance(minutes=2)
    found = read()
    assert (found["workers",], found["worker_silence_seconds",]) == (1, 120)
    assert found["tries_last_hour", "sent"] == 1
    clock.advance(hours=2)
    found = read()
    assert found["workers",] == 0
    assert ("tries_last_hour", "sent") not in found


def test_recipients_who_have_had_enough_are_counted(
    app: Flask,
    web_session: Session,
    clock: FrozenClock,
    read: Callable[[], Numbers],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mail = app.extensions["campaign"].settings.mail
    for _number in range(mail.letters_per_hour):
        queue(web_session, app, clock, lane=Lane.LETTER, recipient="full@example.org")
    web_session.execute(update(OutboxMessage).values(status=MessageStatus.SENT, sent_at=clock()))
    clock.advance(minutes=10)
    for recipient in ("full@example.org", "other@example.org"):
        for _ in range(2):
            message = queue(web_session, app, clock, lane=Lane.LETTER, recipient=recipient)
            message.due_at = clock.time.replace(hour=23)
    web_session.commit()
    found = read()
    assert (found["letters_waiting",], found["recipients_at_limit",]) == (4, 1)
    clock.advance(hours=1)
    assert read()["recipients_at_limit",] == 0
    monkeypatch.setattr(metrics, "WAITING_LETTERS", 0)
    assert read()["recipients_at_limit",] == 0


def test_letters_and_what_came_back_are_counted(
    app: Flask, web_session: Session, clock: FrozenClock, read: Callable[[], Numbers]
) -> None:
    scene = make_scene()
    scene.write(web_session, now=clock())
    open_repair(web_session, PersonFactory(), cause="", now=clock())
    service.suppress(
        web_session,
        "a@example.org",
        reason=SuppressionReason.COMPLAINT,
        source="mail",
        now=clock(),
    )
    store_event(
        web_session,
        provider=Provider.MAIL,
        event_id="1",
        kind=EventKind.HARD_BOUNCE,
        message=None,
        address_key="a@example.org",
        now=clock(),
    )
    web_session.add(
        DeliveryProbe(recipient="a", return_token="1", message_id="<1>", sent_at=clock())
    )
    web_session.commit()
    clock.advance(minutes=1)
    found = read()
    letters = {key[1:]: value for key, value in found.items() if key[0] == "letters"}
    assert {key[0] for key in letters} == {scene.campaign.slug}
    assert {key[1] for key in letters} == {"unconfirmed"}
    assert found["returned_mail_total", "hard_bounce"] == 1
    assert found["addresses_to_repair",] == 1
    assert found["suppressed_addresses",] == 1
    assert (found["probe_age_seconds",], found["probe_returned",]) == (60, 0)


def test_no_address_is_shown(
    app: Flask, web_session: Session, clock: FrozenClock, client: CheckingClient
) -> None:
    make_scene().write(web_session, now=clock())
    web_session.commit()
    assert "@" not in client.get("/metrics").text
