"""Rules of delivery, without a database or a network."""

from campaign.delivery.rules.messages import (
    ALL_SCOPES,
    AttemptOutcome,
    FinalMessage,
    Lane,
    MessageStatus,
    campaign_scope,
    normalise_recipient,
)
from campaign.delivery.rules.pace import (
    DAY,
    HOUR,
    next_allowed_time,
    spread_letters,
)
from campaign.delivery.rules.tries import (
    BATCH_SIZES,
    BATCH_TIME,
    FIRST_PAUSE,
    LEASE,
    LONGEST_PAUSE,
    LONGEST_REST,
    MAXIMUM_TRIES,
    RETRY_DELAYS,
    pause_delay,
    rest_delay,
    retry_delay,
)
from campaign.delivery.rules.verdicts import (
    Stage,
    Verdict,
    judge_reply,
    judge_silence,
)

__all__ = [
    "ALL_SCOPES",
    "BATCH_SIZES",
    "BATCH_TIME",
    "DAY",
    "FIRST_PAUSE",
    "HOUR",
    "LEASE",
    "LONGEST_PAUSE",
    "LONGEST_REST",
    "MAXIMUM_TRIES",
    "RETRY_DELAYS",
    "AttemptOutcome",
    "FinalMessage",
    "Lane",
    "MessageStatus",
    "Stage",
    "Verdict",
    "campaign_scope",
    "judge_reply",
    "judge_silence",
    "next_allowed_time",
    "normalise_recipient",
    "pause_delay",
    "rest_delay",
    "retry_delay",
    "spread_letters",
]
