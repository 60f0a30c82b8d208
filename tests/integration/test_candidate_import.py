from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.candidates.models import AddressCorrection, Candidacy, Person, PersonAlias
from campaign.candidates.queries import get_candidacy_of_person
from campaign.candidates.rules import CandidacyStatus
from campaign.core.languages import Language
from campaign.elections.models import Ballot, Election
from campaign.geography.models import Constituency, ConstituencyAlias
from campaign.importers.errors import ImportRefused, MassWithdrawalRefused
from campaign.pledges.models import AnswerLink
from campaign.pledges.queries import get_language, list_mail_refusals
from campaign.pledges.rules import RequestKind
from campaign.pledges.service import choose_language, note_request, settle_refusal
from tests.factories import CampaignFactory
from tests.importing import (
    ELECTION,
    FIXTURES,
    NOW,
    import_people,
    import_seats,
    legacy_person,
    person,
    write_table,
)

STANDING, WITHDRAWN = CandidacyStatus.STANDING, CandidacyStatus.WITHDRAWN


@pytest.fixture(autouse=True)
def seats(session: Session) -> None:
    import_seats(session)


def standing(session: Session, person_id: int) -> Candidacy:
    return session.scalars(select(Candidacy).where(Candidacy.person_id == person_id)).one()


def link_to(session: Session, candidacy: Candidacy) -> None:
    """Let something of a campaign point to a candidacy."""
    campaign = CampaignFactory(election=session.get_one(Election, ELECTION))
    session.add(AnswerLink(campaign_id=campaign.id, candidacy_id=candidacy.id))
    session.flush()


def test_constituencies_are_written_once(session: Session) -> None:
    assert len(import_seats(session).changes.unchanged) == 3
    seat = session.scalars(select(Constituency).where(Constituency.slug == "sandwick-east")).one()
    assert (seat.name, seat.region, seat.hex_q, seat.hex_r) == ("Sandwick, East", "North", 1, 0)
    assert session.get_one(ConstituencyAlias, "X00000091").constituency_id


def test_candidates_are_joined_to_their_constituencies(session: Session) -> None:
    report = import_people(session, FIXTURES / "current.csv", election=ELECTION)
    assert (report.plan.added, report.with_email, report.shared_emails) == (5, 3, 1)
    assert sum(report.left_out.values()) == 1
    election = session.get_one(Election, ELECTION)
    assert election.poll_closes_at == datetime(2031, 5, 22, 21, tzinfo=UTC)
    assert "Democracy Club](https://" in election.candidates_credit
    ada = standing(session, 101)
    assert (ada.person.email, ada.party_name, ada.ballot.constituency.slug) == (
        "Ada@example.org",
        "Lighthouse Party",
        "northmoor",
    )
    assert standing(session, 102).person.sort_name == "van holm ben"
    assert standing(session, 105).ballot.is_cancelled
    assert session.scalar(select(func.count()).where(Person.name == "Greg Smith")) == 2


def test_the_same_file_again_changes_nothing(session: Session) -> None:
    import_people(session, FIXTURES / "current.csv", election=ELECTION)
    report = import_people(session, FIXTURES / "current.csv", election=ELECTION)
    assert report.changes_nothing
    assert report.plan.unchanged == 5


