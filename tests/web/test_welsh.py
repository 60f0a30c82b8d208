"""Welsh is complete wherever it is offered, and nothing falls back silently."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import Environment, meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.app import PROJECT_ROOT
from campaign.core.languages import Language
from campaign.delivery.models import OutboxMessage
from campaign.pledges.rules import STANCE_WORDS, STANCE_WORDS_IN
from campaign.pledges.service import answer_token, choose_language
from tests.factories.worlds import PledgeWorld, pledge_world
from tests.web.browsing import form_data
from tests.web.client import CheckingClient

TEMPLATES = PROJECT_ROOT / "templates"
CATALOGUE = PROJECT_ROOT / "campaign/translations/cy/LC_MESSAGES/messages.po"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
PYTHON = (
    "public/mail_choice/forms.py",
    "public/objections/forms.py",
    "public/pledges/forms.py",
    "shared/errors.py",
    "shared/filters.py",
    "shared/languages.py",
)
MAILS = (
    "address_questioned",
    "answer_link_reissued",
    "answer_receipt",
    "change_lapsed",
    "change_pending",
    "invitation",
    "invitation_reminder",
    "mail_choice",
    "recorded_for_you",
)
"""What ``followups.candidate_mail`` renders and sends."""
FRAMES = ("digest", "letter")
"""What ``letters`` sends to candidates: other people's words in a frame of ours."""


