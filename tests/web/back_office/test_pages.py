"""What organisers see and do, each by the role for it."""

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.candidates.models import AddressCorrection, Candidacy, Person
from campaign.candidates.rules import CandidacyStatus
from campaign.delivery.models import DeliveryPause
from campaign.elections.models import Election
from campaign.letters.models import Letter, MailChoice
from campaign.letters.rules import LetterStatus
from campaign.organisers.models import AuditEntry
from campaign.organisers.rules import Role
from campaign.pledges.models import CandidateRequest, PledgeEvent
from campaign.pledges.queries import list_current_answers
from campaign.pledges.rules import Channel, RequestKind, Stance
from campaign.pledges.service import note_request, record_pledge
from tests.conftest import FrozenClock
from tests.factories import EARLY, CampaignFactory
from tests.web.back_office.conftest import token_of
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]
Fetch = Callable[..., list[Any]]
REASON = "The candidate's office reports a threat."


def post(client: CheckingClient, path: str, *, page: str = "", **data: object) -> Any:
    return client.post(path, data={**data, "csrf_token": token_of(client, page or path)})


def test_the_front_page_lists_every_campaign(log_in: LogIn, arranged: SimpleNamespace) -> None:
    assert arranged.base in log_in(Role.VIEWER).get("/organise/").text


def test_an_empty_installation_says_what_to_do(log_in: LogIn) -> None:
    page = log_in(Role.OWNER)
    assert "campaign import campaign FILE" in page.get("/organise/").text
    assert "Nothing has been logged yet" in page.get("/organise/audit-log").text


def test_the_overview_counts_letters_pledges_and_things_to_do(
    log_in: LogIn, arranged: SimpleNamespace
) -> None:
    text = log_in(Role.VIEWER).get(f"{arranged.base}/").text
    assert "3 letters accepted. 2 supporters have confirmed at least one." in text
    assert "One letter waits for a candidate’s address" in text
    assert "Of 2 candidates, 1 can be reached by e-mail and 0 have answered" in text
    assert "A secret of mine" not in text


@pytest.mark.parametrize(
    ("words", "found", "missing"),
    [
        ("smith", "Jane Smith", "John Wray"),
        ("birk", "John Wray", "Jane Smith"),
        ("reed jane", "Jane Smith", "John Wray"),
        ("%", "No candidate of this election fits", "Jane Smith"),
        ("<script>", "No candidate of this election fits", "<script>"),
    ],
)
def test_candidates_are_found_by_name_party_or_constituency(
    log_in: LogIn, arranged: SimpleNamespace, words: str, found: str, missing: str
) -> None:
    text = log_in(Role.VIEWER).get(f"{arranged.base}/candidates/", query_string={"q": words}).text
    assert found in text
    assert missing not in text


@pytest.mark.parametrize(
    ("group", "found", "missing"),
    [
        ("no_address", "John Wray", "Jane Smith"),
        ("returned", "Jane Smith", "John Wray"),
        ("answered", "No candidate has answered yet", "Jane Smith"),
        ("nonsense", "Jane Smith", "No letter has come back or been refused"),
    ],
)
def test_the_overview_leads_to_the_candidates_that_need_somebody(
    log_in: LogIn,
    arranged: SimpleNamespace,
    web_session: Session,
    group: str,
    found: str,
    missing: str,
) -> None:
    web_session.get(Letter, arranged.letter_id).status = LetterStatus.BOUNCED
    web_session.commit()
    text = log_in(Role.VIEWER).get(f"{arranged.base}/candidates/?group={group}").text
    assert found in text
    assert missing not in text


