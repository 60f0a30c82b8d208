"""The office's pages of the record: entries, objections, hiding, suggestions, copies."""

import io
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.models import Campaign
from campaign.core.languages import Language
from campaign.delivery.models import OutboxMessage
from campaign.elections.models import Election
from campaign.organisers.models import AuditEntry
from campaign.organisers.rules import Role
from campaign.pledges.models import EvidenceSuggestion, PledgeEvent
from campaign.pledges.queries import check_chain
from campaign.pledges.rules import Channel, Stance, SuggestionStatus
from campaign.pledges.service import (
    choose_language,
    dispute_entry,
    record_pledge,
    review_pledge,
    suggest_evidence,
)
from tests.conftest import FrozenClock
from tests.web.back_office.conftest import token_of
from tests.web.client import CheckingClient

LogIn = Callable[..., CheckingClient]
Fetch = Callable[..., list[Any]]


@pytest.fixture
def entry(web_session: Session, arranged: SimpleNamespace, clock: FrozenClock) -> int:
    """An answer of Jane's that organisers 901 and 902 made public, and its number."""
    event = record_pledge(
        web_session,
        campaign_id=arranged.campaign_id,
        candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id,
        stance=Stance.YES,
        channel=Channel.HUSTINGS,
        entered_by="organiser:901",
        quote="A private matter was said",
        now=clock(),
    )
    review_pledge(
        web_session, event_id=event.id, is_right=True, reviewer="organiser:902", now=clock()
    )
    web_session.commit()
    return event.sequence


def act(client: CheckingClient, base: str, sequence: int, step: str, reason: str) -> Any:
    page = f"{base}/record/{sequence}"
    return client.post(
        f"{page}/{step}", data={"reason": reason, "csrf_token": token_of(client, page)}
    )


def approve(client: CheckingClient, base: str, event_id: int) -> Any:
    page = f"{base}/review/"
    return client.post(f"{page}{event_id}/approve", data={"csrf_token": token_of(client, page)})


def test_the_list_is_narrowed_by_words_and_by_state(
    log_in: LogIn, arranged: SimpleNamespace, entry: int
) -> None:
    client = log_in(Role.VIEWER)
    base = f"{arranged.base}/record/"
    for found in ("", "?q=jane+smith", f"?q={entry}", "?state=by_office", "?state=odd&page=99"):
        assert f"{base}{entry}" in client.get(base + found).text, found
    for missed in ("?q=nobody", "?state=review", "?state=disputed", "?state=hidden", "?q=%25"):
        assert ("No entry fits" in client.get(base + missed).text) is (missed != "?q=%25"), missed
    assert "What you can do" not in client.get(f"{base}{entry}").text
    assert client.get(f"{base}{entry + 1}").status_code == 404, "a review is no entry"


def test_an_objection_is_noted_and_settled_by_a_colleague_and_the_candidate_is_told(
    app: Flask, log_in: LogIn, arranged: SimpleNamespace, entry: int, fetch: Fetch
) -> None:
    client, base = log_in(), arranged.base
    assert act(client, base, entry, "dispute", "short").status_code == 422
    assert act(client, base, entry, "keep", "Nobody has objected.").status_code == 303
    assert "has changed since this page" in client.get(f"{base}/record/{entry}").text
    assert act(client, base, entry, "dispute", "By telephone, on 1 May.").status_code == 303
    assert "answer that its candidate disputes" in client.get(f"{base}/").text
    assert f"{base}/record/{entry}" in client.get(f"{base}/record/?state=disputed").text
    public = app.test_client().get(f"/{arranged.slug}/candidates/{arranged.jane_id}/").text
    assert "Disputed by the candidate" in public
    assert act(client, base, entry, "strike", "It was somebody else.").status_code == 303
    assert act(client, base, entry, "strike", "It was somebody else.").status_code == 303
    public = app.test_client().get(f"/{arranged.slug}/candidates/{arranged.jane_id}/").text
    assert "Taken out after the candidate objected" in public
    assert "It was somebody else." in public
    noted, mail = fetch(
        select(OutboxMessage)
        .where(OutboxMessage.subject.contains("objection"))
        .order_by(OutboxMessage.id)
    )
    assert "By telephone, on 1 May." in noted.body
    assert "If you do not object, reply to this e-mail." in noted.body
    assert "no longer counts" in mail.body
    assert "/record" in mail.body
    verbs = [line.verb for line in fetch(select(AuditEntry).order_by(AuditEntry.id))]
    assert verbs == ["dispute_pledge", "strike_pledge"]


