"""The limits on the doors that an attacker would use: each counts what it should, and no more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.delivery.models import OutboxMessage
from campaign.letters.models import Action
from tests.conftest import FrozenClock
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, database_of, errors_of, fields_of, fill_in, send


@pytest.fixture
def limited_app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(rate_limits_enabled=True)


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    return arrange(app, web_session)


def count(app: Flask, column: object) -> int:
    with database_of(app).reader() as session:
        return session.scalar(select(func.count(column))) or 0


def test_the_eleventh_sending_in_a_minute_waits(limited_app: Flask, place: Place) -> None:
    client = limited_app.test_client()
    answers = [
        send(client, place, email=f"jane{number}@example.org", subject_0=f"No. {number}")
        for number in range(11)
    ]
    assert [each.status_code for each in answers] == [303] * 10 + [429]
    refused = answers[-1]
    assert "Too many tries in a short time" in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert count(limited_app, Action.id) == 10
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    data = fields_of(client.post(place.write, data=fill_in(client, place)).text) | {"step": "send"}
    assert client.post(place.write, data=data).status_code == 429
    assert client.post(place.write, data=data, environ_overrides=elsewhere).status_code == 303


def test_looking_letters_over_costs_no_sending(limited_app: Flask, place: Place) -> None:
    client = limited_app.test_client()
    data = fill_in(client, place)
    codes = [client.post(place.write, data=data).status_code for _ in range(20)]
    assert codes == [200] * 20
    assert send(client, place).status_code == 303


def test_looking_postcodes_up_has_its_limit(limited_app: Flask, place: Place) -> None:
    client = limited_app.test_client()
    find = f"/{place.write.split('/')[1]}/find?postcode=QZ1+1AA"
    codes = [client.get(find).status_code for _ in range(61)]
    assert codes == [404] * 60 + [429]


@pytest.mark.parametrize("button", ["confirm", "withdraw"])
def test_buttons_behind_a_guessed_link_have_their_limit(
    limited_app: Flask, place: Place, button: str
) -> None:
    client = limited_app.test_client()
    token = fields_of(client.get(place.write).text)["csrf_token"][0]
    codes = [
        client.post(f"/action/guess{n}/{button}", data={"csrf_token": token}).status_code
        for n in range(21)
    ]
    assert codes == [404] * 20 + [429]


def test_buttons_behind_a_candidates_link_have_their_limit(
    limited_app: Flask, place: Place
) -> None:
    client = limited_app.test_client()
    token = fields_of(client.get(place.write).text)["csrf_token"][0]
    data = {"csrf_token": token, "step": "publish"}
    paths = ("", "withdraw/priority", "mail")
    codes = [
        client.post(f"/answer/guess{n}/{paths[n % 3]}", data=data).status_code for n in range(21)
    ]
    assert codes == [404] * 20 + [429]


def test_nothing_is_counted_where_limits_are_off(client: CheckingClient, place: Place) -> None:
    for number in range(12):
        email = f"jane{number}@example.org"
        assert send(client, place, email=email).status_code == 303


def test_ever_new_texts_do_not_fill_one_mailbox(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    for number in range(5):
        assert send(client, place, subject_0=f"Text {number}").status_code == 303
        clock.advance(minutes=1)
    refused = send(client, place, subject_0="Text 5", body_0="All my own words.")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == timedelta(minutes=55).total_seconds()
    assert "try again in 55 minutes" in errors_of(refused)
    kept = fields_of(refused.text)
    assert kept["subject_0"] == ["Text 5"]
    assert "All my own words." in kept["body_0"][0]
    assert count(app, OutboxMessage.id) == count(app, Action.id) == 5
    # The address in other letters is the same mailbox; another one is not.
    assert send(client, place, subject_0="Text 5", email="JANE@example.org").status_code == 429
    assert send(client, place, subject_0="Text 5", email="joan@example.org").status_code == 303
    clock.advance(minutes=55, seconds=1)
    assert send(client, place, subject_0="Text 5").status_code == 303
