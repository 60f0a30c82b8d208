import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.candidates.models import Candidacy
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane, MessageStatus
from campaign.elections.models import Ballot
from campaign.followups.correspondence import delivery_handler
from campaign.letters.models import Action, Letter, TemplateVariant
from campaign.pledges.service import read_answer_token
from tests.conftest import FrozenClock
from tests.factories import TemplateVariantFactory
from tests.integration.letters import deliver, letters_of, make_scene, messages_of
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


def mails(app: Flask, lane: Lane | None = None) -> list[OutboxMessage]:
    with database_of(app).reader() as session:
        return messages_of(session, lane)


def statuses(app: Flask) -> list[str]:
    with database_of(app).reader() as session:
        return [letter.status.value for letter in letters_of(session)]


def contents(app: Flask) -> dict[str, list[object]]:
    """Return every row of every table."""
    with database_of(app).reader() as session:
        names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        return {
            name: [tuple(row) for row in session.execute(text(f'SELECT * FROM "{name}"'))]
            for name in names
        }


def confirmed(app: Flask, client: CheckingClient, place: Place, **typed: object) -> str:
    """Write and confirm; return the address of the supporter's page."""
    send(client, place, **typed)
    (page,) = links_in(mails(app, Lane.CONFIRMATION)[-1].body)
    form = fields_of(client.get(page).text, action=f"{page}confirm")
    assert client.post(f"{page}confirm", data=form).status_code == 303
    return page


def test_two_of_one_name_are_told_apart_by_party(
    app: Flask, client: CheckingClient, web_session: Session
) -> None:
    scene = make_scene()
    one, other = scene.candidacies[:2]
    other.person.name = one.person.name
    one.party_name, other.party_name = "Harbour Party", "Common Shore"
    place = Place(
        write=f"/{scene.campaign.slug}/{scene.ballot.constituency.slug}/write",
        campaign_id=scene.campaign.id,
        names=[each.person.name for each in scene.candidacies],
    )
    web_session.commit()
    preview = client.post(place.write, data=fill_in(client, place)).text
    assert f"To {place.names[0]} (Harbour Party)" in preview
    assert f"To {place.names[0]} (Common Shore)" in preview


@pytest.mark.parametrize("may_show", [True, False])
def test_leave_to_show_words_is_kept_with_its_wording(
    app: Flask, client: CheckingClient, place: Place, may_show: bool
) -> None:
    box = {"may_show_words": "y"} if may_show else {}
    preview = client.post(place.write, data={**fill_in(client, place), **box})
    client.post(place.write, data={**fields_of(preview.text), "step": "send"})
    with database_of(app).reader() as session:
        kept = session.scalars(select(Action.words_text)).one()
    expected = (
        "The campaign may show my words with my first name to the candidate on their answer page"
    )
    assert kept == (expected if may_show else "")


def test_the_whole_way(app: Flask, client: CheckingClient, place: Place) -> None:
    page = client.get(place.write)
    sent_untouched = fields_of(page.text)
    assert len(sent_untouched["recipients"]) == 2, "the reachable ones are ticked"
    assert "keep" not in sent_untouched
    unticked = {"consent", "wants_news", "has_postcode", "may_show_words"}
    assert not unticked & sent_untouched.keys()

    data = fill_in(client, place, body_0="My street has no crossing.\r\n\r\nPlease help.")
    preview = client.post(place.write, data=data)
    assert preview.status_code == 200
    for name in place.names[:2]:
        assert f"Dear {name}," in preview.text
    assert "Yours sincerely,\n\nJane Smith" in preview.text
    assert "Promoted by A. Person" in preview.text
    assert "/answer/" not in preview.text, "the candidate's link is the candidate's"
    assert "Send my letters to 2 candidates" in preview.text

    changed = client.post(place.write, data={**fields_of(preview.text), "step": "change"})
    assert changed.status_code == 200
    again = fields_of(changed.text)
    assert again["body_0"] == ["My street has no crossing.\n\nPlease help."]
    assert again["submission_key"] == data["submission_key"]
    assert again["consent"] == ["y"]

    sent = client.post(place.write, data={**fields_of(preview.text), "step": "send"})
    assert sent.status_code == 303
    check = client.get(sent.location)
    assert "to the address that you gave" in check.text
    kept = client.get_cookie("session")
    assert kept is not None
    with client.session_transaction() as cookie:
        assert cookie.keys() == {"csrf_token"}
    assert "jane" not in f"{sent.location}{sent.text}{check.text}{kept.decoded_value}".casefold()
    assert statuses(app) == ["unconfirmed"] * 2
    (mail,) = mails(app)

    (link,) = links_in(mail.body)
    waiting = client.get(link)
    assert "Yes, send my letters to 2 candidates" in waiting.text
    assert waiting.headers["X-Robots-Tag"].startswith("noindex")
    assert waiting.headers["Cache-Control"] == "no-store"
    form = fields_of(waiting.text, action=f"{link}confirm")
    for _ in range(2):
        assert client.post(f"{link}confirm", data=form).status_code == 303
    assert statuses(app) == ["queued"] * 2
    letters = mails(app, Lane.LETTER)
    assert [each.recipient for each in letters] == ["ann@example.org", "bob@example.org"]
    for name, each in zip(place.names, letters, strict=False):
        assert each.body.startswith(f"Dear {name},\n\nMy street has no crossing.\n\nPlease help.")
        (answer,) = links_in(each.body)
        token = answer.removeprefix("/answer/").removesuffix("/")
        with database_of(app).reader() as session:
            read = read_answer_token(session, app.extensions["campaign"].signer, token)
        assert read[0] == place.campaign_id

    page = client.get(link)
    assert page.text.count("It leaves within minutes") == 2
    assert "2 of 2</strong> On its way" in page.text
    assert "Sent on" not in page.text