def test_the_list_of_candidates_has_further_pages(
    log_in: LogIn, arranged: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.web.back_office.candidates.views.MAXIMUM_ROWS", 1)
    viewer, page = log_in(Role.VIEWER), f"{arranged.base}/candidates/"
    first = viewer.get(page).text
    assert "1 to 1 of 2 candidates" in first
    assert "?from=1" in first
    second = viewer.get(f"{page}?from=1").text
    assert "2 to 2 of 2 candidates" in second
    assert "Earlier candidates" in second
    assert "Jane Smith" in first + second
    assert ("Jane Smith" in first) != ("Jane Smith" in second)
    assert "The list ends before this page" in viewer.get(f"{page}?from=9").text
    assert "1 to 1 of 2 candidates" in viewer.get(f"{page}?from=-5").text


def test_the_search_says_who_of_those_found_is_not_counted_elsewhere(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session
) -> None:
    said = "One of them has withdrawn or stands on a cancelled ballot"
    viewer = log_in(Role.VIEWER)
    assert said not in viewer.get(f"{arranged.base}/candidates/").text
    web_session.get(Candidacy, arranged.jane_candidacy_id).status = CandidacyStatus.WITHDRAWN
    web_session.commit()
    assert said in viewer.get(f"{arranged.base}/candidates/").text


@pytest.mark.parametrize(("role", "is_reminded"), [(Role.OWNER, True), (Role.ORGANISER, False)])
def test_owners_are_reminded_of_the_second_step(
    log_in: LogIn, arranged: SimpleNamespace, role: Role, is_reminded: bool
) -> None:
    text = log_in(role).get(f"{arranged.base}/").text
    assert ("Switch on the second step" in text) == is_reminded


@pytest.mark.parametrize(
    ("status", "said", "unsaid"),
    [
        (LetterStatus.BOUNCED, "One letter came back", "One letter could not be sent"),
        (LetterStatus.FAILED, "One letter could not be sent", "One letter came back"),
    ],
)
def test_the_overview_tells_what_came_back_from_what_could_not_be_sent(
    log_in: LogIn,
    arranged: SimpleNamespace,
    web_session: Session,
    status: LetterStatus,
    said: str,
    unsaid: str,
) -> None:
    web_session.get(Letter, arranged.letter_id).status = status
    web_session.commit()
    text = log_in(Role.VIEWER).get(f"{arranged.base}/").text
    assert said in text
    assert unsaid not in text


def test_the_overview_says_what_candidates_did_last(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session
) -> None:
    record_pledge(
        web_session,
        campaign_id=arranged.campaign_id,
        candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id,
        stance=Stance.PARTLY,
        channel=Channel.HUSTINGS,
        entered_by="organiser:1",
        quote="In the town hall.",
        now=EARLY,
    )
    web_session.add(
        CandidateRequest(
            campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id,
            kind=RequestKind.NOTHING_MORE,
            requested_at=EARLY,
        )
    )
    web_session.commit()
    text = log_in(Role.VIEWER).get(f"{arranged.base}/").text
    events = text.split('class="events"', 1)[1].split("</ol>", 1)[0]
    assert events.count("Jane Smith") == 2
    assert "badge--partly" in events
    assert "asked for no more letters" in events


def test_a_candidates_page_shows_counts_and_neither_text_nor_writer(
    log_in: LogIn, arranged: SimpleNamespace
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/"
    viewer = log_in(Role.VIEWER).get(path).text
    organiser = log_in(Role.ORGANISER).get(path).text
    assert "Sent: 1" in viewer
    for text in (viewer, organiser):
        assert "A secret of mine" not in text
        assert "Sam Supporter" not in text
        assert "supporter-" not in text
    assert f"candidate-{arranged.jane_id}@example.org" in organiser
    assert f"candidate-{arranged.jane_id}@example.org" not in viewer


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (RequestKind.NOT_ME, "that they are not the candidate; letters wait."),
        (RequestKind.WRONG_ADDRESS, "The candidate says that it is wrong; letters wait."),
    ],
)
def test_a_candidates_page_shows_what_was_said_of_the_address(
    log_in: LogIn,
    arranged: SimpleNamespace,
    web_session: Session,
    kind: RequestKind,
    said: str,
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/"
    viewer = log_in(Role.VIEWER)
    assert "Each letter carries the link" in viewer.get(path).text
    note_request(
        web_session,
        campaign_id=arranged.campaign_id,
        candidacy_id=arranged.jane_candidacy_id,
        kind=kind,
        now=EARLY,
    )
    web_session.commit()
    text = viewer.get(path).text
    assert said in text
    assert f"{arranged.base}/requests/" in text.split(said, 1)[1].split("</dd>", 1)[0]
    assert "The link to their answer page is switched off." in text
    assert "Each letter carries the link" not in text


def test_a_letter_is_read_once_with_a_reason_that_is_logged(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    path = f"{arranged.base}/letters/{arranged.letter_id}/"
    client = log_in(Role.MODERATOR)
    assert "A secret of mine" not in client.get(path).text
    refused = post(client, path, reason="too short")
    assert refused.status_code == 422
    assert "A secret of mine" not in refused.text
    assert fetch(select(AuditEntry)) == []

    assert "A secret of mine" in post(client, path, reason=REASON).text
    (entry,) = fetch(select(AuditEntry))
    assert (entry.verb, entry.subject) == ("read_letter", f"letter:{arranged.letter_id}")
    assert entry.reason == REASON
    assert "A secret of mine" not in client.get(path).text
    assert "A secret of mine" not in log_in(Role.OWNER).get("/organise/audit-log").text


def test_an_address_is_corrected_with_history(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    path = f"{arranged.base}/candidates/{arranged.john_id}/address"
    client = log_in(Role.ORGANISER)
    form = {"kind": "new", "email": "john@wray", "reason": "From the site of John Wray."}
    answer = post(client, path, **form)
    assert answer.status_code == 422
    assert "write it like name@example.org" in answer.text

    form["email"] = "john@wray.example"
    assert "the old address end" in answer.text
    done = post(client, path, **form)
    assert done.status_code == 303
    assert "Links that went to the old one have ended." in client.get(done.location).text
    person = fetch(select(Person).where(Person.id == arranged.john_id))[0]
    assert (person.email, person.corrected_email) == ("john@wray.example", "john@wray.example")
    page = client.get(f"{arranged.base}/candidates/{arranged.john_id}/").text
    assert "From the site of John Wray." in page

    form = {"kind": "wrong", "email": "", "reason": "It bounced three times."}
    assert post(client, path, **form).status_code == 303
    person = fetch(select(Person).where(Person.id == arranged.john_id))[0]
    assert (person.email, person.corrected_email) == (None, "")
    changes = fetch(select(AddressCorrection).order_by(AddressCorrection.id))
    assert [(each.old_email, each.new_email) for each in changes] == [
        (None, "john@wray.example"),
        ("john@wray.example", None),
    ]
    assert [entry.verb for entry in fetch(select(AuditEntry))] == ["correct_address"] * 2


def test_a_pledge_is_entered_by_one_and_made_public_by_another(
    app: Flask, log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    review = f"{arranged.base}/review/"
    first, second = log_in(Role.ORGANISER), log_in(Role.ORGANISER)
    form = {"ask": arranged.ask_id, "stance": "partly", "channel": "hustings"}
    answer = post(first, path, **form)
    assert answer.status_code == 422
    assert "Give the source of this answer" in answer.text
    assert post(first, path, **form, quote="Aldmoor, 1 May").status_code == 303
    (event,) = fetch(select(PledgeEvent))

    def public() -> list[Stance]:
        with app.extensions["campaign"].database.reader() as session:
            answers = list_current_answers(session, arranged.campaign_id)
        return [answer.stance for answer in answers.values()]

    approve = f"{review}{event.id}/approve"
    assert "somebody else must review it" in first.get(review).text
    # Somebody who entered it finds no button, and the address refuses.
    token = token_of(first, path)
    refused = first.post(approve, data={"csrf_token": token})
    assert refused.status_code == 409
    assert public() == []
    assert post(second, approve, page=review).status_code == 303
    assert public() == [Stance.PARTLY]
    assert "Nothing waits for review" in second.get(review).text
    again = post(second, f"{review}{event.id}/reject", page=path, reason="no")
    assert (again.status_code, again.location) == (303, review)
    text = second.get(review).text
    assert "has been reviewed already, so this press changed nothing" in text
    assert "The entry is rejected" not in text
    assert public() == [Stance.PARTLY]
    assert len(fetch(select(PledgeEvent))) == 2
    for number in (99, fetch(select(PledgeEvent.id))[-1]):
        nowhere = post(second, f"{review}{number}/approve", page=path)
        assert nowhere.status_code == 404


def test_entries_of_one_campaign_are_not_reviewed_below_another(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, fetch: Fetch
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    form = {"ask": arranged.ask_id, "stance": "no", "channel": "letter", "quote": "No."}
    post(log_in(), path, **form)
    (event,) = fetch(select(PledgeEvent))
    other = CampaignFactory(election=web_session.scalars(select(Election)).one())
    slug = other.slug
    web_session.commit()
    second = log_in()
    approve = f"/organise/{slug}/review/{event.id}/approve"
    assert post(second, approve, page=path).status_code == 404
    assert len(fetch(select(PledgeEvent))) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ask": ""}, "Choose one of the asks."),
        ({"ask": "x"}, "Choose one of the asks."),
        ({"ask": "99"}, "Choose one of the asks."),
        ({"stance": "maybe"}, "Choose what they answered."),
        ({"channel": "rumour"}, "Choose how they said it."),
    ],
)
def test_a_choice_that_is_not_offered_is_answered_in_plain_words(
    log_in: LogIn, arranged: SimpleNamespace, changes: dict[str, str], said: str
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    form = {"ask": arranged.ask_id, "stance": "no", "channel": "letter", "quote": "No."}
    page = post(log_in(), path, **{**form, **changes})
    assert page.status_code == 422
    assert said in page.text
    assert "alid choice" not in page.text
    assert "coerce" not in page.text


def test_no_ask_is_chosen_beforehand(log_in: LogIn, arranged: SimpleNamespace) -> None:
    page = log_in().get(f"{arranged.base}/candidates/{arranged.jane_id}/pledge").text
    options = page.split('<select id="ask"', 1)[1].split("</select>", 1)[0]
    assert "Choose an ask" in options.split("selected", 1)[1].split("</option>", 1)[0]
    assert page.count("(optional)") == 6


def test_no_key_pressed_in_a_reason_makes_an_entry_public(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, clock: FrozenClock
) -> None:
    record_pledge(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, channel=Channel.LETTER, quote="Never.",
        entered_by="organiser:901", now=clock(),
    )  # fmt: skip
    web_session.commit()
    page = log_in().get(f"{arranged.base}/review/").text
    approve, reject = (each.partition("</form>")[0] for each in page.split("/review/1/")[1:])
    assert "make it public" in approve
    assert "reason" not in approve
    assert "make it public" not in reject
    assert 'name="reason"' in reject


def test_an_entry_that_is_wrong_never_becomes_public(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    review = f"{arranged.base}/review/"
    form = {"ask": arranged.ask_id, "stance": "no", "channel": "letter"}
    post(log_in(), path, **form, source_url="https://example.org/letter")
    (event,) = fetch(select(PledgeEvent))
    second = log_in()
    reject = f"{review}{event.id}/reject"
    for typed in ("", "too short", "It was\u202e somebody else"):
        returned = post(second, reject, page=review, reason=typed)
        assert returned.status_code == 422
        assert f'href="#reason-{event.id}"' in returned.text
        assert "<details open>" in returned.text
        assert 'aria-current="true">To review' in returned.text
        assert 'aria-current="true">Answers' in returned.text
        assert f">{typed}</textarea>" in returned.text
    assert len(fetch(select(PledgeEvent))) == 1
    assert post(second, reject, page=review, reason="It was somebody else.").status_code == 303
    assert "The entry is rejected." in second.get(review).text
    entry = second.get(f"{arranged.base}/record/{event.sequence}").text
    assert "never public. Reason: It was somebody else." in entry
    page = second.get(f"{arranged.base}/candidates/{arranged.jane_id}/").text
    assert "Rejected in review; never public" in page


def test_a_campaign_is_paused_and_resumed(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    client, page = log_in(), f"{arranged.base}/delivery"
    assert post(client, f"{page}/pause", page=page, reason="no").status_code == 422
    assert (
        post(client, f"{page}/pause", page=page, reason="The letter is wrong.").status_code == 303
    )
    (pause,) = fetch(select(DeliveryPause))
    assert pause.scope == f"campaign:{arranged.campaign_id}"
    text = client.get(page).text
    assert "The letter is wrong." in text
    assert "Olive Organiser" in text
    assert "Delivery is paused: see why, or resume" in client.get(f"{arranged.base}/").text
    assert post(client, f"{page}/resume", page=page, reason="It is mended now.").status_code == 303
    assert fetch(select(DeliveryPause)) == []
    assert [e.verb for e in fetch(select(AuditEntry).order_by(AuditEntry.id))] == [
        "pause_delivery",
        "resume_delivery",
    ]


def test_an_owner_pauses_everything(log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch) -> None:
    client, page = log_in(Role.OWNER), "/organise/delivery"
    post(client, f"{page}/pause", page=page, reason="The relay is on fire.")
    assert [pause.scope for pause in fetch(select(DeliveryPause))] == ["all"]
    assert "paused by an owner" in client.get(f"{arranged.base}/").text
    assert "The relay is on fire." in client.get("/organise/audit-log").text
    post(client, f"{page}/resume", page=page, reason="The fire is out.")
    assert fetch(select(DeliveryPause)) == []


def test_a_candidates_request_is_settled(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, fetch: Fetch
) -> None:
    web_session.add(
        CandidateRequest(
            campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id,
            kind=RequestKind.WRONG_ADDRESS,
            note="Write to my agent.",
            requested_at=EARLY,
        )
    )
    web_session.commit()
    client, page = log_in(), f"{arranged.base}/requests/"
    assert "One request of a candidate" in client.get(f"{arranged.base}/").text
    assert "Write to my agent." in client.get(page).text
    (request,) = fetch(select(CandidateRequest))
    assert post(client, f"{page}{request.id}/settle", page=page).status_code == 303
    assert "Write to my agent." not in client.get(page).text


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.mimetype == "text/csv"
    text = answer.get_data(as_text=True).removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


def test_letters_are_downloaded_without_text_or_writers(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    answer = log_in().get(f"{arranged.base}/export/letters.csv")
    rows = rows_of(answer)
    assert [row["status"] for row in rows] == ["sent", "unconfirmed", "held"]
    assert rows[2]["party"] == "'=Odd Party"
    assert list(rows[0])[-1] == "imprint"
    assert all(row["imprint"].startswith("Promoted by A. Person") for row in rows)
    assert "secret" not in answer.text
    assert "supporter-" not in answer.text
    assert "Sam" not in answer.text
    assert len(fetch(select(Letter))) == 3


def test_pledges_are_downloaded_with_formulas_made_harmless(
    log_in: LogIn, arranged: SimpleNamespace
) -> None:
    client = log_in()
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    form = {"ask": arranged.ask_id, "stance": "yes", "channel": "letter"}
    post(client, path, **form, quote='=HYPERLINK("x")')
    (row,) = rows_of(client.get(f"{arranged.base}/export/pledges.csv"))
    assert row["quote"] == '\'=HYPERLINK("x")'
    assert row["stance"] == "yes"
    assert list(row)[-1] == "imprint"
    assert row["imprint"].startswith("Promoted by A. Person")


def test_downloading_addresses_is_logged(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    client, page = log_in(), f"{arranged.base}/export/"
    rows = rows_of(post(client, f"{page}candidates.csv", page=page))
    assert [row["email"] for row in rows] == [f"candidate-{arranged.jane_id}@example.org", ""]
    assert list(rows[0])[-1] == "imprint"
    assert all(row["imprint"].startswith("Promoted by A. Person") for row in rows)
    (entry,) = fetch(select(AuditEntry))
    assert entry.verb == "export_candidate_addresses"
    assert client.get(f"{page}candidates.csv").status_code == 405


@pytest.mark.parametrize("role", list(Role))
def test_every_page_can_be_looked_at_by_its_role(
    log_in: LogIn, arranged: SimpleNamespace, role: Role
) -> None:
    client = log_in(role)
    for page in ("", "candidates/", "review/", "requests/", "delivery", "export/"):
        answer = client.get(f"{arranged.base}/{page}")
        assert answer.status_code == 200
        has_buttons = b"<form" in answer.data.split(b"<main")[1].replace(b'role="search"', b"")
        if page in ("delivery", "export/"):
            assert has_buttons == (role in (Role.ORGANISER, Role.OWNER))


@pytest.mark.parametrize("role", list(Role))
def test_downloads_offer_what_the_role_may_have(
    log_in: LogIn, arranged: SimpleNamespace, role: Role
) -> None:
    client, page = log_in(role), f"{arranged.base}/export/"
    text = client.get(page).text
    may = role in (Role.ORGANISER, Role.OWNER)
    for name in ("letters.csv", "pledges.csv", "candidates.csv"):
        assert (f'"{page}{name}"' in text) == may
    for name in ("letters.csv", "pledges.csv"):
        assert client.get(f"{page}{name}").status_code == (200 if may else 403)
    public = f"/{arranged.slug}/pledges.csv"
    assert f'href="{public}"' in text
    assert client.get(public).status_code == 200
    assert ("Ask an owner" in text) == (not may)


def test_how_letters_come_is_set_with_a_reason(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    candidate = f"{arranged.base}/candidates/{arranged.jane_id}/"
    client = log_in(Role.ORGANISER)
    assert "as the campaign does for everybody" in client.get(candidate).text
    refused = post(client, f"{candidate}mail", wish="one_digest_a_day", reason="")
    assert refused.status_code == 422
    assert fetch(select(MailChoice)) == []
    done = post(client, f"{candidate}mail", wish="one_digest_a_day", reason=REASON)
    assert done.status_code == 303
    text = client.get(candidate).text
    assert "One digest a day" in text
    assert "set by an organiser" in text
    (choice,) = fetch(select(MailChoice))
    assert choice.chosen_by.startswith("organiser:")
    (entry,) = fetch(select(AuditEntry).where(AuditEntry.verb == "choose_mail"))
    assert (entry.subject, entry.reason) == (f"candidacy:{choice.candidacy_id}", REASON)


def test_errors_inside_the_office_keep_its_navigation(
    app: Flask, log_in: Callable[..., CheckingClient], arranged: SimpleNamespace
) -> None:
    viewer, base = log_in(Role.VIEWER), arranged.base
    for path, status, words in (
        (f"{base}/record/999", 404, "a colleague has seen to it already"),
        (f"{base}/nowhere", 404, "a colleague has seen to it already"),
        (f"{base}/suggestions/", 403, "Your role does not allow it."),
        ("/organise/nowhere/", 404, "a colleague has seen to it already"),
    ):
        answer = viewer.get(path)
        assert answer.status_code == status
        assert "Log out" in answer.text, path
        assert words in answer.text
        assert (f"{base}/record/" in answer.text) is path.startswith(base)
    late = viewer.post(f"{base}/review/1/approve")
    assert late.status_code == 400
    assert "Log out" in late.text
    stranger = app.test_client().get(f"{base}/nowhere")
    assert stranger.status_code == 404
    assert "Log out" not in stranger.text
    assert f"{base}/record/" not in stranger.text
