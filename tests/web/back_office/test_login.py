"""Organisers come in by the real form, and the public never meets their login."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from passlib.totp import TOTP
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane
from campaign.organisers.models import Organiser
from campaign.organisers.rules import Role
from tests.web.back_office.conftest import PASSWORD, token_of
from tests.web.client import CheckingClient

Make = Callable[..., Organiser]
Fetch = Callable[..., list[Any]]


def log_in(client: CheckingClient, email: str, password: str = PASSWORD, *, to: str = "") -> object:
    path = f"/organise/login{to}"
    token = token_of(client, path)
    return client.post(path, data={"email": email, "password": password, "csrf_token": token})


def test_an_organiser_logs_in_and_out(client: CheckingClient, make_organiser: Make) -> None:
    organiser = make_organiser()

    assert client.get("/organise/").location == "/organise/login?next=/organise/"
    answer = log_in(client, organiser.email.upper(), to="?next=/organise/account")
    assert answer.status_code == 302
    assert answer.location.endswith("/organise/account")
    assert "Olive Organiser" in client.get("/organise/account").text

    client.post("/organise/logout", data={"csrf_token": token_of(client, "/organise/account")})
    assert client.get("/organise/account").status_code == 303


def test_a_login_is_noted_without_the_address_it_came_from(
    client: CheckingClient, make_organiser: Make, fetch: Fetch, clock: object
) -> None:
    organiser = make_organiser()
    log_in(client, organiser.email)
    (organiser,) = fetch(select(Organiser))
    assert organiser.login_count == 1
    assert organiser.current_login_at == clock()
    assert not {"last_login_ip", "current_login_ip"} & {c.name for c in Organiser.__table__.c}


@pytest.mark.parametrize(
    ("email", "password"),
    [("nobody@example.org", PASSWORD), ("known@example.org", "wrong horse battery")],
)
def test_a_wrong_login_says_the_same_whoever_tries(
    client: CheckingClient, make_organiser: Make, email: str, password: str
) -> None:
    make_organiser(email="known@example.org")
    answer = log_in(client, email, password)
    assert answer.status_code == 422
    assert answer.text.count("This address and password do not fit together.") == 1
    assert "Try again, or follow “Forgot your password?” below." in answer.text
    assert client.get("/organise/").status_code == 303


def test_a_login_that_was_switched_off_opens_nothing(
    client: CheckingClient, make_organiser: Make
) -> None:
    organiser = make_organiser(active=False)
    assert log_in(client, organiser.email).status_code == 422
    assert client.get("/organise/").status_code == 303


def test_a_login_leads_to_no_other_site(client: CheckingClient, make_organiser: Make) -> None:
    organiser = make_organiser()
    answer = log_in(client, organiser.email, to="?next=https://evil.example/")
    assert "evil" not in (answer.location or "")


def test_cookies_are_hardened(
    make_app: Callable[..., Flask], web_session: Session, password_hashes: object
) -> None:
    app = make_app(base_url="https://localhost")
    answer = app.test_client().get("/organise/login", base_url="https://localhost")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_pages_for_others_neither_set_nor_read_a_session(
    app: Flask, make_organiser: Make, client: CheckingClient
) -> None:
    @app.get("/public-page")
    def public_page() -> str:
        from flask import render_template

        return render_template("errors/error.html", title="A public page", status=200, detail="")

    log_in(client, make_organiser().email)
    for visitor in (client, app.test_client()):
        answer = visitor.get("/public-page")
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_the_token_of_another_session_does_not_log_in(app: Flask, make_organiser: Make) -> None:
    organiser = make_organiser()
    stranger = app.test_client()
    answer = app.test_client().post(
        "/organise/login",
        data={
            "email": organiser.email,
            "password": PASSWORD,
            "csrf_token": token_of(stranger, "/organise/login"),
        },
    )
    assert answer.status_code == 400


def test_guessing_is_slowed_down_for_each_address(
    make_app: Callable[..., Flask], web_session: Session
) -> None:
    app = make_app(rate_limits_enabled=True)
    client = app.test_client()
    token = token_of(client, "/organise/login")
    form = {"email": "nobody@example.org", "password": "a guess", "csrf_token": token}

    def guess(address: str) -> object:
        return client.post("/organise/login", data=form, environ_overrides={"REMOTE_ADDR": address})

    answers = [guess("192.0.2.1") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "Too many tries" in answers[-1].text
    assert guess("192.0.2.2").status_code == 422
    assert client.get("/organise/login").status_code == 200


def test_a_forgotten_password_is_set_anew_by_a_link_from_our_outbox(
    client: CheckingClient, make_organiser: Make, fetch: Fetch
) -> None:
    organiser = make_organiser()
    old_session = organiser.fs_uniquifier
    client.post(
        "/organise/reset",
        data={"email": organiser.email, "csrf_token": token_of(client, "/organise/reset")},
        headers={"Host": "localhost"},
    )
    (message,) = fetch(select(OutboxMessage))
    assert (message.recipient, message.lane) == (organiser.email, Lane.CONFIRMATION)
    (link,) = re.findall(r"http://localhost(/organise/reset/\S+)", message.body)

    assert client.get(link).status_code == client.get(link).status_code == 200
    new = "a brand new password"
    answer = client.post(
        link,
        data={"password": new, "password_confirm": new, "csrf_token": token_of(client, link)},
    )
    assert answer.status_code == 302
    (organiser,) = fetch(select(Organiser))
    assert organiser.fs_uniquifier != old_session
    assert organiser.password.startswith("$argon2")
    assert log_in(client, organiser.email, new).status_code == 302
    assert len(fetch(select(OutboxMessage))) == 2


def test_a_reset_link_names_our_own_site_whatever_the_request_claims(
    client: CheckingClient, make_organiser: Make, fetch: Fetch
) -> None:
    organiser = make_organiser()
    token = token_of(client, "/organise/reset")
    client.post(
        "/organise/reset",
        data={"email": organiser.email, "csrf_token": token},
        headers={"X-Forwarded-Host": "evil.example"},
        environ_overrides={"HTTP_HOST": "localhost"},
    )
    (message,) = fetch(select(OutboxMessage))
    assert "http://localhost/organise/reset/" in message.body
    assert "evil" not in message.body


def test_asking_for_a_new_password_does_not_tell_who_has_a_login(
    client: CheckingClient, make_organiser: Make, fetch: Fetch
) -> None:
    make_organiser(email="known@example.org")
    pages = []
    for email in ("known@example.org", "nobody@example.org"):
        token = token_of(client, "/organise/reset")
        answer = client.post("/organise/reset", data={"email": email, "csrf_token": token})
        # The form in the answer has a token of its own second.
        text = re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", answer.text)
        pages.append((answer.status_code, text.replace(email, "")))
    assert pages[0] == pages[1]
    assert len(fetch(select(OutboxMessage))) == 1


def test_a_password_is_changed(client: CheckingClient, make_organiser: Make) -> None:
    organiser = make_organiser()
    log_in(client, organiser.email)
    form = {
        "password": PASSWORD,
        "new_password": "short",
        "new_password_confirm": "short",
        "csrf_token": token_of(client, "/organise/change"),
    }
    assert client.post("/organise/change", data=form).status_code == 422
    form["new_password"] = form["new_password_confirm"] = "long enough for anybody"
    assert client.post("/organise/change", data=form).status_code == 302
    assert client.get("/organise/account").status_code == 200


def test_a_second_step_is_set_up_and_then_asked_for(
    app: Flask, client: CheckingClient, make_organiser: Make, fetch: Fetch
) -> None:
    organiser = make_organiser()
    log_in(client, organiser.email)
    assert "Second step at login" in client.get("/organise/tf-setup").text

    token = token_of(client, "/organise/tf-setup")
    page = client.post("/organise/tf-setup", data={"setup": "authenticator", "csrf_token": token})
    key = re.search(r"<code>([^<]+)</code>", page.text)[1]
    action = re.search(r'action="(/organise/tf-setup/[^"]+)"', page.text)[1]
    code = TOTP(key=key).generate().token
    answer = client.post(action, data={"code": code, "csrf_token": token})
    assert answer.location.endswith("/organise/account")
    (organiser,) = fetch(select(Organiser))
    assert organiser.tf_primary_method == "authenticator"
    assert key.replace("-", "") not in organiser.tf_totp_secret

    token = token_of(client, "/organise/mf-recovery-codes")
    page = client.post(
        "/organise/mf-recovery-codes", data={"generate_new_codes": "1", "csrf_token": token}
    )
    codes = re.findall(r"<code>([^<]+)</code>", page.text)
    (organiser,) = fetch(select(Organiser))
    assert len(codes) == 5
    assert not set(codes) & set(organiser.mf_recovery_codes)

    elsewhere = app.test_client()
    assert "/organise/tf-validate" in log_in(elsewhere, organiser.email).location
    assert elsewhere.get("/organise/").status_code == 303
    token = token_of(elsewhere, "/organise/tf-validate")
    wrong = elsewhere.post("/organise/tf-validate", data={"code": "000000", "csrf_token": token})
    assert wrong.status_code == 422
    code = TOTP(key=key).generate().token
    elsewhere.post("/organise/tf-validate", data={"code": code, "csrf_token": token})
    assert elsewhere.get("/organise/").status_code == 200

    for expected in (200, 303):  # A recovery code works once.
        third = app.test_client()
        log_in(third, organiser.email)
        token = token_of(third, "/organise/mf-recovery")
        third.post("/organise/mf-recovery", data={"code": codes[0], "csrf_token": token})
        assert third.get("/organise/").status_code == expected


@pytest.mark.parametrize("role", list(Role))
def test_everybody_sees_their_role(log_in: Callable[..., CheckingClient], role: Role) -> None:
    assert role.value.capitalize() in log_in(role).get("/organise/account").text
