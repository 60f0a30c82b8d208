"""Factories of rows with plausible random data; ``bind_factories`` gives them a session."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory
from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, AskVersion, Campaign, Evidence
from campaign.campaigns.rules import CampaignStatus
from campaign.candidates.models import Candidacy, Person
from campaign.candidates.rules import CandidacyStatus, sort_name
from campaign.elections.models import Ballot, Election, Party
from campaign.geography.models import BoundarySet, Constituency, Postcode
from campaign.letters.models import TemplateVariant
from campaign.organisers.models import Organiser
from campaign.organisers.rules import Role
from campaign.supporters.models import Supporter

EARLY = datetime(2031, 4, 1, 9, 0, tzinfo=UTC)
"""Before everything that tests do; nominations close on 2031-04-20, the poll on 2031-05-22."""


class _Factory(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session_persistence = "flush"


@contextmanager
def bind_factories(session: Session) -> Iterator[None]:
    """Let every factory add its rows to this session."""
    factories = _all_factories(_Factory)
    for each in factories:
        each._meta.sqlalchemy_session = session
    try:
        yield
    finally:
        for each in factories:
            each._meta.sqlalchemy_session = None


def _all_factories(base: type[_Factory]) -> list[type[_Factory]]:
    return [f for sub in base.__subclasses__() for f in (sub, *_all_factories(sub))]


class BoundarySetFactory(_Factory):
    class Meta:
        model = BoundarySet

    slug = factory.Sequence(lambda n: f"pcon{n}")
    name = "Invented constituencies"


class ConstituencyFactory(_Factory):
    class Meta:
        model = Constituency

    boundary_set = factory.SubFactory(BoundarySetFactory)
    gss_code = factory.Sequence(lambda n: f"X{n:08d}")
    name = factory.Sequence(lambda n: f"Northmoor {n}")
    slug = factory.LazyAttribute(lambda o: o.name.lower().replace(" ", "-"))
    nation = "Skerrow"
    region = "North"
    hex_q = factory.Sequence(lambda n: n % 8)
    hex_r = factory.Sequence(lambda n: n // 8)


class PostcodeFactory(_Factory):
    class Meta:
        model = Postcode

    class Params:
        constituency = factory.SubFactory(ConstituencyFactory)

    postcode = factory.Sequence(lambda n: f"ZQ{n % 90 + 1}1AA")
    constituency_id = factory.LazyAttribute(lambda o: o.constituency.id)
    ended = None


class ElectionFactory(_Factory):
    class Meta:
        model = Election

    id = "parl.2031-05-22"
    name = "General election 2031"
    boundary_set = factory.SubFactory(BoundarySetFactory)
    polling_day = date(2031, 5, 22)
    nominations_close_at = datetime(2031, 4, 20, 15, 0, tzinfo=UTC)
    poll_closes_at = datetime(2031, 5, 22, 21, 0, tzinfo=UTC)


class PartyFactory(_Factory):
    class Meta:
        model = Party

    id = factory.Sequence(lambda n: f"PP{n + 9000}")
    name = factory.Sequence(lambda n: f"Party {n}")


class BallotFactory(_Factory):
    class Meta:
        model = Ballot

    election = factory.SubFactory(ElectionFactory)
    constituency = factory.SubFactory(
        ConstituencyFactory, boundary_set=factory.SelfAttribute("..election.boundary_set")
    )
    id = factory.LazyAttribute(
        lambda o: f"parl.{o.constituency.slug}.{o.election.polling_day.isoformat()}"
    )


class PersonFactory(_Factory):
    class Meta:
        model = Person

    id = factory.Sequence(lambda n: n + 70_000)
    name = factory.Faker("name")
    sort_name = factory.LazyAttribute(lambda o: sort_name(o.name))
    email = factory.LazyAttribute(lambda o: f"candidate-{o.id}@example.org")
    imported_email = factory.SelfAttribute("email")


class CandidacyFactory(_Factory):
    class Meta:
        model = Candidacy

    person = factory.SubFactory(PersonFactory)
    ballot = factory.SubFactory(BallotFactory)
    party = factory.SubFactory(PartyFactory)
    party_name = factory.LazyAttribute(lambda o: o.party.name)
    status = CandidacyStatus.STANDING


class CampaignFactory(_Factory):
    class Meta:
        model = Campaign

    class Params:
        election = factory.SubFactory(ElectionFactory)

    slug = factory.Sequence(lambda n: f"safer-streets-{n}" if n else "safer-streets")
    election_id = factory.LazyAttribute(lambda o: o.election.id)
    status = CampaignStatus.LIVE
    name = "Safer streets for children"
    organisation = "The Streets Trust"
    summary = "Ask your candidates for safer streets."
    introduction = "Streets can be **safer**."
    help_panel = ""
    promoter = "A. Person"
    promoter_address = "1 High Street, Northmoor ZQ1 1AA"
    on_behalf_of = "The Streets Trust"
    on_behalf_of_address = "1 High Street, Northmoor ZQ1 1AA"
    contact_name = "Ada Person"
    contact_email = "ada@example.org"
    consent_text = "I agree that The Streets Trust sends my letters."
    news_text = "Send me news of this campaign."
    created_at = EARLY


class AskFactory(_Factory):
    class Meta:
        model = Ask

    class Params:
        campaign = factory.SubFactory(CampaignFactory)

    campaign_id = factory.LazyAttribute(lambda o: o.campaign.id)
    position = factory.Sequence(lambda n: n + 1)
    slug = factory.LazyAttribute(lambda o: f"ask-{o.position}")

    @factory.post_generation
    def wording(self, create: bool, extracted: str | None, **_: Any) -> None:
        self.versions.append(
            AskVersion(
                number=1,
                title=extracted or f"Ask {self.position}",
                wording=extracted or f"Will you do thing {self.position}?",
                created_at=EARLY,
            )
        )


class EvidenceFactory(_Factory):
    class Meta:
        model = Evidence

    class Params:
        campaign = factory.SubFactory(CampaignFactory)

    campaign_id = factory.LazyAttribute(lambda o: o.campaign.id)
    position = factory.Sequence(lambda n: n + 1)
    value = "1 in 4"
    claim = "of something matters"
    source = "A study"
    dated = "Spring 2030"


class TemplateVariantFactory(_Factory):
    class Meta:
        model = TemplateVariant

    class Params:
        campaign = factory.SubFactory(CampaignFactory)

    campaign_id = factory.LazyAttribute(lambda o: o.campaign.id)
    position = factory.Sequence(lambda n: n + 1)
    name = "Everybody else"
    condition = factory.LazyFunction(dict)
    subject = "Safer streets in {{ constituency }}"
    greeting = "Dear {{ candidate_name }},"
    body = "I live in {{ constituency }}. Please make our streets safer."


class SupporterFactory(_Factory):
    class Meta:
        model = Supporter

    email = factory.Sequence(lambda n: f"supporter-{n}@example.org")
    created_at = EARLY


class OrganiserFactory(_Factory):
    class Meta:
        model = Organiser

    email = factory.Sequence(lambda n: f"organiser-{n}@example.org")
    name = "Olive Organiser"
    role = Role.ORGANISER
    fs_uniquifier = factory.Faker("uuid4")
    created_at = EARLY
