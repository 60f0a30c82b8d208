import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import OutboxMessage
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import Lane
from campaign.delivery.service import suppress
from campaign.letters.models import HiddenWords
from campaign.letters.rules import LetterStatus
from campaign.pledges.models import CandidateRequest, PledgeEvent
from campaign.pledges.queries import list_current_answers, wants_no_mail
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import (
    answer_token,
    dispute_entry,
    hide_texts,
    record_pledge,
    review_pledge,
)
from tests.conftest import FrozenClock
from tests.factories import EARLY, BallotFactory, CandidacyFactory, EvidenceFactory
from tests.factories.worlds import PledgeWorld, letter_from_somebody, pledge_world
from tests.web.browsing import form_data
from tests.web.client import CheckingClient

Reads = Callable[[], Session]


@pytest.fixture
def world(app: Flask, web_session: Session) -> PledgeWorld:
    # What is read again after a commit would take SQLite's write lock away from the app.
    web_session.expire_on_commit = False
    world = pledge_world()
    web_session.commit()
    return world


@pytest.fixture
def read(app: Flask) -> Iterator[Callable[[], Session]]:
    """Give a session that sees what the app has committed by now."""
    with app.extensions["campaign"].database.reader() as session:

        def fresh() -> Session:
            session.rollback()
            return session

        yield fresh


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


def publish(client: CheckingClient, door: str, **answers: str) -> None:
    """Answer, look at the preview, press the button."""
    names = {name.replace("_", "-"): value for name, value in answers.items()}
    data = form_data(client.get(door)) | names | {"step": "preview"}
    preview = client.post(door, data=data)
    assert preview.status_code == 200
    done = client.post(door, data=form_data(preview) | {"step": "publish"})
    assert done.status_code == 303
    assert done.location == f"{door}receipt"


def events(session: Session) -> list[PledgeEvent]:
    return list(session.scalars(select(PledgeEvent).order_by(PledgeEvent.sequence)))


def test_the_page_says_what_is_asked_by_whom_and_how_many_wrote(
    client: CheckingClient, web_session: Session, world: PledgeWorld, door: str
) -> None:
    EvidenceFactory(campaign=world.campaign, ask_id=world.asks[0].id, value="1 in 9", position=1)
    for status in (LetterStatus.SENT, LetterStatus.HELD, LetterStatus.UNCONFIRMED):
        letter_from_somebody(web_session, world, status=status)
    web_session.commit()
    page = client.get(door)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    text = page.get_data(as_text=True)
    for words in ("Ann Ash", "Make it first.", "1 in 9", "A study", "Promoted by A. Person",
                  "2 constituents in Northmoor East have written"):  # fmt: skip
        assert words in text
    assert text.count("<fieldset") == text.count("<legend") == 2


def test_answers_are_shown_then_published_and_a_receipt_is_mailed(
    client: CheckingClient, read: Reads, world: PledgeWorld, door: str
) -> None:
    data = form_data(client.get(door)) | {
        "stance-priority": "yes_with_reservations",
        "statement-priority": "First, <b>safety</b>.\r\nThen the rest.",
        "step": "preview",
    }
    preview = client.post(door, data=data)
    text = preview.get_data(as_text=True)
    assert "Yes, with reservations" in text
    assert "First, &lt;b&gt;safety&lt;/b&gt;.\nThen the rest." in text
    assert "Publish my answer" in text
    assert events(read()) == []

    receipt = client.post(
        door, data=form_data(preview) | {"step": "publish"}, follow_redirects=True
    )
    assert "Your answers are in the record" in receipt.get_data(as_text=True)
    (event,) = events(read())
    assert (event.stance, event.statement, event.entered_by) == (
        Stance.YES_WITH_RESERVATIONS,
        "First, <b>safety</b>.\nThen the rest.",
        "candidate",
    )
    message = read().scalars(select(OutboxMessage)).one()
    assert (message.lane, message.recipient) == (Lane.NOTICE, world.candidacies[0].person.email)
    assert "Yes, with reservations" in message.body
    assert "Then the rest." in message.body
    assert "http://localhost/answer/" in message.body
    assert "Promoted by A. Person" in message.body
    public = client.get(f"/safer-streets/candidates/{world.candidacies[0].person_id}/")
    assert "First, &lt;b&gt;safety&lt;/b&gt;." in public.get_data(as_text=True)


