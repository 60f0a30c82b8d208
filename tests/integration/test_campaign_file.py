import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from campaign.campaigns.errors import CampaignElectionFixed
from campaign.campaigns.models import Ask, AskVersion, Campaign, Evidence
from campaign.campaigns.queries import list_asks
from campaign.campaigns.rules import CampaignStatus
from campaign.importers.campaign_file import BUILT_IN, load_campaign, parse_campaign_file
from campaign.importers.toml_reader import FileInvalid
from campaign.letters.models import TemplateVariant
from tests.conftest import FrozenClock
from tests.factories import ElectionFactory

TEXT = BUILT_IN.read_text(encoding="utf-8")


def load(session: Session, clock: FrozenClock, text: str = TEXT) -> tuple[Campaign, list[str]]:
    file = parse_campaign_file(text.encode(), name="mine.toml", election_id="parl.2031-05-22")
    campaign, changes = load_campaign(session, file, now=clock())
    session.flush()
    session.expire_all()
    return campaign, changes


def names_of_variants(session: Session) -> list[str]:
    return list(
        session.scalars(select(TemplateVariant.name).order_by(TemplateVariant.position)).all()
    )


def test_a_second_load_changes_nothing(session: Session, clock: FrozenClock) -> None:
    ElectionFactory()
    campaign, changes = load(session, clock)
    assert changes[0] == "new campaign safer-internet"
    assert campaign.status is CampaignStatus.DRAFT
    assert list_asks(session, campaign.id)[0].slug == "priority"
    assert len(campaign.evidence) == 9
    assert len(names_of_variants(session)) == 5

    again, changes = load(session, clock)
    assert changes == []
    assert again.id == campaign.id
    assert session.scalar(select(func.count(AskVersion.id))) == 4
    assert session.scalar(select(func.count(Evidence.id))) == 9


def test_another_wording_is_a_new_version_and_the_old_one_stays(
    session: Session, clock: FrozenClock
) -> None:
    ElectionFactory()
    load(session, clock)
    clock.advance(days=1)
    campaign, changes = load(session, clock, TEXT.replace("one of your priorities", "a priority"))
    assert changes == ["ask priority: new wording, version 2"]
    ask = list_asks(session, campaign.id)[0]
    assert [version.number for version in ask.versions] == [1, 2]
    assert "one of your priorities" in ask.versions[0].wording
    assert "a priority" in ask.current.wording
    assert ask.current.created_at == clock()


def test_an_ask_that_is_gone_is_retired_and_can_come_back(
    session: Session, clock: FrozenClock
) -> None:
    ElectionFactory()
    load(session, clock)
    start = TEXT.index('[[asks]]\nslug = "party-leadership"')
    shorter = TEXT[:start] + TEXT[TEXT.index("# Figures behind the asks") :]
    campaign, changes = load(session, clock, shorter)
    assert changes == ["ask party-leadership: retired"]
    assert len(list_asks(session, campaign.id)) == 3
    assert session.scalar(select(func.count(Ask.id))) == 4

    campaign, changes = load(session, clock)
    assert changes == ["ask party-leadership: asked again"]
    assert len(list_asks(session, campaign.id)) == 4


def test_texts_evidence_and_letters_follow_the_file(session: Session, clock: FrozenClock) -> None:
    ElectionFactory()
    load(session, clock)
    changed = (
        TEXT.replace("Rowena Ashdown", "Rowena Ashdown-Lee")
        .replace('status = "draft"', 'status = "closed"')
        .replace('# accent = "#0d5b57"', 'accent = "#5b2a86"')
        .replace('value = "5,411"', 'value = "5,412"')
        .replace('name = "Please think again"', 'name = "Think again"')
        .replace('subject = "Thank you for', 'subject = "Thanks for')
    )
    campaign, changes = load(session, clock, changed)
    assert sorted(changes) == [
        "accent changed",
        "contact_name changed",
        "evidence: 9 entries instead of 9",
        "letter “Please think again”: removed",
        "letter “Thanks, and please follow through”: changed",
        "letter “Think again”: added",
        "promoter changed",
        "status changed",
    ]
    assert campaign.status is CampaignStatus.CLOSED
    assert campaign.accent == "#5b2a86"
    assert [e.value for e in campaign.evidence][4] == "5,412"
    assert names_of_variants(session)[1] == "Think again"


def test_letters_can_change_places(session: Session, clock: FrozenClock) -> None:
    ElectionFactory()
    load(session, clock)
    swapped = (
        TEXT.replace('name = "Please think again"', 'name = "X"')
        .replace('name = "Please go the whole way"', 'name = "Please think again"')
        .replace('name = "X"', 'name = "Please go the whole way"')
    )
    _, changes = load(session, clock, swapped)
    assert "letters: another order" in changes
    assert names_of_variants(session)[1:3] == ["Please go the whole way", "Please think again"]


def test_an_election_that_is_not_there_is_named(session: Session, clock: FrozenClock) -> None:
    with pytest.raises(FileInvalid, match=r"mine\.toml: election: There is no election parl\.2031"):
        load(session, clock)


def test_a_campaign_keeps_its_election(session: Session, clock: FrozenClock) -> None:
    ElectionFactory()
    load(session, clock)
    ElectionFactory(id="parl.2036-05-22")
    file = parse_campaign_file(TEXT.encode(), name="mine.toml", election_id="parl.2036-05-22")
    with pytest.raises(CampaignElectionFixed, match=r"belongs to the election parl\.2031-05-22"):
        load_campaign(session, file, now=clock())
