"""Organisers' figures and acts on both kinds of database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from campaign.candidates.errors import AddressInvalid
from campaign.candidates.service import correct_address
from campaign.letters.rules import HeldReason, LetterStatus
from campaign.organisers.errors import OrganiserExists, ReasonTooShort
from campaign.organisers.rules import Role
from campaign.organisers.service import add_organiser
from campaign.reports.office_candidates import search_candidates
from campaign.reports.office_exports import candidates_csv, letters_csv
from campaign.reports.office_figures import (
    delivery_figures,
    letter_totals,
    letters_by_constituency,
    letters_by_day,
    pledges_by_ask,
    things_to_do,
)
from campaign.reports.office_letters import open_letter
from tests.factories import (
    EARLY,
    AskFactory,
    BallotFactory,
    CampaignFactory,
    CandidacyFactory,
    ElectionFactory,
    OrganiserFactory,
    PersonFactory,
)
from tests.factories.letters import LetterFactory

NOW = datetime(2031, 5, 1, 10, 0, tzinfo=UTC)


def test_figures_add_up_and_days_are_those_of_the_election(session: Session) -> None:
    election = ElectionFactory()
    campaign = CampaignFactory(election=election)
    AskFactory(campaign=campaign)
    candidacy = CandidacyFactory(ballot=BallotFactory(election=election))
    # 23:30 UTC is half past midnight in London's summer: the next day.
    late = datetime(2031, 4, 29, 23, 30, tzinfo=UTC)
    for status in (LetterStatus.SENT, LetterStatus.EXPIRED, LetterStatus.HELD):
        LetterFactory(
            campaign=campaign,
            candidacy=candidacy,
            status=status,
            held_reason=HeldReason.NO_ADDRESS if status is LetterStatus.HELD else None,
            created_at=late,
            sent_at=NOW if status is LetterStatus.SENT else None,
        )
    totals = letter_totals(session, campaign.id)
    assert (totals.accepted, totals.supporters, totals.is_complete) == (3, 2, True)
    days = {each.day.isoformat(): each for each in letters_by_day(session, campaign, now=NOW)}
    assert len(days) == 14
    assert (days["2031-04-30"].accepted, days["2031-04-29"].accepted) == (3, 0)
    assert (days["2031-05-01"].sent, days["2031-04-30"].sent) == (1, 0)
    (place,) = letters_by_constituency(session, campaign.id)
    assert (place.letters, place.supporters) == (2, 2)
    todo = things_to_do(session, campaign.id, letters=totals, now=NOW)
    assert todo.letters_without_address == 1
    assert delivery_figures(session, campaign.id).pause is None
    assert [ask.answered for ask in pledges_by_ask(session, campaign)] == [0]
    rows, count = search_candidates(session, campaign, words="northmoor")
    assert (count, rows[0].letters) == (1, 2)
    assert len(list(letters_csv(session, campaign))) == 4
    assert len(list(candidates_csv(session, campaign))) == 2


def test_a_corrected_address_wins_over_the_imported_one(session: Session) -> None:
    person = PersonFactory(email="old@example.org")
    values = {"person_id": person.id, "reason": "From her site.", "actor": "organiser:1"}
    correct_address(session, **values, email=" New@Example.org ", now=NOW)
    assert person.email == "New@example.org"
    assert person.imported_email == "old@example.org"
    correction = correct_address(session, **values, email=None, now=NOW)
    assert (person.email, person.corrected_email) == (None, "")
    assert (correction.old_email, correction.new_email) == ("New@example.org", None)
    for wrong in ("", "jane@", "jane@example.org\nBcc: x@example.org"):
        with pytest.raises(AddressInvalid):
            correct_address(session, **values, email=wrong, now=NOW)


def test_a_mailbox_holds_one_login(session: Session) -> None:
    add_organiser(session, email="Ada@example.org", role=Role.OWNER, now=EARLY)
    with pytest.raises(OrganiserExists):
        add_organiser(session, email="ada@EXAMPLE.org", role=Role.VIEWER, now=EARLY)


def test_without_a_reason_no_text(session: Session) -> None:
    election = ElectionFactory()
    campaign = CampaignFactory(election=election)
    candidacy = CandidacyFactory(ballot=BallotFactory(election=election))
    letter = LetterFactory(campaign=campaign, candidacy=candidacy)
    with pytest.raises(ReasonTooShort):
        open_letter(
            session,
            campaign_id=campaign.id,
            letter_id=letter.id,
            organiser_id=OrganiserFactory().id,
            reason="   because    ",
            now=NOW,
        )