def test_the_page_follows_each_letter(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    keep = re.findall(r'name="keep" value="(\d+)"', client.get(place.write).text)
    page = confirmed(app, client, place, keep=keep, body_0="My own words.")
    with database_of(app).transaction() as session:
        handler_now = clock()
        first, second = messages_of(session, Lane.LETTER)
        deliver(session, first, handler_now)
        deliver(session, second, handler_now, sent=False)
        handle = delivery_handler(app.extensions["campaign"])
        handle(session, first, handler_now)
        handle(session, second, handler_now)
    shown = client.get(page).text
    assert "Sent on 1 May 2031, 11:00" in shown
    assert "It could not be delivered" in shown
    assert "We know no e-mail address" in shown
    assert "My own words." in shown
    assert "My own words." in mails(app, Lane.NOTICE)[0].body
    with database_of(app).reader() as session:
        kept = session.scalars(select(Letter).where(Letter.status == "held")).one()
    form = fields_of(shown, action=f"{page}withdraw")
    assert form["letter"] == [str(kept.id)], "only what has not left can be withdrawn"
    assert client.post(f"{page}withdraw", data=form).status_code == 303
    assert "Withdrawn by you" in client.get(page).text
    refused = client.post(f"{page}withdraw", data={**form, "letter": str(kept.id - 2)})
    assert refused.status_code == 409
    assert statuses(app) == ["sent", "failed", "withdrawn"]
    for wrong in ("abc", "999", ""):
        assert client.post(f"{page}withdraw", data={**form, "letter": wrong}).status_code == 404


def test_all_letters_are_taken_back_before_confirming(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    send(client, place)
    (page,) = links_in(mails(app)[0].body)
    token = fields_of(client.get(page).text)["csrf_token"]
    assert client.post(f"{page}withdraw", data={"csrf_token": token}).status_code == 303
    assert statuses(app) == ["withdrawn"] * 2
    refused = client.post(f"{page}confirm", data={"csrf_token": token})
    assert refused.status_code == 409
    assert not mails(app, Lane.LETTER)


def test_a_second_action_in_the_same_browser_needs_no_mail(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    confirmed(app, client, place)
    cookie = client.get_cookie(f"writer-{place.campaign_id}")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    sent = send(client, place, body_0="Something else.")
    assert sent.location.startswith("/action/")
    assert "On its way" in client.get(sent.location).text
    assert len(mails(app, Lane.CONFIRMATION)) == 1
    # Another address in the same browser is another person until shown otherwise.
    other = send(client, place, email="other@example.org")
    assert other.location.endswith("/check-your-mail")


def test_the_same_letter_again_is_refused_on_the_page_where_the_address_is_proved(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    confirmed(app, client, place)
    preview = client.post(place.write, data=fill_in(client, place))
    again = client.post(place.write, data={**fields_of(preview.text), "step": "send"})
    assert again.status_code == 422
    assert f"{place.names[0]} (Thursday 1 May 2031)" in errors_of(again)
    assert fields_of(again.text)["name"] == ["Jane Smith"]
    assert statuses(app) == ["queued"] * 2


def test_a_new_browser_cannot_find_out_who_wrote_before(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    confirmed(app, client, place)
    answers = []
    for email in ("jane@example.org", "never@example.org"):
        stranger = app.test_client()
        sent = send(stranger, place, email=email)
        page = stranger.get(sent.location).text.replace(email, "")
        answers.append((sent.status_code, sent.location, page))
    assert answers[0] == answers[1]
    told = [mail for mail in mails(app, Lane.CONFIRMATION) if "already" in mail.subject]
    assert [mail.recipient for mail in told] == ["jane@example.org"]
    assert "nothing was sent twice" in told[0].body


def test_too_late_to_confirm_gives_the_text_back(
    app: Flask, client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    send(client, place, body_0="My own words.")
    (page,) = links_in(mails(app)[0].body)
    form = fields_of(client.get(page).text, action=f"{page}confirm")
    clock.advance(hours=49)
    shown = client.get(page)
    assert "not confirmed in time" in shown.text
    assert f"{page}confirm" not in shown.text
    late = client.post(f"{page}confirm", data=form)
    assert late.status_code == 410
    assert "My own words." in late.text
    assert not mails(app, Lane.LETTER)


def test_nothing_is_written_for_a_campaign_after_the_poll(
    client: CheckingClient, place: Place, clock: FrozenClock
) -> None:
    clock.advance(days=30)
    page = client.get(place.write)
    assert page.status_code == 409
    assert "The poll has closed" in page.text


def test_looking_at_any_link_of_any_mail_changes_nothing(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    confirmed(app, client, place)
    send(app.test_client(), place, email="waiting@example.org")
    send(app.test_client(), place)  # "already written"
    before = contents(app)
    links = [link for mail in mails(app) for link in links_in(mail.body)]
    assert len(links) == 5
    scanner = FlaskClient(app)
    for link in links:
        for look in (scanner.get, scanner.head, scanner.options):
            look(link)
        if link.startswith("/action/"):
            assert scanner.get(link).status_code == 200
            for button in ("confirm", "withdraw"):
                assert scanner.get(link + button).status_code == 405
    assert contents(app) == before


@pytest.mark.parametrize("link", ["/action/nonsense/", "/action/{answer}/", "/action/{cut}/"])
def test_a_link_opens_one_door_only(
    app: Flask, client: CheckingClient, place: Place, link: str
) -> None:
    page = confirmed(app, client, place)
    answer = links_in(mails(app, Lane.LETTER)[0].body)[0].split("/")[2]
    address = link.format(answer=answer, cut=page.split("/")[2][:-2])
    assert client.get(address).status_code == 404


def test_before_delivery_no_page_says_sent(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    # The worker has not run, as when the mail server is down.
    page = confirmed(app, client, place)
    for address in (page, f"{place.write.removesuffix('write')}check-your-mail"):
        shown = client.get(address).text
        assert not re.search(r"\b(Sent on|has been sent|was sent|were sent)\b", shown)
    with database_of(app).reader() as session:
        assert session.scalars(select(Action)).one().confirmed_at is not None


def test_a_secure_site_demands_secure_cookies(
    make_app: Callable[..., Flask], app: Flask, web_session: Session
) -> None:
    secure = make_app(base_url="https://letters.example.org")
    place = arrange(app, web_session)
    browser = secure.test_client()
    page = browser.get(place.write, base_url="https://localhost")
    data = {
        **fields_of(page.text),
        "name": "Jane Smith",
        "email": "jane@example.org",
        "consent": "y",
        "step": "send",
    }
    headers = {"Referer": "https://localhost/"}
    sent = browser.post(place.write, data=data, base_url="https://localhost", headers=headers)
    assert sent.status_code == 303
    link = re.findall(r"https://letters\.example\.org(/\S+)", mails(app)[0].body)[0]
    form = fields_of(browser.get(link, base_url="https://localhost").text)
    done = browser.post(f"{link}confirm", data=form, base_url="https://localhost", headers=headers)
    assert f"__Host-writer-{place.campaign_id}=" in done.headers["Set-Cookie"]
    assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in done.headers["Set-Cookie"]


def test_who_reads_another_text_has_an_editor_of_their_own(
    client: CheckingClient, place: Place, web_session: Session
) -> None:
    (last,) = web_session.scalars(select(TemplateVariant)).all()
    last.position = 2
    TemplateVariantFactory(
        campaign=web_session.get_one(Campaign, place.campaign_id),
        position=1,
        condition={"party": web_session.scalars(select(Candidacy)).all()[1].party_name},
        body="To {{ candidate_name }} of {{ party }}.",
    )
    web_session.commit()
    page = client.get(place.write)
    fields = fields_of(page.text)
    assert fields["body_1"][0].startswith("To Bob Baker of ")
    assert "body_2" not in fields
    # A text that nobody ticked will get may stay empty.
    only = fields["recipients"][:1]
    preview = client.post(
        place.write, data=fill_in(client, place, recipients=only, body_1="", subject_1="")
    )
    assert preview.status_code == 200
    assert "Send my letter to 1 candidate<" in preview.text


def test_a_text_for_nobody_who_can_be_reached_stands_last(
    client: CheckingClient, place: Place, web_session: Session
) -> None:
    ann, bob, cy = web_session.scalars(select(Candidacy).order_by(Candidacy.id)).all()
    assert "Not everybody gets the same text" not in client.get(place.write).text
    (last,) = web_session.scalars(select(TemplateVariant)).all()
    last.position = 2
    TemplateVariantFactory(
        campaign=web_session.get_one(Campaign, place.campaign_id),
        position=1,
        condition={"party": ann.party_name},
        body="To {{ party }}.",
    )
    cy.party_name = ann.party_name
    ann.person.email, cy.person.email = None, "cy@example.org"
    web_session.commit()
    page = client.get(place.write).text
    assert "Not everybody gets the same text" in page
    assert headings(page) == ["To Cy O'Cole", "To Bob Baker"]
    assert "Also, if you tick them above, to Ann Able" in page
    cy.person.email = None
    web_session.commit()
    page = client.get(place.write).text
    assert headings(page) == [
        "To Bob Baker",
        "Only if you tick them above, to Ann Able, Cy O'Cole",
    ]
    assert "Also, if you tick them above" not in page
    assert fields_of(page)["for_0"] == [str(bob.id)]


def headings(html: str) -> list[str]:
    """Return what stands above each text on the page to write on."""
    return [unescape(each) for each in re.findall(r"<h3>((?:To|Only) .*?)</h3>", html)]


def test_who_withdrew_is_not_offered_and_a_cancelled_poll_is_closed(
    client: CheckingClient, place: Place, web_session: Session
) -> None:
    data = fill_in(client, place)
    web_session.execute(
        update(Candidacy).where(Candidacy.id == 1).values(status=CandidacyStatus.WITHDRAWN)
    )
    web_session.commit()
    assert "Ann Able" not in client.get(place.write).text
    late = client.post(place.write, data=data)
    assert late.status_code == 422
    assert "The list of candidates has changed" in errors_of(late)
    web_session.execute(update(Ballot).values(is_cancelled=True))
    web_session.commit()
    assert client.get(place.write).status_code == 409


def test_where_nobody_can_be_reached_letters_can_be_kept(
    app: Flask, client: CheckingClient, web_session: Session
) -> None:
    place = arrange(app, web_session, emails=[None, None])
    assert client.post(place.write, data=fill_in(client, place)).status_code == 422
    preview = client.post(place.write, data=fill_in(client, place, keep=["1", "2"]))
    assert preview.text.count("We keep this letter until an e-mail address is found") == 2


def test_a_candidate_who_wants_nothing_more_gets_nothing_more(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    page = confirmed(app, client, place)
    letter = mails(app, Lane.LETTER)[0]
    (answer,) = links_in(letter.body)
    choice = {**fields_of(client.get(f"{answer}mail").text), "wish": "nothing_more"}
    assert client.post(f"{answer}mail", data=choice).status_code == 303
    assert statuses(app) == ["withdrawn", "queued"]
    assert mails(app, Lane.LETTER)[0].status is MessageStatus.CANCELLED
    shown = client.get(page).text
    assert "The candidate has asked this campaign for no more letters" in shown
    assert "Withdrawn by you" not in shown
    form = client.get(place.write)
    assert "have asked this campaign for no more letters" in form.text
    assert len(fields_of(form.text)["recipients"]) == 1