def test_changing_from_the_preview_keeps_what_was_typed(client: CheckingClient, door: str) -> None:
    data = form_data(client.get(door)) | {
        "stance-lights": "partly",
        "statement-lights": "Most of them.",
    }
    preview = client.post(door, data=data | {"step": "preview"})
    back = client.post(door, data=form_data(preview) | {"step": "edit"})
    filled = form_data(back)
    assert (filled["stance-lights"], filled["statement-lights"]) == ("partly", "Most of them.")


def mails(session: Session, subject: str) -> list[OutboxMessage]:
    return [
        each
        for each in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        if subject in each.subject
    ]


def links(message: OutboxMessage) -> list[str]:
    """Return the paths of a mail's links, in their order."""
    return re.findall(r"^http://localhost(/\S+)$", message.body, re.MULTILINE)


def ask_for_a_change(client: CheckingClient, read: Reads, door: str) -> tuple[str, str]:
    """Answer yes, ask to change that to partly; return where it is confirmed and disputed."""
    publish(client, door, stance_priority="yes")
    publish(client, door, stance_priority="partly", statement_priority="I thought again.")
    confirm, dispute = links(mails(read(), "Please confirm")[-1])
    return confirm, dispute


def test_a_change_waits_until_the_link_in_its_mail_is_used(
    client: CheckingClient, read: Reads, world: PledgeWorld, door: str
) -> None:
    publish(client, door, stance_priority="yes", stance_lights="no")
    page = client.get(door)
    assert form_data(page)["stance-priority"] == "yes"
    preview = client.post(door, data=form_data(page) | {"stance-priority": "partly"})
    assert "we ask you by e-mail to confirm it" in preview.get_data(as_text=True)
    data = form_data(preview) | {"step": "publish"}
    shown = client.post(door, data=data, follow_redirects=True).get_data(as_text=True)
    assert "One more step: look into your mail" in shown
    assert f"{world.candidacies[0].person.email[0]}…@example.org" in shown
    assert client.post(door, data=data).status_code == 303
    (mail,) = mails(read(), "Please confirm")
    assert mail.lane is Lane.CONFIRMATION
    assert "Now: Yes" in mail.body
    assert "Then: Partly" in mail.body
    assert [event.stance for event in events(read())] == [Stance.YES, Stance.NO]

    confirm, _dispute = links(mail)
    for method in ("GET", "HEAD"):
        assert client.open(confirm, method=method).status_code == 200
    assert len(events(read())) == 2, "a scanner opens links"
    done = client.post(confirm, data=form_data(client.get(confirm)))
    assert "Your change is in the record" in done.get_data(as_text=True)
    assert [event.stance for event in events(read())] == [Stance.YES, Stance.NO, Stance.PARTLY]
    assert len(mails(read(), "Receipt")) == 2
    again = client.get(confirm).get_data(as_text=True)
    assert "Nothing waits here" in again
    assert client.post(confirm, data=form_data(page)).status_code == 200
    assert len(events(read())) == 3


@pytest.mark.parametrize(
    ("words", "shown"),
    [("I thought again.", "I thought again."), ("", "The statement is removed.")],
)
def test_a_change_of_the_statement_alone_is_seen_on_every_page(
    client: CheckingClient, read: Reads, door: str, words: str, shown: str
) -> None:
    publish(client, door, stance_priority="yes", statement_priority="First of all.")
    data = form_data(client.get(door)) | {"statement-priority": words}
    preview = client.post(door, data=data)
    client.post(door, data=form_data(preview) | {"step": "publish"})
    for page in (preview, client.get(door), client.get(f"{door}receipt")):
        assert "First of all." in page.text
        assert shown in page.text
    confirm, dispute = links(mails(read(), "Please confirm")[-1])
    for path in (confirm, dispute):
        card = client.get(path).text
        assert "First of all." in card
        assert shown in card


def test_a_disputed_answer_is_marked_where_a_change_of_it_waits(
    client: CheckingClient, web_session: Session, read: Reads, world: PledgeWorld, door: str
) -> None:
    whose = {"campaign_id": world.campaign.id, "now": EARLY}
    entry = record_pledge(
        web_session, candidacy_id=world.candidacies[0].id, ask_id=world.asks[0].id,
        stance=Stance.NO, channel=Channel.LETTER, quote="No.", entered_by="organiser:1", **whose,
    )  # fmt: skip
    review_pledge(web_session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=EARLY)
    dispute_entry(web_session, event_id=entry.id, entered_by="candidate", words="Never.", **whose)
    web_session.commit()
    data = form_data(client.get(door)) | {"stance-priority": "yes", "step": "preview"}
    preview = client.post(door, data=data)
    assert preview.text.count("Disputed by the candidate") == 1
    client.post(door, data=form_data(preview) | {"step": "publish"})
    confirm = links(mails(read(), "Please confirm")[-1])[0]
    assert client.get(confirm).text.count("Disputed by the candidate") == 1


