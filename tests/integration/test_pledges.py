import hashlib
import json
import threading
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy.orm import Session

from campaign.campaigns.models import AskVersion
from campaign.campaigns.rules import CampaignStatus
from campaign.core.db import Database
from campaign.core.tokens import Signer
from campaign.pledges.errors import (
    AlreadyDecided,
    AlreadyReviewed,
    AnswerLinkRevoked,
    AnswersClosed,
    OwnEntry,
    PledgeEventNotFound,
    PledgeInvalid,
    RecordClosed,
    TooManySuggestions,
)
from campaign.pledges.queries import (
    check_chain,
    count_open_disputes,
    count_suggestions,
    list_current_answers,
    list_entries_to_review,
    list_history,
    list_person_history,
    list_suggestions,
    wants_no_mail,
)
from campaign.pledges.rules import (
    Channel,
    DisputeState,
    EventKind,
    RequestKind,
    Stance,
    VerificationLevel,
)
from campaign.pledges.service import (
    answer_token,
    dispute_entry,
    hide_texts,
    note_request,
    open_answer_link,
    record_pledge,
    reject_suggestion,
    replace_answer_link,
    review_pledge,
    settle_dispute,
    show_texts,
    suggest_evidence,
    take_up_suggestion,
    withdraw_pledge,
)
from campaign.reports.pledge_chain import public_json_lines
from tests.factories import BallotFactory, CandidacyFactory, bind_factories
from tests.factories.pledges import answer, entered, published
from tests.factories.worlds import PledgeWorld, pledge_world, stand_elsewhere

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    return pledge_world()


def test_an_answer_by_link_is_public_at_once(session: Session, world: PledgeWorld) -> None:
    event = answer(session, world, statement=" Of course. ")
    found = list_current_answers(session, world.campaign.id)
    assert list(found) == [(world.candidacies[0].id, world.asks[0].id)]
    current = found[world.candidacies[0].id, world.asks[0].id]
    assert (current.stance, current.statement) == (Stance.YES, "Of course.")
    assert current.verification_level is VerificationLevel.FIRST_HAND
    assert (event.sequence, current.ask_version) == (1, 1)


def test_the_same_answer_again_adds_nothing(session: Session, world: PledgeWorld) -> None:
    first = answer(session, world)
    assert answer(session, world, now=NOW + timedelta(days=1)) is first
    assert answer(session, world, statement="Now with reasons.") is not first


def test_the_same_answer_to_a_new_wording_is_a_new_event(
    session: Session, world: PledgeWorld
) -> None:
    first = answer(session, world)
    world.asks[0].versions.append(
        AskVersion(number=2, title="Make it first now", wording="Now.", created_at=NOW)
    )
    second = answer(session, world)
    assert (second.sequence, second.ask_version.number) == (2, 2)
    assert first.ask_version.number == 1


def test_a_change_and_a_withdrawal_keep_the_history(session: Session, world: PledgeWorld) -> None:
    answer(session, world)
    answer(session, world, stance=Stance.PARTLY)
    where = {"candidacy_id": world.candidacies[0].id, "ask_id": world.asks[0].id}
    withdraw = {"campaign_id": world.campaign.id, "entered_by": "candidate", "now": NOW, **where}
    assert withdraw_pledge(session, **withdraw) is not None
    assert withdraw_pledge(session, **withdraw) is None
    assert list_current_answers(session, world.campaign.id) == {}
    history = list_history(session, world.campaign.id, world.candidacies[0].id)
    assert [(e.kind, e.stance) for e in history] == [
        (EventKind.ANSWER, Stance.YES),
        (EventKind.ANSWER, Stance.PARTLY),
        (EventKind.WITHDRAWAL, None),
    ]
    answer(session, world, stance=Stance.PARTLY)
    assert len(list_current_answers(session, world.campaign.id)) == 1


