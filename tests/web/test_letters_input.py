import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.rules import Lane
from campaign.letters.models import Letter
from tests.conftest import FrozenClock
from tests.integration.letters import actions_of, letters_of, messages_of
from tests.web.client import CheckingClient
from tests.web.letters import (
    Place,
    arrange,
    database_of,
    errors_of,
    fields_of,
    fill_in,
    links_in,
    send,
)


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    return arrange(app, web_session, emails=["ann@example.org", "bob@example.org", None])


def letters(app: Flask) -> list[Letter]:
    with database_of(app).reader() as session:
        return letters_of(session)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Enter your name."),
        ({"name": "x" * 81}, "at most; it has 81"),
        ({"name": "Jane\r\nBcc: all@example.org"}, "one line"),
        ({"name": "Jane\x00Smith"}, "control characters"),
        ({"name": "Jane \u202eSmith"}, "direction of reading"),
        ({"name": "<b>Jane</b>"}, "Enter your name only"),
        ({"name": "Win at www.example"}, "Enter your name only"),
        ({"name": "casino.com"}, "Enter your name only"),
        ({"name": "42"}, "at least one letter"),
        ({"email": ""}, "Enter an e-mail address"),
        ({"email": "jane"}, "Enter an e-mail address"),
        ({"email": "jane@example.org\nBcc: all@example.org"}, "Enter an e-mail address"),
        ({"email": "jane@example.org, all@example.org"}, "Enter an e-mail address"),
        ({"email": f"{'x' * 300}@example.org"}, "Enter an e-mail address"),
        ({"email": "jané@example.org"}, "Enter an e-mail address"),
        ({"subject_0": " "}, "Enter a subject."),
        ({"subject_0": "Hello\nBcc: all@example.org"}, "one line"),
        ({"subject_0": "x" * 151}, "150 characters at most"),
        ({"body_0": "\n \n"}, "Write your letter."),
        ({"body_0": "x" * 10_001}, "10,000 characters at most"),
        ({"body_0": "bell \x07"}, "control characters"),
        ({"body_0": "no such sign \ufffd \ufdd0"}, "did not reach us whole"),
        ({"consent": None}, "Tick the box if you agree"),
        ({"website": "http://spam.example"}, "Leave this field empty"),
        ({"recipients": []}, "Choose at least one candidate"),
        ({"recipients": ["99999999999999999999"]}, "has changed"),
        ({"recipients": ["1; DROP TABLE letters"]}, "Choose from the candidates on this page"),
        ({"for_0": ""}, "has changed"),
        ({"for_0": "9" * 5000}, "has changed"),
        ({"has_postcode": "y", "postcode": "nowhere"}, "full postcode"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_how_to_mend_it(
    app: Flask, client: CheckingClient, place: Place, typed: dict[str, object], said: str
) -> None:
    data = {
        key: value for key, value in fill_in(client, place, **typed).items() if value is not None
    }
    for step in ("preview", "send"):
        page = client.post(place.write, data={**data, "step": step})
        assert page.status_code == 422
        assert said in errors_of(page)
    again = fields_of(page.text)
    for field in {"body_0", "subject_0"} - typed.keys():
        assert again[field][0].strip() == data[field][0].strip()
    assert not letters(app)


@pytest.mark.parametrize("field", ["name", "subject_0", "body_0"])
def test_bytes_that_are_not_utf_8_are_refused(
    app: Flask, client: CheckingClient, place: Place, field: str
) -> None:
    data = fill_in(client, place, **{field: "MARK"})
    body = urlencode(data, doseq=True).replace("MARK", "J%E9r%F4me")
    page = client.post(place.write, data=body, content_type="application/x-www-form-urlencoded")
    assert page.status_code == 422
    assert "did not reach us whole" in page.text


def test_html_and_template_signs_are_text_like_any_other(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    words = "<script>alert(1)</script> {{ 7 * 7 }} {{ constituency }} {% if %} </pre> & é"
    preview = client.post(place.write, data=fill_in(client, place, body_0=words, subject_0=words))
    assert "<script>alert" not in preview.text
    send(client, place, body_0=words, subject_0=words)
    with database_of(app).reader() as session:
        (mail,) = messages_of(session)
    (page,) = links_in(mail.body)
    shown = client.get(page).text
    assert "<script>alert" not in shown
    assert "{{ 7 * 7 }}" in shown
    client.post(f"{page}confirm", data=fields_of(shown, action=f"{page}confirm"))
    with database_of(app).reader() as session:
        mail = messages_of(session, Lane.LETTER)[0]
    assert mail.subject == words
    assert words in mail.body


def test_line_ends_and_accents_come_out_one_way(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    send(client, place, name="Jose\u0301  O'Neill ", body_0="One\r\nTwo\rThree\u2028Four")
    letter = letters(app)[0]
    assert "One\nTwo\nThree\nFour" in letter.body
    assert letter.body.endswith("Yours sincerely,\n\nJosé O'Neill")


def test_the_postcode_is_kept_only_when_signed_with(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    send(client, place, postcode="zq1 1aa")
    send(client, place, postcode="zq11aa", has_postcode="y", email="other@example.org")
    with database_of(app).reader() as session:
        assert [action.postcode for action in actions_of(session)] == [None, "ZQ1 1AA"]
    assert letters(app)[0].body.endswith("Jane Smith")
    assert letters(app)[-1].body.endswith("Jane Smith\nZQ1 1AA")


def test_where_everybody_has_withdrawn_meanwhile_the_page_says_so(
    client: CheckingClient, web_session: Session, place: Place
) -> None:
    filled = fill_in(client, place)
    web_session.execute(update(Candidacy).values(status=CandidacyStatus.WITHDRAWN))
    web_session.commit()
    answer = client.post(place.write, data=filled)
    assert answer.status_code == 422
    assert "Nobody is known to stand here at the moment" in answer.text


def test_an_untouched_template_is_told_from_own_words(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    send(client, place)
    send(client, place, body_0="My own words.", email="other@example.org")
    assert [letter.is_personal for letter in letters(app)] == [False, False, True, True]


def test_a_form_of_another_site_is_refused(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    data = fill_in(client, place, step="send")
    del data["csrf_token"]
    assert client.post(place.write, data=data).status_code == 400
    assert not letters(app)


def test_pressing_send_again_and_again_is_one_action(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    forms = []
    for person in range(6):
        browser = app.test_client()
        data = fill_in(browser, place, email=f"person-{person}@example.org", step="send")
        cookie = browser.get_cookie("session")
        assert cookie is not None
        forms.append((cookie.value, data))
    gate = threading.Barrier(8)

    def press(_number: int) -> list[tuple[int, str]]:
        gate.wait()
        answers = []
        for cookie, data in forms:
            browser = app.test_client()
            browser.set_cookie("session", cookie)
            answer = browser.post(place.write, data=data)
            answers.append((answer.status_code, answer.location))
        return answers

    with ThreadPoolExecutor(8) as pool:
        answers = {answer for each in pool.map(press, range(8)) for answer in each}
    assert answers == {(303, f"{place.write.removesuffix('write')}check-your-mail")}
    with database_of(app).reader() as session:
        assert len(actions_of(session)) == 6
        assert len(messages_of(session)) == 6
