"""Mail about letters needs links that candidates answer by: letters and pledges meet here."""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from campaign.candidates.queries import list_candidacies_at
from campaign.core.toolkit import Toolkit
from campaign.delivery.queries import map_suppressed_addresses
from campaign.delivery.returns import SuppressionReason
from campaign.delivery.rules import FinalMessage, Lane
from campaign.followups.unsubscribing import unsubscribe_link
from campaign.letters.queries import action_token
from campaign.letters.rules import MailStop
from campaign.letters.service import (
    AnswerPage,
    Chores,
    Correspondence,
    Seen,
    record_delivery,
    run_chores,
)
from campaign.pledges.queries import list_mail_refusals, map_answer_times, map_public_entries
from campaign.pledges.rules import RequestKind, list_news, news_headline
from campaign.pledges.service import answer_token_and_language


def correspondence(toolkit: Toolkit, session: Session) -> Correspondence:
    """Return what an installation writes mail about letters with; no request is needed."""
    base_url, signer = toolkit.settings.base_url, toolkit.signer

    def answer_page(campaign_id: int, candidacy_id: int) -> AnswerPage:
        token, language = answer_token_and_language(
            session, signer, campaign_id=campaign_id, candidacy_id=candidacy_id
        )
        return AnswerPage(f"{base_url}/answer/{token}/", language)

    return Correspondence(
        mail=toolkit.settings.mail,
        emails=toolkit.emails,
        make_action_link=lambda action: f"{base_url}/action/{action_token(signer, action)}/",
        find_answer_page=answer_page,
        list_mail_stops=partial(list_mail_stops, session),
        list_refusing=partial(list_refusing, session),
        list_answer_times=partial(map_answer_times, session),
        map_headlines=partial(map_headlines, session),
        make_unsubscribe_link=partial(unsubscribe_link, toolkit),
    )


def list_mail_stops(
    session: Session, campaign_id: int, candidacy_ids: Collection[int] | None = None
) -> dict[int, MailStop]:
    """Return whom a campaign must not mail: by what they said, or because mail comes back."""
    refusals = list_mail_refusals(session, campaign_id, candidacy_ids=candidacy_ids)
    return list_address_stops(session, candidacy_ids) | {
        candidacy_id: MailStop.NOTHING_MORE
        if kind is RequestKind.NOTHING_MORE
        else MailStop.WRONG_ADDRESS
        for candidacy_id, kind in refusals.items()
    }


def list_refusing(session: Session, campaign_id: int, candidacy_ids: Collection[int]) -> set[int]:
    """Return those among these candidacies that want no more letters of a campaign."""
    refusals = list_mail_refusals(session, campaign_id, candidacy_ids=candidacy_ids)
    return {each for each, kind in refusals.items() if kind is RequestKind.NOTHING_MORE}


def map_headlines(
    session: Session, campaign_id: int, seen: Collection[Seen], now: datetime
) -> dict[Seen, str]:
    """Return what each candidate has done since somebody saw where they stand."""
    entries = map_public_entries(session, campaign_id, {each for each, _ in seen})
    return {
        (candidacy_id, since): news_headline(
            [each.kind for each in list_news(entries.get(candidacy_id, ()), since=since, until=now)]
        )
        for candidacy_id, since in seen
    }


def list_address_stops(
    session: Session, candidacy_ids: Collection[int] | None = None
) -> dict[int, MailStop]:
    """Return the candidacies whose address gets no letters, in any campaign."""
    suppressed = map_suppressed_addresses(session, Lane.LETTER)
    if not suppressed:
        return {}
    reached = list_candidacies_at(session, suppressed, candidacy_ids=candidacy_ids)
    return {
        candidacy_id: MailStop.COMPLAINED
        if suppressed.get(key) is SuppressionReason.COMPLAINT
        else MailStop.BOUNCED
        for candidacy_id, key in reached.items()
    }


def delivery_handler(toolkit: Toolkit) -> Callable[[Session, FinalMessage, datetime], None]:
    """Return what the worker calls, in its own transaction, when a message is sent or failed."""

    def handle(session: Session, message: FinalMessage, now: datetime) -> None:
        record_delivery(session, message, now, correspondence=correspondence(toolkit, session))

    return handle


def run_letter_chores(toolkit: Toolkit, session: Session, now: datetime) -> Chores:
    """Run one batch of the letters' chores in the caller's transaction."""
    return run_chores(session, correspondence=correspondence(toolkit, session), now=now)