def test_an_entry_is_public_after_somebody_else_reviewed_it(
    session: Session, world: PledgeWorld
) -> None:
    entry = entered(session, world)
    assert list_current_answers(session, world.campaign.id) == {}
    assert [e.id for e in list_entries_to_review(session, world.campaign.id)] == [entry.id]
    with pytest.raises(OwnEntry):
        review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:1", now=NOW)
    review = review_pledge(
        session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW
    )
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.verification_level is VerificationLevel.CONFIRMED
    assert list_entries_to_review(session, world.campaign.id) == []
    (public,) = list_history(session, world.campaign.id, world.candidacies[0].id, public_only=True)
    assert public.verification_level is VerificationLevel.CONFIRMED
    with pytest.raises(AlreadyReviewed):
        review_pledge(session, event_id=entry.id, is_right=False, reviewer="organiser:3", now=NOW)
    with pytest.raises(PledgeEventNotFound):
        review_pledge(session, event_id=review.id, is_right=True, reviewer="organiser:3", now=NOW)


def test_a_rejected_entry_never_becomes_public(session: Session, world: PledgeWorld) -> None:
    answer(session, world, stance=Stance.NO)
    entry = entered(session, world)
    wrong = {"event_id": entry.id, "is_right": False, "reviewer": "organiser:2", "now": NOW}
    with pytest.raises(PledgeInvalid, match="Give a reason of 10 to 500 characters"):
        review_pledge(session, **wrong, reason="No.")
    review_pledge(session, **wrong, reason="The source says the opposite.")
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.stance is Stance.NO
    public = list_history(session, world.campaign.id, world.candidacies[0].id, public_only=True)
    assert [e.stance for e in public] == [Stance.NO]


def test_a_later_answer_by_link_stands_before_an_older_entry_reviewed_late(
    session: Session, world: PledgeWorld
) -> None:
    entry = entered(session, world, stance=Stance.YES)
    answer(session, world, stance=Stance.NO)
    review_pledge(session, event_id=entry.id, is_right=True, reviewer="organiser:2", now=NOW)
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.stance is Stance.NO


@pytest.mark.parametrize(
    "changes",
    [
        {"quote": ""},
        {"source_url": "javascript:alert(1)"},
        {"channel": Channel.LINK},
        {"entered_by": "candidate"},
        {"statement": "x" * 501},
        {"ask_id": 99_999},
    ],
)
def test_entries_that_break_a_rule_are_refused(
    session: Session, world: PledgeWorld, changes: dict[str, Any]
) -> None:
    with pytest.raises(PledgeInvalid):
        entered(session, world, **changes)


def test_a_candidate_of_another_election_is_refused(session: Session, world: PledgeWorld) -> None:
    other = CandidacyFactory(ballot=BallotFactory(election__id="parl.2029-05-03"))
    with pytest.raises(PledgeInvalid):
        answer(session, world, candidacy_id=other.id)


def test_nothing_is_recorded_after_the_poll_or_the_campaign_has_closed(
    session: Session, world: PledgeWorld
) -> None:
    after = world.election.poll_closes_at
    with pytest.raises(AnswersClosed):
        answer(session, world, now=after)
    with pytest.raises(RecordClosed):
        entered(session, world, now=after)
    assert answer(session, world, now=after - timedelta(seconds=1)).sequence == 1
    world.campaign.status = CampaignStatus.CLOSED
    with pytest.raises(AnswersClosed):
        answer(session, world, stance=Stance.NO)


def test_links_open_until_they_are_replaced_revoked_or_closed(
    session: Session, world: PledgeWorld
) -> None:
    signer = Signer("a secret of the tests that is long enough")
    who = {"campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id}
    first = answer_token(session, signer, **who)
    assert open_answer_link(session, signer, first, now=NOW).candidacy.id == who["candidacy_id"]
    with pytest.raises(AnswersClosed):
        open_answer_link(session, signer, first, now=world.election.poll_closes_at)
    replace_answer_link(session, **who)
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, signer, first, now=NOW)
    second = answer_token(session, signer, **who)
    assert open_answer_link(session, signer, second, now=NOW)
    note_request(session, kind=RequestKind.NOT_ME, now=NOW, **who)
    with pytest.raises(AnswerLinkRevoked):
        open_answer_link(session, signer, second, now=NOW)


