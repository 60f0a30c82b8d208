"""Rules of a campaign, without a database."""

import re
from dataclasses import dataclass
from enum import StrEnum


class CampaignStatus(StrEnum):
    """Draft campaigns are seen by organisers only; closed ones can be read and not joined."""

    DRAFT = "draft"
    LIVE = "live"
    CLOSED = "closed"


class MailForm(StrEnum):
    """How a campaign's letters come to a candidate."""

    EVERY_LETTER = "every_letter"
    """Each as it comes, with its writer in Reply-To."""
    ONE_DIGEST = "one_digest_a_day"
    """All of a day in one e-mail."""


SLUG_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

RESERVED_SLUGS = frozenset(
    {
        "account", "action", "answer", "api", "audit-log", "change", "delivery", "embed",
        "healthz", "login", "logout", "mailbox", "metrics", "oembed", "organise", "readyz", "reset",
        "returned", "robots", "static", "styles", "unsubscribe", "verify", "webhooks",
    }
)  # fmt: skip
"""Campaign slugs stand at the top of the address space and below /organise/, beside these."""


def is_valid_slug(slug: str) -> bool:
    """Tell whether a slug can be a campaign's address."""
    return SLUG_PATTERN.fullmatch(slug) is not None and slug not in RESERVED_SLUGS


@dataclass(frozen=True, kw_only=True)
class Imprint:
    """Who promotes the material, on whose behalf, and their postal addresses.

    Elections Act 2022, section 41 and following: name and address of the promoter, and of any
    person on behalf of whom the material is published.
    """

    promoter: str
    promoter_address: str
    on_behalf_of: str
    on_behalf_of_address: str

    def __str__(self) -> str:
        promoter = f"Promoted by {self.promoter}, {self.promoter_address}"
        if not self.on_behalf_of:
            return f"{promoter}."
        return f"{promoter}, on behalf of {self.on_behalf_of}, {self.on_behalf_of_address}."


ELECTION_ID_PATTERN = re.compile(r"[a-z]+(?:\.[a-z0-9-]+)*\.\d{4}-\d{2}-\d{2}")
"""Democracy Club's ids of elections: parl.2024-07-04."""


@dataclass(frozen=True, kw_only=True)
class AskContent:
    """An ask as its organisation words it today."""

    slug: str
    title: str
    wording: str


@dataclass(frozen=True, kw_only=True)
class EvidenceContent:
    """A figure behind an ask, or behind the campaign where ``ask`` is None."""

    ask: str | None
    value: str
    claim: str
    source: str
    dated: str
    link: str


@dataclass(frozen=True, kw_only=True)
class MailHabits:
    """How letters come to candidates who have chosen nothing themselves."""

    form: MailForm = MailForm.EVERY_LETTER
    letters_a_day: int = 20
    """Letters of their own to one mailbox on one day; further ones wait for the digest."""
    digest_hour: int = 18
    """When digests leave: the hour in the time zone of the election."""


@dataclass(frozen=True, kw_only=True)
class CampaignContent:
    """Everything that an organisation writes about its campaign, except the letters."""

    slug: str
    election_id: str
    status: CampaignStatus | None
    """None leaves the status as it is; a new campaign is then a draft."""
    name: str
    organisation: str
    summary: str
    introduction: str
    help_panel: str
    accent: str
    """A colour as ``#rrggbb`` that ``check_accent`` let pass, or empty for the house's own."""
    imprint: Imprint
    contact_name: str
    contact_email: str
    consent_text: str
    news_text: str
    mail: MailHabits = MailHabits()
    asks: tuple[AskContent, ...]
    evidence: tuple[EvidenceContent, ...]