def test_a_withdrawal_waits_too_and_stays_in_the_history(
    client: CheckingClient, read: Reads, world: PledgeWorld, door: str
) -> None:
    publish(client, door, stance_priority="yes")
    address = f"{door}withdraw/priority"
    page = client.get(address)
    for _time in range(2):
        done = client.post(address, data=form_data(page), follow_redirects=True)
        assert "A withdrawal waits" in done.get_data(as_text=True)
    (mail,) = mails(read(), "Please confirm")
    confirm = links(mail)[0]
    client.post(confirm, data=form_data(client.get(confirm)))
    assert list_current_answers(read(), world.campaign.id) == {}
    assert "answer withdrawn" in client.get(door).get_data(as_text=True)
    publish(client, door, stance_priority="no")
    assert len(events(read())) == 3, "where nothing is public, an answer is a first one again"


def test_a_later_change_replaces_one_that_waits(
    client: CheckingClient, read: Reads, door: str
) -> None:
    earlier, _dispute = ask_for_a_change(client, read, door)
    publish(client, door, stance_priority="no")
    assert "Nothing waits here" in client.get(earlier).get_data(as_text=True)
    client.post(earlier, data=form_data(client.get(door)))
    assert len(events(read())) == 1
    later = links(mails(read(), "Please confirm")[-1])[0]
    client.post(later, data=form_data(client.get(later)))
    assert events(read())[-1].stance is Stance.NO


def test_a_change_that_was_a_mistake_is_left_alone(
    client: CheckingClient, read: Reads, door: str
) -> None:
    confirm, _dispute = ask_for_a_change(client, read, door)
    page = client.get(f"{door}receipt")
    assert client.post(f"{door}keep/priority", data=form_data(page)).status_code == 303
    assert "Nothing waits here" in client.get(confirm).get_data(as_text=True)
    assert len(events(read())) == 1


def test_who_did_not_ask_for_a_change_drops_it_and_ends_the_link(
    client: CheckingClient, read: Reads, world: PledgeWorld, door: str
) -> None:
    confirm, dispute = ask_for_a_change(client, read, door)
    page = client.get(dispute)
    assert client.get(door).status_code == 200, "opening the page does nothing"
    done = client.post(dispute, data=form_data(page))
    assert "Thank you for telling us" in done.get_data(as_text=True)
    assert client.get(door).status_code == 410
    assert "Nothing waits here" in client.get(confirm).get_data(as_text=True)
    assert len(events(read())) == 1
    (request,) = read().scalars(select(CandidateRequest)).all()
    assert request.kind == "change_disputed"
    assert not wants_no_mail(read(), world.campaign.id, world.candidacies[0].id)
    client.post(dispute, data=form_data(page))
    assert read().scalar(select(func.count(CandidateRequest.id))) == 1


def test_a_link_of_a_mail_opens_one_door_only(
    client: CheckingClient, read: Reads, door: str, clock: FrozenClock, world: PledgeWorld
) -> None:
    confirm, dispute = ask_for_a_change(client, read, door)
    confirming, disputing = confirm.split("/")[3], dispute.split("/")[3]
    assert client.get(f"/answer/change/{disputing}/").status_code == 404
    assert client.get(f"/answer/not-me/{confirming}/").status_code == 404
    assert client.get(f"/answer/{confirming}/").status_code == 404
    clock.time = world.election.poll_closes_at
    for path in (confirm, dispute):
        page = client.get(path)
        assert page.status_code == 410
        assert "ada@example.org" in page.get_data(as_text=True)


def test_without_an_address_an_organiser_is_asked(
    client: CheckingClient, web_session: Session, read: Reads, world: PledgeWorld, door: str
) -> None:
    world.candidacies[0].person.email = None
    web_session.commit()
    publish(client, door, stance_priority="yes")
    publish(client, door, stance_priority="no")
    page = client.get(f"{door}receipt").get_data(as_text=True)
    assert "Ada Person will ask you" in page
    assert "look into your mail" not in page
    assert [each.kind for each in read().scalars(select(CandidateRequest))] == ["change_to_check"]
    assert len(events(read())) == 1