def test_a_history_goes_with_the_person_and_says_where_they_stood(
    session: Session, world: PledgeWorld
) -> None:
    answer(session, world)
    entered(session, world)
    today = stand_elsewhere(world)
    answer(session, world, candidacy_id=today.id, stance=Stance.NO)
    answer(session, world, candidacy_id=world.candidacies[1].id)
    public = list_person_history(session, world.campaign.id, today, public_only=True)
    former = world.candidacies[0].ballot.constituency
    assert [(each.sequence, each.elsewhere) for each in public] == [(1, former), (3, None)]
    every = list_person_history(session, world.campaign.id, world.candidacies[0])
    assert [(each.sequence, each.elsewhere) for each in every] == [
        (1, None), (2, None), (3, today.ballot.constituency)
    ]  # fmt: skip
    current = list_current_answers(session, world.campaign.id, candidacy_ids=[today.id])
    assert [each.stance for each in current.values()] == [Stance.NO]


def test_requests_that_stop_mail(session: Session, world: PledgeWorld) -> None:
    ann, bob = (
        {"campaign_id": world.campaign.id, "candidacy_id": candidacy.id}
        for candidacy in world.candidacies
    )
    request = note_request(session, kind=RequestKind.NOTHING_MORE, now=NOW, **ann)
    assert note_request(session, kind=RequestKind.NOTHING_MORE, now=NOW, **ann) is request
    assert wants_no_mail(session, **ann)
    request.settled_at = NOW
    assert not wants_no_mail(session, **ann)
    wrong = note_request(session, kind=RequestKind.WRONG_ADDRESS, now=NOW, **bob)
    assert wants_no_mail(session, **bob)
    wrong.settled_at = NOW
    assert not wants_no_mail(session, **bob)


