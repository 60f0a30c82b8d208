"""What people read when something is wrong: their text again, and whose page it is."""

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.campaigns.rules import CampaignStatus
from campaign.elections.models import Election
from campaign.pledges.service import answer_token, revoke_answer_link
from tests.factories import CampaignFactory
from tests.factories.worlds import pledge_world
from tests.integration.letters import letters_of, messages_of
from tests.web.browsing import form_data
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, database_of, fields_of, fill_in, links_in, send

IMPRINT = "Promoted by A. Person"
WORDS = "\nMy street has <b>no</b> crossing & \"no\" light.\r\n\r\n</textarea> 'Please' help. é"


@pytest.fixture
def place(app: Flask, web_session: Session) -> Place:
    place = arrange(app, web_session)
    web_session.execute(update(Campaign).values(help_panel="Call **the helpers**."))
    web_session.commit()
    return place


@pytest.mark.parametrize("step", ["preview", "change", "send"])
def test_a_letter_comes_back_from_a_form_that_has_timed_out(
    app: Flask, client: CheckingClient, place: Place, step: str
) -> None:
    typed = fill_in(client, place, body_0=WORDS, postcode="ZQ1 1AA", step=step)
    client.delete_cookie("session")
    stale = client.post(place.write, data=typed)
    assert stale.status_code == 400
    assert stale.headers["Cache-Control"] == "no-store"
    assert "This form has timed out" in stale.text
    assert "Back to my text" in stale.text
    shown = stale.text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]
    assert unescape(shown).replace("\r\n", "\n") == "\n" + WORDS.replace("\r\n", "\n")
    assert "readonly" in stale.text

    kept = fields_of(stale.text, action=place.write)
    assert kept["csrf_token"] != [typed["csrf_token"]]
    assert len(kept["csrf_token"]) == 1
    assert "step" not in kept
    back = client.post(place.write, data={**kept, "step": "change"})
    assert back.status_code == 200
    again = fields_of(back.text, action=place.write)
    for name in typed.keys() - {"csrf_token", "step", "body_0", "email"}:
        expected = typed[name] if isinstance(typed[name], list) else [typed[name]]
        assert again[name] == expected, name
    assert again["body_0"][0].strip() == WORDS.strip().replace("\r\n", "\n")
    with database_of(app).reader() as session:
        assert not letters_of(session)

    preview = client.post(place.write, data={**again, "step": "preview"})
    assert "Look over your letters" in preview.text


def test_an_answer_comes_back_from_a_form_that_has_timed_out(
    app: Flask, client: CheckingClient, web_session: Session
) -> None:
    world = pledge_world()
    signer = app.extensions["campaign"].signer
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    door = f"/answer/{answer_token(web_session, signer, **ids)}/"
    web_session.commit()
    typed = form_data(client.get(door)) | {
        "stance-lights": "partly",
        "statement-lights": "Most <i>of</i> them.",
        "step": "publish",
    }
    client.delete_cookie("session")
    stale = client.post(door, data=typed)
    assert stale.status_code == 400
    assert "Most &lt;i&gt;of&lt;/i&gt; them.</textarea>" in stale.text
    assert IMPRINT in stale.text
    back = client.post(door, data=form_data(stale, action=door) | {"step": "edit"})
    assert back.status_code == 200
    filled = form_data(back)
    assert filled["stance-lights"] == "partly"
    assert filled["statement-lights"] == "Most <i>of</i> them."