@pytest.mark.parametrize("is_bounced", [False, True])
def test_whom_no_mail_reaches_is_not_told_to_look_into_it(
    client: CheckingClient,
    web_session: Session,
    world: PledgeWorld,
    door: str,
    clock: FrozenClock,
    is_bounced: bool,
) -> None:
    person = world.candidacies[0].person
    address = f"{person.email[0]}…@example.org"
    publish(client, door, stance_priority="yes")
    if is_bounced:
        reason = SuppressionReason.HARD_BOUNCE
        suppress(web_session, person.email, reason=reason, source="mail", now=clock())
    else:
        person.email = None
    web_session.commit()
    data = form_data(client.get(door)) | {"stance-priority": "no"}
    pages = [client.get(f"{door}receipt"), client.get(f"{door}withdraw/priority")]
    preview = client.post(door, data=data)
    pages.append(preview)
    client.post(door, data=form_data(preview) | {"step": "publish"})
    pages += [client.get(door), client.get(f"{door}receipt")]
    for page in pages:
        assert address not in page.text
        assert "e-mail to confirm" not in page.text
        assert "look into your mail" not in page.text
        assert "No mail can ask the candidate" not in page.text
    for page in pages[:3]:
        assert "We have no address of yours that works" in page.text
    for page in pages[3:]:
        assert "No mail reaches you, so an organiser asks you about it." in page.text
    assert "One more step: we ask you about the change" in pages[-1].text


def test_the_button_says_what_it_does(client: CheckingClient, door: str) -> None:
    publish(client, door, stance_priority="yes")

    def button(**answers: str) -> str:
        names = {f"stance-{slug}": stance for slug, stance in answers.items()}
        return client.post(door, data=form_data(client.get(door)) | names).text

    assert "Ask for this change" in button(priority="no")
    assert "Publish my" not in button(priority="no")
    assert "Publish my answer" in button(priority="no", lights="yes"), "one is new"


@pytest.mark.parametrize("lights", ["", "no"])
def test_the_same_answer_published_from_a_second_tab_leads_to_the_receipt(
    client: CheckingClient, read: Reads, door: str, lights: str
) -> None:
    data = form_data(client.get(door)) | {"stance-priority": "yes", "stance-lights": lights}
    for _tab in range(2):
        done = client.post(door, data=data | {"step": "publish"})
        assert (done.status_code, done.location) == (303, f"{door}receipt")
    assert len(events(read())) == (2 if lights else 1)
    assert mails(read(), "Please confirm") == []
    assert client.post(door, data=data | {"step": "preview"}).status_code == 422


def test_a_receipt_without_an_answer_says_so(client: CheckingClient, door: str) -> None:
    page = client.get(f"{door}receipt").text
    assert "You have no answer in the record" in page
    assert "Your answers are in the record" not in page
    publish(client, door, stance_priority="yes")
    assert "Your answers are in the record" in client.get(f"{door}receipt").text


def test_who_objects_to_a_change_that_was_made_reads_what_stays_and_what_to_do(
    client: CheckingClient, read: Reads, door: str
) -> None:
    confirm, dispute = ask_for_a_change(client, read, door)
    client.post(confirm, data=form_data(client.get(confirm)))
    done = client.post(dispute, data=form_data(client.get(dispute))).text
    assert "what is public stays until" in done
    assert "Write to us what is wrong" in done
    assert "Nothing that was waiting will be published" not in done
    assert 'href="mailto:ada@example.org"' in done


def test_mail_about_answers_names_where_the_candidate_stands(
    client: CheckingClient, read: Reads, door: str
) -> None:
    ask_for_a_change(client, read, door)
    for subject in ("Receipt", "Please confirm"):
        assert "as a candidate in Northmoor East" in mails(read(), subject)[0].body