def test_writers_at_the_same_time_make_one_chain_without_a_gap(database: Database) -> None:
    with database.writer() as session, bind_factories(session):
        world = pledge_world()
        session.commit()
        campaign_id = world.campaign.id
        candidacy_ids = [candidacy.id for candidacy in world.candidacies]
        ask_ids = [ask.id for ask in world.asks]
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def write(number: int) -> None:
        try:
            start.wait()
            for turn in range(5):
                with database.transaction() as session:
                    record_pledge(
                        session,
                        campaign_id=campaign_id,
                        candidacy_id=candidacy_ids[number % 2],
                        ask_id=ask_ids[number // 2],
                        stance=Stance.YES,
                        statement=f"turn {turn}",
                        channel=Channel.LINK,
                        entered_by="candidate",
                        now=NOW,
                    )
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.reader() as session:
        report = check_chain(session, session.get_one(type(world.campaign), campaign_id), now=NOW)
        assert (report.count, report.faults) == (20, [])


def test_what_was_said_before_a_public_answer_does_not_take_its_place(
    session: Session, world: PledgeWorld
) -> None:
    answer(session, world, stance=Stance.NO)
    with pytest.raises(PledgeInvalid, match="was said before it"):
        entered(session, world, valid_from=date(2031, 4, 30))
    with pytest.raises(PledgeInvalid, match="in the future"):
        entered(session, world, valid_from=date(2031, 5, 2))
    assert entered(session, world, valid_from=date(2031, 5, 1)).valid_from == date(2031, 5, 1)


def test_a_review_makes_nothing_public_that_is_out_of_order(
    session: Session, world: PledgeWorld
) -> None:
    newer = entered(session, world, stance=Stance.NO, valid_from=date(2031, 4, 28))
    older = entered(session, world, stance=Stance.YES, valid_from=date(2031, 4, 20))
    review: Any = {"is_right": True, "reviewer": "organiser:2", "now": NOW}
    review_pledge(session, event_id=newer.id, **review)
    with pytest.raises(PledgeInvalid, match="Entry 1 is public and of 2031-04-28, and this was sa"):
        review_pledge(session, event_id=older.id, **review)
    assert _stance(session, world) is Stance.NO
    review_pledge(
        session, event_id=older.id, **review | {"is_right": False, "reason": "Said before."}
    )


def test_a_review_makes_nothing_public_that_would_not_count(
    session: Session, world: PledgeWorld
) -> None:
    newer = entered(session, world, stance=Stance.NO, valid_from=date(2031, 4, 28))
    published(session, world, stance=Stance.YES, valid_from=date(2031, 4, 20))
    with pytest.raises(PledgeInvalid, match="Entry 2 was recorded later and is public"):
        review_pledge(session, event_id=newer.id, is_right=True, reviewer="organiser:2", now=NOW)
    published(session, world, stance=Stance.NO, valid_from=date(2031, 4, 28), quote="“No”")
    assert _stance(session, world) is Stance.NO


def test_a_correction_takes_the_place_of_an_entry_with_its_own_day(
    session: Session, world: PledgeWorld
) -> None:
    wrong = published(session, world, stance=Stance.NO)
    first = published(
        session, world, stance=Stance.YES, valid_from=date(2031, 4, 20), corrects=wrong.sequence
    )
    assert first.refers_to_id == wrong.id
    second = published(
        session, world, stance=Stance.PARTLY, valid_from=date(2031, 4, 10), corrects=first.sequence
    )
    assert _stance(session, world) is Stance.PARTLY
    history = list_history(session, world.campaign.id, world.candidacies[0].id)
    assert [entry.corrects for entry in history] == [None, wrong.sequence, first.sequence]
    with pytest.raises(PledgeInvalid, match=f"Entry {second.sequence} is public and of 2031-04-10"):
        entered(session, world, valid_from=date(2031, 4, 9))
    assert check_chain(session, world.campaign, now=NOW).faults == []


def test_a_withdrawal_that_nobody_asked_for_is_corrected(
    session: Session, world: PledgeWorld
) -> None:
    said = published(session, world, valid_from=date(2031, 4, 20))
    withdrawal = withdraw_pledge(
        session, campaign_id=world.campaign.id, candidacy_id=said.candidacy_id, ask_id=said.ask_id,
        entered_by="organiser:1", now=NOW, reason="A letter that was not theirs.",
    )  # fmt: skip
    assert withdrawal is not None
    review_pledge(session, event_id=withdrawal.id, is_right=True, reviewer="organiser:2", now=NOW)
    published(session, world, valid_from=date(2031, 4, 20), corrects=withdrawal.sequence)
    assert _stance(session, world) is Stance.YES
    assert check_chain(session, world.campaign, now=NOW).faults == []


def test_a_correction_does_not_take_the_place_of_what_was_said_later(
    session: Session, world: PledgeWorld
) -> None:
    wrong = published(session, world, stance=Stance.NO, now=NOW - timedelta(days=2))
    answer(session, world, now=NOW)
    with pytest.raises(PledgeInvalid, match="Entry 3 is public"):
        entered(session, world, valid_from=date(2031, 4, 20), corrects=wrong.sequence)


def test_only_a_public_entry_of_organisers_about_the_same_ask_is_corrected(
    session: Session, world: PledgeWorld
) -> None:
    by_link = answer(session, world)
    waiting = entered(session, world, stance=Stance.NO)
    other = published(session, world, ask_id=world.asks[1].id)
    for entry in (by_link, waiting, other):
        with pytest.raises(PledgeInvalid, match="cannot be corrected by this answer"):
            entered(session, world, stance=Stance.PARTLY, corrects=entry.sequence)


def test_an_entry_that_gave_way_to_another_is_not_taken_back(
    session: Session, world: PledgeWorld
) -> None:
    earlier = published(session, world, stance=Stance.NO)
    counting = published(session, world, stance=Stance.YES)
    withdraw: Any = {
        "campaign_id": world.campaign.id, "candidacy_id": earlier.candidacy_id,
        "ask_id": earlier.ask_id, "entered_by": "organiser:1", "now": NOW,
        "reason": "By letter of today.",
    }  # fmt: skip
    with pytest.raises(AlreadyDecided, match="not the one that counts"):
        withdraw_pledge(session, entry_id=earlier.id, **withdraw)
    assert withdraw_pledge(session, entry_id=counting.id, **withdraw) is not None


def _stance(session: Session, world: PledgeWorld) -> Stance:
    answers = list_current_answers(session, world.campaign.id)
    return answers[world.candidacies[0].id, world.asks[0].id].stance


def test_an_objection_marks_an_entry_at_once_and_somebody_else_settles_it(
    session: Session, world: PledgeWorld
) -> None:
    answer(session, world, stance=Stance.NO)
    entry = published(session, world)
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    dispute_entry(session, words="I never said so.", entered_by="candidate", **where)
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.marks.dispute is DisputeState.OPEN
    assert current.marks.dispute_words == "I never said so."
    assert count_open_disputes(session, world.campaign.id) == 1
    with pytest.raises(AlreadyDecided):
        dispute_entry(session, entered_by="candidate", **where)
    settle = {"is_right": False, "reason": "The report was about somebody else.", **where}
    with pytest.raises(OwnEntry):
        settle_dispute(session, settler="organiser:1", **settle)
    with pytest.raises(PledgeInvalid):
        settle_dispute(session, settler="organiser:3", **{**settle, "reason": "no"})
    settle_dispute(session, settler="organiser:3", **settle)
    with pytest.raises(AlreadyDecided):
        settle_dispute(session, settler="organiser:3", **settle)
    assert count_open_disputes(session, world.campaign.id) == 0
    # What was struck counts no more: the answer before it does again.
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert (current.stance, current.marks.dispute) == (Stance.NO, None)
    public = list_history(session, world.campaign.id, world.candidacies[0].id, public_only=True)
    assert [each.marks.is_struck for each in public] == [False, True]
    assert check_chain(session, world.campaign, now=NOW).faults == []


def test_an_entry_that_stands_after_an_objection_says_so(
    session: Session, world: PledgeWorld
) -> None:
    entry = published(session, world)
    where = {"campaign_id": world.campaign.id, "event_id": entry.id, "now": NOW}
    by_office = {"entered_by": "organiser:2", "reason": "By telephone on 1 May.", **where}
    dispute_entry(session, **by_office)
    settle_dispute(
        session, is_right=True, settler="organiser:2", reason="The recording is clear.", **where
    )
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.marks.dispute is DisputeState.KEPT
    assert not current.marks.is_dispute_by_candidate
    assert current.marks.settled_because == "The recording is clear."


def test_only_what_others_entered_and_the_public_sees_can_be_disputed(
    session: Session, world: PledgeWorld
) -> None:
    own = answer(session, world, ask_id=world.asks[1].id)
    waiting = entered(session, world)
    for event in (own, waiting):
        with pytest.raises(AlreadyDecided):
            dispute_entry(
                session,
                campaign_id=world.campaign.id,
                event_id=event.id,
                entered_by="candidate",
                now=NOW,
            )
    review = review_pledge(
        session, event_id=waiting.id, is_right=True, reviewer="organiser:2", now=NOW
    )
    with pytest.raises(PledgeEventNotFound):
        dispute_entry(
            session,
            campaign_id=world.campaign.id,
            event_id=review.id,
            entered_by="candidate",
            now=NOW,
        )


def test_hidden_texts_are_nowhere_public_and_can_be_shown_again(
    session: Session, world: PledgeWorld
) -> None:
    event = answer(session, world, statement="Something abusive.")
    where = {"campaign_id": world.campaign.id, "event_id": event.id, "now": NOW}
    with pytest.raises(AlreadyDecided):
        show_texts(session, shown_by="organiser:1", reason="It is not hidden.", **where)
    hide_texts(session, hidden_by="organiser:1", reason="It names a private person.", **where)
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert (current.stance, current.statement) == (Stance.YES, "")
    assert current.marks.hidden_because == "It names a private person."
    who = (world.campaign.id, world.candidacies[0].id)
    (public,) = list_history(session, *who, public_only=True)
    assert public.statement == ""
    assert "abusive" not in "".join(public_json_lines(session, world.campaign))
    assert "It names a private person." in "".join(public_json_lines(session, world.campaign))
    (kept,) = list_history(session, *who)
    assert kept.statement == "Something abusive."
    show_texts(session, shown_by="organiser:2", reason="The person has agreed.", **where)
    (current,) = list_current_answers(session, world.campaign.id).values()
    assert current.statement == "Something abusive."


def test_the_public_chain_seals_what_is_not_public(session: Session, world: PledgeWorld) -> None:
    answer(session, world)
    bob = world.candidacies[1].id
    entered(session, world, candidacy_id=bob, quote="Only for organisers")
    published(session, world, candidacy_id=bob, ask_id=world.asks[1].id)
    lines = [json.loads(line) for line in public_json_lines(session, world.campaign)]
    assert [line.get("sealed", False) for line in lines] == [False, True, False, False]
    assert set(lines[1]) == {"sequence", "sealed", "previous_hash", "hash"}
    for before, line in pairwise(lines):
        assert line["previous_hash"] == before["hash"]
    for line in lines:
        stored_hash = line.pop("hash")
        if "sealed" not in line:
            text = json.dumps(line, sort_keys=True, separators=(",", ":"))
            assert hashlib.sha256(text.encode()).hexdigest() == stored_hash


def test_a_suggestion_waits_until_an_organiser_decides(
    session: Session, world: PledgeWorld
) -> None:
    values: dict[str, Any] = {
        "campaign_id": world.campaign.id,
        "candidacy_id": world.candidacies[0].id,
        "ask_id": world.asks[0].id,
        "stance": Stance.YES,
        "source_url": "https://example.org/report",
        "quote": "",
        "said_on": date(2031, 4, 30),
        "email": "sam@example.org",
        "now": NOW,
    }
    first = suggest_evidence(session, **values)
    session.flush()
    assert suggest_evidence(session, **values) is first
    other = suggest_evidence(session, **{**values, "stance": Stance.NO})
    session.flush()
    assert list_suggestions(session, world.campaign.id) == [first, other]
    assert list_current_answers(session, world.campaign.id) == {}
    for wrong in ({"source_url": ""}, {"source_url": "javascript:x"}, {"quote": "x" * 2001}):
        with pytest.raises(PledgeInvalid):
            suggest_evidence(session, **{**values, **wrong})
    with pytest.raises(RecordClosed):
        suggest_evidence(session, **{**values, "now": world.election.poll_closes_at})
    decide = {"campaign_id": world.campaign.id, "organiser": "organiser:1", "now": NOW}
    reject_suggestion(
        session, suggestion_id=other.id, reason="The source says otherwise.", **decide
    )
    event = entered(session, world)
    take_up_suggestion(session, suggestion_id=first.id, event_id=event.id, **decide)
    assert (first.email, other.email, count_suggestions(session, world.campaign.id)) == (
        None, None, 0,
    )  # fmt: skip
    with pytest.raises(AlreadyDecided):
        take_up_suggestion(session, suggestion_id=first.id, event_id=event.id, **decide)


def test_no_more_suggestions_wait_than_organisers_can_read(
    session: Session, world: PledgeWorld
) -> None:
    def suggest(number: int) -> None:
        suggest_evidence(
            session,
            campaign_id=world.campaign.id,
            candidacy_id=world.candidacies[0].id,
            ask_id=world.asks[0].id,
            stance=Stance.YES,
            source_url=f"https://example.org/{number}",
            quote="",
            said_on=None,
            email=None,
            now=NOW,
        )
        session.flush()

    for number in range(20):
        suggest(number)
    with pytest.raises(TooManySuggestions):
        suggest(20)
