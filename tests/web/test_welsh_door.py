"""A candidate who chose Welsh meets no English behind their link or in their mail."""

from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.core.languages import Language
from campaign.delivery.models import OutboxMessage
from campaign.delivery.rules import Lane
from campaign.elections.models import Election
from campaign.followups.record import RecordStep, take_step
from campaign.pledges.service import (
    answer_token,
    choose_language,
    replace_answer_link,
)
from tests.conftest import FrozenClock
from tests.factories.pledges import NOW, published
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.browsing import form_data
from tests.web.client import CheckingClient
from tests.web.letters import Place, arrange, fill_in, links_in
from tests.web.test_letters_journey import confirmed, mails


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    world.candidacies[0].ballot.constituency.name_cy = "Gogledd y Rhos"
    web_session.commit()
    return world


@pytest.fixture
def door(app: Flask, web_session: Session, world: PledgeWorld) -> str:
    """The first candidate's page, in the language that they have chosen."""
    ids = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    choose_language(web_session, **ids, language=Language.WELSH)
    token = answer_token(web_session, app.extensions["campaign"].signer, **ids)
    web_session.commit()
    return f"/answer/{token}/"


def last_mail(app: Flask) -> OutboxMessage:
    with app.extensions["campaign"].database.reader() as session:
        mail = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    return mail


def test_how_mail_comes_is_chosen_and_receipted_in_welsh(
    client: CheckingClient, app: Flask, door: str, world: PledgeWorld
) -> None:
    page = client.get(f"{door}mail")
    assert '<html lang="cy">' in page.text
    assert "Pob llythyr wrth iddo ddod" in page.text
    assert "yn etholaeth Gogledd y Rhos" in page.text
    assert f'“<span lang="en">{world.campaign.name}</span>”' in page.text
    wrong = client.post(f"{door}mail", data=form_data(page) | {"wish": "each"})
    assert wrong.status_code == 422
    assert "Dewiswch un o'r tri." in unescape(wrong.text)
    client.post(f"{door}mail", data=form_data(page) | {"wish": "one_digest_a_day"})
    assert "O hyn ymlaen:" in client.get(f"{door}mail?done=1").text
    mail = last_mail(app)
    assert mail.subject == f'Un e-bost y dydd gan "{world.campaign.name}"'
    assert "tua 18:00" in mail.body
    assert "Dear" not in mail.body


def test_an_entry_and_the_objection_to_it_are_in_welsh(
    client: CheckingClient, app: Flask, web_session: Session, door: str, world: PledgeWorld
) -> None:
    entry = published(web_session, world)
    web_session.commit()
    record = client.get(f"{door}record")
    assert '<html lang="cy">' in record.text
    assert f'<span lang="en">{world.asks[0].current.title}</span>' in record.text
    assert f'<blockquote class="statement" lang="en">{entry.quote}' in record.text
    page = client.get(f"{door}object/{entry.sequence}")
    assert "Beth sydd o'i le arno, yn eich geiriau chi" in unescape(page.text)
    long = client.post(
        f"{door}object/{entry.sequence}", data=form_data(page) | {"words": "x" * 501}
    )
    assert long.status_code == 422
    assert "Nifer y nodau yn y testun: 501." in long.text
    assert client.post(f"{door}object/{entry.sequence}", data=form_data(page)).status_code == 303
    assert "Mae eich gwrthwynebiad yn gyhoeddus nawr." in client.get(f"{door}record?noted=1").text
    mail = last_mail(app)
    assert mail.subject.startswith("Derbynneb: eich gwrthwynebiad i ateb i")
    assert "Gwrthwynebodd rhywun sydd â'ch dolen bersonol" in mail.body
    again = client.get(f"{door}object/{entry.sequence}")
    assert "Rydych eisoes wedi gwrthwynebu'r cofnod hwn" in unescape(again.text)


