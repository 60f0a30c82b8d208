"""What one running installation consists of; ``app.py`` builds it and the doors read it."""

from dataclasses import dataclass

from campaign.core.clock import Clock
from campaign.core.config import Settings
from campaign.core.db import Database
from campaign.core.emails import EmailRenderer
from campaign.core.tokens import Signer


@dataclass(frozen=True, kw_only=True)
class Toolkit:
    """The parts that a request or a command hands to a use case."""

    settings: Settings
    database: Database
    signer: Signer
    clock: Clock
    emails: EmailRenderer