def test_an_update_adds_changes_withdraws_and_lets_return(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    one, two, three = person(1, "Ada Marsh"), person(2, "Ben Holm"), person(3, "Cara Quill")
    import_people(session, write_table(path, [one, two, three]))
    changed = two | {"person_name": "Ben B. Holm", "party_id": "PP2", "party_name": "Harbour"}
    report = import_people(session, write_table(path, [one, changed, person(4, "Dora Ness")]))
    plan = report.plan
    assert (plan.added, plan.changed, len(plan.withdrawn), plan.unchanged) == (1, 1, 1, 1)
    assert plan.changed_fields == {"name": 1, "party": 1}
    gone = standing(session, 3)
    assert (gone.status, gone.withdrawn_at) == (WITHDRAWN, NOW)
    assert gone.person.email == "person-3@example.org"
    assert import_people(session, write_table(path, [one, changed, three])).plan.returned == 1
    back = standing(session, 3)
    assert (back.id, back.status, back.withdrawn_at) == (gone.id, STANDING, None)


def test_who_changes_ballots_withdraws_from_the_first(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    stay = person(2, "Ben Holm")
    import_people(session, write_table(path, [person(1, "Ada Marsh"), stay]))
    moved = person(1, "Ada Marsh", seat="tarn-and-holm")
    report = import_people(session, write_table(path, [moved, stay]))
    assert (report.plan.added, len(report.plan.withdrawn)) == (1, 1)


def test_what_a_candidate_has_chosen_goes_with_them_to_another_ballot(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    stay = person(2, "Ben Holm")
    import_people(session, write_table(path, [person(1, "Ada Marsh"), stay]))
    before = standing(session, 1)
    campaign = CampaignFactory(election=session.get_one(Election, ELECTION))
    whose = {"campaign_id": campaign.id, "candidacy_id": before.id}
    note_request(session, kind=RequestKind.NOTHING_MORE, note="Please.", now=NOW, **whose)
    choose_language(session, language=Language.WELSH, **whose)
    moved = [person(1, "Ada Marsh", seat="tarn-and-holm"), stay]
    import_people(session, write_table(path, moved))
    today = get_candidacy_of_person(session, person_id=1, election_id=ELECTION)
    assert today.id != before.id
    assert list_mail_refusals(session, campaign.id) == {today.id: RequestKind.NOTHING_MORE}
    assert get_language(session, campaign.id, today.id) is Language.WELSH
    settle_refusal(session, campaign_id=campaign.id, candidacy_id=today.id, now=NOW)
    choose_language(
        session, campaign_id=campaign.id, candidacy_id=today.id, language=Language.ENGLISH
    )
    import_people(session, write_table(path, moved))
    assert list_mail_refusals(session, campaign.id) == {}, "what they chose since then stands"
    assert get_language(session, campaign.id, today.id) is Language.ENGLISH


def test_results_and_cancelled_polls_are_noted_and_told(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = [person(1, "Ada Marsh"), person(2, "Ben Holm")]
    import_people(session, write_table(path, rows))
    cancelled = [row | {"cancelled_poll": "t"} for row in rows]
    assert import_people(session, write_table(path, cancelled)).ballots.cancelled == [
        "parl.northmoor.2031-05-22"
    ]
    assert session.scalars(select(Ballot)).one().is_cancelled
    results = [row | {"elected": value} for row, value in zip(rows, ("t", "f"), strict=True)]
    report = import_people(session, write_table(path, results))
    assert report.ballots.restored == ["parl.northmoor.2031-05-22"]
    assert report.plan.changed_fields == {"result": 2}
    assert standing(session, 1).status is CandidacyStatus.ELECTED
    assert standing(session, 2).status is CandidacyStatus.NOT_ELECTED
    # A file without results does not take them back.
    assert import_people(session, write_table(path, rows)).plan.changed == 0


def test_an_address_that_vanishes_is_kept_until_told_to_drop(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    import_people(session, write_table(path, [person(1, "Ada Marsh")]))
    without = write_table(path, [person(1, "Ada Marsh", email="")])
    assert import_people(session, without).plan.emails_missing == 1
    assert standing(session, 1).person.email == "person-1@example.org"
    assert import_people(session, without, drops_emails=True).plan.emails_missing == 1
    assert standing(session, 1).person.email is None


def test_a_layout_without_addresses_takes_none_away(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    row = person(1, "Ada Marsh")
    import_people(session, write_table(path, [row]))
    del row["email"]
    report = import_people(session, write_table(path, [row]), drops_emails=True)
    assert (report.plan.emails_missing, report.changes_nothing) == (0, True)


@pytest.mark.parametrize(
    ("corrected", "email"), [("mine@example.org", "mine@example.org"), ("", None)]
)
def test_an_organiser_s_correction_wins(
    session: Session, tmp_path: Path, corrected: str, email: str | None
) -> None:
    path = tmp_path / "list.csv"
    import_people(session, write_table(path, [person(1, "Ada Marsh")]))
    ada = session.get_one(Person, 1)
    ada.corrected_email, ada.email = corrected, corrected or None
    session.flush()
    import_people(session, write_table(path, [person(1, "Ada Marsh", email="new@example.org")]))
    ada = session.get_one(Person, 1)
    assert (ada.imported_email, ada.email) == ("new@example.org", email)


def test_a_legacy_file_settles_merges_and_the_candidacy_stays(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "legacy.csv"
    import_people(session, write_table(path, [legacy_person(9, "Ada Marsh", old_person_ids="8")]))
    before = standing(session, 9)
    link_to(session, before)
    before.person.corrected_email = "mine@example.org"
    session.add(
        AddressCorrection(person_id=9, reason="called", actor="organiser:1", corrected_at=NOW)
    )
    session.flush()
    report = import_people(
        session,
        write_table(path, [legacy_person(5, "Ada K. Marsh", old_person_ids="8;9", email="")]),
    )
    assert (len(report.plan.merged), len(report.plan.withdrawn), report.plan.added) == (1, 0, 0)
    after = standing(session, 5)
    assert (after.id, after.status) == (before.id, STANDING)
    assert after.person.email == "mine@example.org"
    assert session.get_one(PersonAlias, 9).person_id == 5
    assert session.scalars(select(AddressCorrection.person_id)).all() == [5]
    assert session.get(Person, 9) is None
    # An older file, with the former number, is about the same person.
    older = write_table(path, [legacy_person(9, "Ada K. Marsh")])
    assert import_people(session, older).plan.added == 0
    assert standing(session, 5).id == before.id


def test_a_new_number_with_the_same_name_is_only_proposed(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    stay = person(2, "Ben Holm")
    import_people(session, write_table(path, [person(1, "Ada Marsh"), stay]))
    before = standing(session, 1)
    update = write_table(path, [person(7, "ada marsh", email=""), stay])
    report = import_people(session, update, is_dry_run=True)
    assert [(merge.old_id, merge.new_id) for merge in report.proposed] == [(1, 7)]
    assert len(report.plan.withdrawn) == 1
    report = import_people(session, update, merges=True)
    assert (len(report.plan.merged), len(report.plan.withdrawn), report.plan.added) == (1, 0, 0)
    after = standing(session, 7)
    assert (after.id, after.person.email) == (before.id, "person-1@example.org")
    assert import_people(session, update, merges=True).changes_nothing


@pytest.mark.parametrize("linked", ["former", "new", "both", "none"])
def test_a_merge_after_the_fact_keeps_what_letters_point_to(
    session: Session, tmp_path: Path, linked: str
) -> None:
    path = tmp_path / "list.csv"
    stay = person(2, "Ben Holm")
    import_people(session, write_table(path, [person(1, "Ada Marsh"), stay]))
    update = write_table(path, [person(7, "Ada Marsh"), stay])
    import_people(session, update)
    former, new = standing(session, 1), standing(session, 7)
    if linked in ("former", "both"):
        link_to(session, former)
    if linked in ("new", "both"):
        link_to(session, new)
    report = import_people(session, update, merges=True)
    assert standing(session, 7).status is STANDING
    assert standing(session, 7).id == (former.id if linked == "former" else new.id)
    if linked == "both":
        assert len(report.plan.kept_apart) == 1
        assert standing(session, 1).status is WITHDRAWN
    else:
        assert session.get_one(PersonAlias, 1).person_id == 7
    again = import_people(session, update, merges=True)
    assert again.changes_nothing


def test_namesakes_on_one_ballot_stay_two(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    red = person(1, "Greg Smith", party_id="PP1")
    blue = person(2, "Greg Smith", party_id="PP2")
    stay = person(3, "Ben Holm")
    import_people(session, write_table(path, [red, blue, stay]))
    report = import_people(session, write_table(path, [blue, stay]), merges=True)
    assert (len(report.proposed), len(report.plan.merged), len(report.plan.withdrawn)) == (0, 0, 1)
    report = import_people(session, write_table(path, [blue, stay]), merges=True)
    assert report.changes_nothing


def test_a_file_that_would_empty_the_list_is_refused(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    import_people(session, write_table(path, [person(n, f"Person {n}") for n in range(1, 6)]))
    part = write_table(path, [person(1, "Person 1")])
    with pytest.raises(MassWithdrawalRefused, match="withdraw 4 of 5"):
        import_people(session, part)
    assert standing(session, 5).status is STANDING
    import_people(session, part, allows_mass_withdrawal=True)
    assert standing(session, 5).status is WITHDRAWN


@pytest.mark.parametrize(
    "row", [person(1, "A B", seat="nowhere"), legacy_person(1, "A B", "X00000077")]
)
def test_a_constituency_that_is_not_known_refuses_the_file(
    session: Session, tmp_path: Path, row: dict[str, str]
) -> None:
    with pytest.raises(ImportRefused, match=r"row 2, column .*expected a constituency of pcon31"):
        import_people(session, write_table(tmp_path / "list.csv", [row]))
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_superseded_code_still_leads_to_its_constituency(
    session: Session, tmp_path: Path
) -> None:
    import_people(session, write_table(tmp_path / "a.csv", [legacy_person(1, "A B", "X00000091")]))
    assert standing(session, 1).ballot_id == "parl.northmoor.2031-05-22"