def test_nobody_gets_words_back_that_another_site_posted(
    client: CheckingClient, place: Place
) -> None:
    foreign = client.post(
        place.write,
        data={"body_0": "Words of a stranger"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert foreign.status_code == 400
    assert "stranger" not in foreign.text
    login = client.post("/organise/login", data={"email": "a@example.org", "password": "hidden"})
    assert 'hidden"' not in login.text


def test_the_token_of_a_form_and_passwords_are_not_given_back(
    client: CheckingClient, place: Place
) -> None:
    stale = client.post(
        place.write, data={"csrf_token": "old-one", "Password": "hidden-one", "body_0": "Words"}
    )
    assert "Words" in stale.text
    assert "old-one" not in stale.text
    assert "hidden-one" not in stale.text


@pytest.mark.parametrize("end", ["nowhere/", "nowhere/write", "a/b/c/d", "candidates/9/"])
def test_a_page_that_is_not_there_still_says_whose_campaign_it_is(
    client: CheckingClient, place: Place, end: str
) -> None:
    slug = place.write.split("/")[1]
    page = client.get(f"/{slug}/{end}")
    assert page.status_code == 404
    assert page.headers["Cache-Control"] == "no-store"
    assert IMPRINT in page.text
    assert "<strong>the helpers</strong>" in page.text
    assert f'href="/{slug}/"' in page.text


def test_refusals_and_stale_forms_of_a_campaign_bear_its_imprint(
    client: CheckingClient, place: Place, web_session: Session
) -> None:
    stale = client.post(place.write, data={})
    web_session.execute(update(Campaign).values(status=CampaignStatus.CLOSED))
    web_session.commit()
    refused = client.get(place.write)
    assert (stale.status_code, refused.status_code) == (400, 409)
    for page in (stale, refused):
        assert IMPRINT in page.text
        assert "the helpers" in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_links_that_have_ended_still_say_whose_they_are(
    app: Flask, client: CheckingClient, web_session: Session
) -> None:
    world = pledge_world()
    signer = app.extensions["campaign"].signer
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    token = answer_token(web_session, signer, **ids)
    revoke_answer_link(web_session, **ids)
    web_session.commit()
    ended = client.get(f"/answer/{token}/")
    assert ended.status_code == 410
    assert IMPRINT in ended.text
    nothing = client.get(f"/answer/{token}/request/nonsense")
    assert IMPRINT in nothing.text


def test_behind_a_broken_link_is_whom_to_ask_where_only_one_campaign_is_live(
    app: Flask, client: CheckingClient, web_session: Session
) -> None:
    world = pledge_world()
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    token = answer_token(web_session, app.extensions["campaign"].signer, **ids)
    web_session.commit()
    broken = (f"/answer/{token[:-2]}/", f"/action/{token}/", "/answer/", "/action/x/")
    for address in broken:
        unknown = client.get(address)
        assert unknown.status_code == 404
        assert IMPRINT in unknown.text
    election = web_session.get(Election, world.campaign.election_id)
    CampaignFactory(slug="another", election=election)
    web_session.commit()
    for address in broken:
        assert IMPRINT not in client.get(address).text


def test_the_page_of_letters_bears_the_imprint_when_its_form_has_timed_out(
    app: Flask, client: CheckingClient, place: Place
) -> None:
    send(client, place)
    with database_of(app).reader() as session:
        (link,) = links_in(messages_of(session)[0].body)
    client.delete_cookie("session")
    stale = client.post(f"{link}confirm", data={})
    assert stale.status_code == 400
    assert IMPRINT in stale.text
    assert "Back to my text" not in stale.text


def test_too_many_tries_are_answered_with_the_imprint(
    make_app: Callable[..., Flask], app: Flask, web_session: Session
) -> None:
    place = arrange(app, web_session)
    client = make_app(rate_limits_enabled=True).test_client()
    slug = place.write.split("/")[1]
    for _ in range(61):
        page = client.get(f"/{slug}/find?postcode=x")
    assert page.status_code == 429
    assert IMPRINT in page.text


def test_a_draft_and_the_back_office_are_not_shown_on_error_pages(
    client: CheckingClient, place: Place, web_session: Session
) -> None:
    slug = place.write.split("/")[1]
    assert IMPRINT not in client.get(f"/organise/{slug}/no/such/page").text
    web_session.execute(update(Campaign).values(status=CampaignStatus.DRAFT))
    web_session.commit()
    page = client.get(f"/{slug}/nowhere/")
    assert page.status_code == 404
    assert IMPRINT not in page.text


def test_a_database_at_fault_still_gives_a_plain_page(
    app: Flask, client: CheckingClient, place: Place, web_session: Session
) -> None:
    slug = place.write.split("/")[1]
    web_session.execute(text("ALTER TABLE campaigns RENAME TO gone"))
    web_session.commit()
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    broken = client.get(f"/{slug}/")
    assert broken.status_code == 500
    assert "Something went wrong on our side" in broken.text
    missing = client.get(f"/{slug}/a/b/c/d")
    assert missing.status_code == 404
    assert IMPRINT not in missing.text


def test_a_database_in_trouble_does_not_make_an_error_of_an_error_in_the_office(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    client = make_app(database_url=f"sqlite:///{tmp_path / 'empty.sqlite'}").test_client()
    with client.session_transaction() as kept:
        kept["_user_id"], kept["_fresh"] = "somebody", True
    for path in ("/organise/nowhere/nothing/at/all", "/organise/"):
        answer = client.get(path)
        assert answer.status_code in (404, 500)
        assert "Log out" not in answer.text
        assert "<main" in answer.text