def test_the_candidate_reads_what_moved_constituents_who_allow_it(
    client: CheckingClient, web_session: Session, world: PledgeWorld, door: str
) -> None:
    letters = [letter_from_somebody(web_session, world, status=LetterStatus.SENT) for _ in range(3)]
    for letter, words in zip(letters, ("I am a nurse.", "I teach.", "I drive."), strict=True):
        letter.body = f"Dear Ann Ash,\n\n{words}\n\nYours sincerely,\n\nSam Supporter"
    letters[0].action.words_text = letters[2].action.words_text = "I agree to that."
    web_session.add(HiddenWords(letter_id=letters[2].id, hidden_at=EARLY, actor="organiser:1"))
    web_session.commit()
    text = client.get(door).get_data(as_text=True)
    assert "I am a nurse." in text
    assert "Sam, Northmoor East" in text
    assert "Supporter" not in text
    assert "I teach." not in text, "no leave was given"
    assert "I drive." not in text, "an organiser hid it"
    public = client.get(f"/safer-streets/candidates/{world.candidacies[0].person_id}/")
    assert "I am a nurse." not in public.get_data(as_text=True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"statement-priority": "x" * 501, "stance-priority": "yes"}, "has 501 characters"),
        ({"statement-priority": "But why?"}, "Choose an answer to go with your statement"),
        ({"stance-priority": "maybe"}, "Choose one of the answers."),
        ({"stance-priority": "yes", "statement-priority": "a\x07b"}, "cannot be shown"),
        ({}, "Choose an answer to at least one ask."),
        ({"stance-priority": "yes", "version-priority": "0"}, "Read it again"),
    ],
)
@pytest.mark.parametrize("step", ["preview", "publish"])
def test_what_breaks_a_rule_is_explained_and_kept(
    client: CheckingClient,
    read: Reads,
    door: str,
    step: str,
    changes: dict[str, str],
    error: str,
) -> None:
    data = form_data(client.get(door)) | changes | {"step": step}
    page = client.post(door, data=data)
    assert page.status_code == 422
    assert error in page.get_data(as_text=True)
    assert 'role="alert"' in page.get_data(as_text=True)
    if "statement-priority" in changes and "\x07" not in changes["statement-priority"]:
        assert form_data(page)["statement-priority"] == changes["statement-priority"]
    assert events(read()) == []


def test_five_hundred_characters_are_counted_as_people_count_them(
    client: CheckingClient, read: Reads, door: str
) -> None:
    publish(client, door, stance_priority="yes", statement_priority="a\r\n" * 249 + "ab")
    assert len(events(read())[0].statement) == 500


def test_what_an_organiser_entered_is_not_put_in_the_candidates_mouth(
    client: CheckingClient,
    web_session: Session,
    read: Reads,
    world: PledgeWorld,
    door: str,
    clock: FrozenClock,
) -> None:
    entry = record_pledge(
        web_session,
        campaign_id=world.campaign.id,
        candidacy_id=world.candidacies[0].id,
        ask_id=world.asks[0].id,
        stance=Stance.NO,
        channel=Channel.HUSTINGS,
        entered_by="organiser:1",
        quote="Certainly not.",
        now=clock(),
    )
    review_pledge(
        web_session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=clock()
    )
    web_session.commit()
    assert form_data(client.get(door))["stance-priority"] == ""
    publish(client, door, stance_lights="yes")
    assert [e.stance for e in events(read())] == [Stance.NO, None, Stance.YES]


def test_an_answer_to_an_earlier_wording_is_not_given_to_the_new_one(
    client: CheckingClient, web_session: Session, world: PledgeWorld, door: str, clock: FrozenClock
) -> None:
    publish(client, door, stance_priority="yes")
    web_session.add(
        AskVersion(
            ask_id=world.asks[0].id, number=2, title="Now", wording="Now.", created_at=clock()
        )
    )
    web_session.commit()
    page = client.get(door)
    assert "your answer to an earlier wording" in page.get_data(as_text=True)
    assert form_data(page)["stance-priority"] == ""


@pytest.mark.parametrize("kind", ["not_me", "wrong_address"])
def test_requests_are_noted_by_a_button(
    client: CheckingClient, read: Reads, world: PledgeWorld, door: str, kind: str
) -> None:
    address = f"{door}request/{kind}"
    page = client.get(address)
    assert read().scalar(select(func.count(CandidateRequest.id))) == 0
    done = client.post(address, data=form_data(page))
    assert "We have noted this." in done.get_data(as_text=True)
    request = read().scalars(select(CandidateRequest)).one()
    assert (request.kind, request.candidacy_id) == (kind, world.candidacies[0].id)
    assert wants_no_mail(read(), world.campaign.id, world.candidacies[0].id)
    assert client.get(door).status_code == 410
    mail = read().scalars(select(OutboxMessage)).one()
    assert (mail.recipient, mail.reply_to) == (
        world.candidacies[0].person.email,
        "ada@example.org",
    )
    said = {"not_me": "that they are not Ann Ash", "wrong_address": "at another address"}
    assert said[kind] in mail.body
    assert "If it is wrong, reply to this e-mail" in mail.body