@pytest.mark.parametrize(
    ("step", "subject"),
    [
        (RecordStep.KEEP, "Canlyniad eich gwrthwynebiad i ateb i"),
        (RecordStep.HIDE, "Wedi'i guddio: testun yng nghofnod"),
    ],
)
def test_what_organisers_decide_about_an_entry_is_mailed_in_welsh(
    app: Flask,
    web_session: Session,
    door: str,
    world: PledgeWorld,
    step: RecordStep,
    subject: str,
) -> None:
    toolkit = app.extensions["campaign"]
    entry = published(web_session, world, valid_from=NOW.date())
    steps = [RecordStep.DISPUTE, step] if step is RecordStep.KEEP else [step]
    for number, each in enumerate(steps, start=3):
        take_step(
            toolkit, web_session, world.campaign, step=each, entry=entry,
            reason="We heard the recording.", actor=f"organiser:{number}", now=NOW,
        )  # fmt: skip
    web_session.commit()
    mail = last_mail(app)
    assert mail.subject.startswith(subject)
    assert f"Cais: {world.asks[0].current.title}\nAteb: Ie\n" in mail.body
    assert "Dywedwyd ar: 1 Mai 2031\n" in mail.body
    assert "Rheswm y trefnwyr: We heard the recording.\n" in mail.body
    assert "Annwyl" in mail.body
    assert ("Dyfyniad:" in mail.body) is (step is RecordStep.KEEP)


def test_what_ends_a_link_is_said_in_welsh(
    client: CheckingClient,
    app: Flask,
    web_session: Session,
    door: str,
    world: PledgeWorld,
    clock: FrozenClock,
) -> None:
    stale = client.post(door, data={"step": "preview", f"statement-{world.asks[0].slug}": "Hyn."})
    assert stale.status_code == 400
    assert "Mae amser y ffurflen hon wedi dod i ben" in stale.text
    assert "Yn ôl at fy nhestun" in stale.text
    replace_answer_link(
        web_session, campaign_id=world.campaign.id, candidacy_id=world.candidacies[0].id
    )
    web_session.commit()
    ended = client.get(door)
    assert ended.status_code == 410
    assert '<html lang="cy">' in ended.text
    assert "Mae'r ddolen hon wedi'i disodli" in unescape(ended.text)
    token = answer_token(
        web_session,
        app.extensions["campaign"].signer,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[0].id,
    )
    web_session.get_one(Election, world.election.id).poll_closes_at = clock()
    web_session.commit()
    for path in (f"/answer/{token}/", f"/answer/{token}/mail", f"/answer/{token}/record"):
        closed = client.get(path)
        assert closed.status_code == 410
        assert "yn derbyn atebion mwyach" in closed.text
        assert world.campaign.contact_email in closed.text
        assert "closed" not in closed.text


def test_nobody_knows_whose_a_broken_link_is(client: CheckingClient, door: str) -> None:
    broken = client.get(f"{door[:-3]}/")
    assert broken.status_code == 404
    assert '<html lang="en">' in broken.text


def test_a_letter_stands_in_a_frame_of_the_candidates_language(
    client: CheckingClient, app: Flask, web_session: Session
) -> None:
    place: Place = arrange(app, web_session, emails=["ann@example.org", "bob@example.org"])
    confirmed(app, client, place)
    first, second = mails(app, Lane.LETTER)
    assert "Too many letters?" in first.body
    assert "Too many letters?" in second.body
    (answer,) = links_in(first.body)
    page = client.get(answer)
    client.post(answer, data=form_data(page) | {"step": "language-cy"})
    preview = client.post(
        place.write, data=fill_in(client, place, email="joe@example.org", name="Joe Bloggs")
    )
    assert '<span lang="cy">Ysgrifennodd Joe Bloggs hwn drwy' in preview.text
    assert '<span lang="en">Joe Bloggs wrote this through' in preview.text
    confirmed(app, client, place, email="joe@example.org", name="Joe Bloggs")
    to_ann, to_bob = mails(app, Lane.LETTER)[2:]
    assert to_ann.body.partition("\n--\n")[0] == first.body.partition("\n--\n")[0].replace(
        "Jane Smith", "Joe Bloggs"
    )
    assert "Gormod o lythyrau?" in to_ann.body
    assert "Too many" not in to_ann.body
    assert "Too many letters?" in to_bob.body
