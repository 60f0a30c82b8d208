"""Rules of a campaign, without a database."""

import re
from dataclasses import dataclass
from enum import StrEnum


class CampaignStatus(StrEnum):
    """Draft campaigns are seen by organisers only; closed ones can be read and not joined."""

    DRAFT = "draft"
    LIVE = "live"
    CLOSED = "closed"


SLUG_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

RESERVED_SLUGS = frozenset(
    {
        "action", "answer", "api", "embed", "healthz", "mailbox", "metrics", "organise",
        "readyz", "robots", "static", "styles",
    }
)  # fmt: skip
"""Campaign slugs stand at the top of the address space, beside these."""


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