def test_the_address_of_the_campaign_is_a_link_where_somebody_is_to_write_to_it(
    client: CheckingClient, door: str
) -> None:
    address = f"{door}request/wrong_address"
    assert 'href="mailto:ada@example.org"' in client.get(f"{door}mail").text
    done = client.post(address, data=form_data(client.get(address)))
    assert 'href="mailto:ada@example.org"' in done.text


def test_links_that_have_ended_say_so_and_take_nothing(
    client: CheckingClient,
    web_session: Session,
    read: Reads,
    world: PledgeWorld,
    door: str,
    clock: FrozenClock,
) -> None:
    data = form_data(client.get(door)) | {"stance-priority": "yes", "step": "publish"}
    clock.time = world.election.poll_closes_at
    assert client.post(door, data=data).status_code == 410
    page = client.get(door)
    assert page.status_code == 410
    assert "ada@example.org" in page.get_data(as_text=True)
    clock.time -= timedelta(seconds=1)
    assert client.get(door).status_code == 200
    world.campaign.status = CampaignStatus.CLOSED
    web_session.commit()
    assert client.get(door).status_code == 410
    assert client.get(f"{door[:-2]}/").status_code == 404
    assert events(read()) == []


@pytest.mark.parametrize("path", ["", "receipt", "withdraw/priority", "request/not_me", "mail"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_opening_a_link_changes_nothing(
    client: CheckingClient, read: Reads, door: str, path: str, method: str
) -> None:
    publish(client, door, stance_priority="yes")
    assert client.open(f"{door}{path}", method=method).status_code == 200
    assert len(events(read())) == 1
    assert read().scalar(select(func.count(OutboxMessage.id))) == 1
    assert read().scalar(select(func.count(CandidateRequest.id))) == 0


@pytest.mark.parametrize(
    "path", ["withdraw/nothing", "request/everything", "request/change_disputed"]
)
def test_addresses_that_do_not_exist(client: CheckingClient, door: str, path: str) -> None:
    assert client.get(f"{door}{path}").status_code == 404


def test_a_post_without_its_token_against_forgery_is_refused(
    client: CheckingClient, read: Reads, door: str
) -> None:
    data = {"stance-priority": "yes", "version-priority": "1", "step": "publish"}
    assert client.post(door, data=data).status_code == 400
    assert events(read()) == []


def test_a_candidate_reads_on_each_page_of_theirs_that_a_text_is_hidden(
    client: CheckingClient, web_session: Session, world: PledgeWorld, door: str
) -> None:
    publish(client, door, stance_priority="yes", statement_priority="Ask my neighbour.")
    hide_texts(
        web_session,
        campaign_id=world.campaign.id,
        event_id=events(web_session)[-1].id,
        reason="It names a neighbour.",
        hidden_by="organiser:1",
        now=EARLY,
    )
    web_session.commit()
    page = client.get(door)
    preview = client.post(door, data=form_data(page) | {"stance-lights": "no", "step": "preview"})
    for shown in (page, preview, client.get(f"{door}receipt")):
        text = shown.get_data(as_text=True)
        assert "The organisers have hidden the texts of this entry." in text
        assert "Ask my neighbour." not in text


def test_who_no_longer_stands_answers_no_more(
    client: CheckingClient, door: str, web_session: Session, world: PledgeWorld
) -> None:
    world.candidacies[0].status = CandidacyStatus.WITHDRAWN
    web_session.commit()
    page = client.get(door)
    assert page.status_code == 410
    assert "You are no longer on the list of candidates" in page.text
    world.candidacies[0].status = CandidacyStatus.STANDING
    web_session.commit()
    assert client.get(door).status_code == 200, "they came back, as with a corrected file"


def test_who_stands_elsewhere_now_reads_where_and_how_the_new_link_comes(
    client: CheckingClient, door: str, web_session: Session, world: PledgeWorld
) -> None:
    ann = world.candidacies[0]
    ann.status = CandidacyStatus.WITHDRAWN
    CandidacyFactory(
        person=ann.person,
        ballot=BallotFactory(election=world.election, constituency__name="Southmoor West"),
    )
    web_session.commit()
    page = client.get(door)
    assert page.status_code == 410
    assert "You are now on the list of candidates for Southmoor West" in page.text
    assert "has your new link" in page.text
    assert "no longer on the list" not in page.text
