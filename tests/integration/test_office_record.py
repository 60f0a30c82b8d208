"""The record as organisers look through it, on both databases."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from campaign.pledges.errors import PledgeInvalid
from campaign.pledges.queries import list_current_entries
from campaign.pledges.rules import Channel, Stance
from campaign.pledges.service import suggest_evidence, withdraw_pledge
from campaign.reports.office_candidates import search_candidates
from campaign.reports.office_record import entry_page, record_page
from tests.factories import CandidacyFactory, bind_factories
from tests.factories.pledges import NOW, answer, entered, published
from tests.factories.worlds import PledgeWorld, pledge_world


@pytest.fixture
def world(session: Session) -> PledgeWorld:
    bind_factories(session)
    return pledge_world()


@pytest.mark.parametrize(
    "typed", ["Éamonn", "éamonn", "EAMONN", "Ó Súilleabháin", "ó súilleabháin", "o'suilleabhain"]
)
def test_a_name_is_found_however_it_is_typed(
    session: Session, world: PledgeWorld, typed: str
) -> None:
    name = "Éamonn O’Súilleabháin" if "'" in typed else "Éamonn Ó Súilleabháin"
    ballot = world.candidacies[0].ballot
    candidacy = CandidacyFactory(ballot=ballot, person__name=name, party__name="Blue")
    event = answer(session, world, candidacy_id=candidacy.id)
    answer(session, world)
    page = record_page(session, world.campaign, words=typed, state=None, number=1)
    assert page.entries == [event]
    rows, count = search_candidates(session, world.campaign, words=typed)
    assert [row.candidacy_id for row in rows] == [candidacy.id]
    assert count == 1


def test_a_search_takes_every_word_and_party_and_place(
    session: Session, world: PledgeWorld
) -> None:
    def found(words: str) -> list[str]:
        return [row.name for row in search_candidates(session, world.campaign, words=words)[0]]

    assert found("ann northmoor") == ["Ann Ash"]
    assert found("BLUE") == ["Ann Ash"]
    assert found("ann amber") == []
    assert found("% _") == []


def test_the_number_of_what_was_said_about_an_entry_leads_to_it(
    session: Session, world: PledgeWorld
) -> None:
    answer(session, world)
    entry = published(session, world)
    for number in (entry.sequence, entry.sequence + 1):
        page = record_page(session, world.campaign, words=str(number), state=None, number=1)
        assert page.entries == [entry]
    assert not record_page(session, world.campaign, words="99", state=None, number=1).entries


def test_what_counts_is_the_newest_public_entry_also_one_that_takes_an_answer_back(
    session: Session, world: PledgeWorld
) -> None:
    candidacy_id, ask_id = world.candidacies[0].id, world.asks[0].id

    def current() -> int | None:
        found = list_current_entries(session, world.campaign.id, candidacy_ids=[candidacy_id])
        return found[candidacy_id, ask_id].id if found else None

    entered(session, world, stance=Stance.NO)
    assert current() is None
    given = answer(session, world)
    assert current() == given.id
    taken_back = withdraw_pledge(
        session, campaign_id=world.campaign.id, candidacy_id=candidacy_id, ask_id=ask_id,
        entered_by="candidate", now=NOW,
    )  # fmt: skip
    assert taken_back is not None
    assert current() == taken_back.id


def test_only_the_answer_that_counts_is_taken_back_and_only_before_the_poll(
    session: Session, world: PledgeWorld
) -> None:
    earlier, later = answer(session, world), answer(session, world, stance=Stance.NO)

    def can(sequence: int, now: datetime) -> tuple[bool, bool]:
        page = entry_page(session, world.campaign, sequence=sequence, now=now)
        return page.can_be_corrected, page.can_be_taken_back

    assert can(earlier.sequence, NOW) == (True, False)
    assert can(later.sequence, NOW) == (True, True)
    assert can(later.sequence, world.election.poll_closes_at) == (False, False)


def test_today_is_the_day_where_the_election_is_held(session: Session, world: PledgeWorld) -> None:
    # Half past midnight in London, in summer time.
    now = datetime(2031, 5, 1, 23, 30, tzinfo=UTC)
    entry = entered(session, world, valid_from=date(2031, 5, 2), now=now)
    assert entry.valid_from == date(2031, 5, 2)
    suggestion = {
        "campaign_id": world.campaign.id, "candidacy_id": world.candidacies[0].id,
        "ask_id": world.asks[0].id, "stance": Stance.YES, "quote": "I will.", "source_url": "",
        "email": None, "now": now,
    }  # fmt: skip
    kept = suggest_evidence(session, **suggestion, said_on=date(2031, 5, 2))
    assert kept.said_on == date(2031, 5, 2)
    with pytest.raises(PledgeInvalid, match="in the future"):
        suggest_evidence(session, **suggestion, said_on=date(2031, 5, 3))
    with pytest.raises(PledgeInvalid, match="in the future"):
        entered(session, world, channel=Channel.LETTER, valid_from=date(2031, 5, 3), now=now)