@pytest.mark.parametrize("is_welsh", [False, True])
def test_once_the_poll_is_over_the_candidate_is_told_with_a_link_that_still_opens(
    app: Flask,
    web_session: Session,
    log_in: LogIn,
    arranged: SimpleNamespace,
    entry: int,
    fetch: Fetch,
    clock: FrozenClock,
    is_welsh: bool,
) -> None:
    if is_welsh:
        choose_language(
            web_session,
            campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id,
            language=Language.WELSH,
        )
    (election,) = web_session.scalars(select(Election))
    clock.time = election.poll_closes_at
    web_session.commit()
    client, base = log_in(), arranged.base
    act(client, base, entry, "dispute", "By telephone, on 1 May.")
    act(client, base, entry, "keep", "The recording is clear.")
    assert "The candidate is told by e-mail." in client.get(f"{base}/record/{entry}").text
    noted, settled = fetch(select(OutboxMessage).order_by(OutboxMessage.id))
    assert "The recording is clear." in settled.body
    public = f"/{arranged.slug}/candidates/{arranged.jane_id}/"
    for mail in (noted, settled):
        assert f"{public}\n" in mail.body
        assert "/answer/" not in mail.body
        assert ("atebwch yr e-bost hwn" if is_welsh else "reply to this e-mail") in mail.body
    assert app.test_client().get(public).status_code == 200


def test_nobody_settles_an_objection_to_their_own_entry(
    log_in: LogIn, arranged: SimpleNamespace, entry: int, web_session: Session, clock: FrozenClock
) -> None:
    dispute_entry(
        web_session,
        campaign_id=arranged.campaign_id,
        event_id=web_session.scalars(select(PledgeEvent.id).filter_by(sequence=entry)).one(),
        entered_by="candidate",
        words="No.",
        now=clock(),
    )
    web_session.commit()
    client = log_in(id=901)
    assert "a colleague must settle it" in client.get(f"{arranged.base}/record/{entry}").text
    refused = act(client, arranged.base, entry, "keep", "I know that it is right.")
    assert refused.status_code == 409


def test_hidden_texts_leave_the_public_pages_and_come_back(
    app: Flask, log_in: LogIn, arranged: SimpleNamespace, entry: int, fetch: Fetch
) -> None:
    client, visitor = log_in(), app.test_client()
    page = f"/{arranged.slug}/candidates/{arranged.jane_id}/"
    files = [f"/{arranged.slug}/pledges/record.jsonl", f"/{arranged.slug}/pledges.json",
             f"/{arranged.slug}/pledges.csv", page, f"/{arranged.slug}/pledges/"]  # fmt: skip
    assert "A private matter" in visitor.get(page).text
    assert (
        act(client, arranged.base, entry, "hide", "It names a private person.").status_code == 303
    )
    for path in files:
        assert "A private matter" not in visitor.get(path).text, path
    assert "It names a private person." in visitor.get(page).text
    (mail,) = fetch(select(OutboxMessage).where(OutboxMessage.subject.startswith("Hidden: ")))
    assert "It names a private person." in mail.body
    assert "A private matter" not in mail.body
    assert "A private matter" in client.get(f"{arranged.base}/record/{entry}").text
    act(client, arranged.base, entry, "unhide", "The person has agreed.")
    assert "A private matter" in visitor.get(page).text


