"""Writes of the campaigns domain: a campaign as its organisation words it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from campaign.campaigns.errors import CampaignElectionFixed
from campaign.campaigns.models import Ask, AskVersion, Campaign, Evidence
from campaign.campaigns.rules import (
    AskContent,
    CampaignContent,
    CampaignStatus,
    EvidenceContent,
)
from campaign.elections.queries import get_election

_EVIDENCE_COLUMNS = ("ask_id", "value", "claim", "source", "dated", "link")


def save_campaign(
    session: Session, content: CampaignContent, *, now: datetime
) -> tuple[Campaign, list[str]]:
    """Create the campaign of this slug or bring it to this content; flushed.

    Also returns a sentence for each change; none when the content is already there. A changed
    wording becomes a new version, an ask that is gone is retired, and nothing that letters or
    answers rest on is edited. Raises ElectionNotFound, and CampaignElectionFixed for another
    election than before.
    """
    get_election(session, content.election_id)
    campaign = session.scalar(select(Campaign).where(Campaign.slug == content.slug))
    if campaign is None:
        campaign = Campaign(
            slug=content.slug,
            election_id=content.election_id,
            status=CampaignStatus.DRAFT,
            created_at=now,
        )
        session.add(campaign)
        _save_texts(campaign, content)
        changes = [f"new campaign {content.slug}"]
    elif campaign.election_id != content.election_id:
        raise CampaignElectionFixed(
            f"The campaign {content.slug} belongs to the election {campaign.election_id} and "
            f"cannot move to {content.election_id}; choose another slug for a new campaign."
        )
    else:
        changes = [f"{name} changed" for name in _save_texts(campaign, content)]
    session.flush()  # Asks and evidence hold the campaign's id.
    changes += _save_asks(session, campaign, content.asks, now=now)
    changes += _save_evidence(session, campaign, content.evidence)
    return campaign, changes


def _save_texts(campaign: Campaign, content: CampaignContent) -> list[str]:
    """Set what differs and return the names of the columns set."""
    wanted = {
        "status": content.status or campaign.status,
        "name": content.name,
        "organisation": content.organisation,
        "summary": content.summary,
        "introduction": content.introduction,
        "help_panel": content.help_panel,
        "accent": content.accent,
        "promoter": content.imprint.promoter,
        "promoter_address": content.imprint.promoter_address,
        "on_behalf_of": content.imprint.on_behalf_of,
        "on_behalf_of_address": content.imprint.on_behalf_of_address,
        "contact_name": content.contact_name,
        "contact_email": content.contact_email,
        "consent_text": content.consent_text,
        "news_text": content.news_text,
        "mail_form": content.mail.form,
        "letters_a_day": content.mail.letters_a_day,
        "digest_hour": content.mail.digest_hour,
    }
    changed = [name for name, value in wanted.items() if getattr(campaign, name) != value]
    for name in changed:
        setattr(campaign, name, wanted[name])
    return changed


def _save_asks(
    session: Session, campaign: Campaign, contents: Sequence[AskContent], *, now: datetime
) -> list[str]:
    known = {
        ask.slug: ask for ask in session.scalars(select(Ask).where(Ask.campaign_id == campaign.id))
    }
    changes = []
    for position, content in enumerate(contents, start=1):
        ask = known.pop(content.slug, None)
        if ask is None:
            ask = Ask(campaign_id=campaign.id, slug=content.slug, position=position)
            session.add(ask)
            _add_version(ask, content, number=1, now=now)
            changes.append(f"ask {content.slug}: added")
            continue
        if ask.is_retired:
            ask.is_retired = False
            changes.append(f"ask {content.slug}: asked again")
        if ask.position != position:
            changes.append(f"ask {content.slug}: moved from place {ask.position} to {position}")
            ask.position = position
        current = ask.current
        if (current.title, current.wording) != (content.title, content.wording):
            _add_version(ask, content, number=current.number + 1, now=now)
            changes.append(f"ask {content.slug}: new wording, version {current.number + 1}")
    for ask in known.values():
        if not ask.is_retired:
            ask.is_retired = True
            changes.append(f"ask {ask.slug}: retired")
    session.flush()  # Evidence holds the asks' ids.
    return changes


def _add_version(ask: Ask, content: AskContent, *, number: int, now: datetime) -> None:
    ask.versions.append(
        AskVersion(number=number, title=content.title, wording=content.wording, created_at=now)
    )


def _save_evidence(
    session: Session, campaign: Campaign, contents: Sequence[EvidenceContent]
) -> list[str]:
    """Replace the evidence as a whole where it differs: no other row points at it."""
    ask_ids = {
        ask.slug: ask.id
        for ask in session.scalars(select(Ask).where(Ask.campaign_id == campaign.id))
    }
    wanted = [
        {
            "ask_id": ask_ids[content.ask] if content.ask else None,
            "value": content.value,
            "claim": content.claim,
            "source": content.source,
            "dated": content.dated,
            "link": content.link,
        }
        for content in contents
    ]
    stored = list(
        session.scalars(
            select(Evidence).where(Evidence.campaign_id == campaign.id).order_by(Evidence.position)
        )
    )
    if [{name: getattr(row, name) for name in _EVIDENCE_COLUMNS} for row in stored] == wanted:
        return []
    for row in stored:
        session.delete(row)
    session.flush()  # The places must be free before they are taken again.
    session.add_all(
        Evidence(campaign_id=campaign.id, position=position, **fields)
        for position, fields in enumerate(wanted, start=1)
    )
    session.flush()
    session.expire(campaign, ["asks", "evidence"])
    return [f"evidence: {len(wanted)} entries instead of {len(stored)}"]