def reachable_templates() -> set[str]:
    """Return the candidate's pages and all that they extend, import or include."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    waiting = {
        path.relative_to(TEMPLATES).as_posix()
        for folder in ("pledges", "mail_choice", "objections")
        for path in TEMPLATES.glob(f"public/{folder}/*.html")
    }
    waiting |= {"errors/error.html", "errors/stale_form.html"}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        source = environment.parse((TEMPLATES / name).read_text("utf-8"))
        waiting |= {each for each in meta.find_referenced_templates(source) if each} - found
    return found


def reachable_messages() -> dict[object, str]:
    options = {"trim_blocks": "true", "lstrip_blocks": "true"}
    files = [("jinja2", TEMPLATES / name) for name in sorted(reachable_templates())]
    files += [("python", PROJECT_ROOT / "campaign/web" / name) for name in PYTHON]
    return {
        message: path.name
        for method, path in files
        for _line, message, _comments, _context in extract_from_file(
            method, path, keywords=KEYWORDS, options=options if method == "jinja2" else None
        )
    }


@pytest.fixture(scope="module")
def messages() -> dict[object, Message]:
    with CATALOGUE.open("rb") as file:
        return {
            message.id if isinstance(message.id, str) else message.id[0]: message
            for message in read_po(file, locale="cy")
        }


def test_every_message_that_a_candidate_can_meet_is_in_welsh(
    messages: dict[object, Message],
) -> None:
    wanted = reachable_messages()
    assert len(wanted) > 150
    for key, place in wanted.items():
        message = messages.get(key if isinstance(key, str) else key[0])  # type: ignore[index]
        assert message is not None, f"{key} of {place}: run make messages"
        texts = (message.string,) if isinstance(message.string, str) else message.string
        assert all(texts), f"{key} of {place} has no Welsh"
        assert not message.fuzzy, key
        assert not list(message.check()), key


def test_translations_name_the_same_values(messages: dict[object, Message]) -> None:
    names = re.compile(r"%\(\w+\)s|\{\w+\}")
    for message in messages.values():
        if message.id and isinstance(message.string, str) and message.string:
            assert sorted(names.findall(message.string)) == sorted(names.findall(str(message.id)))


def test_the_compiled_catalogue_is_that_of_the_text(tmp_path: Path) -> None:
    with CATALOGUE.open("rb") as file, (tmp_path / "messages.mo").open("wb") as compiled:
        write_mo(compiled, read_po(file, locale="cy"))
    with (tmp_path / "messages.mo").open("rb") as fresh:
        expected = {str(each.id): each.string for each in read_mo(fresh) if each.id}
    with CATALOGUE.with_suffix(".mo").open("rb") as kept:
        found = {str(each.id): each.string for each in read_mo(kept) if each.id}
    assert found == expected, "run make messages"


def test_mails_that_go_out_in_welsh_are_whole_and_use_the_same_values() -> None:
    environment = Environment()
    for name in (*MAILS, *FRAMES):
        for part in ("subject", "body"):
            english, welsh = (
                (TEMPLATES / "emails" / name / f"{part}.{ending}").read_text("utf-8")
                for ending in ("txt", "cy.txt")
            )
            assert len(welsh.split("\n\n")) == len(english.split("\n\n")), f"{name}/{part}"
            used, used_in_welsh = (
                sorted(re.findall(r"\b(?:[a-z_]+\.)+[a-z_]+\b", " ".join(code)))
                for code in (re.findall(r"\{[{%].*?[%}]\}", text) for text in (english, welsh))
            )
            assert used_in_welsh == used, f"{name}/{part}"
            assert meta.find_undeclared_variables(
                environment.parse(welsh)
            ) == meta.find_undeclared_variables(environment.parse(english)), f"{name}/{part}"


def test_the_list_of_mails_is_that_of_the_code_and_of_the_files() -> None:
    followups = PROJECT_ROOT / "campaign/followups"
    calls = " ".join(path.read_text("utf-8") for path in followups.glob("*.py"))
    rendered = set()
    for call in re.findall(
        r"(?:render_for|notify_candidate)\(\s*toolkit,\s*session,\s*([^,]+),", calls
    ):
        rendered |= set(re.findall(r'"(\w+)"', call))
    assert rendered == set(MAILS)
    assert {path.parent.name for path in TEMPLATES.glob("emails/*/*.cy.txt")} == {
        *MAILS,
        *FRAMES,
    }


def test_stances_read_alike_on_pages_and_in_mail(messages: dict[object, Message]) -> None:
    for stance, words in STANCE_WORDS.items():
        assert messages[words].string == STANCE_WORDS_IN[Language.WELSH][stance]


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    web_session.expire_on_commit = False
    world = pledge_world()
    web_session.commit()
    return world


@pytest.fixture
def door(app: Flask, web_session: Session, world: PledgeWorld) -> str:
    token = answer_token(
        web_session,
        app.extensions["campaign"].signer,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[0].id,
    )
    web_session.commit()
    return f"/answer/{token}/"


def choose_welsh(client: CheckingClient, door: str, **typed: str) -> str:
    data = form_data(client.get(door)) | typed | {"step": "language-cy"}
    return client.post(door, data=data).text


def test_english_is_the_language_until_a_candidate_chooses(
    client: CheckingClient, door: str
) -> None:
    page = client.get(door).text
    assert '<html lang="en">' in page
    assert 'value="language-cy" lang="cy">Cymraeg</button>' in page
    assert 'value="language-en"' not in page


def test_the_switch_keeps_what_is_typed_and_holds_without_a_cookie(
    client: CheckingClient, app: Flask, door: str, world: PledgeWorld
) -> None:
    field = f"statement-{world.asks[0].slug}"
    page = choose_welsh(client, door, **{field: "Fy ngeiriau fy hun"})
    assert '<html lang="cy">' in page
    assert "Fy ngeiriau fy hun" in page
    fresh = CheckingClient(app)
    page = fresh.get(door).text
    assert "Eich atebion" in page
    assert "Your answers" not in page
    assert f'<span lang="en">{world.asks[0].current.title}</span>' in page
    data = form_data(fresh.get(door)) | {"step": "language-en"}
    assert "Your answers" in fresh.post(door, data=data).text


def test_a_candidate_answers_in_welsh_to_the_receipt_and_its_mail(
    client: CheckingClient, app: Flask, door: str, world: PledgeWorld
) -> None:
    choose_welsh(client, door)
    data = form_data(client.get(door)) | {
        f"stance-{world.asks[0].slug}": "yes",
        "step": "preview",
    }
    preview = client.post(door, data=data)
    assert "Gwirio eich atebion" in preview.text
    assert client.post(door, data=form_data(preview) | {"step": "publish"}).status_code == 303
    receipt = client.get(f"{door}receipt").text
    assert '<html lang="cy">' in receipt
    assert "Mae eich atebion yn y cofnod" in receipt
    with app.extensions["campaign"].database.reader() as session:
        mail = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert mail is not None
    assert mail.subject.startswith("Derbynneb:")
    assert "   Ie\n" in mail.body
    assert "Dear" not in mail.body


def test_errors_of_the_form_and_of_the_domain_are_in_welsh(
    client: CheckingClient, door: str, world: PledgeWorld
) -> None:
    choose_welsh(client, door)
    slug = world.asks[0].slug
    data = form_data(client.get(door)) | {
        f"stance-{slug}": "yes",
        f"statement-{slug}": "x" * 501,
        "step": "preview",
    }
    page = client.post(door, data=data)
    assert page.status_code == 422
    assert "Nifer y nodau yn y testun: 501. Byrhewch ef i 500 neu lai." in page.text
    assert "Shorten" not in page.text
    missing = client.get(f"{door}withdraw/no-such-ask")
    assert missing.status_code == 404
    assert "Nid oes tudalen yn y cyfeiriad hwn" in missing.text


def test_pages_for_everybody_stay_english(
    client: CheckingClient, door: str, world: PledgeWorld
) -> None:
    choose_welsh(client, door)
    page = client.get(f"/{world.campaign.slug}/").text
    assert '<html lang="en">' in page
    assert "Skip to the main content" in page


def test_another_candidate_is_not_answered_in_welsh(
    client: CheckingClient, app: Flask, web_session: Session, door: str, world: PledgeWorld
) -> None:
    ids = {"campaign_id": world.campaign.id}
    choose_language(
        web_session, **ids, candidacy_id=world.candidacies[1].id, language=Language.WELSH
    )
    web_session.commit()
    assert '<html lang="en">' in client.get(door).text