def test_an_organiser_takes_an_answer_back_for_the_candidate(
    log_in: LogIn, arranged: SimpleNamespace, entry: int
) -> None:
    client = log_in()
    assert act(client, arranged.base, entry, "withdraw", "By letter of 1 May.").status_code == 303
    again = act(client, arranged.base, entry, "withdraw", "By letter of 1 May.")
    assert again.status_code == 303
    review = log_in().get(f"{arranged.base}/review/").text
    assert "Answer withdrawn" in review
    assert "By letter of 1 May." in review
    assert act(client, arranged.base, entry, "forget", "It never was.").status_code == 404


def test_a_copy_is_kept_by_its_hash_and_handed_to_organisers_only(
    app: Flask, log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    client = log_in()
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"

    def enter(content: bytes) -> Any:
        return client.post(
            path,
            data={
                "csrf_token": token_of(client, path), "ask": arranged.ask_id, "stance": "no",
                "channel": "volunteer", "quote": "No.", "said_on": "2031-05-01",
                "copy": (io.BytesIO(content), "page.pdf"),
            },
            content_type="multipart/form-data",
        )  # fmt: skip

    # More than other forms may be, and little enough for the test client to keep in memory.
    assert enter(b"y" * 300_000).status_code == 303
    (event,) = fetch(select(PledgeEvent))
    assert len(event.archive_sha256) == 64
    copy = client.get(f"{arranged.base}/record/{event.sequence}/copy")
    assert copy.data == b"y" * 300_000
    assert copy.headers["Content-Disposition"].startswith("attachment")
    assert copy.headers["Content-Disposition"].endswith(f"{event.archive_sha256[:12]}.txt")
    assert copy.headers["X-Content-Type-Options"] == "nosniff"
    assert app.test_client().get(f"{arranged.base}/record/1/copy").status_code == 303


def test_of_a_file_that_is_much_too_large_it_is_said_that_the_file_is(
    log_in: LogIn, arranged: SimpleNamespace
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    answer = log_in().post(
        path,
        # Its length is what is looked at first, so that nothing of it need be there.
        environ_overrides={"CONTENT_LENGTH": "11000000"},
        content_type="multipart/form-data; boundary=film",
    )
    assert answer.status_code == 413
    assert "That file is too large" in answer.text
    assert "choose a file of at most 10 megabytes" in answer.text
    assert "shorten the text" not in answer.text


def test_no_link_of_the_main_pages_leads_where_the_role_is_too_low(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, clock: FrozenClock
) -> None:
    suggest_evidence(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, source_url="https://example.org/report",
        quote="", said_on=None, email=None, now=clock(),
    )  # fmt: skip
    web_session.commit()
    for role in Role:
        client = log_in(role)
        pages = [f"{arranged.base}/", f"{arranged.base}/record/", f"{arranged.base}/delivery"]
        assert "One suggestion from the public" in client.get(pages[0]).text
        tabs = {
            href
            for page in pages
            for href in re.findall(r'<a[^>]* href="(/organise/[^"]+)"', client.get(page).text)
        }
        assert f"{arranged.base}/record/" in tabs, role
        for tab in tabs:
            assert client.get(tab).status_code in (200, 302), (role, tab)
        assert (f"{arranged.base}/suggestions/" in tabs) is (role in (Role.ORGANISER, Role.OWNER))


def test_a_number_in_a_query_that_no_row_can_have_is_nothing(
    log_in: LogIn, arranged: SimpleNamespace
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge?suggestion={10**24}"
    assert log_in().get(path).status_code == 200


def test_a_suggestion_is_taken_up_and_another_rejected(
    app: Flask,
    log_in: LogIn,
    arranged: SimpleNamespace,
    web_session: Session,
    fetch: Fetch,
    clock: FrozenClock,
) -> None:
    def suggest(stance: Stance) -> int:
        suggestion = suggest_evidence(
            web_session, campaign_id=arranged.campaign_id,
            candidacy_id=arranged.jane_candidacy_id, ask_id=arranged.ask_id, stance=stance,
            source_url="https://example.org/report", quote="", said_on=None,
            email="sam@example.org", now=clock(),
        )  # fmt: skip
        web_session.commit()
        return suggestion.id

    right, wrong = suggest(Stance.YES), suggest(Stance.NO)
    client, base = log_in(), arranged.base
    assert "2 suggestions from the public" in client.get(f"{base}/").text
    queue = client.get(f"{base}/suggestions/").text
    assert "sam@example.org" in queue
    form = f"{base}/candidates/{arranged.jane_id}/pledge?suggestion={right}"
    assert "https://example.org/report" in client.get(form).text
    data = {
        "csrf_token": token_of(client, form), "ask": arranged.ask_id, "stance": "yes",
        "channel": "public_statement", "source_url": "https://example.org/report",
    }  # fmt: skip
    assert client.post(form, data=data).status_code == 303
    reject = f"{base}/suggestions/{wrong}/reject"
    token = token_of(client, f"{base}/suggestions/")
    assert client.post(reject, data={"csrf_token": token, "reason": "no"}).status_code == 422
    for _again in range(2):
        done = client.post(reject, data={"csrf_token": token, "reason": "It says the opposite."})
        assert done.status_code == 303
    found = fetch(select(EvidenceSuggestion).order_by(EvidenceSuggestion.id))
    assert [(each.status, each.email, each.event_id) for each in found] == [
        (SuggestionStatus.TAKEN_UP, None, 1),
        (SuggestionStatus.REJECTED, None, None),
    ]
    assert "No suggestion waits" in client.get(f"{base}/suggestions/").text
    with app.extensions["campaign"].database.reader() as session:
        assert check_chain(session, session.query(Campaign).one(), now=clock()).faults == []


def test_the_candidate_is_told_when_an_entry_becomes_public(
    log_in: LogIn, arranged: SimpleNamespace, fetch: Fetch
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    first, second, review = log_in(), log_in(), f"{arranged.base}/review/"
    form = {"ask": arranged.ask_id, "stance": "partly", "channel": "letter", "quote": "Part of it."}
    first.post(path, data={**form, "csrf_token": token_of(first, path)})
    assert fetch(select(OutboxMessage)) == []
    (event,) = fetch(select(PledgeEvent))
    approve(second, arranged.base, event.id)
    (mail,) = fetch(select(OutboxMessage))
    assert "Part of it." in mail.body
    assert "Answer: Partly" in mail.body
    assert "The candidate is told by e-mail." in second.get(review).text


def test_two_organisers_stand_between_a_suggestion_and_the_public(
    log_in: LogIn, arranged: SimpleNamespace, web_session: Session, fetch: Fetch, clock: FrozenClock
) -> None:
    suggestion = suggest_evidence(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, source_url="https://example.org/report",
        quote="", said_on=None, email=None, now=clock(),
    )  # fmt: skip
    web_session.flush()
    suggestion_id = suggestion.id
    web_session.commit()
    base, review = arranged.base, f"{arranged.base}/review/"
    first, second = log_in(), log_in()
    data = {
        "ask": arranged.ask_id, "stance": "no", "channel": "hustings",
        "source_url": "https://example.org/report",
    }  # fmt: skip
    other = f"{base}/candidates/{arranged.john_id}/pledge?suggestion={suggestion_id}"
    refused = first.post(other, data=data | {"csrf_token": token_of(first, other)})
    assert refused.status_code == 422
    assert "This suggestion is about another candidate." in refused.text
    assert fetch(select(PledgeEvent)) == []
    form = f"{base}/candidates/{arranged.jane_id}/pledge?suggestion={suggestion_id}"
    assert first.post(form, data=data | {"csrf_token": token_of(first, form)}).status_code == 303
    (event,) = fetch(select(PledgeEvent))
    own = {"csrf_token": token_of(first, form)}
    assert first.post(f"{review}{event.id}/approve", data=own).status_code == 409
    # Whoever sends the same once more has not entered it, and may review it.
    clock.advance(minutes=1)
    assert second.post(
        form.partition("?")[0], data=data | {"csrf_token": token_of(second, form)}
    ).status_code == 303  # fmt: skip
    assert len(fetch(select(PledgeEvent))) == 1
    assert "Entry 1 says the same, so nothing was added." in second.get(review).text
    assert approve(second, base, event.id).status_code == 303
    kinds = [(each.kind, each.entered_by) for each in fetch(select(PledgeEvent))]
    assert len({who for _kind, who in kinds}) == 2
    assert [kind for kind, _who in kinds] == ["answer", "review"]


def test_a_reviewer_sees_which_answer_gives_way(
    log_in: LogIn, arranged: SimpleNamespace, entry: int, web_session: Session, clock: FrozenClock
) -> None:
    record_pledge(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, channel=Channel.LETTER, quote="Never.",
        entered_by="organiser:901", now=clock(),
    )  # fmt: skip
    web_session.commit()
    client = log_in()
    review = client.get(f"{arranged.base}/review/").text
    assert "It takes the place of:" in review
    assert "Aldmoor" in review
    page = client.get(f"{arranged.base}/record/{entry}").text
    assert "2: entered by an organiser; a second one has seen the source" in page
    assert "Hash before it" in page
    assert "Nobody yet" in client.get(f"{arranged.base}/record/{entry + 2}").text


def test_a_forgotten_day_is_corrected_from_the_page_of_the_entry(
    log_in: LogIn, arranged: SimpleNamespace, entry: int, fetch: Fetch
) -> None:
    client, base = log_in(), arranged.base
    address = f"{base}/candidates/{arranged.jane_id}/pledge?corrects={entry}"
    assert f'href="{address}"' in client.get(f"{base}/record/{entry}").text
    form = client.get(address).text
    assert f"This corrects entry {entry}" in form
    assert "A private matter was said" in form
    done = client.post(
        address,
        data={
            "csrf_token": token_of(client, address), "ask": arranged.ask_id, "stance": "yes",
            "channel": "hustings", "quote": "A private matter was said", "said_on": "2031-03-20",
        },
    )  # fmt: skip
    assert done.status_code == 303
    corrected, *_review, new = fetch(select(PledgeEvent))
    assert (new.valid_from.isoformat(), new.refers_to_id) == ("2031-03-20", corrected.id)
    assert "A correction was entered" in client.get(f"{base}/record/{entry}").text
    assert f">Entry {entry}</a></dd>" in client.get(f"{base}/record/{new.sequence}").text
    assert f"It corrects entry {entry}" in client.get(f"{base}/review/").text
    colleague, review = log_in(Role.ORGANISER), f"{base}/review/"
    approve = f"{review}{new.id}/approve"
    assert (
        colleague.post(approve, data={"csrf_token": token_of(colleague, review)}).status_code == 303
    )
    public = colleague.get(f"/{arranged.slug}/candidates/{arranged.jane_id}/").text
    assert f"Corrects entry {entry}." in public


def test_an_answer_that_gave_way_is_not_taken_back(
    log_in: LogIn, arranged: SimpleNamespace, entry: int, web_session: Session, clock: FrozenClock
) -> None:
    record_pledge(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, channel=Channel.LINK, entered_by="candidate",
        now=clock(),
    )  # fmt: skip
    web_session.commit()
    client = log_in()
    act(client, arranged.base, entry, "withdraw", "They wrote to us today.")
    page = client.get(f"{arranged.base}/record/{entry}").text
    assert "This entry is not the one that counts" in page


def test_no_answer_is_typed_in_vain_once_the_poll_is_over(
    web_session: Session, log_in: LogIn, arranged: SimpleNamespace, clock: FrozenClock
) -> None:
    path = f"{arranged.base}/candidates/{arranged.jane_id}/pledge"
    client = log_in()
    assert client.get(path).status_code == 200
    (election,) = web_session.scalars(select(Election))
    clock.time = election.poll_closes_at
    web_session.rollback()
    page = client.get(path)
    assert page.status_code == 409
    assert "the record takes no more answers" in page.text


def test_the_candidate_page_says_which_answer_is_public_now(
    log_in: LogIn, arranged: SimpleNamespace, entry: int, web_session: Session, clock: FrozenClock
) -> None:
    client, page = log_in(), f"{arranged.base}/candidates/{arranged.jane_id}/"

    def states() -> list[str]:
        history = client.get(page).text.partition('class="history"')[2].partition("</ol>")[0]
        return [
            next(said for said in ("Public now", "Earlier", "Waits for review") if said in item)
            for item in history.split("<li")[1:]
        ]

    before = states()
    assert before.count("Public now") == 1
    second = record_pledge(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, channel=Channel.LETTER, quote="Never.",
        entered_by="organiser:901", now=clock(),
    )  # fmt: skip
    web_session.commit()
    assert states() == ["Waits for review", *before]
    review_pledge(
        web_session, event_id=second.id, is_right=True, reviewer="organiser:902", now=clock()
    )
    web_session.commit()
    assert states()[:2] == ["Public now", "Earlier"]


def test_a_form_that_came_back_says_where_one_is(
    log_in: LogIn, arranged: SimpleNamespace, entry: int
) -> None:
    returned = act(log_in(), arranged.base, entry, "hide", "no")
    assert returned.status_code == 422
    here = f'href="{arranged.base}/record/" aria-current="true">'
    assert f"{here}Answers" in returned.text
    assert f"{here}All answers" in returned.text


def test_the_list_shows_every_state_of_an_entry(
    log_in: LogIn, arranged: SimpleNamespace, entry: int, web_session: Session, clock: FrozenClock
) -> None:
    client, base = log_in(), arranged.base
    record_pledge(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, channel=Channel.LETTER, quote="Never.",
        entered_by="organiser:901", now=clock(),
    )  # fmt: skip
    web_session.commit()

    def states(sequence: int) -> str:
        row = client.get(f"{base}/record/").text.partition(f"/record/{sequence}")[2]
        return row.partition("</tr>")[0].partition('data-label="State">')[2]

    act(client, base, entry, "dispute", "By telephone, on 1 May.")
    assert "Disputed" in states(entry)
    act(client, base, entry, "strike", "It was somebody else.")
    act(client, base, entry, "hide", "It names a private person.")
    for state in ("Reviewed", "No longer counts", "Texts hidden"):
        assert state in states(entry)
    waiting = web_session.scalars(select(PledgeEvent).where(PledgeEvent.stance == Stance.NO)).one()
    assert "Waits for review" in states(waiting.sequence)
    review_pledge(
        web_session, event_id=waiting.id, is_right=False, reviewer="organiser:902",
        reason="It was somebody else.", now=clock(),
    )  # fmt: skip
    web_session.commit()
    assert "Rejected" in states(waiting.sequence)
    assert "Reviewed" not in states(waiting.sequence)


def test_what_is_no_longer_possible_after_the_poll_is_not_offered(
    log_in: LogIn,
    arranged: SimpleNamespace,
    entry: int,
    web_session: Session,
    clock: FrozenClock,
) -> None:
    suggest_evidence(
        web_session, campaign_id=arranged.campaign_id, candidacy_id=arranged.jane_candidacy_id,
        ask_id=arranged.ask_id, stance=Stance.NO, source_url="https://example.org/report",
        quote="", said_on=None, email=None, now=clock(),
    )  # fmt: skip
    (election,) = web_session.scalars(select(Election))
    web_session.commit()
    client, base = log_in(), arranged.base
    offers = {
        f"{base}/record/{entry}": ("takes this answer back", "Correct it"),
        f"{base}/suggestions/": ("Take it up",),
        f"{base}/candidates/{arranged.jane_id}/": ("Record an answer they gave",),
    }
    closed = "and until the poll closes."
    for path, words in offers.items():
        page = client.get(path).text
        assert all(each in page for each in words), path
        assert closed not in page
    clock.time = election.poll_closes_at
    for path, words in offers.items():
        page = client.get(path).text
        assert not any(each in page for each in words), path
        assert closed in page
