"""Factories of actions and letters."""

import hashlib
from typing import Any

import factory

from campaign.letters.models import Action, Letter
from campaign.letters.rules import LetterStatus
from tests.factories import EARLY, CampaignFactory, CandidacyFactory, SupporterFactory, _Factory


class ActionFactory(_Factory):
    class Meta:
        model = Action

    class Params:
        campaign = factory.SubFactory(CampaignFactory)
        ballot_constituency: Any = None

    campaign_id = factory.LazyAttribute(lambda o: o.campaign.id)
    supporter = factory.SubFactory(SupporterFactory)
    submission_key = factory.Faker("uuid4")
    supporter_name = "Sam Supporter"
    consent_text = "I agree."
    wants_news = False
    created_at = EARLY
    expires_at = EARLY


class LetterFactory(_Factory):
    class Meta:
        model = Letter

    class Params:
        campaign = factory.SubFactory(CampaignFactory)

    campaign_id = factory.LazyAttribute(lambda o: o.campaign.id)
    candidacy = factory.SubFactory(CandidacyFactory)
    action = factory.LazyAttribute(
        lambda o: ActionFactory(campaign=o.campaign, constituency=o.candidacy.ballot.constituency)
    )
    supporter_id = factory.LazyAttribute(lambda o: o.action.supporter.id)
    status = LetterStatus.QUEUED
    held_reason = None
    subject = "Safer streets"
    body = "Dear candidate, please make our streets safer. A secret of mine."
    text_hash = factory.LazyAttribute(lambda o: hashlib.sha256(o.body.encode()).hexdigest())
    is_personal = False
    created_at = EARLY
