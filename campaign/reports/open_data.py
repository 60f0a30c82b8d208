"""What the API says of campaigns, constituencies and candidates: plain values, ready for JSON.

Ids are those of Democracy Club, the Electoral Commission and the Government Statistical Service;
``site`` is the address of this installation, without a slash at its end.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from campaign.campaigns.models import Ask, Campaign
from campaign.campaigns.queries import list_asks
from campaign.core.clock import whole_minute
from campaign.elections.models import Election
from campaign.elections.queries import map_ballots
from campaign.geography.models import Constituency
from campaign.pledges.queries import CurrentAnswer, list_current_answers, map_invited
from campaign.pledges.rules import Stance
from campaign.reports.letter_totals import LetterTotals
from campaign.reports.register import Standing, count_seats, list_asked, list_uncounted_standings
from campaign.reports.stances import list_current_stances
from campaign.reports.tallies import tally_campaign, tally_elected, tally_places
from campaign.reports.tracker import Tally

Json = dict[str, object]


def describe_campaign(campaign: Campaign, *, site: str) -> Json:
    """Return what a campaign is and whom to ask about it."""
    return {
        "campaign": campaign.slug,
        "name": campaign.name,
        "organisation": campaign.organisation,
        "summary": campaign.summary,
        "status": campaign.status.value,
        "election_id": campaign.election_id,
        "contact": {"name": campaign.contact_name, "email": campaign.contact_email},
        "imprint": str(campaign.imprint),
        "url": f"{site}/{campaign.slug}/",
    }


def describe_ask(ask: Ask) -> Json:
    """Return an ask with every wording that it has had, the newest last."""
    return {
        "ask": ask.slug,
        "position": ask.position,
        "is_retired": ask.is_retired,
        "version": ask.current.number,
        "title": ask.current.title,
        "wording": ask.current.wording,
        "versions": [
            {
                "version": version.number,
                "title": version.title,
                "wording": version.wording,
                "created_at": iso(version.created_at),
            }
            for version in ask.versions
        ],
    }


def describe_totals(
    session: Session, campaign: Campaign, letters: LetterTotals, *, now: datetime
) -> Json:
    """Return a campaign's counts of this minute with their denominators."""
    uncounted = list_uncounted_standings(session, campaign.election_id)
    left_out = {each.candidacy_id for each in uncounted}
    tally = tally_campaign(session, campaign)
    elected = tally_elected(session, campaign)
    counts = Counter(
        (each.ask_id, each.stance)
        for each in list_current_stances(session, campaign.id)
        if each.candidacy_id not in left_out
    )
    return {
        "as_of": iso(whole_minute(now)),
        "candidates": describe_tally(tally),
        "elected": describe_tally(elected) if elected else None,
        "seats": count_seats(session, campaign.election_id)._asdict(),
        "withdrawn": sum(not each.is_cancelled for each in uncounted),
        "cancelled_ballots": len({each.constituency_id for each in uncounted if each.is_cancelled}),
        "asks": [
            {
                "ask": ask.slug,
                "title": ask.current.title,
                "standing": tally.standing,
                "answered": sum(counts[ask.id, stance] for stance in Stance),
                "stances": {stance.value: counts[ask.id, stance] for stance in Stance},
            }
            for ask in list_asks(session, campaign.id)
        ],
        "supporters": letters.public_supporters,
        "letters": letters.public_letters,
    }


def describe_tally(tally: Tally) -> Json:
    """Return the counts of a group of candidates; ``standing`` is the denominator of the others."""
    return {
        "standing": tally.standing,
        "reachable": tally.reachable,
        "asked": tally.asked,
        "answered": tally.answered,
        "agreed": tally.agreed,
    }


def describe_places(
    session: Session, campaign: Campaign, places: Sequence[Constituency], *, site: str
) -> list[Json]:
    """Return constituencies with the counts of their candidates."""
    tallies = tally_places(session, campaign, [place.id for place in places])
    ballots = map_ballots(session, campaign.election_id)
    return [
        {
            "constituency": place.slug,
            "name": place.name,
            "name_cy": place.name_cy,
            "gss_code": place.gss_code,
            "nation": place.nation,
            "region": place.region,
            "ballot_id": ballots[place.id][0] if place.id in ballots else None,
            "is_cancelled": place.id in ballots and ballots[place.id][1],
            "candidates": describe_tally(tallies[place.id]),
            "url": f"{site}/{campaign.slug}/{place.slug}/",
        }
        for place in places
    ]


def describe_candidates(
    session: Session, campaign: Campaign, standings: Sequence[Standing], *, site: str
) -> list[Json]:
    """Return candidates with their stance on each ask of today; null is no answer yet."""
    ids = [each.candidacy_id for each in standings]
    asks = list_asks(session, campaign.id)
    answers = list_current_answers(session, campaign.id, candidacy_ids=ids)
    asked = list_asked(session, ids, campaign_id=campaign.id)
    invited = map_invited(session, campaign.id, ids)
    return [
        {
            "person_id": each.person_id,
            "name": each.name,
            "ballot_id": each.ballot_id,
            "constituency": {
                "constituency": each.constituency_slug,
                "name": each.constituency_name,
                "gss_code": each.gss_code,
            },
            "party": {"party_id": each.party_id, "name": each.party_name},
            "status": each.status.value,
            "is_counted": each.is_counted,
            "is_reachable": each.is_reachable,
            "is_asked": each.candidacy_id in asked,
            "invited_at": iso(invited[each.candidacy_id]) if each.candidacy_id in invited else None,
            "stances": [_stance(ask, answers.get((each.candidacy_id, ask.id))) for ask in asks],
            "url": f"{site}/{campaign.slug}/candidates/{each.person_id}/",
        }
        for each in standings
    ]


def describe_election(election: Election) -> Json:
    """Return the election whose candidates are asked."""
    return {
        "election_id": election.id,
        "name": election.name,
        "polling_day": election.polling_day.isoformat(),
    }


def iso(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _stance(ask: Ask, answer: CurrentAnswer | None) -> Json:
    if answer is None:
        return {"ask": ask.slug, "stance": None}
    return {
        "ask": ask.slug,
        "stance": answer.stance.value,
        "ask_version": answer.ask_version,
        "statement": answer.statement,
        "channel": answer.channel.value,
        "source_url": answer.source_url,
        "quote": answer.quote,
        "verification_level": int(answer.verification_level),
        "recorded_at": iso(answer.recorded_at),
        "valid_from": answer.valid_from.isoformat() if answer.valid_from else None,
        "archive_sha256": answer.archive_sha256,
        "archive_url": answer.archive_url,
        "sequence": answer.sequence,
        "dispute": answer.marks.dispute,
        "is_hidden": answer.marks.is_hidden,
    }
